import { useQuery } from '@tanstack/react-query'
import { List as ListIcon, Waypoints, X } from 'lucide-react'
import { lazy, Suspense, useMemo } from 'react'
import { workflowCheck, type WorkflowDetails, workflowFigures } from '../api/workflows'
import { useNarrow } from '../lib/narrow'
import { draftOf, stepOfProblem, triggerOf } from '../lib/workflow-draft'
import { planOf } from '../lib/workflow-plan'
import { triggerWords } from '../lib/workflow-words'
import { useSegmentNames } from './condition-words'
import { Button, Card, IconButton, Loading, Problem, Select, Skeleton } from './ui'
import { StepFiguresPanel, WorkflowSummary } from './workflow-figures'
import { TriggerIcon } from './workflow-kind'
import { WorkflowSteps } from './workflow-steps'

// What draws graphs is larger than any page: it is fetched where one is looked at.
export const LazyGraph = lazy(async () => ({ default: (await import('./workflow-graph')).WorkflowGraph }))

export type View = 'graph' | 'list'

/** Whether the steps are seen as a graph or as a list; narrow windows begin with the list. */
export function useView(said: string | undefined): View {
  const narrow = useNarrow()
  return said === 'graph' || said === 'list' ? said : narrow ? 'list' : 'graph'
}

export function ViewSwitch({ view, choose }: { view: View; choose: (view: View) => void }) {
  return (
    <div role="group" aria-label="How the steps are shown" className="flex gap-1">
      <Button small aria-pressed={view === 'graph'} kind={view === 'graph' ? 'plain' : 'quiet'} onClick={() => choose('graph')}><Waypoints aria-hidden className="size-3.5" /> Graph</Button>
      <Button small aria-pressed={view === 'list'} kind={view === 'list' ? 'plain' : 'quiet'} onClick={() => choose('list')}><ListIcon aria-hidden className="size-3.5" /> List</Button>
    </div>
  )
}

/** How many problems each thing has that is drawn, by its key. */
export function problemsBy(list: { at: string }[], keys: Map<string, string>): Map<string, number> {
  const out = new Map<string, number>()
  for (const p of list) {
    const place = stepOfProblem(p.at)
    const key = place === 'trigger' ? 'trigger' : keys.get(place)
    if (key) out.set(key, (out.get(key) ?? 0) + 1)
  }
  return out
}

/** The steps of a workflow with who is where, and what came of each. */
export function WorkflowView({ workflow: w, step, view: said, of, go }: {
  workflow: WorkflowDetails
  /** The id of the step that is looked at, or trigger */
  step: string | undefined
  view: string | undefined
  /** Of which version the figures are; undefined: of all */
  of: string | undefined
  go: (to: { step?: string | undefined; view?: View; of?: string | undefined }) => void
}) {
  const view = useView(said)
  const segment = useSegmentNames()
  const checked = useQuery({ ...workflowCheck({ text: w.text }), staleTime: 60_000 })
  const version = of === 'this' ? w.version : undefined
  const figures = useQuery(workflowFigures(w.id, version))
  const draft = useMemo(() => draftOf(checked.data?.definition), [checked.data?.definition])
  const plan = useMemo(() => draft && planOf(draft), [draft])
  const byStep = useMemo(() => figures.data && new Map(figures.data.steps.map((f) => [f.step, f])), [figures.data])
  const paths = useMemo(() => new Map(plan?.spots.flatMap((s) => (s.kind === 'step' ? [[s.path, s.key] as const] : [])) ?? []), [plan])
  const problems = useMemo(() => problemsBy(w.problems.map((p) => ({ at: p.at.replace(/^line \d+: /, '') })), paths), [w.problems, paths])
  if (checked.error) return <Problem error={checked.error} retry={() => void checked.refetch()} />
  if (!draft || !plan) return <Loading lines={10} />
  const trigger = triggerOf(draft)
  const key = step === 'trigger' ? 'trigger' : (plan.keys.get(step ?? '') ?? '')
  const spot = plan.spots.find((s) => s.key === key)
  const select = (key: string) => go({ step: key === 'trigger' ? 'trigger' : plan.spots.find((s) => s.key === key)?.id || undefined })
  const others = figures.data?.steps.filter((f) => !plan.keys.has(f.step)) ?? []
  const shared = { plan, figures: byStep, started: figures.data?.started, problems, selected: key, select }
  return (
    <>
      {figures.error ? <Problem error={figures.error} retry={() => void figures.refetch()} /> : figures.data && <WorkflowSummary figures={figures.data} />}
      <div className={key ? 'grid grid-cols-1 items-start gap-5 xl:grid-cols-[minmax(0,1fr)_22rem]' : 'min-w-0'}>
        <Card flush title="Steps" action={
          <span className="flex flex-wrap items-center gap-2">
            <Select aria-label="Whose figures" className="h-7! text-xs!" value={of === 'this' ? 'this' : ''} onChange={(e) => go({ of: e.target.value || undefined })}>
              <option value="">Runs of every version</option><option value="this">Of version {w.version} alone</option>
            </Select>
            <ViewSwitch view={view} choose={(view) => go({ view })} />
          </span>
        }>
          {view === 'list' ? <WorkflowSteps draft={draft} {...shared} /> : (
            <Suspense fallback={<div className="p-3"><Skeleton className="h-96" /></div>}><LazyGraph trigger={trigger} {...shared} /></Suspense>
          )}
        </Card>
        {spot && (
          <aside aria-label="The step" className="relative min-w-0 rounded-lg border border-line bg-panel p-4 [&_h2]:pr-8">
            <span className="absolute top-3 right-3"><IconButton small label="Close" onClick={() => go({ step: undefined })}><X aria-hidden className="size-4" /></IconButton></span>
            {spot.step ? <StepFiguresPanel workflow={w.id} step={spot.step} id={spot.id} figures={byStep?.get(spot.id)} /> : (
              <div className="flex flex-col gap-2">
                <h2 className="flex items-center gap-2 font-semibold"><TriggerIcon trigger={trigger} /> Who enters</h2>
                <p className="text-sm text-soft wrap-anywhere">{triggerWords(trigger, segment)}</p>
                <p className="text-sm">{figures.data?.started ?? 0} runs began{version ? ` on version ${version}` : ''}.</p>
              </div>
            )}
          </aside>
        )}
      </div>
      {others.length > 0 && (
        <Card title="Steps of other versions">
          <ul className="flex flex-col gap-1 text-sm">{others.map((f) => <li key={f.step} className="wrap-anywhere"><span className="font-mono text-xs">{f.step}</span> <span className="text-soft">{f.entered} entered, {f.waiting} there now, {f.failed} failed</span></li>)}</ul>
        </Card>
      )}
    </>
  )
}
