import { useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { type AlertRule, type AlertRuleWish, alertChannels, alertRules, useDeleteAlertRule, useSaveAlertRule, useTryAlertRule } from '../api/alerts'
import { alertBy, alertKinds, isRate, looksAt, shown, threshold, written } from '../lib/alerts'
import { Time } from './bits'
import { Confirm, Dialog } from './overlay'
import { fieldProblem, otherProblem } from './source-settings'
import { Table } from './table'
import { tell } from './toast'
import { Badge, Button, Card, Field, Input, Loading, Problem, Select } from './ui'

/** What raises alerts. */
export function AlertRules() {
  const list = useQuery(alertRules)
  const [editing, edit] = useState<AlertRule | 'new'>()
  const [deleting, remove] = useState<AlertRule>()
  const save = useSaveAlertRule()
  const drop = useDeleteAlertRule()
  if (list.error) return <Problem error={list.error} retry={() => void list.refetch()} />
  if (!list.data) return <Loading lines={8} />
  return (
    <>
      <p className="flex justify-end"><Button kind="main" onClick={() => edit('new')}><Plus aria-hidden className="size-3.5" /> New alert rule</Button></p>
      {save.error !== null && editing === undefined && <Problem error={save.error} />}
      <Card flush>
        <Table label="Alert rules" head={<tr><th scope="col">Rule</th><th scope="col">Warning from</th><th scope="col">Severe from</th><th scope="col">Tells</th><th scope="col" className="relative"><span className="sr-only">Change</span></th></tr>}>
          {list.data.map((r) => (
            <tr key={r.id} className="align-top text-sm">
              <td className="min-w-48 [overflow-wrap:anywhere]">{r.name} {!r.enabled && <Badge>off</Badge>}<span className="block text-xs text-soft">{looksAt(r)}{r.builtIn && !r.changed && ' · every project has it'}</span></td>
              <td className="whitespace-nowrap">{threshold(r.kind, r.warn)}</td>
              <td className="whitespace-nowrap">{threshold(r.kind, r.severe)}</td>
              <td className="text-soft [overflow-wrap:anywhere]">{r.channels.join(', ') || 'all'}</td>
              <td>
                <span className="flex justify-end gap-2">
                  <Button small aria-label={`Switch ${r.enabled ? 'off' : 'on'} ${r.name}`} onClick={() => save.mutate({ id: r.id, wish: { enabled: !r.enabled } }, { onSuccess: () => tell(`${r.name} is switched ${r.enabled ? 'off' : 'on'}.`) })}>{r.enabled ? 'Switch off' : 'Switch on'}</Button>
                  <Button small aria-label={`Edit ${r.name}`} onClick={() => edit(r)}>Edit</Button>
                  {(!r.builtIn || r.changed) && <Button small aria-label={`${r.builtIn ? 'Reset' : 'Delete'} ${r.name}…`} onClick={() => remove(r)}>{r.builtIn ? 'Reset…' : 'Delete…'}</Button>}
                </span>
              </td>
            </tr>
          ))}
        </Table>
      </Card>
      <Dialog open={editing !== undefined} close={() => edit(undefined)} wide stay title={editing === 'new' || !editing ? 'New alert rule' : `Edit ${editing.name}`}>
        {editing !== undefined && <RuleForm rule={editing === 'new' ? undefined : editing} close={() => edit(undefined)} />}
      </Dialog>
      <Confirm open={deleting !== undefined} close={() => remove(undefined)} title={`${deleting?.builtIn ? 'Reset' : 'Delete'} ${deleting?.name ?? ''}?`} verb={deleting?.builtIn ? 'Reset it' : 'Delete it'} danger
        act={async () => {
          if (!deleting) return
          await drop.mutateAsync(deleting.id)
          tell(deleting.builtIn ? `${deleting.name} is as it was at the beginning.` : `${deleting.name} is deleted.`)
        }}>
        <p>{deleting?.builtIn ? 'It says again what it says in every project.' : 'What it raised ends within a minute.'}</p>
      </Confirm>
    </>
  )
}

function RuleForm({ rule, close }: { rule: AlertRule | undefined; close: () => void }) {
  const [name, setName] = useState(rule?.name ?? '')
  const [kind, setKind] = useState(rule?.kind ?? 'bounce_rate')
  const [by, setBy] = useState(rule?.by ?? 'project')
  const [window, setWindow] = useState(rule?.window ?? '')
  const [least, setLeast] = useState(rule?.least ? String(rule.least) : '')
  const [warn, setWarn] = useState(shown(kind, rule?.warn))
  const [severe, setSevere] = useState(shown(kind, rule?.severe))
  const [told, tellThese] = useState(rule?.channels ?? [])
  const channels = useQuery(alertChannels)
  const save = useSaveAlertRule()
  const trial = useTryAlertRule()
  const error = save.error ?? trial.error
  const other = otherProblem(error, ['name', 'kind', 'by', 'window', 'least', 'warn', 'severe'])
  const silent = kind === 'silence'
  const unit = isRate(kind) ? 'percent' : kind === 'endpoint_failing' ? 'minutes' : kind === 'suppression_surge' ? 'times the usual' : 'requests'
  const said = (): AlertRuleWish => ({
    by: isRate(kind) ? by : '', window: silent ? '' : window.trim(), channels: told,
    ...(isRate(kind) || kind === 'suppression_surge' ? { least: Number(least) || 0 } : {}), ...(silent ? {} : { warn: written(kind, warn), severe: written(kind, severe) }),
  })
  return (
    <form className="flex flex-col gap-4"
      onSubmit={(e) => {
        e.preventDefault()
        save.mutate({ ...(rule ? { id: rule.id } : {}), wish: { name: name.trim(), kind, ...said() } }, {
          onSuccess: (r) => {
            tell(rule ? `${r.name} is saved.` : `${r.name} is made.`)
            close()
          },
        })
      }}>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Name" problem={fieldProblem(error, 'name')}>{(p) => <Input {...p} required autoFocus maxLength={100} value={name} onChange={(e) => setName(e.target.value)} />}</Field>
        <Field label="Looks at" problem={fieldProblem(error, 'kind')}>
          {(p) => <Select {...p} disabled={rule !== undefined} value={kind} onChange={(e) => setKind(e.target.value as AlertRule['kind'])}>{Object.entries(alertKinds).map(([k, words]) => <option key={k} value={k}>{words}</option>)}</Select>}
        </Field>
        {isRate(kind) && (
          <Field label="Of" problem={fieldProblem(error, 'by')}>
            {(p) => <Select {...p} value={by} onChange={(e) => setBy(e.target.value as NonNullable<AlertRule['by']>)}>{Object.entries(alertBy).map(([k, words]) => <option key={k} value={k}>{words}</option>)}</Select>}
          </Field>
        )}
        {!silent && <Field label="In the last" help="Such as 6h, 1d or 7d; empty: the usual" problem={fieldProblem(error, 'window')}>{(p) => <Input {...p} maxLength={20} value={window} onChange={(e) => setWindow(e.target.value)} />}</Field>}
        {(isRate(kind) || kind === 'suppression_surge') && <Field label="Of at least" help="Fewer alarm nobody; empty: the usual" problem={fieldProblem(error, 'least')}>{(p) => <Input {...p} inputMode="numeric" value={least} onChange={(e) => setLeast(e.target.value)} />}</Field>}
        {!silent && <Field label="Warning from" help={`In ${unit}; empty: the usual`} problem={fieldProblem(error, 'warn')}>{(p) => <Input {...p} inputMode="decimal" value={warn} onChange={(e) => setWarn(e.target.value)} />}</Field>}
        {!silent && <Field label="Severe from" help={`In ${unit}; empty: the usual`} problem={fieldProblem(error, 'severe')}>{(p) => <Input {...p} inputMode="decimal" value={severe} onChange={(e) => setSevere(e.target.value)} />}</Field>}
      </div>
      {(channels.data ?? []).length > 0 && (
        <fieldset className="flex flex-col gap-1 text-sm">
          <legend className="mb-1 font-medium">Tells <span className="font-normal text-soft">(none: all)</span></legend>
          {channels.data?.map((c) => (
            <label key={c.id} className="flex items-center gap-2">
              <input type="checkbox" className="size-4 accent-accent" checked={told.includes(c.id) || told.includes(c.name)} onChange={(e) => tellThese(e.target.checked ? [...told, c.id] : told.filter((x) => x !== c.id && x !== c.name))} />{c.name}
            </label>
          ))}
        </fieldset>
      )}
      {other !== undefined && <Problem error={other} />}
      {trial.data && (
        <div role="status" className="rounded-md border border-line p-3 text-sm">
          {trial.data.alerts.length === 0 ? 'It would have raised nothing in the last 30 days.' : `It would have raised ${trial.data.alerts.length}${trial.data.cut ? ' or more' : ''} in the last 30 days:`}
          <ul className="mt-1 text-xs text-soft">
            {trial.data.alerts.slice(0, 10).map((a, i) => <li key={i} className="[overflow-wrap:anywhere]">{a.level === 'severe' ? 'severe' : 'warning'}{a.subject && `, ${a.subjectName || a.subject}`}, from <Time at={a.raisedAt} form="short" />{a.resolvedAt && <> to <Time at={a.resolvedAt} form="short" /></>}</li>)}
          </ul>
        </div>
      )}
      <div className="flex justify-end gap-2">
        {isRate(kind) && <Button busy={trial.isPending} onClick={() => trial.mutate({ kind, ...said() })}>Try on the last 30 days</Button>}
        <Button onClick={close}>Cancel</Button>
        <Button type="submit" kind="main" busy={save.isPending} disabled={name.trim() === ''}>{rule ? 'Save' : 'Make it'}</Button>
      </div>
    </form>
  )
}
