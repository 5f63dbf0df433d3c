import { clsx } from 'clsx'
import { AlertTriangle, MoveDown, Plus } from 'lucide-react'
import type { StepFigures } from '../api/workflows'
import { count } from '../lib/format'
import { type Draft, type Gap, idsOf, kindOf, listAt, type Step, triggerOf, waysOf } from '../lib/workflow-draft'
import { stepTitle, stepWords, triggerWords } from '../lib/workflow-words'
import { useSegmentNames } from './condition-words'
import type { GraphProps } from './workflow-graph'
import { KindIcon, TriggerIcon } from './workflow-kind'

type ListProps = Omit<GraphProps, 'trigger'> & { draft: Draft }

/** The steps one below the other, with the ways within them: the same as the graph, for narrow windows and for those who don't see it. */
export function WorkflowSteps(props: ListProps) {
  const { draft, plan, selected, select, started, problems } = props
  const segment = useSegmentNames()
  const keys = new Map(plan.spots.flatMap((s) => (s.kind === 'step' ? [[s.path, s.key] as const] : [])))
  const wrong = problems.get('trigger') ?? 0
  return (
    <div role="group" aria-label="Steps of the workflow" className="flex min-w-0 flex-col gap-2 p-3">
      <Row on={selected === 'trigger'} wrong={wrong} press={() => select('trigger')} title="Who enters" words={triggerWords(triggerOf(draft), segment)} icon={<TriggerIcon trigger={triggerOf(draft)} />}
        figures={started === undefined ? '' : `${count(started)} ${started === 1 ? 'run' : 'runs'} began`} path="trigger" />
      <List {...props} list="steps" keys={keys} ids={idsOf(draft)} />
    </div>
  )
}

function Row({ on, wrong, press, title, words, icon, figures, path }: { on: boolean; wrong: number; press: () => void; title: string; words: string; icon: React.ReactNode; figures: string; path: string }) {
  return (
    <button type="button" aria-pressed={on} data-path={path} onClick={press}
      className={clsx('flex w-full min-w-0 flex-wrap items-center gap-x-2 gap-y-0.5 rounded-md border bg-panel px-3 py-2 text-left text-sm hover:bg-raised', on ? 'border-accent ring-2 ring-accent/40' : wrong > 0 ? 'border-bad' : 'border-line')}>
      {icon}
      <span className="font-medium">{title}</span>
      <span className="min-w-0 text-soft wrap-anywhere">{words}</span>
      {wrong > 0 && <span className="flex items-center gap-1 text-xs text-bad"><AlertTriangle aria-hidden className="size-3.5" /> {wrong === 1 ? 'one problem' : `${wrong} problems`}</span>}
      {figures && <span className="numbers ml-auto text-xs text-soft">{figures}</span>}
    </button>
  )
}

const figuresWords = (f: StepFigures | undefined, s: Step) => [
  `${count(f?.entered ?? 0)} entered`, ...(f && f.waiting > 0 ? [`${count(f.waiting)} here`] : []), ...(f && f.failed > 0 ? [`${count(f.failed)} failed`] : []),
  ...(kindOf(s) === 'send' ? [`${count(f?.sent ?? 0)} mailed`] : []),
].join(' · ')

function List({ list, keys, ids, ...props }: ListProps & { list: string; keys: Map<string, string>; ids: Map<string, string> }) {
  const { draft, figures, problems, selected, select, add, moving } = props
  const segment = useSegmentNames()
  const steps = listAt(draft, list)
  const gap = (index: number, where: string) => add && (
    <li className="flex justify-center">
      <button type="button" aria-label={moving ? `Move it here, ${where}` : `Add a step ${where}`} data-gap={`${list}[${index}]`} onClick={(e) => add({ list, index }, e.currentTarget)}
        className={clsx('flex h-6 items-center gap-1 rounded-full border bg-panel px-2 text-xs hover:border-accent hover:text-accent', moving ? 'border-accent text-accent' : 'border-dashed border-line text-soft')}>
        {moving ? <MoveDown aria-hidden className="size-3" /> : <Plus aria-hidden className="size-3" />} {moving ? 'Move it here' : 'Step'}
      </button>
    </li>
  )
  return (
    <ol className="flex min-w-0 flex-col gap-2">
      {gap(0, steps[0] ? `before ${stepTitle(steps[0])}: ${stepWords(steps[0], segment)}` : 'here')}
      {steps.map((step, i) => {
        const path = `${list}[${i}]`
        const key = keys.get(path) ?? ''
        const next = step.next === undefined ? '' : typeof step.next === 'string' ? `then to ${step.next || 'the end'}` : Object.entries(step.next).map(([o, to]) => `${o || 'then'} → ${to || 'the end'}`).join(', ') || 'then the end'
        return [
          <li key={path} className="flex min-w-0 flex-col gap-2">
            <Row on={selected !== '' && selected === key} wrong={problems.get(key) ?? 0} press={() => select(key)} title={stepTitle(step)} path={path}
              words={[stepWords(step, segment), next].filter((w) => w !== '').join('; ')} icon={<KindIcon kind={kindOf(step)} />} figures={figures ? figuresWords(figures.get(ids.get(path) ?? ''), step) : ''} />
            {waysOf(step).filter((w) => (add && step.next === undefined) || w.steps.length > 0).map((w) => (
              <div key={w.at} role="group" aria-label={`Way: ${w.label}`} className="ml-2 flex min-w-0 flex-col gap-2 border-l-2 border-line pl-3">
                <p className="text-xs font-medium text-soft">{w.label}</p>
                <List {...props} list={`${path}.${w.at}`} keys={keys} ids={ids} />
              </div>
            ))}
          </li>,
          <Gap key={`${path} gap`}>{gap(i + 1, `behind ${stepTitle(step)}: ${stepWords(step, segment)}`)}</Gap>,
        ]
      })}
    </ol>
  )
}

const Gap = ({ children }: { children: React.ReactNode }) => <>{children}</>
