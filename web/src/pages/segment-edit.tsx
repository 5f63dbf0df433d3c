import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useBlocker, useNavigate } from '@tanstack/react-router'
import { Redo2, Undo2 } from 'lucide-react'
import { type ReactNode, useMemo, useRef, useState } from 'react'
import { Refusal } from '../api/client'
import { type Draft, type Part, preview, type Segment, segment, useSave } from '../api/segments'
import { ConditionEditor } from '../components/condition-editor'
import { ConditionJSON, faultOf, type Written } from '../components/condition-json'
import { Preview } from '../components/condition-preview'
import { Confirm } from '../components/overlay'
import { fieldProblem, otherProblem } from '../components/source-settings'
import { TabPanel, Tabs } from '../components/tabs'
import { tell } from '../components/toast'
import { Button, Card, Field, Heading, IconButton, Input, Loading, Problem, TextArea } from '../components/ui'
import { type Condition, newCondition, newFilter, unfinished } from '../lib/condition'
import { useDebounced } from '../lib/debounced'
import { useHistory } from '../lib/history'

const fresh: Draft = { name: '', description: '', type: 'DYNAMIC', trackMembership: false, condition: newCondition() }

const draftOf = (s: Segment): Draft => ({
  name: s.name, description: s.description ?? '', type: s.type, trackMembership: s.trackMembership, condition: s.condition ?? newCondition(),
})

const newRoute = getRouteApi('/inside/segments/new')
const editRoute = getRouteApi('/inside/segments/$id/edit')

export function NewSegment() {
  const { from, event, view } = newRoute.useSearch()
  const navigate = newRoute.useNavigate()
  const model = useQuery({ ...segment(from ?? ''), enabled: Boolean(from) })
  const look = (view: string) => void navigate({ search: (s) => ({ ...s, view }), replace: true })
  if (from && model.error) return <><Heading title="New segment" /><Problem error={model.error} retry={() => void model.refetch()} /></>
  if (from && !model.data) return <Loading />
  const first = model.data ? { ...draftOf(model.data), name: `Copy of ${model.data.name}`.slice(0, 100) }
    : event ? { ...fresh, name: `Did ${event}`.slice(0, 100), condition: newCondition(newFilter(`event.${event}`)) } : fresh
  return <Builder key={`${from} ${event}`} first={first} view={view} look={look} title="New segment" />
}

export function EditSegment() {
  const { id } = editRoute.useParams()
  const { view } = editRoute.useSearch()
  const navigate = editRoute.useNavigate()
  // What somebody else changes meanwhile does not change what is being written here.
  const stored = useQuery({ ...segment(id), staleTime: Infinity })
  if (stored.error) return <><Heading title="Segment" /><Problem error={stored.error} retry={() => void stored.refetch()} /></>
  if (!stored.data) return <Loading />
  return (
    <Builder key={id} stored={stored.data} first={draftOf(stored.data)} view={view} title={`Edit ${stored.data.name}`}
      look={(view) => void navigate({ search: { view }, replace: true })} />
  )
}

/** Where something is wrong in a condition, by the place in it. */
const placed = (error: unknown) =>
  error instanceof Refusal ? error.fields.filter((f) => /^condition\b/.test(f.field)).map((f) => ({ at: f.field.replace(/^condition\.?/, ''), says: f.hint ? `${f.message}: ${f.hint}` : f.message })) : []

/** What the builder tells beside a part of the condition. */
const drawn = /^((groups\[\d+\]\.conditions\.)*)(groups\[\d+\]\.filters(\[\d+\].*)?|groups|logic)$/

function parts(why: Part | undefined, into = new Map<string, Part>()): Map<string, Part> {
  if (!why) return into
  into.set(why.at, why)
  for (const p of why.parts ?? []) parts(p, into)
  return into
}

function Builder({ stored, first, title, view = 'build', look }: { stored?: Segment; first: Draft; title: string; view?: string | undefined; look: (view: string) => void }) {
  const { now: draft, change, undo, redo } = useHistory(first)
  const [written, write] = useState<Written>()
  const [contact, choose] = useState('')
  const saved = useRef(false)
  const begun = useRef(first)
  const navigate = useNavigate()
  const save = useSave(stored?.id)
  const dynamic = draft.type === 'DYNAMIC'
  const fault = dynamic ? faultOf(written, draft.condition) : undefined
  const open = useMemo(() => unfinished(draft.condition), [draft.condition])
  const asked = useDebounced(draft.condition, 350)
  const answer = useQuery({ ...preview(asked, contact || undefined), enabled: dynamic && unfinished(asked).length === 0 })
  const dirty = fault !== undefined || JSON.stringify(draft) !== JSON.stringify(begun.current)
  const guard = useBlocker({
    shouldBlockFn: ({ current, next }) => dirty && !saved.current && current.pathname !== next.pathname,
    enableBeforeUnload: () => dirty && !saved.current,
    withResolver: true,
  })
  const put = (to: Partial<Draft>) => {
    if (save.error) save.reset()
    change({ ...draft, ...to })
  }
  const set = (condition: Condition) => put({ condition })
  // What a refused save said holds until something is changed; what the trial says is of the condition that it was asked for.
  const trial = answer.error && open.length === 0 ? answer.error : undefined
  const problems = useMemo(() => {
    const all = [...placed(save.error), ...placed(trial)]
    return all.filter((p, i) => all.findIndex((q) => q.at === p.at && q.says === p.says) === i)
  }, [save.error, trial])
  const truths = useMemo(() => parts(contact !== '' && open.length === 0 && !answer.error ? answer.data?.explanation?.why : undefined), [contact, open, answer.error, answer.data])
  const json = view === 'json'
  const told = json || problems.every((p) => drawn.test(p.at))
  const other = otherProblem(save.error, ['name', 'description', ...problems.filter((p) => json || drawn.test(p.at)).map((p) => `condition.${p.at}`), ...(json ? ['condition'] : [])])
  const go = async () => {
    if (fault) return look('json')
    try {
      const s = await save.mutateAsync(draft)
      saved.current = true
      tell(stored ? `${s.name} is saved.` : `${s.name} is made.`)
      await navigate({ to: '/segments/$id', params: { id: s.id } })
    } catch {
      // Told where it is wrong.
    }
  }
  return (
    <form className="flex min-w-0 flex-col gap-5" onSubmit={(e) => { e.preventDefault(); void go() }} noValidate
      onKeyDown={(e) => {
        // In a field the browser takes back what was typed there.
        if (e.key.toLowerCase() !== 'z' || !(e.ctrlKey || e.metaKey) || (e.target as HTMLElement).closest('input,textarea')) return
        e.preventDefault()
        if (e.shiftKey) redo?.()
        else undo?.()
      }}>
      <Heading title={title} about={dynamic ? 'Everybody for whom the condition holds, now and later.' : 'Those whom somebody puts there.'}>
        <IconButton label="Undo the last change" disabled={!undo} onClick={undo}><Undo2 aria-hidden className="size-4" /></IconButton>
        <IconButton label="Make it again" disabled={!redo} onClick={redo}><Redo2 aria-hidden className="size-4" /></IconButton>
        {stored ? <Leave to="/segments/$id" id={stored.id} /> : <Leave to="/segments" />}
        <Button type="submit" kind="main" busy={save.isPending}>{stored ? 'Save' : 'Make the segment'}</Button>
      </Heading>
      {other !== undefined && <Problem error={other} />}
      <div className="grid grid-cols-1 items-start gap-5 xl:grid-cols-[minmax(0,1fr)_22rem]">
        <div className="flex min-w-0 flex-col gap-5">
          <Card title="What it is"><About draft={draft} put={put} stored={stored} error={save.error} /></Card>
          {dynamic && (
            <section aria-label="Condition" className="flex min-w-0 flex-col gap-4">
              <Tabs label="How to write the condition" tabs={[['build', 'Condition'], ['json', 'JSON']]} at={json ? 'json' : 'build'} choose={look} />
              <TabPanel at={json ? 'json' : 'build'}>
                {json ? <ConditionJSON condition={draft.condition} change={set} written={written} write={write} problems={problems} />
                  : (
                    <>
                      {fault && <p role="alert" className="rounded-md border border-warn/40 bg-warn/5 px-3 py-2 text-sm">The JSON has a fault in line {fault.line}. What stands here is what could be read last; a change here lets go of the text there.</p>}
                      <ConditionEditor condition={draft.condition} change={set} problems={problems} truths={truths} old={asked !== draft.condition || answer.isPlaceholderData} self={stored?.id} />
                    </>
                  )}
              </TabPanel>
            </section>
          )}
        </div>
        {dynamic && (
          <aside aria-label="Trial" className="flex min-w-0 flex-col gap-5 xl:sticky xl:top-18 xl:-m-1 xl:max-h-[calc(100dvh-5rem)] xl:overflow-y-auto xl:p-1">
            <Preview answer={answer} resting={asked === draft.condition} unfinished={open.length} contact={contact} choose={choose} problem={trial && (problems.length === 0 || !told) ? trial : undefined} />
          </aside>
        )}
      </div>
      <Confirm open={guard.status === 'blocked'} close={() => guard.reset?.()} title="Leave without saving?" verb="Leave" danger act={async () => guard.proceed?.()}>
        <p>What you changed here is lost.</p>
      </Confirm>
    </form>
  )
}

function Leave({ to, id }: { to: '/segments' | '/segments/$id'; id?: string }): ReactNode {
  const look = 'inline-flex h-8 items-center rounded-md border border-line bg-panel px-3 text-sm font-medium hover:bg-raised'
  return id ? <Link to="/segments/$id" params={{ id }} className={look}>Cancel</Link> : <Link to={to} className={look}>Cancel</Link>
}

const ways = [
  ['DYNAMIC', 'By a condition', 'whoever it holds for comes and goes by itself'],
  ['STATIC', 'By hand', 'a list of contacts that somebody puts there'],
] as const

function About({ draft, put, stored, error }: { draft: Draft; put: (to: Partial<Draft>) => void; stored: Segment | undefined; error: unknown }) {
  return (
    <div className="flex flex-col gap-4">
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Name" problem={fieldProblem(error, 'name')} help={stored ? `Its events stay segment.${stored.slug}.entry and .exit.` : 'Its events are called after the first name.'}>
          {(p) => <Input {...p} required maxLength={100} value={draft.name} autoComplete="off" placeholder="Teams that pay" onChange={(e) => put({ name: e.target.value })} />}
        </Field>
        <Field label="What it is for (optional)" problem={fieldProblem(error, 'description')}>
          {(p) => <TextArea {...p} rows={1} maxLength={1000} value={draft.description} placeholder="Plan team, paid this month" onChange={(e) => put({ description: e.target.value })} />}
        </Field>
      </div>
      {!stored && (
        <fieldset className="flex flex-col gap-1.5">
          <legend className="mb-1 text-sm font-medium">Who is in it</legend>
          {ways.map(([type, label, about]) => (
            <label key={type} className="flex items-baseline gap-2 text-sm">
              <input type="radio" name="type" className="accent-accent" checked={draft.type === type} onChange={() => put({ type })} />
              <span>{label} <span className="text-soft">· {about}</span></span>
            </label>
          ))}
        </fieldset>
      )}
      <label className="flex items-start gap-2 text-sm">
        <input type="checkbox" className="mt-0.5 size-4 shrink-0 accent-accent" checked={draft.trackMembership} onChange={(e) => put({ trackMembership: e.target.checked })} />
        <span>Track who comes and goes <span className="text-soft">· members are kept and current, and each entry and exit is an event. Those who are in it already make none.</span></span>
      </label>
    </div>
  )
}
