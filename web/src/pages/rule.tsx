import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useBlocker } from '@tanstack/react-router'
import { Copy as CopyIcon, ListChecks, Power, Trash2, Workflow } from 'lucide-react'
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from 'react'
import { Refusal } from '../api/client'
import { eventNames } from '../api/queries'
import { oneRule, type Rule, ruleActs, ruleTrial, useDeleteRule, useSaveRule } from '../api/rules'
import { templateNames } from '../api/sends'
import { Mono, Time } from '../components/bits'
import type { Jump, Mark, Offer } from '../components/code-editor'
import { PagedList } from '../components/list'
import { More } from '../components/menu'
import { Confirm } from '../components/overlay'
import { actColumns, RuleState } from '../components/rule'
import { RuleTry } from '../components/rule-try'
import { otherProblem } from '../components/source-settings'
import { Counted, TabPanel, Tabs } from '../components/tabs'
import { tell } from '../components/toast'
import { Badge, Button, Card, Empty, Heading, Loading, Problem, Skeleton, linked } from '../components/ui'
import { useDebounced } from '../lib/debounced'
import { count, sentence } from '../lib/format'
import { examples, type RuleMark, ruleMarks, switched } from '../lib/rules'

// The editor is as large as all other pages together: it is fetched where somebody writes.
const CodeEditor = lazy(async () => ({ default: (await import('../components/code-editor')).CodeEditor }))

const newRoute = getRouteApi('/inside/rules/new')
const route = getRouteApi('/inside/rules/$id')

/** Begins a rule: by an example, or as a copy of one that is there. */
export function NewRule() {
  const { example, from } = newRoute.useSearch()
  const model = useQuery({ ...oneRule(from ?? ''), enabled: Boolean(from), staleTime: Infinity })
  const chosen = examples.find((e) => e.id === example)
  if (from && model.error) return <><Heading title="New rule" /><Problem error={model.error} retry={() => void model.refetch()} /></>
  if (from && !model.data) return <Loading />
  if (model.data) return <Editor key={from} first={model.data.rule.replace(/^name:.*$/m, `name: ${JSON.stringify(`Copy of ${model.data.name}`.slice(0, 100))}`)} />
  if (chosen) return <Editor key={example} first={chosen.rule} />
  return (
    <>
      <Heading title="New rule" about="Choose where to begin. Everything in it is yours to change, and nothing happens before it is stored."><Link to="/rules" className={linked}>Cancel</Link></Heading>
      <ul className="grid grid-cols-1 gap-4 md:grid-cols-2">
        {examples.map((e) => (
          <li key={e.id}>
            <Link to="/rules/new" search={{ example: e.id }} className="flex h-full flex-col gap-3 rounded-lg border border-line bg-panel p-4 hover:border-accent">
              <span><span className="block font-medium">{e.label}</span><span className="text-sm text-soft">{e.about}</span></span>
              <pre aria-hidden className="overflow-hidden rounded-md bg-raised p-3 font-mono text-xs whitespace-pre-wrap text-soft">{e.rule.trimEnd()}</pre>
            </Link>
          </li>
        ))}
      </ul>
    </>
  )
}

export function RulePage() {
  const { id } = route.useParams()
  // What somebody else changes meanwhile does not change what is being written here: saving tells of it.
  const answer = useQuery({ ...oneRule(id), staleTime: Infinity })
  if (answer.error && !answer.data) {
    return answer.error instanceof Refusal && answer.error.status === 404 ? (
      <>
        <Heading title={id} />
        <Card><Empty icon={<Workflow />} title="There is no such rule" action={<Link to="/rules" className="text-accent hover:underline">Look at the rules</Link>}>It was deleted, or its name was changed.</Empty></Card>
      </>
    ) : <><Heading title={id} /><Problem error={answer.error} retry={() => void answer.refetch()} /></>
  }
  return answer.data ? <Editor key={answer.data.id} stored={answer.data} first={answer.data.rule} /> : <Loading />
}

/** The fields that a rule may have, which the editor offers. */
const fields: Offer[] = [
  ['name', 'unique in the project'], ['description', 'for people'], ['disabled', 'true: it does nothing'], ['on', 'which events it is for'], ['event', 'a name or a list: account.created, order.*'],
  ['bus', 'of events of a bus'], ['app', 'of events of a bus'], ['source', 'by which source it came'], ['template', 'its key or id'], ['workflow', 'of the email'], ['tag', 'of the email'], ['link', 'of a click'],
  ['class', 'of a bounce'], ['verdict', 'of an open or click'], ['where', 'conditions on the event’s data'], ['within', 'how old an event may be: 72h'], ['if', 'a condition on the contact'],
  ['logic', 'AND or OR'], ['groups', 'of filters'], ['filters', 'field, operator, value'], ['field', 'data.plan'], ['operator', 'equals'], ['value', ''], ['mapping', 'where in the event the person is'],
  ['email', 'a path: $.detail.user.email'], ['firstName', 'a path'], ['attributes', 'a path or values'], ['do', 'one to ten actions'], ['send', 'mails a template'], ['subscribe', 'subscribes the contact'],
  ['unsubscribe', 'from everything, or from topics'], ['subject', 'in place of the template’s'], ['from', 'an address'], ['replyTo', 'an address'], ['sender', 'its id or name'], ['topic', 'its slug'],
  ['topics', 'slugs'], ['tags', 'of the contact'], ['delay', '2h after the event'], ['transactional', 'true: also to those who unsubscribed'], ['perHour', 'for one contact; default 100'],
].map(([label = '', about = '']) => ({ label, about }))

/** A day so many days ago, as the API takes it. It changes once a day, so that the same is not asked again. */
const daysAgo = (n: number) => new Date(Date.now() - n * 86_400_000).toISOString().slice(0, 10)

function Editor({ stored, first }: { stored?: Rule; first: string }) {
  const search = route.useSearch({ shouldThrow: false }) as { tab?: string } | undefined
  const navigate = route.useNavigate()
  const [text, setText] = useState(first)
  const [begun, begin] = useState(first)
  const [rule, setRule] = useState(stored)
  const [days, setDays] = useState(7)
  const [jump, setJump] = useState<Jump>()
  const [open, setOpen] = useState<'off' | 'delete'>()
  const saved = useRef(false)
  const save = useSaveRule(stored?.id)
  const toggle = useSaveRule(stored?.id)
  const drop = useDeleteRule(stored?.id ?? '')
  const dirty = text !== begun
  const guard = useBlocker({
    shouldBlockFn: ({ current, next }) => dirty && !saved.current && current.pathname !== next.pathname,
    enableBeforeUnload: () => dirty && !saved.current,
    withResolver: true,
  })
  const asked = useDebounced(text, 400)
  const trial = useQuery({ ...ruleTrial(asked, daysAgo(days)), enabled: asked.trim() !== '' })
  const templates = useQuery(templateNames).data
  const names = useQuery({ ...eventNames, retry: false }).data
  const offers = useMemo<Offer[]>(() => [
    ...fields, ...(templates ?? []).flatMap((t) => (t.key ? [{ label: t.key, about: 'template' }] : [])), ...(names ?? []).map((label) => ({ label, about: 'event' })),
  ], [templates, names])
  const found = useMemo<RuleMark[]>(() => {
    const refused = ruleMarks(save.error, text)
    return refused.length > 0 ? refused : asked === text ? ruleMarks(trial.error, text) : []
  }, [save.error, trial.error, asked, text])
  const marks = useMemo<Mark[]>(() => found.map((m) => ({ line: m.line, column: m.column, says: `${m.at}${m.at ? ' ' : ''}${m.says}`, severity: 'error' as const })), [found])
  const adopt = (r: Rule) => {
    setRule(r)
    setText(r.rule)
    begin(r.rule)
  }
  const store = async (over?: boolean) => {
    if (save.isPending) return
    try {
      const r = await save.mutateAsync({ rule: text, version: over ? undefined : rule?.version })
      tell(stored ? `${r.name} is saved.` : `${r.name} is made.`)
      if (stored) return adopt(r)
      saved.current = true
      await navigate({ to: '/rules/$id', params: { id: r.id } })
    } catch {
      // Told where it is wrong.
    }
  }
  const latest = useRef(store)
  latest.current = store
  useEffect(() => {
    const press = (e: KeyboardEvent) => {
      if (e.key.toLowerCase() !== 's' || !(e.ctrlKey || e.metaKey) || e.altKey) return
      e.preventDefault()
      void latest.current()
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  }, [])
  const fresh = useQuery({ ...oneRule(stored?.id ?? ''), enabled: false })
  const again = async () => {
    const { data } = await fresh.refetch()
    if (data) {
      adopt(data)
      save.reset()
      toggle.reset()
    }
  }
  const turn = async (on: boolean) => {
    if (!rule) return
    const r = await toggle.mutateAsync({ rule: switched(rule, on), version: rule.version })
    adopt(r)
    tell(`${r.name} is switched ${on ? 'on' : 'off'}.`)
  }
  const isConflict = (e: unknown) => e instanceof Refusal && e.code === 'changed'
  const conflict = isConflict(save.error) || isConflict(toggle.error)
  const other = conflict ? undefined : otherProblem(save.error, ruleMarks(save.error, text).map((m) => (m.at ? `rule.${m.at}` : 'rule')))
  const tab = stored && search?.tab === 'acts' ? 'acts' : 'rule'
  const acted = rule ? rule.acted.done + rule.acted.skipped + rule.acted.failed : 0
  return (
    <form className="flex min-w-0 flex-col gap-5" noValidate onSubmit={(e) => { e.preventDefault(); void store() }}>
      <Heading title={rule?.name ?? 'New rule'} about={rule ? rule.description : 'It acts on events from when it is stored; events of the past only show what it would do.'}>
        {rule && <RuleState on={rule.enabled} />}
        {rule?.origin === 'files' && <Badge tone="violet" title="A folder that was applied has it">Files</Badge>}
        {dirty && stored && <Badge tone="warn">not saved</Badge>}
        {!stored && <Link to="/rules" className={linked}>Cancel</Link>}
        {rule && (
          <Button busy={toggle.isPending} disabled={dirty} title={dirty ? 'Save what you changed first' : undefined}
            onClick={() => (rule.enabled ? setOpen('off') : void turn(true).catch(() => undefined))}><Power aria-hidden className="size-3.5" /> {rule.enabled ? 'Switch off' : 'Switch on'}</Button>
        )}
        {(!stored || tab === 'rule') && <Button type="submit" kind="main" busy={save.isPending} disabled={Boolean(stored) && !dirty} title="Ctrl+S">{stored ? 'Save' : 'Make the rule'}</Button>}
        {rule && (
          <More label="More about this rule" items={[
            { label: 'Make a copy', icon: <CopyIcon aria-hidden />, act: () => void navigate({ to: '/rules/new', search: { from: rule.id } }) },
            { label: 'Delete…', icon: <Trash2 aria-hidden />, act: () => setOpen('delete'), danger: true, apart: true },
          ]} />
        )}
      </Heading>
      {rule?.origin === 'files' && (
        <p className="rounded-lg border border-info/40 bg-info/5 px-4 py-3 text-sm">A folder that was applied has this rule. What is changed here holds until the next <Mono>tidings apply</Mono>, which brings it back as the folder has it: change it there.</p>
      )}
      {rule && rule.problems.length > 0 && !dirty && (
        <div role="alert" className="rounded-lg border border-bad/40 bg-bad/5 px-4 py-3 text-sm">
          <p className="font-medium">It can’t do all it should.</p>
          <ul>{rule.problems.map((p, i) => <li key={i} className="wrap-anywhere"><Mono>{p.at}</Mono> <span className="text-soft">{sentence(p.message)}</span></li>)}</ul>
        </div>
      )}
      {conflict && (
        <div role="alert" className="flex flex-wrap items-center gap-3 rounded-lg border border-warn/40 bg-warn/5 px-4 py-3 text-sm">
          <p className="min-w-0 flex-1 basis-60"><span className="font-medium">Somebody else changed it meanwhile.</span> Nothing of yours is stored. Look at it as it is now, which drops what you wrote, or save yours in its place.</p>
          <Button small onClick={() => void again()} busy={fresh.isFetching}>Look at theirs</Button>
          {dirty && <Button small kind="danger" onClick={() => void store(true)} busy={save.isPending}>Save mine</Button>}
        </div>
      )}
      {other !== undefined && <Problem error={other} />}
      {toggle.error && !conflict && open === undefined && <Problem error={toggle.error} />}
      {rule && <Tabs label="The rule" at={tab} tabs={[['rule', 'Rule'], ['acts', <Counted key="a" name="What it did" count={acted} />]]} choose={(to) => void navigate({ search: to === 'acts' ? { tab: to } : {}, replace: true })} />}
      {rule && tab === 'acts' ? <TabPanel at="acts"><Did rule={rule} /></TabPanel> : (
        <div {...(rule ? { role: 'tabpanel', id: 'tab-panel', 'aria-labelledby': 'tab-rule' } : {})} className="grid grid-cols-1 items-start gap-5 xl:grid-cols-2">
          <div className="flex min-w-0 flex-col gap-5">
            <Card flush title="The rule" action={<span className="text-xs text-soft">YAML; Ctrl+Space offers fields</span>}>
              <Suspense fallback={<div className="p-3"><Skeleton className="h-[32rem]" /></div>}>
                <CodeEditor yaml label="The rule in YAML" value={text} marks={marks} variables={offers} jump={jump} invalid={marks.length > 0}
                  change={(to) => { save.reset(); setText(to) }} />
              </Suspense>
            </Card>
            {found.length > 0 && <Marks list={found} go={(m) => setJump({ line: m.line, column: m.column })} />}
            <p className="text-xs text-soft">It is kept by its fields: comments and the order of lines go when it is stored. Where you want them, keep rules as files and <Mono>tidings apply</Mono> them.</p>
          </div>
          <RuleTry trial={trial} old={asked !== text || trial.isPlaceholderData} wrong={found.length > 0} days={days} choose={setDays} />
        </div>
      )}
      {rule && (
        <Confirm open={open === 'off'} close={() => setOpen(undefined)} title={`Switch ${rule.name} off?`} verb="Switch it off" act={() => turn(false)}>
          <p>Events pass it by from now on, and are not made up for when it is switched on again. Emails that it asked for already go on.</p>
        </Confirm>
      )}
      {rule && (
        <Confirm open={open === 'delete'} close={() => setOpen(undefined)} title={`Delete ${rule.name}?`} verb="Delete it" danger
          act={async () => {
            await drop.mutateAsync()
            tell(`${rule.name} is deleted.`)
            saved.current = true
            await navigate({ to: '/rules' })
          }}>
          <p>Nothing acts on {rule.events.join(', ')} in its place, and what it did is forgotten{acted > 0 && <>, {count(acted)} {acted === 1 ? 'act' : 'acts'} of 30 days</>}. Emails that it asked for go on.</p>
          {rule.origin === 'files' && <p>A folder has it: the next <Mono>tidings apply</Mono> makes it again, unless it is taken out there.</p>}
        </Confirm>
      )}
      <Confirm open={guard.status === 'blocked'} close={() => guard.reset?.()} title="Leave without saving?" verb="Leave" danger act={async () => guard.proceed?.()}>
        <p>What you changed here is lost.</p>
      </Confirm>
    </form>
  )
}

/** What is wrong in the text, each leading to its line. */
function Marks({ list, go }: { list: RuleMark[]; go: (m: RuleMark) => void }) {
  return (
    <Card title="What is wrong" flush action={<Badge tone="bad">{count(list.length)} {list.length === 1 ? 'problem' : 'problems'}</Badge>}>
      <ul aria-label="Problems of the rule">
        {list.map((m, i) => (
          <li key={i} className="flex items-center border-b border-line last:border-b-0">
            <button type="button" title="Go there" className="flex min-w-0 flex-1 flex-col px-4 py-2 text-left text-sm hover:bg-raised focus-visible:-outline-offset-2" onClick={() => go(m)}>
              <span className="wrap-anywhere">{sentence(m.says)}</span>
              <span className="text-xs text-soft">Line {m.line}{m.at && <>, <Mono>{m.at}</Mono></>}</span>
            </button>
            {m.at.endsWith('.template') && missing(m.says) && <Link to="/template/new" search={{ key: missing(m.says) }} target="_blank" className="shrink-0 px-4 text-sm text-accent hover:underline">Make it</Link>}
          </li>
        ))}
      </ul>
    </Card>
  )
}

/** The key of a template that is not there yet. */
const missing = (says: string) => /^there is no template "([^"]+)"/.exec(says)?.[1] ?? ''

/** What the rule did in the last 30 days, newest first. */
function Did({ rule: r }: { rule: Rule }) {
  const list = useInfiniteQuery(ruleActs(r.id))
  const rows = useMemo(() => list.data?.pages.flatMap((p) => p.acts) ?? [], [list.data])
  return (
    <Card flush title="Acts of the last 30 days" action={<span className="text-xs text-soft">{r.acted.lastAt ? <>last <Time at={r.acted.lastAt} form="ago" /></> : 'none yet'}</span>}>
      <PagedList list={list} rows={rows} columns={actColumns} rowKey={(a) => `${a.eventId} ${a.action} ${a.at}`} label="Acts" noun={['act', 'acts']}
        empty={<Empty icon={<ListChecks />} title="It did nothing yet">{r.enabled ? <>It acts once an event comes that it is for: {r.events.join(', ')}. Events of the past made it do nothing.</> : 'It is switched off: events pass by.'}</Empty>} />
    </Card>
  )
}
