import { Link } from '@tanstack/react-router'
import { AlertTriangle } from 'lucide-react'
import type { Rule, RuleAct } from '../api/rules'
import { count, sentence } from '../lib/format'
import { actionWords, outcomes } from '../lib/rules'
import { reasonWords } from '../lib/sends'
import { Mono, Time } from './bits'
import type { Column } from './table'
import { Badge } from './ui'

/** Whether a rule acts. */
export const RuleState = ({ on }: { on: boolean }) => (on ? <Badge tone="good" title="It acts for every event that it is for">On</Badge> : <Badge title="It does nothing: events pass by">Off</Badge>)

/** That a rule can't do all it should. */
export function RuleTrouble({ rule: r }: { rule: Rule }) {
  if (r.problems.length === 0) return null
  const says = r.problems.map((p) => `${p.at}: ${p.message}`).join('\n')
  return (
    <span role="img" title={says} aria-label={`${count(r.problems.length)} ${r.problems.length === 1 ? 'problem' : 'problems'}`} className="shrink-0 text-bad">
      <AlertTriangle aria-hidden className="size-3.5" />
    </span>
  )
}

/** What came of an act; where it was not done, why. */
export function Outcome({ of: a }: { of: Pick<RuleAct, 'outcome'> }) {
  const o = outcomes[a.outcome]
  return <Badge tone={o.tone} title={o.about}>{o.word}</Badge>
}

/** Why something was not done: reasons not to mail somebody in words, all else as the server says it. */
export const because = (outcome: RuleAct['outcome'], detail: string | undefined): string =>
  !detail ? '' : sentence(outcome === 'skipped' && /^[a-z_]+$/.test(detail) ? reasonWords(detail, 'skipped') : detail)

export const actColumns: Column<RuleAct>[] = [
  { id: 'at', head: 'When', width: 148, cell: (a) => <Time at={a.at} form="short" /> },
  { id: 'action', head: 'Action', width: 120, cell: (a) => actionWords[a.action] ?? a.action },
  { id: 'outcome', head: 'Outcome', width: 95, cell: (a) => <Outcome of={a} /> },
  { id: 'because', head: 'Because', width: 200, grow: true, cell: (a) => <span className="text-soft" title={because(a.outcome, a.detail)}>{because(a.outcome, a.detail)}</span> },
  { id: 'contact', head: 'Contact', width: 150, cell: (a) => (a.contactId ? <Link to="/contacts/$id" params={{ id: a.contactId }} className="hover:underline"><Mono>{a.contactId}</Mono></Link> : <span className="text-soft">nobody was found</span>) },
  { id: 'send', head: 'Email', width: 90, cell: (a) => a.sendId && <Link to="/sends/$id" params={{ id: a.sendId }} className="text-accent hover:underline">its send</Link> },
  { id: 'event', head: 'Event', width: 90, cell: (a) => <Link to="/events/$id" params={{ id: a.eventId }} className="text-accent hover:underline" title={a.eventId}>its event</Link> },
]
