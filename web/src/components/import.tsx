import { FileUp, Upload } from 'lucide-react'
import { useRef, useState } from 'react'
import type { Schemas } from '../api/client'
import { type Reason, useImport } from '../api/suppressions'
import { bytes, count } from '../lib/format'
import { reasonNames, reasonOf, reasons } from '../lib/why'
import { Mono } from './bits'
import { Confirm } from './overlay'
import { Table } from './table'
import { tell } from './toast'
import { Button, Card, Field, Problem, Select, TextArea } from './ui'

type Report = Schemas['ImportReport']

/** A list of suppressions: first it is said what it would do, then it is taken. */
export function ImportPanel() {
  const [list, setList] = useState<{ name: string; blob: Blob }>()
  const [pasted, setPasted] = useState('')
  const [reason, setReason] = useState<Reason>()
  const [share, setShare] = useState(0)
  const [checked, setChecked] = useState<Report>()
  const [taken, setTaken] = useState<Report>()
  const [asking, ask] = useState(false)
  const [over, setOver] = useState(false)
  const file = useRef<HTMLInputElement>(null)
  const stop = useRef<AbortController>(undefined)
  const check = useImport()
  const take = useImport()
  const busy = check.isPending || take.isPending
  const restart = () => {
    setChecked(undefined)
    setTaken(undefined)
    check.reset()
    take.reset()
  }
  const choose = (next: { name: string; blob: Blob } | undefined) => {
    restart()
    setList(next)
  }
  const send = async (dryRun: boolean): Promise<Report | undefined> => {
    if (!list) return undefined
    stop.current = new AbortController()
    setShare(0)
    return (dryRun ? check : take).mutateAsync({ list: list.blob, reason, dryRun, tell: setShare, signal: stop.current.signal })
  }
  return (
    <>
      <Card title="1. The list">
        <div className="grid gap-5 lg:grid-cols-2">
          <div
            className={`flex flex-col items-center justify-center gap-2 rounded-lg border border-dashed p-6 text-center ${over ? 'border-accent bg-accent/5' : 'border-line'}`}
            onDragOver={(e) => {
              e.preventDefault()
              setOver(true)
            }}
            onDragLeave={() => setOver(false)}
            onDrop={(e) => {
              e.preventDefault()
              setOver(false)
              const f = e.dataTransfer.files[0]
              if (f && !busy) choose({ name: f.name, blob: f })
            }}
          >
            <FileUp aria-hidden className="size-6 text-soft" />
            <p className="text-sm">{list ? <><span className="font-medium [overflow-wrap:anywhere]">{list.name}</span>, {bytes(list.blob.size)}</> : 'Drop a CSV file here'}</p>
            <input ref={file} type="file" accept=".csv,.txt,text/csv,text/plain" className="sr-only" tabIndex={-1} aria-label="A file with the list"
              onChange={(e) => {
                const f = e.target.files?.[0]
                if (f) choose({ name: f.name, blob: f })
                e.target.value = ''
              }} />
            <Button onClick={() => file.current?.click()} disabled={busy}>{list ? 'Choose another' : 'Choose a file'}</Button>
            <p className="text-xs text-soft">CSV with a header, or one address a line; up to 256 MB</p>
          </div>
          <Field label="Or paste it" help={<>Columns: <Mono>address</Mono>, and where they are there <Mono>reason</Mono>, <Mono>since</Mono>, <Mono>until</Mono>, <Mono>note</Mono>. Patterns such as <Mono>*@bad.test</Mono> are taken too.</>}>
            {(p) => (
              <TextArea {...p} rows={5} spellCheck={false} className="font-mono text-xs!" placeholder={'address,reason,note\nghost@acme.test,hard_bounce,\n*@bad.test,,spam trap'} value={pasted} disabled={busy}
                onChange={(e) => {
                  setPasted(e.target.value)
                  choose(e.target.value.trim() ? { name: 'what was pasted', blob: new Blob([e.target.value], { type: 'text/csv' }) } : undefined)
                }} />
            )}
          </Field>
        </div>
        <div className="mt-4 flex flex-wrap items-end gap-3">
          <Field label="Reason of lines that say none">
            {(p) => (
              <Select {...p} value={reason ?? 'manual'} disabled={busy} onChange={(e) => { restart(); setReason(reasonOf(e.target.value)) }}>
                {reasonNames.map((r) => <option key={r} value={r}>{reasons[r].word}</option>)}
              </Select>
            )}
          </Field>
          <Button kind={checked ? 'plain' : 'main'} disabled={!list || busy} busy={check.isPending}
            onClick={async () => {
              restart()
              try {
                setChecked(await send(true))
              } catch {
                // Told below.
              }
            }}>
            Check it, change nothing
          </Button>
        </div>
        {busy && <Sending share={share} what={take.isPending ? 'import' : 'check'} stop={() => stop.current?.abort()} />}
        {check.error && <div className="mt-4"><Problem error={check.error} /></div>}
      </Card>
      {checked && !taken && (
        <Card title="2. What it would do">
          <ReportView report={checked} />
          <div className="mt-4 flex flex-wrap items-center gap-3">
            <Button kind="main" disabled={busy || checked.added + checked.known === 0} onClick={() => ask(true)}>
              <Upload aria-hidden className="size-3.5" /> Import {count(checked.added + checked.known)} {checked.added + checked.known === 1 ? 'line' : 'lines'}…
            </Button>
            {checked.bad > 0 && <p className="text-sm text-soft">Bad lines are left out. Mend them and import again: what is there is known the second time.</p>}
          </div>
          {take.error && <div className="mt-4"><Problem error={take.error} /></div>}
        </Card>
      )}
      {taken && <Card title="Done"><ReportView report={taken} /></Card>}
      <Confirm open={asking} close={() => ask(false)} title="Import this list?" verb="Import" danger
        act={async () => {
          // The window closes at once: how far it is shows on the page, and so does what goes wrong.
          void send(false).then((report) => {
            setTaken(report)
            if (report) tell(`Imported: ${count(report.added)} added, ${count(report.known)} known before.`)
          }, () => undefined)
        }}>
        <p>
          {checked && (checked.added === 0 ? 'Nobody is suppressed who was not before.'
            : `${checked.added === 1 ? 'One address or domain is' : `${count(checked.added)} addresses and domains are`} suppressed from now on: nothing is sent there until that is lifted.`)}
          {checked && checked.known > 0 && ` ${count(checked.known)} ${checked.known === 1 ? 'was' : 'were'} known before; notes and times may change.`}
        </p>
        <p>An import is not taken back as a whole: each address is lifted by itself.</p>
      </Confirm>
    </>
  )
}

function Sending({ share, what, stop }: { share: number; what: string; stop: () => void }) {
  const sent = Math.floor(share * 100)
  return (
    <div className="mt-4 flex items-center gap-3" role="status">
      <div role="progressbar" aria-label={`Sending the list to ${what} it`} aria-valuemin={0} aria-valuemax={100} aria-valuenow={sent} className="h-2 flex-1 overflow-hidden rounded bg-raised">
        <div className={`h-full rounded bg-accent transition-[width] ${share >= 1 ? 'animate-pulse' : ''}`} style={{ width: `${Math.max(sent, 2)}%` }} />
      </div>
      <span className="numbers text-xs text-soft">{share < 1 ? `${sent}% sent` : what === 'import' ? 'Taking the lines…' : 'Checking the lines…'}</span>
      <Button small onClick={stop}>Stop</Button>
    </div>
  )
}

function ReportView({ report: r }: { report: Report }) {
  const would = r.dryRun
  const facts: [string, number, string][] = [
    ['Lines', r.lines, ''],
    [would ? 'Would be added' : 'Added', r.added, 'text-good'],
    ['Known before', r.known, 'text-soft'],
    ['Bad', r.bad, r.bad > 0 ? 'text-bad' : 'text-soft'],
    ['Of them patterns', r.patterns, 'text-soft'],
  ]
  return (
    <>
      <dl className="grid grid-cols-2 gap-3 sm:grid-cols-5">
        {facts.map(([name, n, tone]) => (
          <div key={name}>
            <dt className="text-xs text-soft">{name}</dt>
            <dd className={`numbers text-xl font-semibold ${tone}`}>{count(n)}</dd>
          </div>
        ))}
      </dl>
      {r.ignored.length > 0 && (
        <p className="mt-3 text-sm text-soft">Columns that were passed over: {r.ignored.map((c) => <span key={c} className="mr-1.5"><Mono>{c}</Mono></span>)}</p>
      )}
      {r.badLines.length > 0 && (
        <div className="mt-4 overflow-hidden rounded-lg border border-line">
          <div className="max-h-80 overflow-y-auto" tabIndex={0} role="region" aria-label="Bad lines">
            <Table label="Bad lines"
              head={
                <tr>
                  <th scope="col" className="text-right">Line</th>
                  <th scope="col">Field</th>
                  <th scope="col">What is wrong</th>
                </tr>
              }>
              {r.badLines.map((b, i) => (
                <tr key={i}>
                  <td className="numbers text-right">{count(b.line)}</td>
                  <td>{b.field ?? 'the line'}</td>
                  <td className="min-w-52 [overflow-wrap:anywhere]">{b.message}</td>
                </tr>
              ))}
            </Table>
          </div>
          {r.bad > r.badLines.length && <p className="border-t border-line px-3 py-2 text-xs text-soft">The first {count(r.badLines.length)} of {count(r.bad)} bad lines</p>}
        </div>
      )}
    </>
  )
}
