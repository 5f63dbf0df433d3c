import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { eventRaw } from '../api/queries'
import { type Event, isCustom } from '../lib/events'
import { JSONView } from './bits'
import { EventDispatches } from './dispatch'
import { EventFacts, EventName } from './event'
import { Dialog } from './overlay'
import { Button, Loading, Problem } from './ui'

/** One event over the list that it stands in. */
export function EventPanel({ event, close }: { event: Event | undefined; close: () => void }) {
  return (
    <Dialog open={event !== undefined} close={close} title="Event" wide>
      {event && (
        <div className="flex flex-col gap-4">
          <p className="flex items-center gap-2">
            <EventName name={event.name} />
            <Link to="/events/$id" params={{ id: event.id }} className="text-sm text-accent hover:underline">Open as a page</Link>
          </p>
          <EventFacts event={event} />
          <EventDispatches id={event.id} />
          <Raw of={event} />
        </div>
      )}
    </Dialog>
  )
}

/** The sources of events that no provider sent: those that follow from others, and what Tidings tells of its own sending. */
const own: Record<string, string> = { tidings: 'It follows from another event: no provider sent it.', send: 'Tidings tells it of its own sending: no provider sent it.' }

/** What the provider sent, fetched when it is asked for: it may name other recipients of the same email. */
export function Raw({ of: e }: { of: Event }) {
  const [asked, ask] = useState(false)
  const raw = useQuery({ ...eventRaw(e.id), enabled: asked })
  const why = own[e.source?.provider ?? '']
  if (why) return <p className="text-sm text-soft">{why}</p>
  if (!asked) return <Button className="self-start" onClick={() => ask(true)}>{isCustom(e.name) ? 'Show what came in' : 'Show what the provider sent'}</Button>
  if (raw.error) return <Problem error={raw.error} />
  return raw.data === undefined ? <Loading lines={4} /> : <JSONView value={raw.data} />
}

/** What holds more than one should see by the way, such as the query of a link. */
export function Asked({ says, children }: { says: string; children: ReactNode }) {
  const [asked, ask] = useState(false)
  return asked ? children : <Button className="self-start" onClick={() => ask(true)}>{says}</Button>
}
