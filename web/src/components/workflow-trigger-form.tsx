import { useQuery } from '@tanstack/react-query'
import { segmentList } from '../api/segments'
import type { DraftProblem } from '../api/workflows'
import { type Draft, lean, type Mapping, type Match, type Schedule, type Trigger, triggerOf, withTrigger } from '../lib/workflow-draft'
import { triggerKind } from '../lib/workflow-words'
import { Field, Input } from './ui'
import { ListInput, MatchFields } from './workflow-match'
import { Question } from './workflow-question'
import { Days, Pick, Zone } from './workflow-step-form'

const mapped = [['email', 'Address', '$.detail.owner.email'], ['firstName', 'First name', '$.detail.owner.name'], ['attributes', 'Attributes', '$.detail.owner'], ['tags', 'Tags', '$.detail.tags']] as const

/** Who enters, by a form. */
export function TriggerForm({ draft, change, problems }: { draft: Draft; change: (to: Draft) => void; problems: DraftProblem[] }) {
  const t = triggerOf(draft)
  const kind = triggerKind(t)
  const segments = useQuery({ ...segmentList, retry: false }).data ?? []
  const put = (to: Trigger) => change(withTrigger(draft, to))
  const kept: Trigger = t.if ? { if: t.if } : {}
  const { mapping, if: asked, segment: _s, schedule: _c, manual: _m, id: _i, name: _n, at: _a, ...match } = t
  const beside: Trigger = { ...(mapping ? { mapping } : {}), ...(asked ? { if: asked } : {}) }
  const s = t.schedule ?? {}
  const setSchedule = (to: Partial<Schedule>) => put({ ...kept, schedule: { segment: '', at: '', ...lean({ ...s, ...to }) } })
  const segment = (value: string, set: (to: string) => void, help: string) => (
    <Pick label="Segment" value={value} set={set} help={help} {...(value === '' ? { none: 'choose…' } : {})} options={segments.map((x) => [x.slug || x.id, x.name + (x.trackMembership || kind === 'schedule' ? '' : ' (members are not kept)')] as const)} />
  )
  return (
    <>
      <Pick label="Who enters" value={kind} options={[['event', 'Whom an event is about'], ['segment', 'Who enters a segment'], ['schedule', 'All of a segment, at certain times'], ['manual', 'Whom people, rules and programs let in']]}
        set={(k) => put({ ...kept, ...(k === 'event' ? { event: '' } : k === 'segment' ? { segment: '' } : k === 'schedule' ? { schedule: { segment: '', at: '09:00' } } : { manual: true }) })} />
      {kind === 'event' && (
        <>
          <MatchFields match={match as Match} at="trigger" change={(m) => put({ ...m, ...beside })} />
          <details open={mapping !== undefined} className="text-sm">
            <summary className="cursor-pointer text-xs text-soft hover:text-ink">The event is about somebody else than its contact</summary>
            <div className="mt-2 flex flex-col gap-2">
              <p className="text-xs text-soft">Where in the event the person is found, as a JSONPath: $.detail is its data.</p>
              {mapped.map(([key, label, example]) => (
                <Field key={key} label={label}>
                  {(p) => <Input {...p} value={mapping?.[key] ?? ''} placeholder={example} autoComplete="off" onChange={(e) => {
                    const next = lean<Mapping>({ ...mapping, [key]: e.target.value.trim() })
                    put({ ...match, ...(asked ? { if: asked } : {}), ...(Object.keys(next).length > 0 ? { mapping: next } : {}) })
                  }} />}
                </Field>
              ))}
            </div>
          </details>
        </>
      )}
      {kind === 'segment' && segment(t.segment ?? '', (to) => put({ ...kept, segment: to }), 'It has to keep its members, so that one sees who enters.')}
      {kind === 'schedule' && (
        <>
          {segment(s.segment ?? '', (to) => setSchedule({ segment: to }), 'All who are in it then.')}
          <Field label="Time of day">{(p) => <Input {...p} value={s.at ?? ''} placeholder="09:00" autoComplete="off" onChange={(e) => setSchedule({ at: e.target.value.trim() })} />}</Field>
          <Days value={s.days ?? []} set={(days) => setSchedule({ days })} />
          <Field label="Days of the month" help="1, 15, -1; -1 is the last. None: every day">{(p) => <ListInput {...p} value={(s.dates ?? []).map(String)} set={(list) => setSchedule({ dates: list.map(Number).filter((n) => Number.isInteger(n)) })} />}</Field>
          <Zone value={s.zone ?? ''} set={(zone) => setSchedule({ zone: zone.trim() })} />
        </>
      )}
      <Question label="Only those for whom a condition holds" value={asked} at="trigger.if" problems={problems} change={(c) => { const { if: _, ...rest } = t; put(c ? { ...rest, if: c } : rest) }} />
    </>
  )
}
