import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Workflow } from 'lucide-react'
import { type Rule, rules } from '../api/rules'
import { Code, Time } from '../components/bits'
import { RuleState, RuleTrouble } from '../components/rule'
import { type Column, VirtualTable } from '../components/table'
import { Badge, Card, Empty, Heading, Loading, Problem } from '../components/ui'
import { compact, count } from '../lib/format'
import { actionWords, examples } from '../lib/rules'

const route = getRouteApi('/inside/rules')

const make = <Link to="/rules/new" className="inline-flex h-8 items-center rounded-md bg-accent px-3 text-sm font-medium text-on-accent hover:brightness-95">New rule</Link>

const figure = (n: number, title: string, bad?: boolean) => <span title={`${count(n)} ${title} in 30 days`} className={n === 0 ? 'text-soft' : bad ? 'text-bad' : ''}>{compact(n)}</span>

const columns: Column<Rule>[] = [
  {
    id: 'name', head: 'Name', width: 170, grow: true,
    cell: (r) => <span className="flex min-w-0 items-center gap-2"><Link to="/rules/$id" params={{ id: r.id }} className="truncate font-medium hover:underline" title={r.description ?? r.name}>{r.name}</Link><RuleTrouble rule={r} /></span>,
  },
  { id: 'state', head: 'State', width: 70, cell: (r) => <RuleState on={r.enabled} /> },
  { id: 'events', head: 'When', width: 170, grow: true, cell: (r) => <span className="font-mono text-xs" title={r.events.join(', ')}>{r.events.join(', ')}</span> },
  { id: 'actions', head: 'What it does', width: 150, cell: (r) => r.actions.map((a) => actionWords[a] ?? a).join(', ') },
  { id: 'done', head: <span title="Acts of the last 30 days that were done">Done</span>, width: 75, end: true, cell: (r) => figure(r.acted.done, 'done') },
  { id: 'skipped', head: <span title="Acts of the last 30 days that were not to be done: the contact may not be mailed, or the rule acted often enough">Skipped</span>, width: 80, end: true, cell: (r) => figure(r.acted.skipped, 'skipped') },
  { id: 'failed', head: <span title="Acts of the last 30 days that could not be done">Failed</span>, width: 75, end: true, cell: (r) => figure(r.acted.failed, 'failed', true) },
  { id: 'last', head: 'Acted last', width: 120, cell: (r) => <span className="text-soft"><Time at={r.acted.lastAt} form="ago" /></span> },
  { id: 'origin', head: 'Kept in', width: 95, cell: (r) => (r.origin === 'files' ? <Badge tone="violet" title="A folder that was applied has it: the next tidings apply brings it back as it is there">Files</Badge> : <span className="text-soft" title="Made here, by the API or the command line">Database</span>) },
]

export function Rules() {
  const navigate = route.useNavigate()
  const list = useQuery(rules)
  const rows = list.data ?? []
  return (
    <>
      <Heading title="Rules" about="What happens when an event comes: somebody is mailed, subscribed or unsubscribed, once for the event.">{rows.length > 0 && make}</Heading>
      {list.error && rows.length === 0 ? <Problem error={list.error} retry={() => void list.refetch()} /> : (
        <Card flush>
          {list.isPending ? <Loading />
            : rows.length === 0 ? <None />
            : (
              <VirtualTable label="Rules" rows={rows} columns={columns} rowKey={(r) => r.id} open={(r) => void navigate({ to: '/rules/$id', params: { id: r.id } })}
                foot={<p className="sticky left-0 w-fit px-3 py-2 text-xs text-soft">{count(rows.length)} {rows.length === 1 ? 'rule' : 'rules'}</p>} />
            )}
        </Card>
      )}
    </>
  )
}

const file = `# mail/rules/welcome.yaml
rules:
- name: Welcome
  on:
    event: account.created
  do:
  - send: {template: onboarding/welcome}`

const call = () => `curl -s ${location.origin}/v1/track -H 'Authorization: Bearer sk_…' -H 'Content-Type: application/json' \\
  -d '{"event":"account.created","email":"lea@acme.test"}'`

const None = () => (
  <Empty icon={<Workflow />} title="There is no rule yet" action={make}>
    <p>Your app tells of events, and rules say what follows: a welcome mail for a new account, no more news for a closed one. Write one here, begin with{' '}
      {examples.slice(0, 3).map((e, i) => <span key={e.id}>{i > 0 && (i === 2 ? ' or ' : ', ')}<Link to="/rules/new" search={{ example: e.id }} className="text-accent underline">{e.label.toLowerCase()}</Link></span>)}, or keep them as files beside your code:</p>
    <div className="mt-3 flex flex-col gap-2 text-left">
      <Code text={file} />
      <Code text="tidings apply ./mail --plan" />
      <p className="text-center">shows what would change; without <code className="font-mono text-xs">--plan</code> it is done. Then an event makes the rule act:</p>
      <Code text={call()} />
    </div>
  </Empty>
)
