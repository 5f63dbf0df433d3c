import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { Send as SendIcon } from 'lucide-react'
import { type ReactNode, useMemo, useState } from 'react'
import { Refusal } from '../api/client'
import { contactActs, messageEvents } from '../api/mail'
import { outbox } from '../api/outbox'
import { oneSend, type Send } from '../api/sends'
import { senders } from '../api/senders'
import { Acts } from '../components/acts'
import { Copy, Mono, Time } from '../components/bits'
import { ContactLink } from '../components/event'
import { EventPanel } from '../components/event-panel'
import { Decisions, SendBadge } from '../components/send'
import { SenderLink } from '../components/sender'
import { Timeline } from '../components/timeline'
import { Card, Empty, Fact, Facts, Heading, Loading, Problem, type Tone } from '../components/ui'
import type { Event } from '../lib/events'
import { count, sentence } from '../lib/format'
import { originWords, reasonWords, subjectOf } from '../lib/sends'

const route = getRouteApi('/inside/sends/$id')

const link = 'inline-flex h-8 items-center rounded-md border border-line bg-panel px-3 text-sm font-medium hover:bg-raised'

export function SendPage() {
  const { id } = route.useParams()
  const answer = useQuery(oneSend(id))
  if (answer.error && !answer.data) {
    return answer.error instanceof Refusal && answer.error.status === 404 ? (
      <>
        <Heading title={id} />
        <Card><Empty icon={<SendIcon />} title="There is no such send" action={<Link to="/sends" className="text-accent hover:underline">Look at the sends</Link>}>It may have been of another project, or so long ago that it is not kept.</Empty></Card>
      </>
    ) : <><Heading title={id} /><Problem error={answer.error} retry={() => void answer.refetch()} /></>
  }
  return answer.data ? <Known key={answer.data.id} send={answer.data} /> : <Loading />
}

function Known({ send: s }: { send: Send }) {
  return (
    <>
      <Heading title={<span title={subjectOf(s)}>{subjectOf(s)}</span>} about={s.recipient && s.contactId ? <>To <ContactLink id={s.contactId} address={s.recipient} /></> : 'To somebody who was erased'}>
        <SendBadge status={s.status} />
        {s.status !== 'uncertain' && <Decisions send={s} />}
        {s.messageId && <Link to="/messages/$id" params={{ id: s.messageId }} className={link}>Its message</Link>}
      </Heading>
      {s.status === 'uncertain' && <Uncertain send={s} />}
      <div className="grid grid-cols-1 items-start gap-5 xl:grid-cols-[minmax(0,1fr)_24rem]">
        <div className="flex min-w-0 flex-col gap-5">
          <Card title="Its story"><Story send={s} /></Card>
          {s.messageId && <Events id={s.messageId} />}
        </div>
        <div className="flex min-w-0 flex-col gap-5">
          <Card title="The email">
            <Facts>
              <Fact name="Recipient">{s.recipient}</Fact>
              <Fact name="Asked for">{originWords(s.origin)}</Fact>
              <Fact name="Run">{s.executionId && <Link to="/runs/$id" params={{ id: s.executionId }} className="text-accent hover:underline">of a workflow</Link>}</Fact>
              <Fact name="Template">{s.template && <Link to="/templates/$" params={{ _splat: s.template }} className="text-accent hover:underline">{s.template}</Link>}</Fact>
              <Fact name="Sender">{s.sender && <SenderLink id={s.sender} />}</Fact>
              <Fact name="Tries">{count(s.attempts)}</Fact>
              <Fact name="Last changed"><Time at={s.updatedAt} /></Fact>
              <Fact name="Id"><span className="inline-flex items-center gap-1"><Mono>{s.id}</Mono><Copy text={s.id} label="Copy the id" /></span></Fact>
            </Facts>
            <Written send={s} />
          </Card>
          <ActsCard id={s.id} />
        </div>
      </div>
    </>
  )
}

function Uncertain({ send: s }: { send: Send }) {
  return (
    <section aria-label="A decision" className="flex flex-col gap-3 rounded-lg border border-warn/40 bg-warn/5 p-4 text-sm">
      <p className="font-semibold">Nobody knows whether it was sent.</p>
      <p className="max-w-3xl">
        The server ended or the connection broke at the moment in which it was handed over. It is not sent again by itself, because nobody should get it twice.
        If the provider tells of it, it becomes sent without you; else somebody has to decide.
      </p>
      {s.problem && <p className="text-soft [overflow-wrap:anywhere]">What went wrong: {sentence(s.problem)}</p>}
      <div className="flex flex-wrap gap-2"><Decisions send={s} /></div>
    </section>
  )
}

/** From being asked for to being handed over. What comes then is told by the events of the message. */
function Story({ send: s }: { send: Send }) {
  const scheduled = new Date(s.dueAt).getTime() - new Date(s.createdAt).getTime() > 60_000 && s.attempts === 0
  const tries = s.attempts === 1 ? 'once' : `${count(s.attempts)} times`
  return (
    <ol className="flex flex-col gap-4">
      <Step at={s.createdAt} tone="info" title={`Asked for ${originWords(s.origin)}`} />
      {s.status === 'queued' && s.attempts === 0 && <Step open title={scheduled ? 'Waits for its time' : 'Waits to be handed over'}>{scheduled ? <>It is due <Time at={s.dueAt} />.</> : 'That takes some seconds.'}</Step>}
      {s.status === 'queued' && s.attempts > 0 && (
        <Step open tone="warn" title={`Tried ${tries}, and to be tried again`}>
          {s.problem && <span className="block">{sentence(s.problem)}</span>}
          The next try is <Time at={s.dueAt} form="ago" /> (<Time at={s.dueAt} />). After a day it is given up.
        </Step>
      )}
      {s.status === 'handing' && <Step open title="A sender has it at this moment" />}
      {s.status === 'sent' && <Step at={s.updatedAt} tone="good" title={<>Handed over{s.sender && <> by <SenderLink id={s.sender} /></>}</>}>{s.attempts > 1 && `It took ${count(s.attempts)} tries. `}{s.problem && sentence(s.problem)}</Step>}
      {s.status === 'failed' && <Step at={s.updatedAt} tone="bad" title={s.reason ? sentence(reasonWords(s.reason, s.status)) : 'It failed.'}>{s.problem && <span className="block">{sentence(s.problem)}</span>}{s.attempts > 0 && `It was tried ${tries}.`}</Step>}
      {s.status === 'skipped' && (
        <Step at={s.updatedAt} tone="plain" title={s.reason ? sentence(reasonWords(s.reason, s.status)) : 'It was skipped.'}>
          {s.contactId && <Link to="/contacts/$id" params={{ id: s.contactId }} className="text-accent underline">Why they are not mailed</Link>}
        </Step>
      )}
      {s.status === 'uncertain' && <Step at={s.updatedAt} tone="warn" title="Nobody knows whether it was sent">It was tried {tries}.</Step>}
      {s.status === 'canceled' && <Step at={s.updatedAt} tone="plain" title="Somebody took it back">{s.problem}</Step>}
    </ol>
  )
}

const dots: Record<Tone, string> = { plain: 'bg-soft', good: 'bg-good', warn: 'bg-warn', bad: 'bg-bad', info: 'bg-info', violet: 'bg-violet', accent: 'bg-accent' }

function Step({ at, title, tone = 'info', open, children }: { at?: string; title: ReactNode; tone?: Tone; open?: boolean; children?: ReactNode }) {
  return (
    <li className="flex gap-3 text-sm">
      <span aria-hidden className={clsx('mt-1.5 size-2.5 shrink-0 rounded-full', open ? clsx('ring-2 ring-inset', tone === 'warn' ? 'ring-warn' : 'ring-info') : dots[tone])} />
      <div className="min-w-0 flex-1 [overflow-wrap:anywhere]">
        <p className="font-medium">{title}</p>
        {at && <p className="text-xs text-soft"><Time at={at} /></p>}
        {children && <div className="text-soft">{children}</div>}
      </div>
    </li>
  )
}

function Events({ id }: { id: string }) {
  const list = useInfiniteQuery({ ...messageEvents(id), refetchInterval: 10_000 })
  const [shown, show] = useState<Event>()
  const events = useMemo(() => (list.data?.pages.flatMap((p) => p.events) ?? []).reverse(), [list.data])
  return (
    <Card title="What became of it" action={<Link to="/messages/$id" params={{ id }} className="text-sm text-accent hover:underline">The message</Link>}>
      <Timeline list={list} events={events} open={show} aside={() => null} empty={<Empty title="No event of it yet">They come once it is handed over, and as the provider tells of it.</Empty>} />
      <EventPanel event={shown} close={() => show(undefined)} />
    </Card>
  )
}

/** Where it was written into the outbox, it can be read. */
function Written({ send: s }: { send: Send }) {
  const kind = useQuery(senders).data?.find((x) => x.id === s.sender)?.kind
  const found = useInfiniteQuery({ ...outbox(s.recipient), enabled: s.status === 'sent' && kind === 'file' && !!s.recipient })
  const mail = found.data?.pages[0]?.mails.find((m) => m.id.endsWith(s.id))
  if (!mail) return null
  return <p className="mt-4 border-t border-line pt-3 text-sm">It was written into the outbox, and not sent. <Link to="/outbox/$id" params={{ id: mail.id }} className="text-accent underline">Read it</Link></p>
}

function ActsCard({ id }: { id: string }) {
  const acts = useQuery(contactActs(id)).data
  if (!acts || acts.length === 0) return null
  return <Card title="Acts of people" action={<Link to="/audit" search={{ target: id }} className="text-sm text-accent hover:underline">In the audit log</Link>}><Acts contact={id} /></Card>
}
