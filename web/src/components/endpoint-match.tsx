import { useQuery } from '@tanstack/react-query'
import { X } from 'lucide-react'
import { useMemo } from 'react'
import { eventNames } from '../api/queries'
import { filterNames, knownNames, wordsOf } from '../lib/endpoints'
import type { Match } from '../lib/workflow-draft'
import { Wheres } from './condition-filter'
import { fieldProblem } from './source-settings'
import { Suggest } from './suggest'
import { Badge, Field } from './ui'
import { ListInput } from './workflow-match'

const helps: Record<string, string> = {
  template: 'Of emails: keys', workflow: 'Of emails: keys', tag: 'Of emails', link: 'Of clicks: https://acme.test/* fits all that begin so', class: 'Of bounces: hard, soft, block',
  verdict: 'Of opens and clicks: human, proxy, machine. Empty: all, each says what it is', source: 'By which it came: ids or names', bus: 'Of events of a bus', app: 'Of events of a bus',
}

const free = (text: string) => [{ value: text, label: text, about: text.endsWith('*') ? 'all that begin so' : 'not seen yet' }]

/** Which events go to an endpoint: names, and what they have to be like. */
export function EndpointMatch({ on, change, error }: { on: Match; change: (to: Match) => void; error: unknown }) {
  const seen = useQuery({ ...eventNames, retry: false }).data
  const options = useMemo(() => [
    ...knownNames, ...(seen ?? []).filter((n) => !knownNames.some((k) => k.value === n)).map((n) => ({ value: n, label: n, about: n.startsWith('segment.') ? 'segment' : 'event' })),
  ], [seen])
  const names = wordsOf(on.event)
  const put = (key: string, value: unknown) => {
    const next: Match = { ...on, [key]: value }
    if (Array.isArray(value) && value.length === 0) delete next[key]
    change(next)
  }
  const narrowed = Object.keys(filterNames).some((k) => wordsOf(on[k]).length > 0 || fieldProblem(error, `on.${k}`))
  const wrong = fieldProblem(error, 'on.event') ?? fieldProblem(error, 'on')
  const tests = fieldProblem(error, 'on.where')
  return (
    <div className="flex min-w-0 flex-col gap-3">
      <div className="flex min-w-0 flex-col gap-1.5">
        <p className="text-sm font-medium">Events</p>
        {names.length === 0 ? <p className="text-sm text-soft">Every event goes there. Name some, and only those do.</p> : (
          <ul className="flex flex-wrap gap-1.5" aria-label="Events that go there">
            {names.map((n) => (
              <li key={n} className="min-w-0">
                <Badge tone="accent"><span className="max-w-60 truncate font-mono" title={n}>{n}</span><button type="button" aria-label={`Without ${n}`} onClick={() => put('event', names.filter((x) => x !== n))}><X aria-hidden className="size-3" /></button></Badge>
              </li>
            ))}
          </ul>
        )}
        <Suggest label={names.length === 0 ? 'Name of an event' : 'One more event'} value="" options={options.filter((o) => !names.includes(o.value))} free={free} placeholder="email.bounce, order.*" className="max-w-96" invalid={wrong !== undefined}
          choose={(name) => put('event', name === '*' ? [] : [...names.filter((n) => n !== name), name])} />
        {wrong ? <p role="alert" className="text-xs text-bad">{wrong}</p> : <p className="text-xs text-soft">A star at the end fits all names that begin so. <code className="font-mono">endpoint.disabled</code> and <code className="font-mono">alert.*</code> go to endpoints that ask for names alone.</p>}
      </div>
      <details open={narrowed || (on.where?.length ?? 0) > 0 || tests !== undefined} className="text-sm">
        <summary className="cursor-pointer text-soft hover:text-ink">Only some of them: by template, source, link, data…</summary>
        <div className="mt-3 flex flex-col gap-3">
          <div className="grid gap-3 sm:grid-cols-2">
            {Object.entries(filterNames).map(([key, name]) => (
              <Field key={key} label={name} help={helps[key]} problem={fieldProblem(error, `on.${key}`)}>{(p) => <ListInput {...p} value={wordsOf(on[key])} set={(list) => put(key, list)} />}</Field>
            ))}
          </div>
          <div className="flex flex-col gap-1">
            <p className="text-sm font-medium">Its data</p>
            <Wheres list={on.where ?? []} event={names.length === 1 && !names[0]?.endsWith('*') ? (names[0] ?? '') : ''} at="on" set={(list) => put('where', list)} />
            {tests && <p role="alert" className="text-xs text-bad">{tests}</p>}
          </div>
          <p className="text-xs text-soft">Several of a field, with commas between them: one of them has to fit. Of several fields all have to.</p>
        </div>
      </details>
    </div>
  )
}
