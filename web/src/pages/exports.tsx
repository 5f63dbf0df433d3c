import { useQuery } from '@tanstack/react-query'
import { FileDown, Plus } from 'lucide-react'
import { useState } from 'react'
import { type Export, type ExportRun, type ExportWish, exportRuns, exports, useExportAct, useSaveExport } from '../api/exports'
import { Mono, Time } from '../components/bits'
import { Confirm, Dialog } from '../components/overlay'
import { fieldProblem, otherProblem } from '../components/source-settings'
import { Table } from '../components/table'
import { tell } from '../components/toast'
import { Badge, Button, Card, Empty, Field, Heading, Input, Loading, Problem, Select } from '../components/ui'
import { bytes, count, sentence } from '../lib/format'

const formats = { jsonl: 'JSON lines', csv: 'CSV', parquet: 'Parquet' } as const
type Format = keyof typeof formats

const formatOf = (x: Export): Format => x.format ?? 'jsonl'
const placeOf = (x: Export) => (x.s3 ? `s3://${[x.s3.bucket, x.s3.prefix].filter(Boolean).join('/')}` : x.folder ?? '')
const eventsOf = (x: Export): string[] => [x.on?.['event'] ?? []].flat().map(String)

export function Exports() {
  const list = useQuery(exports)
  const [editing, edit] = useState<Export | 'new'>()
  const [shown, show] = useState<Export>()
  const [deleting, remove] = useState<Export>()
  const act = useExportAct()
  return (
    <>
      <Heading title="Exports" about="Every hour, or every day, events go into files of a folder or a bucket: each in the files of one manifest.">
        <Button kind="main" onClick={() => edit('new')}><Plus aria-hidden className="size-3.5" /> New export</Button>
      </Heading>
      {act.error && <Problem error={act.error} />}
      {list.error ? <Problem error={list.error} retry={() => void list.refetch()} /> : (
        <Card flush>
          {!list.data ? <Loading lines={4} />
            : list.data.length === 0 ? (
              <Empty icon={<FileDown />} title="No exports yet" action={<Button kind="main" onClick={() => edit('new')}>Make the first one</Button>}>
                Data teams read the files with DuckDB, Spark or a spreadsheet. The operator says where files may go: <Mono>--export-folder</Mono>, <Mono>--export-buckets</Mono>.
              </Empty>
            ) : (
              <Table label="Exports" head={<tr><th scope="col">Export</th><th scope="col">State</th><th scope="col">Files</th><th scope="col">Last run</th><th scope="col" className="relative"><span className="sr-only">Change</span></th></tr>}>
                {list.data.map((x) => (
                  <tr key={x.id} className="align-top text-sm">
                    <td className="min-w-40 [overflow-wrap:anywhere]">{x.name}<span className="block text-xs text-soft">{eventsOf(x).join(', ') || 'all events'}</span></td>
                    <td className="min-w-40"><State of={x} /></td>
                    <td className="min-w-40 [overflow-wrap:anywhere]">{formats[formatOf(x)]}{x.columns === 'engage' && ', Engage’s columns'}, every {x.every ?? 'hour'}<span className="block font-mono text-xs text-soft">{placeOf(x)}</span></td>
                    <td className="min-w-32">{x.lastRun ? <Ran run={x.lastRun} /> : <span className="text-soft">none</span>}</td>
                    <td>
                      <span className="flex flex-wrap justify-end gap-2">
                        <Button small kind="main" aria-label={`Run ${x.name} now`} disabled={!x.enabled} onClick={() => act.mutate({ id: x.id, act: 'run' }, { onSuccess: () => tell(`${x.name} runs.`) })}>Run now</Button>
                        <Button small aria-label={`Runs of ${x.name}`} onClick={() => show(x)}>Runs</Button>
                        <Button small aria-label={`Edit ${x.name}`} onClick={() => edit(x)}>Edit</Button>
                        <Button small aria-label={`${x.enabled ? 'Disable' : 'Enable'} ${x.name}`} onClick={() => act.mutate({ id: x.id, act: x.enabled ? 'disable' : 'enable' })}>{x.enabled ? 'Disable' : 'Enable'}</Button>
                        <Button small aria-label={`Delete ${x.name}…`} onClick={() => remove(x)}>Delete…</Button>
                      </span>
                    </td>
                  </tr>
                ))}
              </Table>
            )}
        </Card>
      )}
      <Dialog open={editing !== undefined} close={() => edit(undefined)} wide stay title={editing === 'new' || !editing ? 'New export' : `Edit ${editing.name}`}>
        {editing !== undefined && <ExportForm old={editing === 'new' ? undefined : editing} close={() => edit(undefined)} />}
      </Dialog>
      <Dialog open={shown !== undefined} close={() => show(undefined)} wide title={`Runs of ${shown?.name ?? ''}`}>{shown && <Runs of={shown} />}</Dialog>
      <Confirm open={deleting !== undefined} close={() => remove(undefined)} title={`Delete ${deleting?.name ?? ''}?`} verb="Delete" danger
        act={async () => {
          if (!deleting) return
          await act.mutateAsync({ id: deleting.id, act: 'delete' })
          tell(`${deleting.name} is deleted.`)
        }}>
        <p>Nothing more is written. Files that are there stay where they are, with the people they tell of.</p>
      </Confirm>
    </>
  )
}

function State({ of: x }: { of: Export }) {
  const wrong = x.problem ?? x.problems[0]?.message
  if (!x.enabled) return <Badge>disabled</Badge>
  if (wrong === undefined) return <span className="text-soft"><Badge tone="good">on</Badge> <span className="block text-xs">next <Time at={x.dueAt} form="short" /></span></span>
  return (
    <>
      <Badge tone="bad">{x.stuck ? 'stuck' : 'failing'}</Badge>
      <span className="block max-w-72 text-xs text-bad [overflow-wrap:anywhere]">{sentence(wrong)}</span>
      {x.failures > 0 && <span className="block text-xs text-soft">{count(x.failures)} {x.failures === 1 ? 'try' : 'tries'} failed; again <Time at={x.dueAt} form="short" /></span>}
    </>
  )
}

const Ran = ({ run: r }: { run: ExportRun }) => (
  <>
    {r.done ? <>{count(r.events)} {r.events === 1 ? 'event' : 'events'}</> : <Badge tone={r.problem ? 'bad' : 'info'}>{r.problem ? 'failed' : 'under way'}</Badge>}
    <span className="block text-xs text-soft"><Time at={r.doneAt ?? r.begunAt} form="ago" /></span>
  </>
)

function Runs({ of: x }: { of: Export }) {
  const list = useQuery(exportRuns(x.id))
  if (list.error) return <Problem error={list.error} retry={() => void list.refetch()} />
  if (!list.data) return <Loading lines={4} />
  if (list.data.length === 0) return <p className="text-sm text-soft">It has not run yet.</p>
  return (
    <Table label={`Runs of ${x.name}`} head={<tr><th scope="col">Run</th><th scope="col">Events</th><th scope="col">Files</th><th scope="col">When</th></tr>}>
      {list.data.map((r) => (
        <tr key={r.run} className="align-top text-sm">
          <td className="font-mono text-xs">{r.run}{r.manifest && <span className="block text-soft">{r.manifest}</span>}</td>
          <td className="tabular-nums">{r.done ? count(r.events) : <Badge tone={r.problem ? 'bad' : 'info'}>{r.problem ? 'failed' : 'under way'}</Badge>}{r.problem && <span className="block max-w-72 text-xs text-bad [overflow-wrap:anywhere]">{sentence(r.problem)}</span>}</td>
          <td className="tabular-nums">{count(r.files)}<span className="block text-xs text-soft">{bytes(r.bytes)}</span></td>
          <td className="text-soft"><Time at={r.doneAt ?? r.begunAt} form="short" />{r.tries > 1 && <span className="block text-xs">{count(r.tries)} tries</span>}</td>
        </tr>
      ))}
    </Table>
  )
}

const shown = ['name', 'format', 'folder', 's3.bucket', 's3.prefix', 's3.endpoint', 's3.region', 'on', 'on.event']

function ExportForm({ old, close }: { old: Export | undefined; close: () => void }) {
  const [name, setName] = useState(old?.name ?? '')
  const [names, setNames] = useState(old ? eventsOf(old).join(', ') : '')
  const [every, setEvery] = useState(old?.every ?? 'hour')
  const [format, setFormat] = useState<Format>(old ? formatOf(old) : 'parquet')
  const [engage, setEngage] = useState(old?.columns === 'engage')
  const [gzip, setGzip] = useState(old?.gzip ?? false)
  const [to, setTo] = useState<'folder' | 's3'>(old?.s3 ? 's3' : 'folder')
  const [folder, setFolder] = useState(old?.folder ?? '')
  const [s3, setS3] = useState({ bucket: '', prefix: '', region: '', endpoint: '', ...old?.s3 })
  const [all, setAll] = useState(false)
  const save = useSaveExport(old)
  const { error } = save
  const events = names.split(/[\s,]+/).filter((n) => n !== '')
  // What the page does not show of an old one stays as it is.
  const { event: _, ...rest } = old?.on ?? {}
  const on = { ...rest, ...(events.length > 0 ? { event: events } : {}) }
  const wish: ExportWish = {
    name: name.trim(), every, format, ...(old?.description ? { description: old.description } : {}), ...(Object.keys(on).length > 0 ? { on } : {}),
    ...(format === 'csv' && engage ? { columns: 'engage' as const } : {}), ...(format === 'csv' && old?.raw ? { raw: true } : {}), ...(format !== 'parquet' && gzip ? { gzip } : {}),
    ...(to === 'folder' ? { folder: folder.trim() } : { s3: { bucket: s3.bucket.trim(), ...Object.fromEntries(Object.entries(s3).filter(([k, v]) => k !== 'bucket' && v.trim() !== '')) } }),
  }
  const eventProblem = fieldProblem(error, 'on.event') ?? events.map((_name, i) => fieldProblem(error, `on.event[${i}]`)).find(Boolean)
  const other = otherProblem(error, [...shown, ...events.map((_name, i) => `on.event[${i}]`)])
  return (
    <form className="flex flex-col gap-5"
      onSubmit={(e) => {
        e.preventDefault()
        save.mutate({ wish, all }, {
          onSuccess: (x) => {
            tell(old ? `${x.name} is saved.` : `${x.name} is made.`)
            close()
          },
        })
      }}>
      <Field label="Name" problem={fieldProblem(error, 'name')}>{(p) => <Input {...p} required autoFocus maxLength={100} value={name} onChange={(e) => setName(e.target.value)} placeholder="Warehouse" />}</Field>
      <Field label="Events" help="Names with commas between; a star at the end stands for all that begin so. Empty: all events" problem={eventProblem}>
        {(p) => <Input {...p} spellCheck={false} autoComplete="off" value={names} onChange={(e) => setNames(e.target.value)} placeholder="email.*, invoice.paid" />}
      </Field>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Format" problem={fieldProblem(error, 'format')}>
          {(p) => <Select {...p} value={format} onChange={(e) => setFormat(e.target.value as Format)}>{Object.entries(formats).map(([f, label]) => <option key={f} value={f}>{label}</option>)}</Select>}
        </Field>
        <Field label="How often">{(p) => <Select {...p} value={every} onChange={(e) => setEvery(e.target.value as 'hour' | 'day')}><option value="hour">Every hour</option><option value="day">Every day, in UTC</option></Select>}</Field>
      </div>
      {format === 'csv' && <Check label="Engage’s columns" help="Date, Customer, Event, Subject, Additional data, in place of ours" on={engage} set={setEngage} />}
      {format !== 'parquet' && <Check label="Compressed" help="The files end with .gz" on={gzip} set={setGzip} />}
      <Field label="Where its files go">{(p) => <Select {...p} value={to} onChange={(e) => setTo(e.target.value as 'folder' | 's3')}><option value="folder">A folder of the server</option><option value="s3">A bucket of S3</option></Select>}</Field>
      {to === 'folder' ? (
        <Field label="Folder" help="Below the one that the operator set; of this export alone" problem={fieldProblem(error, 'folder')}>
          {(p) => <Input {...p} required spellCheck={false} autoComplete="off" maxLength={200} value={folder} onChange={(e) => setFolder(e.target.value)} placeholder="warehouse/mail" />}
        </Field>
      ) : (
        <div className="grid gap-4 sm:grid-cols-2">
          {([['bucket', 'Bucket', 'archive', 'One that the operator allows'], ['prefix', 'Prefix', 'tidings/mail', 'What names of objects begin with'],
            ['region', 'Region', 'eu-west-1', 'Empty: that of the server’s AWS settings'], ['endpoint', 'Endpoint', 'https://s3.acme.test', 'Of another server than Amazon’s']] as const).map(([key, label, example, help]) => (
            <Field key={key} label={label} help={help} problem={fieldProblem(error, `s3.${key}`)}>
              {(p) => <Input {...p} required={key === 'bucket'} spellCheck={false} autoComplete="off" value={s3[key]} onChange={(e) => setS3({ ...s3, [key]: e.target.value })} placeholder={example} />}
            </Field>
          ))}
        </div>
      )}
      {!old && <Check label="Begin with everything that is stored" help="Else it begins with what comes from now on" on={all} set={setAll} />}
      {other !== undefined && <Problem error={other} />}
      <div className="flex justify-end gap-2">
        <Button onClick={close}>Cancel</Button>
        <Button type="submit" kind="main" busy={save.isPending} disabled={name.trim() === ''}>{old ? 'Save' : 'Make it'}</Button>
      </div>
    </form>
  )
}

const Check = ({ label, help, on, set }: { label: string; help: string; on: boolean; set: (on: boolean) => void }) => (
  <label className="flex items-start gap-2 text-sm">
    <input type="checkbox" className="mt-0.5 size-4 accent-accent" checked={on} onChange={(e) => set(e.target.checked)} />
    <span>{label}<span className="block text-xs text-soft">{help}</span></span>
  </label>
)
