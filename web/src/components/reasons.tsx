import { Link } from '@tanstack/react-router'
import type { Schemas } from '../api/client'
import { Cause } from './suppression'
import { Time } from './bits'

export type Reason = Schemas['Reason']

/** What went wrong has an event that says more, in the remote server's words. */
const wrong = ['suppressed', 'bounced', 'delayed', 'failed', 'rejected', 'complained']

/** Why somebody gets no mail, or what became of it, in the server's sentences, each with the fact that it rests on. */
export function Reasons({ of: list }: { of: Reason[] }) {
  return (
    <ul className="flex flex-col gap-2 [overflow-wrap:anywhere]">
      {list.map((r, i) => (
        <li key={`${r.code} ${i}`}>
          {r.text}
          {(r.at || r.eventId) && (
            <span className="block text-sm text-soft">
              {r.at && <><Time at={r.at} />{r.eventId && ' · '}</>}
              {r.eventId && (wrong.includes(r.code) ? <Cause id={r.eventId} />
                : <Link to="/events/$id" params={{ id: r.eventId }} className="text-accent underline">the event</Link>)}
            </span>
          )}
        </li>
      ))}
    </ul>
  )
}
