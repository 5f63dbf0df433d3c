import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { AlertTriangle, Footprints, Spline } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { Refusal } from '../api/client'
import { contactActs } from '../api/mail'
import { oneRun, type RunDeed, type RunDetails, type RunVisit } from '../api/runs'
import { Acts } from '../components/acts'
import { Copy, JSONView, Mono, Time } from '../components/bits'
import { ContactLink } from '../components/event'
import { Decide, deeds, RunBadge } from '../components/run'
import { SendBadge } from '../components/send'
import { Button, Card, Empty, Fact, Facts, Heading, Loading, Problem, linked, type Tone } from '../components/ui'
import { count, duration, sentence } from '../lib/format'
import { begunWords, kinds, visitWords, whyEnded } from '../lib/runs'
import { reasonWords, statuses } from '../lib/sends'

const route = getRouteApi('/inside/runs/$id')

/** One contact's way through a workflow. */
export function RunPage() {
  const { id } = route.useParams()
  const answer = useQuery(oneRun(id))
  if (answer.error && !answer.data) {
    return answer.error instanceof Refusal && answer.error.status === 404 ? (
      <>
        <Heading title={id} />
        <Card><Empty icon={<Footprints />} title="There is no such run" action={<Link to="/contacts" className="text-accent hover:underline">Look at the contacts</Link>}>Its workflow or its contact may have been deleted, or it ended so long ago that it is not kept.</Empty></Card>
      </>
    ) : <><Heading title={id} /><Problem error={answer.error} retry={() => void answer.refetch()} /></>
  }
  return answer.data ? <Known key={answer.data.id} run={answer.data} /> : <Loading />
}

function Known({ run: r }: { run: RunDetails }) {
  const [deed, setDeed] = useState<RunDeed>()
  const acts = (['retry', 'skip', 'cancel'] as const).filter((d) => deeds[d].may(r)).map((d) => (
    <Button key={d} kind={d === 'retry' ? 'main' : 'plain'} onClick={() => setDeed(d)}>{deeds[d].label}…</Button>
  ))
  return (
    <>
      <Heading title={<span title={r.email}>{r.email || 'Somebody who was erased'}</span>}
        about={<>In <Link to="/workflows/$id" params={{ id: r.workflow }} search={{ tab: 'runs' }} className="font-medium text-ink hover:underline">{r.workflowName}</Link>, version {r.version}, since <Time at={r.startedAt} />.</>}>
        <RunBadge status={r.status} />
        <Link to="/workflows/$id" params={{ id: r.workflow }} search={r.step ? { step: r.step } : {}} className={linked}><Spline aria-hidden className="size-3.5" /> In the graph</Link>
        {r.status !== 'FAILED' && acts}
      </Heading>
      {r.status === 'FAILED' ? <Broken run={r}>{acts}</Broken> : <Now run={r} />}
      <div className="grid grid-cols-1 items-start gap-5 xl:grid-cols-[minmax(0,1fr)_24rem]">
        <Card title="Its way"><Way run={r} /></Card>
        <div className="flex min-w-0 flex-col gap-5">
          <Card title="The run">
            <Facts>
              <Fact name="Contact">{r.email && <ContactLink id={r.contactId} address={r.email} />}</Fact>
              <Fact name="Begun"><Begun run={r} /></Fact>
              <Fact name="Entered"><Time at={r.startedAt} /></Fact>
              <Fact name={r.status === 'FAILED' ? 'Failed' : r.completedAt ? 'Ended' : 'At its step since'}><Time at={r.completedAt ?? r.enteredAt} /></Fact>
              <Fact name="Emails">{count(r.emails)}</Fact>
              <Fact name="Mails nobody">{r.unmailed ? 'What began it forbids that' : undefined}</Fact>
              <Fact name="Id"><span className="inline-flex items-center gap-1"><Mono>{r.id}</Mono><Copy text={r.id} label="Copy the id" /></span></Fact>
            </Facts>
          </Card>
          <Card title="What it knows">
            <div className="flex flex-col gap-2 text-sm">
              <Folded title="Context" about="What templates name as data, and choices as workflow" value={Object.keys(r.context).length > 0 ? r.context : undefined} none="It was started with nothing, and told nothing on its way." />
              <Folded title="Event" about="What began it, or the last that it was told of" value={r.event ?? undefined} none="No event began it." />
            </div>
          </Card>
          <ActsCard id={r.id} />
        </div>
      </div>
      <Decide deed={deed} of={[r]} outcomes={r.outcomes} close={() => setDeed(undefined)} />
    </>
  )
}

/** A run that waits for a person: what went wrong, and what can be done. */
function Broken({ run: r, children }: { run: RunDetails; children: ReactNode }) {
  const at = r.steps.findLast((s) => s.step === r.step)
  return (
    <section aria-label="A decision" className="flex flex-col gap-3 rounded-lg border border-bad/40 bg-bad/5 p-4 text-sm">
      <p className="flex items-start gap-2 font-semibold"><AlertTriangle aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" /> <span className="min-w-0 wrap-anywhere">It failed at “{at?.name ?? r.step}”, and waits for a person.</span></p>
      <p className="max-w-3xl wrap-anywhere">{whyEnded(r.status, r.reason)}{(r.tries ?? 0) > 1 && ` It was tried ${count(r.tries ?? 0)} times.`}</p>
      <p className="max-w-3xl text-soft">Retry it once what was wrong is put right; skip the step where it may be left out; cancel the run where it is of no use any more.</p>
      <div className="flex flex-wrap gap-2">{children}</div>
    </section>
  )
}

/** What comes next, or why it ended. */
function Now({ run: r }: { run: RunDetails }) {
  const why = whyEnded(r.status, r.reason)
  const at = r.steps.findLast((s) => s.step === r.step)
  return (
    <p className="rounded-lg border border-line bg-panel px-4 py-3 text-[15px] wrap-anywhere">
      {r.status === 'RUNNING' ? 'It goes on at once.'
        : r.status === 'COMPLETED' ? 'It came to the end.'
        : r.status !== 'WAITING' ? why
        : (
          <>
            It is at “{at?.name ?? r.step}”{(r.tries ?? 0) > 0 ? ', which failed, and tries again ' : !r.dueAt ? ', and waits for the event as long as it takes.' : at?.type === 'waitFor' ? ', and waits for the event, or goes on without it ' : ', and goes on '}
            {r.dueAt && <><Time at={r.dueAt} form="ago" />, <Time at={r.dueAt} />.</>}
            {(r.tries ?? 0) > 0 && at?.detail && <span className="block text-sm text-soft">{sentence(at.detail)}</span>}
          </>
        )}
    </p>
  )
}

function Begun({ run: r }: { run: RunDetails }) {
  const b = begunWords(r.begunBy)
  return (
    <>
      {b.rule ? <>by <Link to="/rules/$id" params={{ id: b.rule }} className="text-accent hover:underline">a rule</Link></> : b.event ? 'by ' : b.text}
      {b.event && <>{b.rule && ', for '}<Link to="/events/$id" params={{ id: b.event }} className="text-accent hover:underline">an event</Link></>}
    </>
  )
}

function Folded({ title, about, value, none }: { title: string; about: string; value: unknown; none: string }) {
  if (value === undefined) return <p className="text-soft"><span className="font-medium text-ink">{title}.</span> {none}</p>
  return (
    <details>
      <summary className="cursor-pointer font-medium">{title} <span className="font-normal text-soft">{about.charAt(0).toLowerCase() + about.slice(1)}</span></summary>
      <div className="mt-2"><JSONView value={value} /></div>
    </details>
  )
}

const dots: Record<Tone, string> = { plain: 'bg-soft', good: 'bg-good', warn: 'bg-warn', bad: 'bg-bad', info: 'bg-info', violet: 'bg-violet', accent: 'bg-accent' }

/** Each step that the run entered, in its order. */
function Way({ run: r }: { run: RunDetails }) {
  if (r.steps.length === 0) {
    return r.completedAt || r.status === 'RUNNING'
      ? <p className="text-sm text-soft">{r.status === 'RUNNING' ? 'It has not begun yet. That takes some seconds.' : 'It entered no step.'}</p>
      : <p className="text-sm text-soft">Its steps are no longer kept.</p>
  }
  return <ol aria-label="Its way" className="flex flex-col gap-4">{r.steps.map((v) => <Visit key={v.visit} run={r} visit={v} />)}</ol>
}

const toneOf = (v: RunVisit, failed: boolean): Tone =>
  failed || v.outcome === 'failed' ? 'bad' : v.outcome?.startsWith('skipped') ? 'plain' : v.outcome === 'sent' ? 'good' : v.outcome === 'moved' || v.outcome === 'cancelled' ? 'warn' : 'info'

function Visit({ run: r, visit: v }: { run: RunDetails; visit: RunVisit }) {
  const last = v === r.steps.at(-1)
  const failed = r.status === 'FAILED' && last
  const open = !v.leftAt && last && !failed && r.status !== 'COMPLETED'
  const stayed = v.leftAt ? Date.parse(v.leftAt) - Date.parse(v.enteredAt) : 0
  const words = open ? (v.detail ? sentence(v.detail) : '') : visitWords(v)
  return (
    <li className="flex gap-3 text-sm">
      <span aria-hidden className={clsx('mt-1.5 size-2.5 shrink-0 rounded-full', open ? 'ring-2 ring-info ring-inset' : dots[toneOf(v, failed)])} />
      <div className="min-w-0 flex-1 [overflow-wrap:anywhere]">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <Link to="/workflows/$id" params={{ id: r.workflow }} search={{ step: v.step }} className="font-medium hover:underline" title={`In the graph: ${v.step}`}>{v.name ?? v.step}</Link>
          {v.type && <span className="text-xs text-soft">{kinds[v.type] ?? v.type}</span>}
          {!v.type && <span className="text-xs text-soft">a step of another version</span>}
        </p>
        <p className="text-xs text-soft">
          <Time at={v.enteredAt} />
          {stayed >= 1000 && v.leftAt && <> until <Time at={v.leftAt} />, {duration(stayed)}</>}
          {open && ', there now'}
        </p>
        {words && <p className={failed ? 'text-bad' : 'text-soft'}>{words}{v.variant && ` Variant ${v.variant}.`} <Cause visit={v} /></p>}
        {failed && (r.tries ?? 0) > 1 && <p className="text-soft">It was tried {count(r.tries ?? 0)} times.</p>}
        {v.send && <Email send={v.send} />}
      </div>
    </li>
  )
}

/** The event that a wait ended with. */
function Cause({ visit: v }: { visit: RunVisit }) {
  if (v.outcome !== 'event' || !/^[0-9a-f-]{36}$/.test(v.detail ?? '')) return null
  return <Link to="/events/$id" params={{ id: v.detail ?? '' }} className="text-accent underline">The event</Link>
}

function Email({ send: s }: { send: NonNullable<RunVisit['send']> }) {
  const status = Object.hasOwn(statuses, s.status) ? (s.status as keyof typeof statuses) : undefined
  return (
    <p className="mt-1 flex flex-wrap items-center gap-x-3 gap-y-1">
      {status && <SendBadge status={status} />}
      <Link to="/sends/$id" params={{ id: s.id }} className="text-accent hover:underline">Its send</Link>
      {s.messageId && <Link to="/messages/$id" params={{ id: s.messageId }} className="text-accent hover:underline">What became of it</Link>}
      {s.reason && status && <span className="text-soft">{sentence(reasonWords(s.reason, status))}</span>}
    </p>
  )
}

function ActsCard({ id }: { id: string }) {
  const acts = useQuery(contactActs(id)).data
  if (!acts || acts.length === 0) return null
  return <Card title="Acts of people" action={<Link to="/audit" search={{ target: id }} className="text-sm text-accent hover:underline">In the audit log</Link>}><Acts contact={id} /></Card>
}
