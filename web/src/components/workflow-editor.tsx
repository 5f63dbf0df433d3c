import { ArrowDown, ArrowUp, CopyPlus, Move, Redo2, Trash2, Undo2, X } from 'lucide-react'
import { Suspense, useEffect, useMemo, useRef, useState } from 'react'
import type { DraftProblem } from '../api/workflows'
import { sentence } from '../lib/format'
import { type Draft, duplicate, type Gap, insert, type Kind, kindOf, kinds, leads, moved, moveTo, newStep, remove, rename, replace, type Step, stepAt, stepOfProblem, triggerOf, within } from '../lib/workflow-draft'
import { planOf } from '../lib/workflow-plan'
import { kindWords, stepTitle } from '../lib/workflow-words'
import { Dialog } from './overlay'
import { tell } from './toast'
import { Button, Card, Field, IconButton, Input, Skeleton } from './ui'
import { KindIcon, looks, TriggerIcon } from './workflow-kind'
import { StepForm } from './workflow-step-form'
import { WorkflowSteps } from './workflow-steps'
import { TriggerForm } from './workflow-trigger-form'
import { LazyGraph, problemsBy, type View, ViewSwitch } from './workflow-view'

/** Writes a workflow as a graph or as a list: what is chosen has a form beside it. */
export function WorkflowEditor({ draft, change, undo, redo, problems, view, see, at, choose }: {
  draft: Draft
  change: (to: Draft) => void
  undo: (() => void) | undefined
  redo: (() => void) | undefined
  problems: DraftProblem[]
  view: View
  see: (view: View) => void
  /** The place of what is chosen: a step's, trigger, or nothing */
  at: string
  choose: (path: string) => void
}) {
  const [gap, setGap] = useState<Gap>()
  const [moving, setMoving] = useState(false)
  const plan = useMemo(() => planOf(draft), [draft])
  const keys = useMemo(() => new Map(plan.spots.flatMap((s) => (s.kind === 'step' || s.kind === 'trigger' ? [[s.path, s.key] as const] : []))), [plan])
  const wrong = useMemo(() => problemsBy(problems, keys), [problems, keys])
  const trigger = useMemo(() => triggerOf(draft), [draft])
  const panel = useRef<HTMLElement>(null)
  const step = at.startsWith('steps') ? stepAt(draft, at) : undefined
  const select = (key: string) => {
    setMoving(false)
    choose(plan.spots.find((s) => s.key === key)?.path ?? '')
  }
  const add = (to: Gap) => {
    if (!moving) return setGap(to)
    const done = moveTo(draft, at, to)
    setMoving(false)
    if (done.draft === draft) return tell('A step can’t be put into itself, or onto a way by name.')
    change(done.draft)
    choose(done.path)
  }
  const put = (kind: Kind) => {
    if (!gap) return
    const { draft: next, path } = insert(draft, gap, newStep(draft, kind))
    change(next)
    choose(path)
    setGap(undefined)
    wish.current = true
  }
  // Whoever puts a step somewhere goes on with its form.
  const wish = useRef(false)
  useEffect(() => {
    if (!wish.current || gap || !panel.current) return
    const field = panel.current.querySelector<HTMLElement>('[data-form] input, [data-form] select')
    if (!field) return
    wish.current = false
    setTimeout(() => field.focus())
  })
  useEffect(() => {
    if (!moving) return
    const press = (e: KeyboardEvent) => e.key === 'Escape' && setMoving(false)
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  }, [moving])
  // Below the list the form would open out of sight.
  useEffect(() => {
    if (at !== '' && panel.current && panel.current.getBoundingClientRect().top > innerHeight - 120) panel.current.scrollIntoView({ block: 'start' })
  }, [at])
  const own = problems.filter((p) => stepOfProblem(p.at) === at)
  const drop = () => {
    const n = step ? within(step) : 0
    change(remove(draft, at))
    choose('')
    tell(n > 0 ? `The step is gone, with ${n === 1 ? 'the one' : `the ${n}`} within it. Undo brings them back.` : 'The step is gone. Undo brings it back.')
  }
  const shared = { plan, problems: wrong, selected: keys.get(at) ?? '', select, add, moving }
  return (
    <div className="grid grid-cols-1 items-start gap-5 xl:grid-cols-[minmax(0,1fr)_25rem]">
      <Card flush title="Steps" action={
        <span className="flex flex-wrap items-center gap-1">
          {moving && <Button small kind="main" onClick={() => setMoving(false)}>Move it nowhere</Button>}
          <IconButton small label="Undo" disabled={!undo} onClick={undo}><Undo2 aria-hidden className="size-3.5" /></IconButton>
          <IconButton small label="Redo" disabled={!redo} onClick={redo}><Redo2 aria-hidden className="size-3.5" /></IconButton>
          <ViewSwitch view={view} choose={see} />
        </span>
      }>
        {view === 'list' ? <WorkflowSteps draft={draft} {...shared} /> : <Suspense fallback={<div className="p-3"><Skeleton className="h-96" /></div>}><LazyGraph trigger={trigger} {...shared} /></Suspense>}
      </Card>
      <aside ref={panel} aria-label="What is chosen" className="min-w-0 scroll-mt-18 rounded-lg border border-line bg-panel p-4 xl:sticky xl:top-18 xl:max-h-[calc(100dvh-6rem)] xl:overflow-y-auto">
        {at === 'trigger' ? (
          <div className="flex flex-col gap-4">
            <Head icon={<TriggerIcon trigger={trigger} />} title="Who enters" close={() => choose('')} />
            <Wrongs list={own} />
            <div data-form className="flex min-w-0 flex-col gap-4"><TriggerForm draft={draft} change={change} problems={problems} /></div>
          </div>
        ) : step ? (
          <div key={step.id} className="flex flex-col gap-4">
            <Head icon={<KindIcon kind={kindOf(step)} />} title={stepTitle(step)} close={() => choose('')} />
            <Acts draft={draft} at={at} step={step} change={(d, path) => { change(d); choose(path) }} drop={drop} move={() => setMoving(true)} />
            {moving && <p role="status" className="rounded-md border border-accent/40 bg-accent/5 px-3 py-2 text-sm">Choose where it goes: each arrow in the {view} takes it. Escape leaves it where it is.</p>}
            <Wrongs list={own} />
            <div data-form className="flex min-w-0 flex-col gap-4"><StepForm step={step} path={at} problems={problems} change={(to) => change(replace(draft, at, to))} /></div>
            <Names draft={draft} at={at} step={step} change={change} />
          </div>
        ) : (
          <div className="flex flex-col gap-2 text-sm text-soft">
            <h2 className="font-semibold text-ink">Nothing is chosen</h2>
            <p>Choose a step to change it, or who enters. A plus puts a step between two others.</p>
            <Button small className="self-start" onClick={() => choose('trigger')}>Say who enters</Button>
          </div>
        )}
      </aside>
      <Dialog open={gap !== undefined} close={() => setGap(undefined)} title="Which step?">
        <ul className="grid grid-cols-1 gap-2 sm:grid-cols-2">
          {kinds.map((k) => {
            const Icon = looks[k].icon
            return (
              <li key={k}>
                <button type="button" onClick={() => put(k)} className="flex h-full w-full items-start gap-2 rounded-md border border-line p-2.5 text-left hover:border-accent">
                  <Icon aria-hidden className="mt-0.5 size-4 shrink-0 text-accent" /><span className="text-sm"><span className="block font-medium">{kindWords[k].label}</span><span className="text-xs text-soft">{kindWords[k].about}</span></span>
                </button>
              </li>
            )
          })}
        </ul>
      </Dialog>
    </div>
  )
}

const Head = ({ icon, title, close }: { icon: React.ReactNode; title: string; close: () => void }) => (
  <header className="flex items-start justify-between gap-2">
    <h2 className="flex min-w-0 items-center gap-2 font-semibold">{icon}<span className="min-w-0 wrap-anywhere">{title}</span></h2>
    <IconButton small label="Close" onClick={close}><X aria-hidden className="size-4" /></IconButton>
  </header>
)

const Wrongs = ({ list }: { list: DraftProblem[] }) => (list.length === 0 ? null : (
  <ul role="alert" className="flex flex-col gap-1 rounded-md border border-bad/40 bg-bad/5 px-3 py-2 text-sm text-bad">{list.map((p, i) => <li key={i} className="wrap-anywhere">{p.at.replace(/^.*\]\.?/, '') && <code className="font-mono text-xs">{p.at.replace(/^.*\]\.?/, '')}</code>} {sentence(p.message)}</li>)}</ul>
))

/** What may be done with the step that is chosen. */
function Acts({ draft, at, step, change, drop, move }: { draft: Draft; at: string; step: Step; change: (to: Draft, path: string) => void; drop: () => void; move: () => void }) {
  const named = leads(draft)
  const up = named ? undefined : moved(draft, at, -1)
  const down = named ? undefined : moved(draft, at, 1)
  const small = 'size-3.5'
  return (
    <div role="group" aria-label="The step" className="flex flex-wrap gap-1">
      <IconButton small label="Up" aria-disabled={!up} className="w-7 px-0! aria-disabled:opacity-30" onClick={() => up && change(up.draft, up.path)}><ArrowUp aria-hidden className={small} /></IconButton>
      <IconButton small label="Down" aria-disabled={!down} className="w-7 px-0! aria-disabled:opacity-30" onClick={() => down && change(down.draft, down.path)}><ArrowDown aria-hidden className={small} /></IconButton>
      {!named && <Button small kind="quiet" onClick={move}><Move aria-hidden className={small} /> Move…</Button>}
      {!named && <Button small kind="quiet" onClick={() => { const done = duplicate(draft, at); change(done.draft, done.path) }}><CopyPlus aria-hidden className={small} /> Duplicate</Button>}
      <Button small kind="quiet" className="text-bad!" onClick={drop}><Trash2 aria-hidden className={small} /> Delete{within(step) > 0 && ` with ${within(step)} within`}</Button>
    </div>
  )
}

/** What a step is called, by people and by runs. */
function Names({ draft, at, step, change }: { draft: Draft; at: string; step: Step; change: (to: Draft) => void }) {
  return (
    <details className="text-sm">
      <summary className="cursor-pointer text-xs text-soft hover:text-ink">Name and id</summary>
      <div className="mt-2 flex flex-col gap-3">
        <Field label="Name" help="For people. Empty: made of what it does">{(p) => <Input {...p} value={step.name ?? ''} onChange={(e) => { const { name: _, ...rest } = step; change(replace(draft, at, e.target.value === '' ? rest : { ...rest, name: e.target.value })) }} />}</Field>
        <IdField key={step.id} id={step.id ?? ''} set={(id) => change(rename(draft, at, id))} />
      </div>
    </details>
  )
}

/** The id, which changes when one leaves the field: figures and runs go by it. */
function IdField({ id, set }: { id: string; set: (id: string) => void }) {
  const [text, setText] = useState(id)
  return (
    <Field label="Id" help="Figures, and runs that are moved to another version, go by it: letters, digits, _ and -">
      {(p) => <Input {...p} value={text} autoComplete="off" spellCheck={false} className="font-mono text-xs!" onChange={(e) => setText(e.target.value)} onBlur={() => text.trim() !== id && set(text.trim())}
        onKeyDown={(e) => { if (e.key === 'Enter') { e.preventDefault(); e.currentTarget.blur() } }} />}
    </Field>
  )
}
