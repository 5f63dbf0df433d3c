import { Link } from '@tanstack/react-router'
import { Bot, CircleHelp, Users } from 'lucide-react'
import { type Event, isCustom, summary, tone, verdict, word } from '../lib/events'
import { Address, Mono, Time } from './bits'
import { Tooltip } from './overlay'
import { Badge, Fact, Facts } from './ui'

export function EventName({ name }: { name: string }) {
  return <Badge tone={tone(name)} title={name}>{word(name)}</Badge>
}

/** What makes an event less than a person's act. */
export function Doubts({ event }: { event: Event }) {
  const v = verdict(event)
  return (
    <>
      {v && (
        <Tooltip says={`Judged ${v === 'proxy' ? 'a mail proxy' : v}${event.automation?.signals?.length ? `: ${event.automation.signals.join(', ')}` : ''}. It is counted apart.`}>
          <span role="img" tabIndex={0} aria-label={`judged ${v}`} className="inline-flex text-soft">
            {v === 'unknown' ? <CircleHelp aria-hidden className="size-3.5" /> : <Bot aria-hidden className="size-3.5" />}
          </span>
        </Tooltip>
      )}
      {event.attribution === 'candidates' && (
        <Tooltip says="The provider does not say which recipient of the message it was. It is counted apart.">
          <span role="img" tabIndex={0} aria-label="perhaps another recipient" className="inline-flex text-soft">
            <Users aria-hidden className="size-3.5" />
          </span>
        </Tooltip>
      )}
    </>
  )
}

/** One line on what happened. */
export function Summary({ event }: { event: Event }) {
  const text = summary(event)
  return (
    <span className="flex min-w-0 items-center gap-1.5">
      <Doubts event={event} />
      {event.click?.url ? <Address url={event.click.url} row /> : <span className="truncate" title={text}>{text}</span>}
    </span>
  )
}

export function ContactLink({ id, address }: { id: string | null | undefined; address: string | undefined }) {
  if (!address) return <span className="text-soft">nobody</span>
  if (!id) return <>{address}</>
  return (
    <Link to="/contacts/$id" params={{ id }} className="hover:underline" title={address}>
      {address}
    </Link>
  )
}

/** Everything that is known of an event, by kind. */
export function EventFacts({ event: e }: { event: Event }) {
  const m = e.message
  return (
    <Facts>
      <Fact name="Happened"><Time at={e.occurredAt} /></Fact>
      <Fact name="Came in"><Time at={e.receivedAt} /></Fact>
      <Fact name="Recipient">{e.recipient && <ContactLink id={e.contactId} address={e.recipient} />}</Fact>
      <Fact name="As it came">{e.recipientAs}</Fact>
      <Fact name="Message">
        {e.emailId && <Link to="/messages/$id" params={{ id: e.emailId }} className="text-accent hover:underline">{m?.subject || m?.id || e.emailId}</Link>}
      </Fact>
      <Fact name="From">{m?.from}</Fact>
      <Fact name="Template">
        {m?.template && <Link to="/templates/$" params={{ _splat: m.template }} className="text-accent hover:underline">{m.template}</Link>}
      </Fact>
      <Fact name="Workflow">{m?.workflow}</Fact>
      <Fact name="Tags">{m?.tags?.join(', ')}</Fact>
      <Fact name="Bounce">{e.bounce && `${e.bounce.class}${e.bounce.final ? ', final' : ''}, ${e.bounce.reason?.replaceAll('_', ' ') ?? 'no reason given'}`}</Fact>
      <Fact name="Status">{[e.bounce?.smtpCode ?? e.delay?.smtpCode, e.bounce?.enhancedCode ?? e.delay?.enhancedCode].filter(Boolean).join(' ')}</Fact>
      <Fact name="The remote server's words">{e.bounce?.diagnostic ?? e.delay?.diagnostic ?? e.delivery?.smtpResponse}</Fact>
      <Fact name="Delay">{e.delay?.reason?.replaceAll('_', ' ')}</Fact>
      <Fact name="Complaint">{e.complaint?.feedbackType}</Fact>
      <Fact name="Reason">{e.reject?.reason ?? e.failure?.reason}</Fact>
      <Fact name="Detail">{e.reject?.detail ?? e.failure?.detail}</Fact>
      <Fact name="Link">{e.click?.url && <Address url={e.click.url} />}</Fact>
      <Fact name="First of its kind">{(e.open ?? e.click) && ((e.open ?? e.click)?.first ? 'yes' : 'no')}</Fact>
      <Fact name="Program">{[e.client?.app, e.client?.os, e.client?.device].filter(Boolean).join(', ')}</Fact>
      <Fact name="Names itself">{e.client?.userAgent && <Mono>{e.client.userAgent}</Mono>}</Fact>
      <Fact name="From address">{e.client?.ip && <Mono>{e.client.ip}</Mono>}</Fact>
      <Fact name="Who acted">{e.automation && `${e.automation.verdict}${e.automation.signals?.length ? ` (${e.automation.signals.join(', ')})` : ''}`}</Fact>
      <Fact name="Source">
        {e.source?.id ? <Link to="/sources/$id" params={{ id: e.source.id }} className="hover:underline">{e.source.provider}</Link> : e.source?.provider}
      </Fact>
      <Fact name="Its data">{isCustom(e.name) && Object.keys(e.data ?? {}).length > 0 ? <Mono>{JSON.stringify(e.data)}</Mono> : undefined}</Fact>
      <Fact name="Segment">{e.name.startsWith('segment.') ? summary(e) : undefined}</Fact>
      <Fact name="Event id"><Mono>{e.id}</Mono></Fact>
    </Facts>
  )
}
