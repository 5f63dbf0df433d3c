import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { ArrowDownUp, Check, Mail, X } from 'lucide-react'
import { useMemo, useState } from 'react'
import { Refusal } from '../api/client'
import { message, messageEvents, messageExplanation } from '../api/mail'
import { Copy, Mono, Time } from '../components/bits'
import { ContactLink } from '../components/event'
import { EventPanel } from '../components/event-panel'
import { Reasons } from '../components/reasons'
import { Status } from '../components/status'
import { Timeline } from '../components/timeline'
import { Badge, Button, Card, Empty, Fact, Facts, Heading, ink, Loading, Problem } from '../components/ui'
import { type Event, tone, word } from '../lib/events'
import { count, duration } from '../lib/format'
import { type Message, others, type Step, steps } from '../lib/message'

const route = getRouteApi('/inside/messages/$id')

/**
 * One email. By our id it is the part of one recipient, and nobody else is named; by the provider's id it is all parts,
 * of which each has a page of its own.
 */
export function MessagePage() {
  const { id } = route.useParams()
  const answer = useQuery(message(id))
  if (answer.error && !answer.data) {
    return answer.error instanceof Refusal && answer.error.status === 404 ? (
      <>
        <Heading title={id} />
        <Card>
          <Empty icon={<Mail />} title="No such email is known" action={<Link to="/messages" className="text-accent hover:underline">Look at the messages</Link>}>
            No event told of it. Search with the id that the provider gave it, without angle brackets.
          </Empty>
        </Card>
      </>
    ) : <><Heading title={id} /><Problem error={answer.error} retry={() => void answer.refetch()} /></>
  }
  if (!answer.data) return <Loading />
  const [only, ...others] = answer.data.messages
  if (!only) return <Empty icon={<Mail />} title="No such email is known" />
  return others.length > 0 ? <Parts parts={answer.data.messages} /> : <Part message={only} />
}

/** An email that went to several: one line for each, each to be opened apart. */
function Parts({ parts }: { parts: Message[] }) {
  const m = parts[0]!
  return (
    <>
      <Heading title={m.message.subject || 'Without a subject'} about={`One email to ${count(parts.length)} recipients. What happened to it is told for each of them apart.`} />
      <Card title="Recipients" flush>
        <ul className="divide-y divide-line">
          {parts.map((p) => (
            <li key={p.id} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2.5">
              <span className="w-24"><Status of={p} /></span>
              <Link to="/messages/$id" params={{ id: p.id }} className="min-w-0 flex-1 basis-48 truncate text-accent hover:underline" title={p.recipient}>{p.recipient}</Link>
              <span className="text-xs text-soft">{steps(p).filter((s) => s.at).map((s) => word(s.name)).join(' → ')}</span>
            </li>
          ))}
        </ul>
      </Card>
      <About message={m} />
    </>
  )
}

const arrived = ['email.delivery', 'email.open', 'email.click', 'email.complaint', 'email.unsubscribe']

function Part({ message: m }: { message: Message }) {
  return (
    <>
      <Heading title={<span title={m.message.subject}>{m.message.subject || 'Without a subject'}</span>}
        about={<>To <ContactLink id={m.contactId} address={m.recipient} />{m.recipients > 1 && <> and {others(m)}</>}{m.message.from && <> from {m.message.from}</>}</>}>
        <Status of={m} />
        <Link to="/contacts/$id" params={{ id: m.contactId }} className="inline-flex h-8 items-center rounded-md border border-line bg-panel px-3 text-sm font-medium hover:bg-raised">
          {arrived.includes(m.status ?? '') ? 'The recipient' : 'Why did they not get it?'}
        </Link>
      </Heading>
      <Card title="Its way">
        <Way message={m} />
      </Card>
      <What message={m} />
      <div className="grid grid-cols-1 items-start gap-5 xl:grid-cols-[minmax(0,1fr)_26rem]">
        <PastEvents id={m.id} />
        <About message={m} />
      </div>
    </>
  )
}

/** What became of it in sentences, and what stands against more mail to the recipient. */
function What({ message: m }: { message: Message }) {
  const answer = useQuery(messageExplanation(m.id))
  return (
    <Card title="What became of it">
      {answer.error ? <Problem error={answer.error} retry={() => void answer.refetch()} />
        : answer.isPending ? <Loading lines={2} />
        : <Reasons of={answer.data.reasons} />}
    </Card>
  )
}

/** The send that it came of, where it is one of ours: mail carries its id out, and events bring it back. */
const sendOf = (m: Message): string | undefined =>
  [m.message.metadata?.['tidings_send'], m.message.id].flatMap((id) => /^(snd_[a-z0-9]+)(?=@|$)/.exec(id ?? '')?.[1] ?? [])[0]

const edges: Record<string, string> = {
  plain: 'border-soft', good: 'border-good', warn: 'border-warn', bad: 'border-bad', info: 'border-info', violet: 'border-violet', accent: 'border-accent',
}

/** The steps side by side, or one under the other where it is narrow, with the time that each took. */
function Way({ message: m }: { message: Message }) {
  return (
    <ol className="flex flex-col gap-y-4 md:flex-row md:gap-x-2">
      {steps(m).map((s) => <StepView key={s.name} step={s} />)}
    </ol>
  )
}

function StepView({ step: s }: { step: Step }) {
  const t = tone(s.name)
  const act = s.name === 'email.open' || s.name === 'email.click'
  return (
    <li className={clsx('min-w-0 border-l-2 pl-3 md:flex-1 md:border-t-2 md:border-l-0 md:pt-2 md:pl-0', s.at ? edges[t] : 'border-line border-dashed')}>
      <p className={clsx('flex items-center gap-1.5 font-medium', s.at ? ink(t) : 'text-soft')}>
        {s.at && (t === 'bad' ? <X aria-hidden className="size-4" /> : <Check aria-hidden className="size-4" />)}
        {word(s.name)}{s.count > 1 && <span className="numbers text-xs font-normal text-soft">{count(s.count)} times</span>}
      </p>
      {s.at ? (
        <p className="text-sm">
          <Time at={s.at.toISOString()} />
          {s.took !== undefined && <span className="block text-xs text-soft">{s.took < 1 ? 'at once' : `${duration(s.took)} later`}</span>}
        </p>
      ) : <p className="text-sm text-soft">{act ? 'not by a person, so far' : 'not so far'}</p>}
      {s.machines > 0 && <p className="text-xs text-soft">{count(s.machines)} by machines or proxies</p>}
      {s.perhaps > 0 && <p className="text-xs text-soft" title="The provider does not say which recipient of the email it was. It is counted apart.">{count(s.perhaps)} perhaps another recipient’s</p>}
    </li>
  )
}

function PastEvents({ id }: { id: string }) {
  const { order } = route.useSearch()
  const navigate = route.useNavigate()
  const list = useInfiniteQuery(messageEvents(id))
  const [shown, show] = useState<Event>()
  const oldest = order !== 'newest'
  const events = useMemo(() => {
    const all = list.data?.pages.flatMap((p) => p.events) ?? []
    return oldest ? all.reverse() : all
  }, [list.data, oldest])
  return (
    <Card title="Events"
      action={
        <Button small onClick={() => void navigate({ search: oldest ? { order: 'newest' } : {}, replace: true, resetScroll: false })}>
          <ArrowDownUp aria-hidden className="size-3.5" /> {oldest ? 'Oldest first' : 'Newest first'}
        </Button>
      }>
      {oldest && list.hasNextPage && <p className="mb-3 text-xs text-soft">There are older ones: they are fetched at the end of the list.</p>}
      <Timeline list={list} events={events} open={show} aside={() => null}
        empty={<Empty title="Its events are no longer kept">What became of it is still known, and stands above.</Empty>} />
      <EventPanel event={shown} close={() => show(undefined)} />
    </Card>
  )
}

function About({ message: m }: { message: Message }) {
  const e = m.message
  const meta = Object.entries(e.metadata ?? {})
  return (
    <Card title="The email">
      <Facts>
        <Fact name="Sent">{e.sentAt && <Time at={e.sentAt} />}</Fact>
        <Fact name="From">{e.from}</Fact>
        <Fact name="Template">{e.template && <Link to="/templates/$" params={{ _splat: e.template }} className="text-accent hover:underline">{e.template}</Link>}</Fact>
        <Fact name="Workflow">{e.workflow}</Fact>
        <Fact name="Sent by Tidings">{sendOf(m) && <Link to="/sends/$id" params={{ id: sendOf(m)! }} className="text-accent hover:underline">its send</Link>}</Fact>
        <Fact name="Tags">{e.tags && e.tags.length > 0 && <span className="flex flex-wrap gap-1">{e.tags.map((t) => <Badge key={t}>{t}</Badge>)}</span>}</Fact>
        <Fact name="Provider">{m.provider}{e.account && <span className="text-soft">, account {e.account}</span>}</Fact>
        <Fact name="Sender’s domain">{e.senderDomain}</Fact>
        <Fact name="Recipients">
          {m.recipients > 1 ? <Link to="/messages/$id" params={{ id: e.id }} className="text-accent hover:underline">{count(m.recipients)}, each told apart</Link> : 'one'}
        </Fact>
      </Facts>
      {meta.length > 0 && (
        <div className="mt-4 border-t border-line pt-3">
          <p className="mb-1 text-xs text-soft">Metadata</p>
          <dl>
            {meta.map(([key, value]) => (
              <div key={key} className="flex gap-3 text-sm">
                <dt className="w-28 shrink-0 truncate text-soft" title={key}>{key}</dt>
                <dd className="min-w-0 [overflow-wrap:anywhere]">{value}</dd>
              </div>
            ))}
          </dl>
        </div>
      )}
      <div className="mt-4 border-t border-line pt-3">
        <p className="text-xs text-soft">The provider’s id</p>
        <p className="flex items-center gap-1"><Mono>{e.id}</Mono> <Copy text={e.id} label="Copy the id" /></p>
      </div>
    </Card>
  )
}
