import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link, useBlocker } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from 'react'
import { Refusal } from '../api/client'
import { eventNames } from '../api/queries'
import { templateNames } from '../api/sends'
import { type DraftProblem, useSaveWorkflow, type Wish, workflow, workflowCheck, type WorkflowDetails } from '../api/workflows'
import { Mono } from '../components/bits'
import type { Jump, Mark, Offer } from '../components/code-editor'
import { Confirm } from '../components/overlay'
import { otherProblem } from '../components/source-settings'
import { Counted, TabPanel, Tabs } from '../components/tabs'
import { tell } from '../components/toast'
import { Badge, Button, Card, Field, Heading, Input, Loading, Problem, Skeleton, linked } from '../components/ui'
import { DraftSettings } from '../components/workflow-draft-settings'
import { WorkflowEditor } from '../components/workflow-editor'
import { WorkflowTrial } from '../components/workflow-trial'
import { useView, type View } from '../components/workflow-view'
import { useDebounced } from '../lib/debounced'
import { count, sentence } from '../lib/format'
import { useHistory } from '../lib/history'
import { same } from '../lib/same'
import { type Draft, draftOf, stepAt, stepOfProblem } from '../lib/workflow-draft'
import { starters } from '../lib/workflow-starters'
import { draftTitle, stepTitle } from '../lib/workflow-words'

// The editor is as large as all other pages together: it is fetched where somebody writes.
const CodeEditor = lazy(async () => ({ default: (await import('../components/code-editor')).CodeEditor }))

const newRoute = getRouteApi('/inside/workflows/new')
const route = getRouteApi('/inside/workflows/$id/edit')

/** Begins a workflow by one of those that are there to begin with. */
export function NewWorkflow() {
  const { starter } = newRoute.useSearch()
  const chosen = starters.find((s) => s.id === starter)
  if (chosen) return <Editor key={starter} first={chosen.draft} />
  return (
    <>
      <Heading title="New workflow" about="Choose where to begin. Everything in it is yours to change, and nobody enters before you switch it on."><Link to="/workflows" className={linked}>Cancel</Link></Heading>
      <ul className="grid grid-cols-1 gap-4 md:grid-cols-2">
        {starters.map((s) => (
          <li key={s.id}>
            <Link to="/workflows/new" search={{ starter: s.id }} className="flex h-full flex-col gap-3 rounded-lg border border-line bg-panel p-4 hover:border-accent">
              <span><span className="block font-medium">{s.label}</span><span className="text-sm text-soft">{s.about}</span></span>
              {s.draft.steps.length > 0 && <span className="flex flex-wrap items-center gap-1.5 text-xs text-soft">{s.draft.steps.map((x, i) => <span key={i} className="rounded bg-raised px-2 py-0.5">{stepTitle(x)}</span>)}</span>}
            </Link>
          </li>
        ))}
      </ul>
    </>
  )
}

export function EditWorkflow() {
  const { id } = route.useParams()
  return <Edit key={id} id={id} />
}

function Edit({ id }: { id: string }) {
  // What somebody else changes meanwhile does not change what is being written here: saving tells of it.
  const stored = useQuery({ queryKey: ['workflow-edited', id], queryFn: workflow(id).queryFn!, staleTime: Infinity, gcTime: 0 })
  const checked = useQuery({ ...workflowCheck({ text: stored.data?.text ?? '' }), enabled: stored.data !== undefined, placeholderData: undefined, staleTime: Infinity })
  const error = stored.error ?? checked.error
  if (error && !stored.data) return <><Heading title="Workflow" /><Problem error={error} retry={() => void stored.refetch()} /></>
  const first = draftOf(checked.data?.definition)
  if (!stored.data || !first) return error ? <Problem error={error} retry={() => void checked.refetch()} /> : <Loading />
  return <Editor key={stored.data.id} stored={stored.data} first={first} />
}

/** What the server says of a text that is no YAML has its place in front. */
const marksOf = (list: DraftProblem[]): (DraftProblem & { line: number; column: number })[] => list.map((p) => {
  const placed = /^(.*?)\[(\d+):(\d+)\]\s*(.*)$/s.exec(p.message)
  return placed && !p.line ? { ...p, line: Number(placed[2]), column: Number(placed[3]), message: `${placed[1]}${placed[4]}` } : { ...p, line: p.line ?? 1, column: 1 }
})

const tabs = ['steps', 'settings', 'yaml', 'trial'] as const

function Editor({ stored, first }: { stored?: WorkflowDetails; first: Draft }) {
  const here = stored ? route : newRoute
  const search = here.useSearch() as { tab?: string; view?: string; starter?: string }
  const navigate = route.useNavigate()
  const go = newRoute.useNavigate()
  const tab = tabs.find((t) => t === search.tab) ?? 'steps'
  const view = useView(search.view)
  const put = (to: { tab?: string | undefined; view?: View }) => {
    const next = Object.fromEntries(Object.entries({ ...search, ...to }).filter(([, v]) => v !== undefined))
    if (stored) void navigate({ search: next, replace: true })
    else void go({ search: next, replace: true })
  }
  const { now: draft, change: set, undo, redo } = useHistory(first)
  const [begun, begin] = useState(first)
  const [known, setKnown] = useState(stored)
  /** What somebody writes as YAML, until the draft is changed in another way */
  const [written, write] = useState<{ text: string; of: Draft }>()
  const [at, choose] = useState(stored ? '' : 'trigger')
  const [jump, setJump] = useState<Jump>()
  const [tried, setTried] = useState(false)
  const saved = useRef(false)
  const save = useSaveWorkflow(stored?.id)
  const typed = written && written.of === draft ? written.text : undefined
  const wish = useMemo<Wish>(() => (typed === undefined ? draft : { text: typed }), [typed, draft])
  const asked = useDebounced(wish, 350)
  const checked = useQuery(workflowCheck(asked))
  const verdict = checked.data && same(checked.data.of, wish) ? checked.data : undefined
  const problems = useMemo(() => marksOf(checked.data?.problems ?? []), [checked.data])
  const dirty = typed !== undefined || !same(draft, begun)
  const change = (to: Draft) => {
    save.reset()
    set(to)
  }
  // What can be read of a text stands in the graph at once.
  const read = checked.data
  useEffect(() => {
    if (typed === undefined || !read || !('text' in read.of) || read.of.text !== typed) return
    const definition = draftOf(read.definition)
    if (!definition) return
    const taken = read.format === 'tidings' && !typed.trimStart().startsWith('{') ? typed : read.text
    if (!same(definition, draft)) {
      set(definition)
      write({ text: taken, of: definition })
    } else if (taken !== typed) write({ text: taken, of: draft })
  }, [read, typed, draft, set])
  const shown = typed ?? verdict?.text ?? checked.data?.text ?? ''
  const store = async (over?: boolean) => {
    if (save.isPending) return
    setTried(true)
    if (verdict && verdict.problems.length > 0) return void document.getElementById('workflow-problems')?.focus()
    try {
      const w = await save.mutateAsync({ wish, etag: over ? undefined : known?.etag })
      if (!stored) {
        tell(`${w.name} is made. Nobody enters it until you switch it on.`)
        saved.current = true
        await navigate({ to: '/workflows/$id', params: { id: w.id } })
        return
      }
      tell(w.version === known?.version ? `${w.name} was as it is: nothing is changed.` : `${w.name} is saved as version ${w.version}. Runs that go on stay on theirs.`)
      setKnown(w)
      begin(draft)
      write(undefined)
    } catch {
      // Told where it is wrong.
    }
  }
  const latest = useRef({ store, undo, redo })
  latest.current = { store, undo, redo }
  useEffect(() => {
    const press = (e: KeyboardEvent) => {
      if (!(e.ctrlKey || e.metaKey) || e.altKey) return
      const key = e.key.toLowerCase()
      const writes = (e.target as HTMLElement).closest('input,textarea,select,[contenteditable]') !== null
      if (key === 's') void latest.current.store()
      else if (key === 'z' && !writes) (e.shiftKey ? latest.current.redo : latest.current.undo)?.()
      else return
      e.preventDefault()
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  }, [])
  const guard = useBlocker({
    shouldBlockFn: ({ current, next }) => dirty && !saved.current && current.pathname !== next.pathname,
    enableBeforeUnload: () => dirty && !saved.current,
    withResolver: true,
  })
  const queries = useQueryClient()
  const theirs = useMutation({
    mutationFn: async () => {
      const w = await queries.fetchQuery({ ...workflow(stored?.id ?? ''), staleTime: 0 })
      const definition = draftOf((await queries.fetchQuery(workflowCheck({ text: w.text }))).definition)
      if (definition) adopt(w, definition)
    },
  })
  const adopt = (w: WorkflowDetails, definition: Draft) => {
    save.reset()
    setKnown(w)
    set(definition)
    begin(definition)
    write(undefined)
    choose('')
  }
  const conflict = save.error instanceof Refusal && save.error.status === 412
  // What the draft has wrong is told below, each at its place.
  const told = save.error instanceof Refusal && save.error.status === 422 && problems.length > 0
  const other = conflict || told ? undefined : otherProblem(save.error, [])
  const beside = problems.filter((p) => stepOfProblem(p.at) === '').length
  const goTo = (p: DraftProblem & { line: number; column: number }) => {
    const place = stepOfProblem(p.at)
    if (tab === 'yaml' || !checked.data?.definition) {
      setJump({ line: p.line, column: p.column })
      put({ tab: 'yaml' })
    } else if (place !== '' && place !== 'trigger' && !stepAt(draft, place)) put({ tab: 'yaml' })
    else if (place !== '') {
      choose(place)
      put({ tab: undefined })
    } else put({ tab: 'settings' })
  }
  return (
    <form className="flex min-w-0 flex-col gap-5" noValidate onSubmit={(e) => { e.preventDefault(); void store() }}>
      <Heading title={stored ? `Edit ${known?.name ?? ''}` : draftTitle(draft)} about={stored ? <><Mono>{known?.key}</Mono> · version {known?.version} · what is saved is the next version; runs that go on stay on theirs</> : 'It is kept from the first save on, and nobody enters it before you switch it on.'}>
        {dirty && stored && <Badge tone="warn">not saved</Badge>}
        {stored ? <Link to="/workflows/$id" params={{ id: stored.id }} className={linked}>Back to it</Link> : <Link to="/workflows" className={linked}>Cancel</Link>}
        <Button type="submit" kind="main" busy={save.isPending} disabled={stored !== undefined && !dirty} title="Ctrl or ⌘ and S">{stored ? 'Save' : 'Make the workflow'}</Button>
      </Heading>
      {known?.origin === 'files' && (
        <p className="rounded-lg border border-info/40 bg-info/5 px-4 py-3 text-sm">A folder that was applied has this workflow. What is changed here holds until the next <Mono>tidings apply</Mono>, which brings it back as the folder has it: change it there.</p>
      )}
      {conflict && (
        <div role="alert" className="flex flex-wrap items-center gap-3 rounded-lg border border-warn/40 bg-warn/5 px-4 py-3 text-sm">
          <p className="min-w-0 flex-1 basis-60"><span className="font-medium">Somebody else changed it meanwhile.</span> Nothing of yours is stored. Look at it as it is now, which drops what you wrote, or save yours as the newest version.</p>
          <Button small onClick={() => theirs.mutate()} busy={theirs.isPending}>Look at theirs</Button>
          <Button small kind="danger" onClick={() => void store(true)} busy={save.isPending}>Save mine</Button>
        </div>
      )}
      {other !== undefined && <Problem error={other} />}
      {theirs.error && <Problem error={theirs.error} />}
      {checked.error && <Problem error={checked.error} retry={() => void checked.refetch()} />}
      {!stored && (
        <Card>
          <div className="grid grid-cols-1 gap-4 sm:grid-cols-2">
            <Field label="Name" help="For people">{(p) => <Input {...p} value={draft.name ?? ''} maxLength={100} placeholder="Onboarding" autoComplete="off" onChange={(e) => {
              const { name: _, ...rest } = draft
              change((e.target.value === '' ? rest : { ...rest, name: e.target.value }) as Draft)
            }} />}</Field>
            <Field label="Key" help="Emails, events and files call it so: letters, digits, _ and -">{(p) => <Input {...p} value={draft.workflow} maxLength={64} placeholder="onboarding" autoComplete="off" spellCheck={false} onChange={(e) => change({ ...draft, workflow: e.target.value })} />}</Field>
          </div>
        </Card>
      )}
      <Tabs label="The workflow" at={tab} tabs={[['steps', 'Steps'], ['settings', <Counted key="s" name="Settings" count={beside} />], ['yaml', 'YAML'], ['trial', 'Dry run']]} choose={(to) => put({ tab: to === 'steps' ? undefined : to })} />
      <TabPanel at={tab}>
        {tab !== 'yaml' && typed !== undefined && checked.data?.definition === null && <p role="status" className="rounded-lg border border-warn/40 bg-warn/5 px-4 py-3 text-sm">What was written as YAML can’t be read: this is the workflow as it was before. What is changed here takes the place of the text.</p>}
        {tab === 'steps' && <WorkflowEditor draft={draft} change={change} undo={undo} redo={redo} problems={problems} view={view} see={(view) => put({ view })} at={at} choose={choose} />}
        {tab === 'settings' && <DraftSettings draft={draft} change={change} problems={problems} />}
        {tab === 'yaml' && (
          <Card flush title="The workflow" action={<span className="text-xs text-soft">YAML; Ctrl+Space offers fields</span>}>
            <Suspense fallback={<div className="p-3"><Skeleton className="h-[32rem]" /></div>}>
              {shown === '' && typed === undefined ? <div className="p-3"><Skeleton className="h-[32rem]" /></div> : (
                <Yaml text={shown} problems={problems} jump={jump} change={(text) => { save.reset(); write({ text, of: draft }) }} />
              )}
            </Suspense>
          </Card>
        )}
        {tab === 'trial' && shown !== '' && <WorkflowTrial workflow={stored?.id ?? ''} draft={shown} />}
      </TabPanel>
      {problems.length > 0 && <Problems list={problems} yaml={tab === 'yaml'} loud={tried} go={goTo} />}
      <Confirm open={guard.status === 'blocked'} close={() => guard.reset?.()} title="Leave without saving?" verb="Leave" danger act={async () => guard.proceed?.()}>
        <p>What you changed here is lost.</p>
      </Confirm>
    </form>
  )
}

/** The fields that a workflow may have, which the editor offers. */
const fields: Offer[] = [
  ['workflow', 'its key'], ['name', 'for people'], ['description', 'for people'], ['trigger', 'who enters'], ['event', 'a name or a list'], ['segment', 'who enters it'], ['schedule', 'all of a segment, at certain times'],
  ['manual', 'true: people and programs alone'], ['mapping', 'where in the event the person is'], ['where', 'conditions on the event’s data'], ['reentry', 'once, after, replace, parallel'], ['cooldown', '7d'],
  ['exitOn', 'events that end runs'], ['timeout', '60d'], ['late', '{after: 1d, then: skip}'], ['transactional', 'true: also to those who unsubscribed'], ['cap', '{mails: 3, in: 7d}'], ['quiet', '{from: "22:00", to: "07:00"}'],
  ['steps', 'what happens'], ['id', 'of a step'], ['send', 'mails a template'], ['template', 'its key or id'], ['variants', 'share the contacts'], ['wait', '2d'], ['until', 'data.trialEndsAt'], ['waitFor', 'an event'],
  ['if', 'a question'], ['then', 'the way of yes'], ['else', 'the other way'], ['opened', 'a template'], ['clicked', 'a template'], ['sent', 'a template'], ['run', 'true: of this run'], ['choice', 'by one value'], ['field', 'data.plan'],
  ['branches', 'of a choice or a split'], ['default', 'where no branch fits'], ['split', 'by weight'], ['weight', '1'], ['update', 'changes the contact'], ['attributes', ''], ['tags', ''], ['untag', ''], ['topics', ''],
  ['webhook', 'calls a URL'], ['url', ''], ['method', 'POST'], ['headers', ''], ['body', 'Liquid'], ['tries', '8'], ['exit', 'ends the run'], ['goto', 'the id of a step'], ['next', 'by outcome'],
].map(([label = '', about = '']) => ({ label, about }))

function Yaml({ text, change, problems, jump }: { text: string; change: (to: string) => void; problems: ReturnType<typeof marksOf>; jump: Jump | undefined }) {
  const templates = useQuery(templateNames).data
  const names = useQuery({ ...eventNames, retry: false }).data
  const offers = useMemo<Offer[]>(() => [
    ...fields, ...(templates ?? []).flatMap((t) => (t.key ? [{ label: t.key, about: 'template' }] : [])), ...(names ?? []).map((label) => ({ label, about: 'event' })),
  ], [templates, names])
  const marks = useMemo<Mark[]>(() => problems.map((p) => ({ line: p.line, column: Math.max(p.column, (/^[\s-]*/.exec(text.split('\n')[p.line - 1] ?? '')?.[0].length ?? 0) + 1), says: sentence(p.message), severity: 'error' as const })), [problems, text])
  return <CodeEditor yaml label="The workflow in YAML" value={text} marks={marks} variables={offers} jump={jump} invalid={marks.length > 0} change={change} />
}

/** What is wrong with the draft, each leading to its place. */
function Problems({ list, yaml, loud, go }: { list: ReturnType<typeof marksOf>; yaml: boolean; loud: boolean; go: (p: ReturnType<typeof marksOf>[number]) => void }) {
  return (
    <section id="workflow-problems" tabIndex={-1} aria-label="What is wrong" className={loud ? 'rounded-lg outline-2 outline-bad/40' : ''}>
      <Card title="What is wrong" flush action={<Badge tone="bad">{count(list.length)} {list.length === 1 ? 'problem' : 'problems'}</Badge>}>
        <ul aria-label="Problems of the workflow">
          {list.map((p, i) => (
            <li key={i} className="flex items-center border-b border-line last:border-b-0">
              <button type="button" title="Go there" className="flex min-w-0 flex-1 flex-col px-4 py-2 text-left text-sm hover:bg-raised focus-visible:-outline-offset-2" onClick={() => go(p)}>
                <span className="wrap-anywhere">{sentence(p.message)}</span>
                <span className="text-xs text-soft">{yaml && <>Line {p.line}{p.at && ', '}</>}{p.at && <Mono>{p.at}</Mono>}</span>
              </button>
              {missing(p.message) && <Link to="/template/new" search={{ key: missing(p.message) }} target="_blank" className="shrink-0 px-4 text-sm text-accent hover:underline">Make it</Link>}
            </li>
          ))}
        </ul>
      </Card>
    </section>
  )
}

/** The key of a template that is not there yet. */
const missing = (says: string) => /^there is no template "([^"]+)"/.exec(says)?.[1] ?? ''
