import { Bot } from 'lucide-react'
import { word } from '../lib/events'
import { type Message, onlyMachines } from '../lib/message'
import { Time } from './bits'
import { EventName } from './event'
import { Badge } from './ui'

/** What happened to an email last. */
export function Latest({ of: m }: { of: Message }) {
  const e = m.latest
  if (!e) return <span className="text-soft" title="Its events are no longer kept">not kept</span>
  const by = e.candidates ? 'perhaps another recipient' : e.verdict && e.verdict !== 'human' ? 'by a machine or a mail proxy, so far as one can tell' : ''
  return (
    <span className="text-sm" title={by}>
      {word(e.name)}{by && <Bot aria-hidden className="ml-1 inline size-3.5 align-text-bottom text-soft" />} <span className="text-soft"><Time at={e.occurredAt} form="ago" /></span>
    </span>
  )
}

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
