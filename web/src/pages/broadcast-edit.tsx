import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useBlocker } from '@tanstack/react-router'
import { useMemo, useRef, useState } from 'react'
import { type Broadcast, oneBroadcast, useSaveBroadcast } from '../api/broadcasts'
import { Refusal } from '../api/client'
import { topics } from '../api/contacts'
import { segmentList } from '../api/segments'
import { senders } from '../api/senders'
import { templateNames } from '../api/sends'
import { ConditionEditor } from '../components/condition-editor'
import { Confirm } from '../components/overlay'
import { fieldProblem, otherProblem } from '../components/source-settings'
import { tell } from '../components/toast'
import { Button, Card, Field, Heading, Input, Loading, Problem, Select, TextArea } from '../components/ui'
import { type Draft, draftOf, emptyDraft, isOpen, openEnds, wishOf } from '../lib/broadcasts'
import { count } from '../lib/format'

const newRoute = getRouteApi('/inside/broadcasts/new')
const editRoute = getRouteApi('/inside/broadcasts/$id/edit')

const linked = 'inline-flex h-8 items-center rounded-md border border-line bg-panel px-3 text-sm font-medium hover:bg-raised'

/** Begins one: empty, for a template or a segment, or as a copy. */
export function NewBroadcast() {
  const { template, segment, from } = newRoute.useSearch()
  const model = useQuery({ ...oneBroadcast(from ?? ''), enabled: Boolean(from), staleTime: Infinity, refetchInterval: false })
  if (from && model.error) return <><Heading title="New broadcast" /><Problem error={model.error} retry={() => void model.refetch()} /></>
  if (from && !model.data) return <Loading />
  const first: Draft = model.data ? { ...draftOf(model.data), name: `Copy of ${model.data.name}`.slice(0, 200) }
    : { ...emptyDraft, template: template ?? '', ...(segment ? { audience: 'SEGMENT' as const, segment } : {}) }
  return <Editor key={`${from} ${template} ${segment}`} first={first} />
}

export function EditBroadcast() {
  const { id } = editRoute.useParams()
  const stored = useQuery({ ...oneBroadcast(id), staleTime: Infinity, refetchInterval: false })
  if (stored.error) return <><Heading title="Broadcast" /><Problem error={stored.error} retry={() => void stored.refetch()} /></>
  if (!stored.data) return <Loading />
  return <Editor key={id} stored={stored.data} first={draftOf(stored.data)} />
}

const shownFields = [
  'name', 'description', 'template', 'subject', 'body', 'from', 'fromName', 'replyTo', 'audienceType', 'segmentId', 'tags', 'audienceCondition', 'topic', 'sender', 'throttlePerMinute', 'localTime', 'timeZone',
  'thresholds.bounceRate', 'thresholds.complaintRate', 'thresholds.minimum',
]

/** Where something is wrong in the condition, by the place in it. */
const placed = (error: unknown) =>
  error instanceof Refusal ? error.fields.filter((f) => /^audienceCondition\b/.test(f.field)).map((f) => ({ at: f.field.replace(/^audienceCondition\.?/, ''), says: f.hint ? `${f.message}: ${f.hint}` : f.message })) : []

const nothing = new Map<string, never>()

function Editor({ stored, first }: { stored?: Broadcast; first: Draft }) {
  const navigate = editRoute.useNavigate()
  const [draft, setDraft] = useState(first)
  const saved = useRef(false)
  const save = useSaveBroadcast(stored?.id)
  const dirty = JSON.stringify(draft) !== JSON.stringify(first)
  const guard = useBlocker({
    shouldBlockFn: ({ current, next }) => dirty && !saved.current && current.pathname !== next.pathname,
    enableBeforeUnload: () => dirty && !saved.current,
    withResolver: true,
  })
  const set = (to: Partial<Draft>) => {
    save.reset()
    setDraft({ ...draft, ...to })
  }
  const conditions = useMemo(() => placed(save.error), [save.error])
  const shownConditions = draft.audience === 'FILTERED' && draft.conditioned ? conditions.map((p) => (p.at ? `audienceCondition.${p.at}` : 'audienceCondition')) : []
  const other = otherProblem(save.error, [...shownFields, ...shownConditions])
  const go = async () => {
    try {
      const b = await save.mutateAsync(wishOf(draft))
      saved.current = true
      tell(stored ? `${b.name} is saved.` : `${b.name} is made. Nobody gets it before you send it.`)
      await navigate({ to: '/broadcasts/$id', params: { id: b.id } })
    } catch {
      // Told where it is wrong.
    }
  }
  const closed = stored && !isOpen(stored)
  return (
    <form className="flex min-w-0 flex-col gap-5" noValidate onSubmit={(e) => { e.preventDefault(); void go() }}>
      <Heading title={stored ? `Edit ${stored.name}` : 'New broadcast'} about="It is kept as a draft: you see who would get it, and what, and send it from its page.">
        {stored ? <Link to="/broadcasts/$id" params={{ id: stored.id }} className={linked}>Cancel</Link> : <Link to="/broadcasts" className={linked}>Cancel</Link>}
        <Button type="submit" kind="main" busy={save.isPending} disabled={closed || openEnds(draft) || (stored !== undefined && !dirty)} title={openEnds(draft) ? 'A filter of its condition is not finished' : undefined}>{stored ? 'Save' : 'Make the draft'}</Button>
      </Heading>
      {closed && <p role="alert" className="rounded-lg border border-warn/40 bg-warn/5 px-4 py-3 text-sm">It began already, and can’t be changed any more. Make a copy of it.</p>}
      {other !== undefined && <Problem error={other} />}
      <div className="grid grid-cols-1 items-start gap-5 xl:grid-cols-2">
        <div className="flex min-w-0 flex-col gap-5">
          <Card title="The email"><Email draft={draft} set={set} error={save.error} /></Card>
        </div>
        <div className="flex min-w-0 flex-col gap-5">
          <Card title="Who gets it"><Audience draft={draft} set={set} error={save.error} problems={conditions} /></Card>
          <Card title="How it is sent"><Ways draft={draft} set={set} error={save.error} /></Card>
        </div>
      </div>
      <Confirm open={guard.status === 'blocked'} close={() => guard.reset?.()} title="Leave without saving?" verb="Leave" danger act={async () => guard.proceed?.()}>
        <p>What you changed here is lost.</p>
      </Confirm>
    </form>
  )
}

interface Part {
  draft: Draft
  set: (to: Partial<Draft>) => void
  error: unknown
}

function Email({ draft: d, set, error }: Part) {
  const known = (useQuery(templateNames).data ?? []).map((t) => ({ id: t.id, word: t.key ?? t.id, name: t.name }))
  return (
    <div className="flex flex-col gap-4">
      <Field label="Name" problem={fieldProblem(error, 'name')} help="For people here; recipients do not see it.">
        {(p) => <Input {...p} required autoComplete="off" maxLength={200} value={d.name} onChange={(e) => set({ name: e.target.value })} placeholder="May news" />}
      </Field>
      <Field label="What it is for (optional)" problem={fieldProblem(error, 'description')}>
        {(p) => <Input {...p} autoComplete="off" value={d.description} onChange={(e) => set({ description: e.target.value })} />}
      </Field>
      <fieldset>
        <legend className="mb-1 text-sm font-medium">What it says</legend>
        <div className="flex flex-wrap gap-x-5 gap-y-1 text-sm">
          {([['template', 'A template'], ['own', 'What I write here']] as const).map(([value, label]) => (
            <label key={value} className="flex items-center gap-2"><input type="radio" name="by" className="size-4 accent-accent" checked={d.by === value} onChange={() => set({ by: value })} /> {label}</label>
          ))}
        </div>
      </fieldset>
      {d.by === 'template' && (
        <Field label="Template" problem={fieldProblem(error, 'template')} help={known.length === 0 ? 'There is none yet.' : undefined}>
          {(p) => (
            <Select {...p} value={known.find((t) => t.id === d.template || t.word === d.template)?.id ?? d.template} onChange={(e) => set({ template: e.target.value })}>
              <option value="">Choose one…</option>
              {d.template && !known.some((t) => t.id === d.template || t.word === d.template) && <option value={d.template}>{d.template}</option>}
              {known.map((t) => <option key={t.id} value={t.id}>{t.name}{t.word !== t.id ? ` (${t.word})` : ''}</option>)}
            </Select>
          )}
        </Field>
      )}
      <Field label={d.by === 'template' ? 'Subject (optional)' : 'Subject'} problem={fieldProblem(error, 'subject')} help={d.by === 'template' ? 'Empty: the template’s.' : undefined}>
        {(p) => <Input {...p} autoComplete="off" value={d.subject} onChange={(e) => set({ subject: e.target.value })} placeholder="News for {{ firstName | default: &quot;you&quot; }}" />}
      </Field>
      {d.by === 'own' && (
        <Field label="Text as HTML" problem={fieldProblem(error, 'body')} help={<>Values stand in it as <code className="font-mono">{'{{ firstName }}'}</code>. The text part is made of it. For more than a few lines, <Link to="/template/new" target="_blank" className="text-accent underline">write a template</Link>.</>}>
          {(p) => <TextArea {...p} rows={8} className="font-mono text-xs!" value={d.body} onChange={(e) => set({ body: e.target.value })} placeholder={'<p>Hello {{ firstName }},</p>\n<p><a href="{{ unsubscribeUrl }}">Unsubscribe</a></p>'} />}
        </Field>
      )}
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="From (optional)" problem={fieldProblem(error, 'from')} help="Empty: as the template or the sender says.">
          {(p) => <Input {...p} type="email" spellCheck={false} autoComplete="off" value={d.from} onChange={(e) => set({ from: e.target.value })} placeholder="news@acme.test" />}
        </Field>
        <Field label="Name beside it (optional)" problem={fieldProblem(error, 'fromName')}>
          {(p) => <Input {...p} autoComplete="off" value={d.fromName} onChange={(e) => set({ fromName: e.target.value })} placeholder="Acme" />}
        </Field>
      </div>
      <Field label="Answers go to (optional)" problem={fieldProblem(error, 'replyTo')}>
        {(p) => <Input {...p} type="email" spellCheck={false} autoComplete="off" value={d.replyTo} onChange={(e) => set({ replyTo: e.target.value })} placeholder="help@acme.test" />}
      </Field>
    </div>
  )
}

const audiences = [['ALL', 'Everybody'], ['SEGMENT', 'A segment'], ['FILTERED', 'By tags or a condition']] as const

function Audience({ draft: d, set, error, problems }: Part & { problems: { at: string; says: string }[] }) {
  const segments = useQuery(segmentList).data ?? []
  const kinds = useQuery(topics).data ?? []
  return (
    <div className="flex flex-col gap-4">
      <fieldset>
        <legend className="sr-only">Audience</legend>
        <div className="flex flex-wrap gap-x-5 gap-y-1 text-sm">
          {audiences.map(([value, label]) => (
            <label key={value} className="flex items-center gap-2"><input type="radio" name="audience" className="size-4 accent-accent" checked={d.audience === value} onChange={() => set({ audience: value })} /> {label}</label>
          ))}
        </div>
      </fieldset>
      {d.audience === 'SEGMENT' && (
        <Field label="Segment" problem={fieldProblem(error, 'segmentId')} help={segments.length === 0 ? <>There is none yet: <Link to="/segments/new" target="_blank" className="text-accent underline">make one</Link>.</> : undefined}>
          {(p) => (
            <Select {...p} value={d.segment} onChange={(e) => set({ segment: e.target.value })}>
              <option value="">Choose one…</option>
              {d.segment && !segments.some((s) => s.id === d.segment) && <option value={d.segment}>{d.segment}</option>}
              {segments.map((s) => <option key={s.id} value={s.id}>{s.name} ({count(s.memberCount)})</option>)}
            </Select>
          )}
        </Field>
      )}
      {d.audience === 'FILTERED' && (
        <>
          <Field label="Tags" problem={fieldProblem(error, 'tags')} help="With commas between them. Whoever gets it has all of them.">
            {(p) => <Input {...p} autoComplete="off" value={d.tags} onChange={(e) => set({ tags: e.target.value })} placeholder="beta, vip" />}
          </Field>
          <label className="flex items-center gap-2 text-sm"><input type="checkbox" className="size-4 accent-accent" checked={d.conditioned} onChange={(e) => set({ conditioned: e.target.checked })} /> And a condition holds for them</label>
          {d.conditioned && <ConditionEditor condition={d.condition} change={(condition) => set({ condition })} problems={problems} truths={nothing} old={false} />}
          {fieldProblem(error, 'audienceCondition') && <p className="text-xs text-bad">{fieldProblem(error, 'audienceCondition')}</p>}
        </>
      )}
      <Field label="Topic (optional)" problem={fieldProblem(error, 'topic')} help="Whoever left it is left out.">
        {(p) => (
          <Select {...p} value={d.topic} onChange={(e) => set({ topic: e.target.value })}>
            <option value="">None: all who subscribed</option>
            {d.topic && !kinds.some((t) => t.slug === d.topic) && <option value={d.topic}>{d.topic}</option>}
            {kinds.map((t) => <option key={t.slug} value={t.slug}>{t.name}</option>)}
          </Select>
        )}
      </Field>
      <p className="text-xs text-soft">Suppressed and unsubscribed contacts and those who take a break are always left out.</p>
    </div>
  )
}

function Ways({ draft: d, set, error }: Part) {
  const ways = useQuery(senders).data ?? []
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <Field label="Sender" problem={fieldProblem(error, 'sender')}>
        {(p) => (
          <Select {...p} value={d.sender} onChange={(e) => set({ sender: e.target.value })}>
            <option value="">The default{ways.some((s) => s.default) ? `: ${ways.find((s) => s.default)?.name}` : ''}</option>
            {ways.filter((s) => !s.implicit).map((s) => <option key={s.id} value={s.id}>{s.name}</option>)}
          </Select>
        )}
      </Field>
      <Field label="Emails a minute (optional)" problem={fieldProblem(error, 'throttlePerMinute')} help="Empty: as fast as it goes.">
        {(p) => <Input {...p} type="number" min={0} value={d.throttle} onChange={(e) => set({ throttle: e.target.value })} placeholder="600" />}
      </Field>
      <Field label="At their local time (optional)" problem={fieldProblem(error, 'localTime')} help="The next such time where each recipient is, by the attribute timezone.">
        {(p) => <Input {...p} type="time" value={d.localTime} onChange={(e) => set({ localTime: e.target.value, timeZone: d.timeZone || zone })} />}
      </Field>
      {d.localTime !== '' && (
        <Field label="Zone of those who have none" problem={fieldProblem(error, 'timeZone')} help="Empty: UTC.">
          {(p) => <Input {...p} autoComplete="off" spellCheck={false} value={d.timeZone} onChange={(e) => set({ timeZone: e.target.value })} placeholder="Europe/Berlin" />}
        </Field>
      )}
      <fieldset className="grid gap-4 border-t border-line pt-4 sm:col-span-2 sm:grid-cols-3">
        <legend className="float-left w-full text-sm font-medium sm:col-span-3">It pauses itself when</legend>
        <Field label="more bounced than (%)" problem={fieldProblem(error, 'thresholds.bounceRate')} help="0: never">
          {(p) => <Input {...p} type="number" min={0} max={100} step="any" value={d.bounces} onChange={(e) => set({ bounces: e.target.value })} />}
        </Field>
        <Field label="more complained than (%)" problem={fieldProblem(error, 'thresholds.complaintRate')} help="0: never">
          {(p) => <Input {...p} type="number" min={0} max={100} step="any" value={d.complaints} onChange={(e) => set({ complaints: e.target.value })} />}
        </Field>
        <Field label="once so many were sent" problem={fieldProblem(error, 'thresholds.minimum')}>
          {(p) => <Input {...p} type="number" min={1} value={d.minimum} onChange={(e) => set({ minimum: e.target.value })} />}
        </Field>
      </fieldset>
      <p className="text-xs text-soft sm:col-span-2">When it begins is asked when you send it.</p>
    </div>
  )
}
