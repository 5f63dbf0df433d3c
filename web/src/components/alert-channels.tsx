import { useQuery } from '@tanstack/react-query'
import { BellRing, Plus } from 'lucide-react'
import { useState } from 'react'
import { type AlertChannel, alertChannels, useDeleteAlertChannel, useSaveAlertChannel, useTestAlertChannel } from '../api/alerts'
import { Time } from './bits'
import { Confirm, Dialog } from './overlay'
import { fieldProblem, otherProblem } from './source-settings'
import { Table } from './table'
import { tell } from './toast'
import { Badge, Button, Card, Empty, Field, Input, Loading, Problem, Select, TextArea } from './ui'

/** Whom alerts are told. */
export function AlertChannels() {
  const list = useQuery(alertChannels)
  const [editing, edit] = useState<AlertChannel | 'new'>()
  const [deleting, remove] = useState<AlertChannel>()
  const drop = useDeleteAlertChannel()
  const trial = useTestAlertChannel()
  const make = <Button kind="main" onClick={() => edit('new')}><Plus aria-hidden className="size-3.5" /> New channel</Button>
  if (list.error) return <Problem error={list.error} retry={() => void list.refetch()} />
  if (!list.data) return <Loading lines={3} />
  return (
    <>
      {trial.error !== null && <Problem error={trial.error} />}
      {trial.data && !trial.data.ok && <p role="alert" className="rounded-md border border-line p-3 text-sm text-bad [overflow-wrap:anywhere]">The test did not work: {trial.data.detail}</p>}
      {list.data.length === 0 ? (
        <Card><Empty icon={<BellRing />} title="Nobody is told yet" action={make}>Alerts are in the history all the same. Name addresses, or a webhook of Slack or of a program that understands the same.</Empty></Card>
      ) : (
        <>
          <p className="flex justify-end">{make}</p>
          <Card flush>
            <Table label="Channels" head={<tr><th scope="col">Channel</th><th scope="col">Is told of</th><th scope="col">Last told</th><th scope="col" className="relative"><span className="sr-only">Change</span></th></tr>}>
              {list.data.map((c) => (
                <tr key={c.id} className="align-top text-sm">
                  <td className="min-w-48 [overflow-wrap:anywhere]">{c.name} {!c.enabled && <Badge>off</Badge>}<span className="block text-xs text-soft">{c.kind === 'email' ? c.to.join(', ') : c.host}</span>{c.problem && <span className="block text-xs text-bad">{c.problem}</span>}</td>
                  <td>{c.level === 'severe' ? 'what is severe' : 'all'}</td>
                  <td className="text-soft">{c.toldAt ? <Time at={c.toldAt} form="ago" /> : 'never'}</td>
                  <td>
                    <span className="flex justify-end gap-2">
                      <Button small aria-label={`Test ${c.name}`} busy={trial.isPending && trial.variables === c.id} onClick={() => trial.mutate(c.id, { onSuccess: (t) => t.ok && tell(`${c.name} was told that this is a test.`) })}>Test</Button>
                      <Button small aria-label={`Edit ${c.name}`} onClick={() => edit(c)}>Edit</Button>
                      <Button small aria-label={`Delete ${c.name}…`} onClick={() => remove(c)}>Delete…</Button>
                    </span>
                  </td>
                </tr>
              ))}
            </Table>
          </Card>
        </>
      )}
      <Dialog open={editing !== undefined} close={() => edit(undefined)} stay title={editing === 'new' || !editing ? 'New channel' : `Edit ${editing.name}`}>
        {editing !== undefined && <ChannelForm channel={editing === 'new' ? undefined : editing} close={() => edit(undefined)} />}
      </Dialog>
      <Confirm open={deleting !== undefined} close={() => remove(undefined)} title={`Delete ${deleting?.name ?? ''}?`} verb="Delete it" danger
        act={async () => {
          if (!deleting) return
          await drop.mutateAsync(deleting.id)
          tell(`${deleting.name} is deleted.`)
        }}>
        <p>What it was still to be told is not told.</p>
      </Confirm>
    </>
  )
}

const lines = (text: string) => text.split(/[\n,;]/).map((l) => l.trim()).filter((l) => l !== '')

function ChannelForm({ channel: c, close }: { channel: AlertChannel | undefined; close: () => void }) {
  const [name, setName] = useState(c?.name ?? '')
  const [kind, setKind] = useState(c?.kind ?? 'email')
  const [to, setTo] = useState((c?.to ?? []).join('\n'))
  const [url, setURL] = useState('')
  const [level, setLevel] = useState(c?.level ?? 'warn')
  const [enabled, enable] = useState(c?.enabled ?? true)
  const save = useSaveAlertChannel()
  const { error } = save
  const inTo = lines(to).map((_, i) => fieldProblem(error, `to[${i}]`)).find((x) => x !== undefined)
  const other = otherProblem(error, ['name', 'kind', 'to', 'url', 'level', ...lines(to).map((_, i) => `to[${i}]`)])
  const email = kind === 'email'
  return (
    <form className="flex flex-col gap-4"
      onSubmit={(e) => {
        e.preventDefault()
        const wish = { name: name.trim(), level, enabled, ...(c ? {} : { kind }), ...(email ? { to: lines(to) } : url.trim() === '' ? {} : { url: url.trim() }) }
        save.mutate({ ...(c ? { id: c.id } : {}), wish }, {
          onSuccess: (x) => {
            tell(c ? `${x.name} is saved.` : `${x.name} is made. Test it.`)
            close()
          },
        })
      }}>
      <Field label="Name" problem={fieldProblem(error, 'name')}>{(p) => <Input {...p} required autoFocus maxLength={100} value={name} onChange={(e) => setName(e.target.value)} placeholder="On call" />}</Field>
      {!c && (
        <Field label="Way" problem={fieldProblem(error, 'kind')}>
          {(p) => <Select {...p} value={kind} onChange={(e) => setKind(e.target.value as AlertChannel['kind'])}><option value="email">Email</option><option value="slack">Slack, or what understands the same</option></Select>}
        </Field>
      )}
      {email ? (
        <Field label="Addresses" help="One a line; each gets a mail of its own, through the project’s sender" problem={fieldProblem(error, 'to') ?? inTo}>
          {(p) => <TextArea {...p} rows={3} spellCheck={false} value={to} onChange={(e) => setTo(e.target.value)} placeholder="ops@acme.test" />}
        </Field>
      ) : (
        <Field label="Incoming webhook" help={c ? `At ${c.host}. It is not shown again; write another one to replace it` : 'The URL that the chat program gave. It is a secret, and not shown again'} problem={fieldProblem(error, 'url')}>
          {(p) => <Input {...p} required={!c} type="password" autoComplete="off" spellCheck={false} maxLength={2000} value={url} onChange={(e) => setURL(e.target.value)} placeholder="https://hooks.slack.com/services/…" />}
        </Field>
      )}
      <Field label="Is told of" problem={fieldProblem(error, 'level')}>
        {(p) => <Select {...p} value={level} onChange={(e) => setLevel(e.target.value as AlertChannel['level'])}><option value="warn">all alerts</option><option value="severe">what is severe</option></Select>}
      </Field>
      <label className="flex items-center gap-2 text-sm"><input type="checkbox" className="size-4 accent-accent" checked={enabled} onChange={(e) => enable(e.target.checked)} />It is told</label>
      {other !== undefined && <Problem error={other} />}
      <div className="flex justify-end gap-2">
        <Button onClick={close}>Cancel</Button>
        <Button type="submit" kind="main" busy={save.isPending} disabled={name.trim() === ''}>{c ? 'Save' : 'Make it'}</Button>
      </div>
    </form>
  )
}
