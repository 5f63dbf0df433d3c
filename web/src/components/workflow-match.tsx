import { X } from 'lucide-react'
import { useState } from 'react'
import { useEventNames } from '../lib/known'
import { eventsOf, type Match, type Words } from '../lib/workflow-draft'
import { Wheres } from './condition-filter'
import { Suggest } from './suggest'
import { Badge, Button, Field, Input } from './ui'

/** Texts with commas between them, as the list that they are. */
export const listed = (text: string): string[] => text.split(',').map((t) => t.trim()).filter((t) => t !== '')

/** A field whose text is a list. What is typed stays as it is typed until one leaves. */
export function ListInput({ value, set, ...rest }: { value: string[]; set: (to: string[]) => void } & Omit<React.ComponentProps<typeof Input>, 'value' | 'onChange'>) {
  const [text, setText] = useState<string>()
  return (
    <Input {...rest} value={text ?? value.join(', ')} autoComplete="off" spellCheck={false} onBlur={() => setText(undefined)}
      onChange={(e) => {
        setText(e.target.value)
        set(listed(e.target.value))
      }} />
  )
}

const asWords = (list: string[]): Words => (list.length === 1 ? (list[0] ?? '') : list)

/** What else an event may be narrowed by, with what it is. */
const others = [
  ['template', 'Template', 'of emails: keys'], ['link', 'Link', 'of clicks: https://acme.test/* fits all that begin so'], ['class', 'Class', 'of bounces: hard, soft, block'],
  ['verdict', 'Verdict', 'of opens and clicks: human, proxy, machine; without one machines don’t count'], ['workflow', 'Workflow', 'of emails: keys'], ['tag', 'Tag', 'of emails'],
  ['source', 'Source', 'by which it came: ids or names'], ['app', 'App', 'of events of a bus'], ['bus', 'Bus', 'of events of a bus'],
] as const

/** For which events something is: names, and what the event has to be like. */
export function MatchFields({ match, change, at, label = 'Event' }: { match: Match; change: (to: Match) => void; at: string; label?: string }) {
  const names = useEventNames()
  const events = eventsOf(match)
  const [more, setMore] = useState(events.length > 1)
  const narrowed = others.some(([k]) => match[k] !== undefined) || match['within'] !== undefined
  const put = (key: string, value: unknown) => {
    const next: Match = { ...match, [key]: value }
    if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) delete next[key]
    change(next)
  }
  const free = (text: string) => [{ value: text, label: text, about: 'not seen yet' }]
  return (
    <div className="flex min-w-0 flex-col gap-3">
      <div className="flex min-w-0 flex-col gap-1">
        <p className="text-sm font-medium">{label}</p>
        {events.length <= 1 && !more ? (
          <Suggest label={label} value={events[0] ?? ''} options={names} free={free} placeholder="order.paid" choose={(event) => change({ ...match, event })} />
        ) : (
          <>
            <ul className="flex flex-wrap gap-1.5" aria-label="Events">
              {events.map((e) => (
                <li key={e} className="min-w-0"><Badge tone="accent"><span className="max-w-52 truncate" title={e}>{e || '…'}</span><button type="button" aria-label={`Without ${e}`} onClick={() => change({ ...match, event: asWords(events.filter((x) => x !== e)) })}><X aria-hidden className="size-3" /></button></Badge></li>
              ))}
            </ul>
            <Suggest label="One more event" value="" options={names.filter((n) => !events.includes(n.value))} free={free} placeholder="One more event" choose={(event) => change({ ...match, event: asWords([...events.filter((e) => e !== ''), event]) })} />
          </>
        )}
        {events.length === 1 && !more && <Button small kind="quiet" className="self-start" onClick={() => setMore(true)}>Any of several events…</Button>}
      </div>
      {events[0] && <Wheres list={match.where ?? []} event={events[0]} at={at} set={(list) => put('where', list)} />}
      <details open={narrowed} className="text-sm">
        <summary className="cursor-pointer text-xs text-soft hover:text-ink">More about the event</summary>
        <div className="mt-2 flex flex-col gap-2">
          {others.map(([key, name, help]) => (
            <Field key={key} label={name} help={help}>{(p) => <ListInput {...p} value={typeof match[key] === 'string' ? [match[key] as string] : ((match[key] as string[] | undefined) ?? [])} set={(list) => put(key, list.length === 0 ? undefined : asWords(list))} />}</Field>
          ))}
          <Field label="Within" help="How old it may be when it comes: 72h. Empty: a day">{(p) => <Input {...p} value={(match['within'] as string | undefined) ?? ''} onChange={(e) => put('within', e.target.value.trim())} />}</Field>
        </div>
      </details>
    </div>
  )
}
