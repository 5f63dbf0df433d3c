import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { FileUp, Search, Settings2, Waypoints } from 'lucide-react'
import { useMemo, useState } from 'react'
import { useEnableWorkflow, type Workflow, workflowList } from '../api/workflows'
import { Code, Mono, Time } from '../components/bits'
import { useSegmentNames } from '../components/condition-words'
import { PagedList } from '../components/list'
import type { Column } from '../components/table'
import { tell } from '../components/toast'
import { Badge, Button, Card, Empty, Heading, Input, Problem } from '../components/ui'
import { ImportDialog } from '../components/workflow-import'
import { SettingsDialog } from '../components/workflow-settings'
import { Switch, WorkflowTrouble } from '../components/workflow-state'
import { useDebounced } from '../lib/debounced'
import { compact, count } from '../lib/format'
import { starters } from '../lib/workflow-starters'
import { listedTrigger } from '../lib/workflow-words'

const route = getRouteApi('/inside/workflows')

const make = <Link to="/workflows/new" className="inline-flex h-8 items-center rounded-md bg-accent px-3 text-sm font-medium text-on-accent hover:brightness-95">New workflow</Link>

const figure = (n: number, title: string, tone = '') => <span title={`${count(n)} ${title}`} className={n === 0 ? 'text-soft' : tone}>{compact(n)}</span>

export function Workflows() {
  const navigate = route.useNavigate()
  const { find = '' } = route.useSearch()
  const list = useInfiniteQuery(workflowList(useDebounced(find.trim(), 200)))
  const rows = useMemo(() => list.data?.pages.flatMap((p) => p.data) ?? [], [list.data])
  const enable = useEnableWorkflow()
  const segment = useSegmentNames()
  const [open, setOpen] = useState<'settings' | 'import'>()
  const turning = enable.isPending ? enable.variables.id : undefined
  const columns = useMemo<Column<Workflow>[]>(() => [
    {
      id: 'name', head: 'Name', width: 150, grow: true,
      cell: (w) => <span className="flex min-w-0 items-center gap-2"><Link to="/workflows/$id" params={{ id: w.id }} className="truncate font-medium hover:underline" title={w.description ?? w.name}>{w.name}</Link><WorkflowTrouble of={w} /></span>,
    },
    { id: 'key', head: 'Key', width: 120, grow: true, cell: (w) => <Mono title={w.key}>{w.key}</Mono> },
    {
      id: 'on', head: 'On', width: 65,
      cell: (w) => <Switch on={w.enabled} busy={turning === w.id} label={`Contacts enter ${w.name}`} turn={(on) => enable.mutate({ id: w.id, on }, { onSuccess: () => tell(on ? `Contacts enter ${w.name} from now on.` : `Nobody enters ${w.name} any more.`) })} />,
    },
    { id: 'trigger', head: 'Who enters', width: 160, grow: true, cell: (w) => { const words = listedTrigger(w.triggerType, w.triggerConfig, segment); return <span title={words}>{words}</span> } },
    { id: 'open', head: <span title="Runs that go on">Going on</span>, width: 85, end: true, cell: (w) => figure(w.openExecutions, 'runs go on', 'text-info') },
    { id: 'completed', head: <span title="Runs that came to the end">Completed</span>, width: 95, end: true, cell: (w) => figure(w.completedExecutions, 'runs came to the end') },
    { id: 'failed', head: <span title="Runs that failed and wait for a person">Failed</span>, width: 75, end: true, cell: (w) => figure(w.failedExecutions, 'runs failed and wait for a person', 'text-bad') },
    { id: 'version', head: 'Version', width: 75, end: true, cell: (w) => w.version },
    { id: 'changed', head: 'Changed', width: 115, cell: (w) => <span className="text-soft"><Time at={w.updatedAt} form="ago" /></span> },
    { id: 'origin', head: 'Kept in', width: 95, cell: (w) => (w.origin === 'files' ? <Badge tone="violet" title="A folder that was applied has it: the next tidings apply brings it back as it is there">Files</Badge> : <span className="text-soft" title="Made here, by the API or the command line">Database</span>) },
  ], [segment, enable, turning])
  const total = list.data?.pages[0]?.total
  return (
    <>
      <Heading title="Workflows" about="What happens to a contact over days. Rules are for one act at once.">
        <Button onClick={() => setOpen('settings')}><Settings2 aria-hidden className="size-3.5" /> Settings…</Button>
        <Button onClick={() => setOpen('import')}><FileUp aria-hidden className="size-3.5" /> Take one in…</Button>
        {(rows.length > 0 || find !== '') && make}
      </Heading>
      {enable.error && <Problem error={enable.error} />}
      {(rows.length > 0 || find !== '') && (
        <div className="relative w-full sm:w-80">
          <Search aria-hidden className="pointer-events-none absolute top-2 left-2.5 size-4 text-soft" />
          <Input type="search" aria-label="Find a workflow" placeholder="Name, key or what it is for" className="w-full pl-8.5!" value={find} autoComplete="off"
            onChange={(e) => void navigate({ search: e.target.value ? { find: e.target.value } : {}, replace: true })} />
        </div>
      )}
      <Card flush>
        <PagedList list={list} rows={rows} columns={columns} rowKey={(w) => w.id} label="Workflows" noun={['workflow', 'workflows']} total={total} open={(w) => void navigate({ to: '/workflows/$id', params: { id: w.id } })}
          empty={find !== '' ? <Empty icon={<Waypoints />} title="No workflow is like that" action={<Button onClick={() => void navigate({ search: {} })}>Show all</Button>}>Names, keys and descriptions are searched.</Empty> : <None />} />
      </Card>
      <SettingsDialog open={open === 'settings'} close={() => setOpen(undefined)} />
      <ImportDialog open={open === 'import'} close={() => setOpen(undefined)} />
    </>
  )
}

const file = `# mail/workflows/onboarding.yaml
workflow: onboarding
trigger: account.created
steps:
- send: onboarding/welcome
- wait: 2d
- send: onboarding/tips`

const None = () => (
  <Empty icon={<Waypoints />} title="There is no workflow yet" action={make}>
    <p>A workflow goes with each contact for days: an email when an account is made, another one two days later, a question in between. Begin with one of these, and change what you like:</p>
    <ul className="mt-3 flex flex-col gap-2 text-left">
      {starters.filter((s) => s.id !== 'empty').map((s) => (
        <li key={s.id}>
          <Link to="/workflows/new" search={{ starter: s.id }} className="block rounded-md border border-line px-3 py-2 hover:border-accent"><span className="block font-medium text-ink">{s.label}</span>{s.about}</Link>
        </li>
      ))}
    </ul>
    <p className="mt-3">Or keep them as files beside your code:</p>
    <div className="mt-2 flex flex-col gap-2 text-left"><Code text={file} /><Code text="tidings apply ./mail --plan" /></div>
  </Empty>
)
