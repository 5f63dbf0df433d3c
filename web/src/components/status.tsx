import { Bot } from 'lucide-react'
import { type Message, onlyMachines } from '../lib/message'
import { EventName } from './event'
import { Badge } from './ui'

/** The event that tells most of an email. Where a program opened or clicked, it says so. */
export function Status({ of: m }: { of: Message }) {
  if (!m.status) return <Badge>Unknown</Badge>
  return (
    <span className="inline-flex items-center gap-1">
      <EventName name={m.status} />
      {onlyMachines(m) && (
        <span role="img" title="By a machine or a mail proxy; a person has not, so far as one can tell" aria-label="by a machine or a mail proxy" className="text-soft"><Bot aria-hidden className="size-3.5" /></span>
      )}
    </span>
  )
}
