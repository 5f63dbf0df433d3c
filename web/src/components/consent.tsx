import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { History } from 'lucide-react'
import { Switch } from 'radix-ui'
import { useState } from 'react'
import { type Consent, type Contact, contactConsents, mostConsents, type Topic, topics, useChangeContact } from '../api/contacts'
import { forms, unconfirmed, useConfirmationLink } from '../api/forms'
import { people } from '../api/people'
import { count } from '../lib/format'
import { Code, Mono, Time } from './bits'
import { EventName } from './event'
import { Confirm } from './overlay'
import { Who } from './suppression'
import { tell } from './toast'
import { Badge, Button, Card, Empty, Loading, Problem } from './ui'

/** What a contact said of all mail and of each topic; both can be said for it. */
export function ConsentCard({ contact: c }: { contact: Contact }) {
  const list = useQuery(topics)
  const [asking, ask] = useState(false)
  return (
    <Card title="Consent" action={<Button small onClick={() => ask(true)}>{c.unsubscribed ? 'Subscribe again…' : 'Unsubscribe…'}</Button>}>
      <div className="flex flex-col gap-3 text-sm">
        <p className="flex flex-wrap items-center justify-between gap-2">
          <span className="font-medium">All mail</span>
          <span className="flex items-center gap-2">
            {c.consentAt && <span className="text-xs text-soft"><Time at={c.consentAt} form="day" /></span>}
            <Badge tone={c.unsubscribed ? 'warn' : 'good'}>{c.unsubscribed ? 'opted out' : c.consentAt ? 'opted in' : 'never opted out'}</Badge>
          </span>
        </p>
        {unconfirmed(c) && <Wish contact={c} />}
        {c.suppressed && (
          <p className="text-xs text-soft">
            {c.unsubscribed ? 'Beside that, a suppression holds: to subscribe them again is not enough for mail to go there.' : 'A suppression holds: no mail goes there, although they take it.'}
          </p>
        )}
        {list.error ? <Problem error={list.error} retry={() => void list.refetch()} />
          : list.data && list.data.length > 0 ? (
            <ul className="flex flex-col divide-y divide-line border-t border-line">
              {list.data.map((t) => <TopicRow key={t.id} topic={t} contact={c} />)}
            </ul>
          ) : list.data && <p className="border-t border-line pt-3 text-xs text-soft">There are no topics. With <Link to="/topics" className="text-accent underline">topics</Link> contacts may leave one kind of mail and take others.</p>}
        {c.unsubscribed && (list.data?.length ?? 0) > 0 && <p className="text-xs text-soft">They opted out of all mail: what they said of topics counts only when they opt in again.</p>}
      </div>
      <ConsentDialog contact={c} open={asking} close={() => ask(false)} />
    </Card>
  )
}

/** Who asked to be subscribed and has not confirmed it, with the link to do so. */
function Wish({ contact: c }: { contact: Contact }) {
  const link = useConfirmationLink(c.id)
  const name = useQuery({ ...forms, retry: false }).data?.find((f) => f.id === unconfirmed(c)?.form)?.name
  return (
    <div className="flex flex-col items-start gap-2 rounded-lg border border-info/40 bg-info/5 p-3">
      <p>They asked to be subscribed {name ? <>with the form {name} </> : 'with a form '}<Time at={unconfirmed(c)?.requestedAt} form="ago" />, and have not confirmed it yet.</p>
      {link.data ? (
        <div className="w-full">
          <Code text={link.data.confirmUrl} secret />
          <p className="mt-1 text-xs text-soft">Send it to {c.email} alone: whoever has it can subscribe them. It works until <Time at={link.data.expiresAt} form="day" />.</p>
        </div>
      ) : <Button small busy={link.isPending} onClick={() => link.mutate()}>Show the link to confirm</Button>}
      {link.error && <Problem error={link.error} />}
    </div>
  )
}

function TopicRow({ topic: t, contact: c }: { topic: Topic; contact: Contact }) {
  const change = useChangeContact(c.id)
  const said = c.topics?.[t.slug]
  const takes = said ?? t.subscribedByDefault
  const shown = change.isPending ? change.variables.topics?.[t.slug] ?? takes : takes
  return (
    <li className="flex flex-col gap-1 py-2.5">
      <div className="flex items-center justify-between gap-3">
        <span className="min-w-0">
          <span className="block truncate" title={t.description || t.slug}>{t.name}</span>
          <span className="block text-xs text-soft">{said === undefined ? `never said: ${takes ? 'gets it' : 'does not get it'} by default` : said ? 'opted in' : 'opted out'}</span>
        </span>
        <Switch.Root checked={shown} disabled={change.isPending} aria-label={`Takes ${t.name}`}
          onCheckedChange={(on) => change.mutate({ topics: { [t.slug]: on } }, { onSuccess: () => tell(`${c.email} ${on ? 'takes' : 'no longer takes'} ${t.name}.`) })}
          className={clsx('relative h-5 w-9 shrink-0 rounded-full border transition-colors', shown ? 'border-accent bg-accent' : 'border-soft bg-raised')}>
          <Switch.Thumb className={clsx('block size-3.5 rounded-full transition-transform', shown ? 'translate-x-4.5 bg-on-accent' : 'translate-x-0.5 bg-soft')} />
        </Switch.Root>
      </div>
      {change.error && <Problem error={change.error} />}
    </li>
  )
}

function ConsentDialog({ contact: c, open, close }: { contact: Contact; open: boolean; close: () => void }) {
  const change = useChangeContact(c.id)
  const again = c.unsubscribed
  return (
    <Confirm open={open} close={close} title={again ? `Subscribe ${c.email} again?` : `Unsubscribe ${c.email}?`} verb={again ? 'Subscribe' : 'Unsubscribe'} danger={!again}
      act={async () => {
        await change.mutateAsync({ subscribed: again })
        tell(again ? `${c.email} takes mail again.` : `${c.email} is unsubscribed.`)
      }}>
      {again ? (
        <>
          <p className="font-medium text-warn">They opted out{c.consentAt && <> on <Time at={c.consentAt} form="day" /></>}. Do this only where they asked for it: you have to be able to show it.</p>
          <p>Mail that needs consent may go to them again. What they said of single topics holds as they said it.</p>
          {c.suppressed && <p>A suppression holds beside it: no mail goes there until that is lifted too.</p>}
        </>
      ) : (
        <>
          <p>They get no mail that needs consent any more, of no topic. What they said of topics is kept for when they opt in again.</p>
          <p>It is no suppression: they may opt in again by themselves{c.suppressed ? '. The suppression that holds is not touched' : ''}. Segments that ask for consent let them go.</p>
        </>
      )}
      <p>It is kept with your name and the time in the history of their consent.</p>
    </Confirm>
  )
}

const origins: Record<string, string> = {
  api: 'through the API', track: 'with an event of your app', import: 'with an import', person: 'by a person in these pages', merge: 'with a merge', cli: 'at the command line',
  form: 'with a form', mcp: 'by an assistant',
}

function Origin({ said: s }: { said: Consent }) {
  if (!s.origin.includes('.')) return <>{origins[s.origin] ?? <Mono>{s.origin}</Mono>}</>
  return s.eventId ? <>by <Link to="/events/$id" params={{ id: s.eventId }} className="hover:opacity-80"><EventName name={s.origin} /></Link></> : <>by <EventName name={s.origin} /></>
}

/** All that was said of mail to a contact: who, when, how and why. */
export function ConsentHistory({ id }: { id: string }) {
  const list = useQuery(contactConsents(id))
  const kinds = useQuery(topics).data ?? []
  const names = new Map((useQuery({ ...people, retry: false }).data ?? []).map((p) => [p.id, p.name]))
  const rows = list.data ?? []
  return (
    <Card title="History of consent" action={rows.length > 0 && <span className="text-xs text-soft">{count(rows.length)} {rows.length === 1 ? 'entry' : 'entries'}, newest first</span>}>
      {list.error ? <Problem error={list.error} retry={() => void list.refetch()} />
        : list.isPending ? <Loading lines={3} />
        : rows.length === 0 ? (
          <Empty icon={<History />} title="They never said anything">Each opt-in and opt-out is kept here: who said it, when, and how. Until then they get what a new contact gets.</Empty>
        ) : (
          <ol className="divide-y divide-line">
            {rows.map((s, i) => (
              <li key={i} className="flex flex-wrap items-start gap-x-4 gap-y-1 py-3 text-sm first:pt-0 last:pb-0">
                <span className="w-24 shrink-0"><Badge tone={s.subscribed ? 'good' : 'warn'}>{s.subscribed ? 'opted in' : 'opted out'}</Badge></span>
                <div className="min-w-52 flex-1 [overflow-wrap:anywhere]">
                  <p>{s.topic === undefined ? 'All mail' : s.topic === '?' ? 'A topic that is deleted' : <>The topic {kinds.find((t) => t.slug === s.topic)?.name ?? <Mono>{s.topic}</Mono>}</>}</p>
                  <p className="text-soft"><Origin said={s} />{s.by && <>, <Who id={s.by} name={names.get(s.by)} /></>}</p>
                  {s.reason && <p><span className="text-soft">Reason: </span>{s.reason}</p>}
                </div>
                <span className="text-xs text-soft"><Time at={s.at} /></span>
              </li>
            ))}
          </ol>
        )}
      {rows.length >= mostConsents && <p className="mt-3 text-xs text-soft">The newest {count(mostConsents)}</p>}
    </Card>
  )
}
