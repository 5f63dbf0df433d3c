import type { UseQueryResult } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { FlaskConical } from 'lucide-react'
import type { RuleMatch, RuleTrial } from '../api/rules'
import { count } from '../lib/format'
import { actionWords } from '../lib/rules'
import { Time } from './bits'
import { because, Outcome } from './rule'
import { otherProblem } from './source-settings'
import { ContactLink } from './event'
import { Badge, Card, Empty, Loading, Problem, Select } from './ui'

const spans = [[1, 'Since yesterday'], [7, 'Of 7 days'], [30, 'Of 30 days'], [90, 'Of 90 days']] as const

/** What the rule as it is written would do now with events of the past. Nothing is sent or changed by that. */
export function RuleTry({ trial, old, wrong, days, choose }: { trial: UseQueryResult<RuleTrial>; old: boolean; wrong: boolean; days: number; choose: (days: number) => void }) {
  const t = wrong ? undefined : trial.data
  return (
    <aside aria-label="Trial" className="min-w-0">
      <Card flush title="Tried on events of the past"
        action={<Select aria-label="Events to try it on" value={days} onChange={(e) => choose(Number(e.target.value))}>{spans.map(([n, label]) => <option key={n} value={n}>{label}</option>)}</Select>}>
        {wrong ? <Empty icon={<FlaskConical />} title="It can’t be tried yet">Mend what is wrong first.</Empty>
          : trial.error && otherProblem(trial.error, []) !== undefined ? <div className="p-4"><Problem error={trial.error} retry={() => void trial.refetch()} /></div>
          : !t ? <Loading lines={4} />
          : (
            <div aria-busy={old || undefined} className={old ? 'opacity-60' : ''}>
              <p role="status" className="border-b border-line px-4 py-3 text-sm">
                {t.looked === 0 ? <>No event of that name came since <Time at={t.since} form="day" />.</>
                  : <>It is for <span className="numbers font-semibold">{count(t.matched)}</span> of the {count(t.looked)} {t.looked === 1 ? 'event' : 'events'} of that name since <Time at={t.since} form="day" />{t.cut && <> <Badge tone="warn" title="There are more events than were looked at: the newest were">not all looked at</Badge></>}.</>}
                {' '}<span className="text-soft">Nothing is sent or changed by trying.</span>
              </p>
              {t.matches.length > 0 ? <Matches list={t.matches} more={t.matched - t.matches.length} />
                : <Empty icon={<FlaskConical />} title={t.looked === 0 ? 'Nothing to try it on' : 'It is for none of them'}>
                  {t.looked === 0 ? <>Look further back, or track such an event with <code className="font-mono text-xs">POST /v1/track</code>. <Link to="/events/custom" className="text-accent underline">Custom events</Link> lists what came.</> : 'Every field of on has to fit, and the condition of if has to hold for the contact as it is now.'}
                </Empty>}
            </div>
          )}
      </Card>
    </aside>
  )
}

function Matches({ list, more }: { list: RuleMatch[]; more: number }) {
  return (
    <div className="max-h-[34rem] overflow-auto" tabIndex={0} role="region" aria-label="What it would do">
      <table className="w-full text-sm">
        <thead className="sticky top-0 bg-panel text-left text-xs text-soft">
          <tr className="[&_th]:px-3 [&_th]:py-2 [&_th]:font-medium [&_th:first-child]:pl-4"><th>Event</th><th>Who</th><th>Would</th><th>Outcome</th></tr>
        </thead>
        <tbody>
          {list.map((m) => m.acts.map((a, i) => (
            <tr key={`${m.event.id} ${i}`} className="border-t border-line align-top [&_td]:px-3 [&_td]:py-2 [&_td:first-child]:pl-4">
              <td className="whitespace-nowrap">{i === 0 && <Link to="/events/$id" params={{ id: m.event.id }} className="hover:underline" title={m.event.name}><Time at={m.event.occurredAt} form="short" /></Link>}</td>
              <td className="wrap-anywhere">{a.email ? <ContactLink id={a.contactId} address={a.email} /> : <span className="text-soft">nobody was found</span>}{a.email && !a.contactId && <span className="block text-xs text-soft">would become a contact</span>}</td>
              <td>{actionWords[a.action] ?? a.action}</td>
              <td><Outcome of={a} />{a.detail && <span className="block min-w-32 text-xs text-soft wrap-anywhere">{because(a.outcome, a.detail)}</span>}</td>
            </tr>
          )))}
        </tbody>
      </table>
      {more > 0 && <p className="border-t border-line px-4 py-2 text-xs text-soft">and {count(more)} more</p>}
    </div>
  )
}
