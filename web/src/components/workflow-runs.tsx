import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { Footprints, Play } from 'lucide-react'
import { useMemo, useState } from 'react'
import { type Run, runCounts, type RunDeed, type RunFilters, runList, workflowOf, workflowVersions } from '../api/runs'
import { save, today } from '../lib/download'
import { count } from '../lib/format'
import { csv } from '../lib/header'
import { useRefresh } from '../lib/refresh'
import { csvOf, groupOf, groups, mayCancel } from '../lib/runs'
import { without } from '../lib/without'
import { stepsIn } from '../lib/workflow-changes'
import { Time } from './bits'
import { ContactLink } from './event'
import { AddressSearch, Chip } from './filters'
import { PagedList } from './list'
import { Decide, deeds, RunBadge, RunNow, StepLink } from './run'
import type { Column } from './table'
import { Button, Card, Empty, Select } from './ui'
import { StartRun } from './workflow-start'

/** What of the runs is shown; it stands in the address of whichever page shows them. */
interface RunSearch {
  tab?: string
  status?: string
  step?: string
  contact?: string
  version?: string
}

const filtersOf = (workflow: string, s: RunSearch): RunFilters => {
  const version = Number(s.version)
  return { workflow, ...(s.contact ? { contact: s.contact } : {}), ...(s.step ? { step: s.step } : {}), ...(Number.isInteger(version) && version > 0 ? { version } : {}) }
}

type Steps = ReturnType<typeof stepsIn>

/** The steps of a workflow as it is now, by id. */
export function useSteps(workflow: string): Steps {
  const definition = useQuery({ ...workflowOf(workflow), enabled: workflow !== '' }).data?.definition
  return useMemo(() => stepsIn(definition), [definition])
}

/** The runs of a workflow: where everybody is, and what a person may decide about them. */
export function WorkflowRuns({ workflow }: { workflow: string }) {
  const search: RunSearch = useSearch({ strict: false })
  const navigate = useNavigate()
  const choose = (to: RunSearch) => void navigate({ to: '.', search: to, replace: true, resetScroll: false })
  const about = useQuery(workflowOf(workflow)).data
  const steps = useSteps(workflow)
  const [, , status] = groupOf(search.status)
  const rest = filtersOf(workflow, search)
  const filters = { ...rest, ...(status.length > 0 ? { status: [...status] } : {}) }
  const list = useInfiniteQuery(runList(filters))
  const refresh = useRefresh(runList(filters).queryKey)
  const rows = useMemo(() => list.data?.pages.flatMap((p) => p.executions) ?? [], [list.data])
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [deed, setDeed] = useState<RunDeed>()
  const [starting, start] = useState(false)
  // What is no longer shown, or has ended meanwhile, is not decided about.
  const picked = useMemo(() => rows.filter((r) => chosen.has(r.id) && mayCancel(r)), [rows, chosen])
  const columns = useMemo(() => columnsOf(workflow, steps, rows, chosen, setChosen), [workflow, steps, rows, chosen])
  const filtered = Boolean(search.status || search.contact || search.step || search.version)
  const clear = () => choose(search.tab ? { tab: search.tab } : {})
  const begin = (
    <Button kind="main" onClick={() => start(true)} disabled={about?.enabled === false} title={about?.enabled === false ? 'The workflow is not enabled: nobody enters it' : undefined}>
      <Play aria-hidden className="size-3.5" /> Start a run…
    </Button>
  )
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <Groups filters={rest} at={search.status} choose={(id) => choose(id ? { ...search, status: id } : without(search, 'status'))} />
        <div className="flex flex-wrap items-center gap-2">
          <Button onClick={refresh} busy={list.isRefetching}>Refresh</Button>
          <Button disabled={rows.length === 0} title="The rows that have been fetched so far" onClick={() => save([csv(csvOf(rows))], 'text/csv', `runs-${workflow}-${today()}.csv`)}>CSV</Button>
          {begin}
        </div>
      </div>
      <FilterBar workflow={workflow} search={search} choose={choose} clear={filtered ? clear : undefined} steps={steps} />
      {picked.length > 0 && (
        <div role="group" aria-label="What is chosen" className="flex flex-wrap items-center gap-2 rounded-lg border border-accent/30 bg-accent/5 px-3 py-2 text-sm">
          <span className="numbers mr-1">{count(picked.length)} chosen</span>
          {(['retry', 'skip', 'cancel'] as const).map((d) => {
            const n = picked.filter(deeds[d].may).length
            return <Button key={d} small disabled={n === 0} onClick={() => setDeed(d)}>{deeds[d].label}{d === 'skip' && 's of'} {count(n)}…</Button>
          })}
          <Button small kind="quiet" onClick={() => setChosen(new Set())}>Choose none</Button>
        </div>
      )}
      <Card flush>
        <PagedList list={list} rows={rows} columns={columns} rowKey={(r) => r.id} label="Runs" noun={['run', 'runs']} total={list.data?.pages[0]?.total} height="calc(100dvh - 21rem)"
          open={(r) => void navigate({ to: '/runs/$id', params: { id: r.id } })}
          empty={search.status === 'failed' && !search.contact && !search.step && !search.version ? (
            <Empty icon={<Footprints />} title="No run failed" action={<Button onClick={clear}>Show all</Button>}>A run fails where a step can’t do what it should, as where a template is broken. It waits then until somebody retries or skips the step.</Empty>
          ) : filtered ? (
            <Empty icon={<Footprints />} title="No run is like that" action={<Button onClick={clear}>Clear the filters</Button>}>Contacts are found by their whole address, or their id.</Empty>
          ) : (
            <Empty icon={<Footprints />} title="Nobody entered yet" action={begin}>
              {about?.enabled === false ? 'The workflow is not enabled: nobody enters it. What happened before it is enabled begins nothing.' : 'A run is one contact’s way through the workflow. It begins when the trigger fires, or when you start one by hand.'}
            </Empty>
          )} />
      </Card>
      <Decide deed={deed} of={picked} close={() => setDeed(undefined)} ended={() => setChosen(new Set())} />
      <StartRun workflow={workflow} name={about?.name ?? workflow} open={starting} close={() => start(false)} />
    </>
  )
}

/** As far as the server counts runs of one status. */
const mostCounted = 100_000

/** The statuses with how many runs have them. */
function Groups({ filters, at, choose }: { filters: RunFilters; at: string | undefined; choose: (id: string) => void }) {
  const counts = useQuery(runCounts(filters)).data
  const current = groupOf(at)[0]
  return (
    <div role="group" aria-label="Status" className="flex max-w-full gap-0.5 overflow-x-auto rounded-md border border-line bg-panel p-0.5">
      {groups.map(([id, label, of]) => {
        const some = counts?.filter((c) => of.length === 0 || (of as readonly string[]).includes(c.status))
        const n = some?.reduce((sum, c) => sum + c.count, 0)
        return (
          <button key={id} type="button" aria-pressed={id === current} onClick={() => choose(id)}
            className={clsx('inline-flex h-6.5 shrink-0 items-center gap-1.5 rounded px-2 text-xs font-medium focus-visible:-outline-offset-2', id === current ? 'bg-raised text-ink' : 'text-soft hover:text-ink')}>
            {label}
            {n !== undefined && <span className={clsx('numbers', id === 'failed' && n > 0 && 'text-bad')}>{count(n)}{some?.some((c) => c.count >= mostCounted) && '+'}</span>}
          </button>
        )
      })}
    </div>
  )
}

function FilterBar({ workflow, search, choose, clear, steps }: {
  workflow: string
  search: RunSearch
  choose: (to: RunSearch) => void
  clear: (() => void) | undefined
  steps: Steps
}) {
  const versions = useQuery(workflowVersions(workflow)).data ?? []
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Select aria-label="Step" className="max-w-60" value={search.step ?? ''} onChange={(e) => choose(e.target.value ? { ...search, step: e.target.value } : without(search, 'step'))}>
        <option value="">Every step</option>
        {[...steps].map(([id, s]) => <option key={id} value={id}>{s.title === id ? id : `${s.title} (${id})`}</option>)}
        {search.step && !steps.has(search.step) && <option value={search.step}>{search.step}</option>}
      </Select>
      {versions.length > 1 && (
        <Select aria-label="Version" value={search.version ?? ''} onChange={(e) => choose(e.target.value ? { ...search, version: e.target.value } : without(search, 'version'))}>
          <option value="">Every version</option>
          {versions.map((v, i) => <option key={v.version} value={v.version}>Version {v.version}{i === 0 ? ' (now)' : ''}</option>)}
        </Select>
      )}
      <AddressSearch label="Contact" find={(contact) => choose({ ...search, contact })} />
      {search.contact && <Chip text={`Contact: ${search.contact}`} remove={() => choose(without(search, 'contact'))} />}
      {clear && <Button kind="quiet" small onClick={clear}>Clear all</Button>}
    </div>
  )
}

/** The columns, the first of which chooses those runs that something may be decided about. */
function columnsOf(workflow: string, steps: Steps, rows: Run[], chosen: ReadonlySet<string>, choose: (to: ReadonlySet<string>) => void): Column<Run>[] {
  const able = rows.filter(mayCancel)
  const all = able.length > 0 && able.every((r) => chosen.has(r.id))
  const toggle = (id: string) => {
    const next = new Set(chosen)
    if (!next.delete(id)) next.add(id)
    choose(next)
  }
  return [
    {
      id: 'choose', width: 40,
      head: <input type="checkbox" aria-label="Choose all that are shown and go on or failed" disabled={able.length === 0} checked={all} onChange={() => choose(new Set(all ? [] : able.map((r) => r.id)))} />,
      cell: (r) => mayCancel(r) && <input type="checkbox" aria-label={`Choose the run of ${r.email || r.id}`} checked={chosen.has(r.id)} onChange={() => toggle(r.id)} />,
    },
    { id: 'contact', head: 'Contact', width: 175, grow: true, cell: (r) => (r.email ? <ContactLink id={r.contactId} address={r.email} /> : <span className="text-soft">erased</span>) },
    { id: 'status', head: 'Status', width: 100, cell: (r) => <RunBadge status={r.status} /> },
    { id: 'step', head: 'Step', width: 150, grow: true, cell: (r) => <StepLink workflow={workflow} step={r.step} name={steps.get(r.step)?.title} /> },
    { id: 'since', head: <span title="When it came to the step">There since</span>, width: 110, cell: (r) => <Time at={r.enteredAt} form="ago" /> },
    { id: 'now', head: 'What now', width: 190, grow: true, cell: (r) => <RunNow run={r} type={steps.get(r.step)?.kind} /> },
    { id: 'started', head: 'Entered', width: 110, cell: (r) => <Time at={r.startedAt} form="ago" /> },
    { id: 'emails', head: 'Emails', width: 70, end: true, cell: (r) => count(r.emails) },
    { id: 'version', head: 'Version', width: 75, end: true, cell: (r) => r.version },
  ]
}
