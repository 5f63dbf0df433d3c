import { same } from './same'

/** One thing that differs between two versions of a workflow, in words. */
export interface Change {
  /** What it is about: a part of the workflow or a step */
  what: string
  /** The step's id; absent: it is about the whole */
  step?: string
  kind: 'new' | 'gone' | 'changed'
  /** In front of what was and what is */
  parts: { name: string; before: string; after: string }[]
}

type Json = Record<string, unknown>

interface Step extends Json {
  id: string
  name?: string
  next?: Record<string, string>
}

const tops: [key: string, label: string][] = [
  ['key', 'Key'], ['name', 'Name'], ['description', 'What it is for'], ['trigger', 'Who enters'], ['reentry', 'Entering again'], ['exitOn', 'Events that end it'], ['timeout', 'Ends after'],
  ['late', 'What is overdue'], ['sender', 'Sender'], ['from', 'From'], ['replyTo', 'Answers go to'], ['topic', 'Topic'], ['transactional', 'Transactional'], ['cap', 'Most emails'],
  ['quiet', 'Quiet hours'], ['start', 'First step'],
]

const object = (v: unknown): Json => (typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Json) : {})

/** A value as one reads it. */
function text(v: unknown): string {
  if (v === undefined || v === null) return ''
  if (typeof v === 'string') return v
  if (typeof v !== 'object') return String(v)
  const [first, ...others] = Object.entries(v)
  // {"for": "2d"} says no more than 2d.
  if (!Array.isArray(v) && first && others.length === 0 && typeof first[1] !== 'object') return `${first[0]}: ${String(first[1])}`
  return JSON.stringify(v)
}

const list = (v: unknown): Json[] => (Array.isArray(v) ? v.map(object) : [])
const words = (v: unknown): string => (Array.isArray(v) ? v.map(String).join(' or ') : text(v))

/** What steps are called that have no name: by what they do, as the server has it, too. */
const titles: Record<string, (body: Json) => string> = {
  send: (b) => (list(b['variants']).length > 0 ? `Send one of ${list(b['variants']).map((v) => text(v['template'])).join(', ')}` : `Send ${text(b['template'])}`),
  wait: (b) => {
    const [span, until] = [text(b['for']), text(b['until'])]
    const first = until === '' ? span : span.startsWith('-') ? `until ${span.slice(1)} before ${until}` : span ? `until ${span} after ${until}` : `until ${until}`
    return ['Wait', first, b['at'] ? ['until', ...(Array.isArray(b['days']) ? b['days'].map(String) : []), text(b['at'])].join(' ') : ''].filter(Boolean).join(' ')
  },
  waitFor: (b) => `Wait for ${words(object(b['on'])['event'])}${b['timeout'] ? `, at most ${text(b['timeout'])}` : ''}`,
  choice: (b) => text(b['field']),
  condition: (b) => {
    const found = ['sent', 'opened', 'clicked'].filter((k) => b[k]).map((k) => `${k} ${b[k] === '*' ? 'any email' : text(b[k])}`)
    return `${[...found, ...(b['if'] ? ['condition'] : [])].join(', ')}?`
  },
  split: () => 'Split',
  update: () => 'Update contact',
  webhook: (b) => `Call ${text(b['url'])}`,
  exit: (b) => (b['reason'] ? `Exit: ${text(b['reason'])}` : 'Exit'),
}

const kindOf = (s: Json) => Object.keys(titles).find((w) => s[w] !== undefined) ?? ''

/** What a step is called: by its name, or by what it does. */
export function stepTitle(s: Json): string {
  if (typeof s['name'] === 'string' && s['name'] !== '') return s['name']
  const kind = kindOf(s)
  return titles[kind]?.(object(s[kind])) || text(s['id'])
}

/** The steps of a definition by id, with what they are called and what they do. */
export const stepsIn = (definition: unknown): Map<string, { title: string; kind: string }> =>
  new Map(steps(definition).map((s) => [s.id, { title: stepTitle(s), kind: kindOf(s) }]))

/** Where a step leads, in words. */
function waysOf(s: Step, names: Map<string, string>): string {
  const lead = (id: string) => (id === '' ? 'the end' : (names.get(id) ?? id))
  const next = Object.entries(s.next ?? {})
  if (next.length === 0) return 'the end'
  return next.map(([outcome, to]) => (outcome === '' ? lead(to) : `${outcome}: ${lead(to)}`)).join(', ')
}

/** The fields of what a step does that differ. */
function parts(a: Step, b: Step, before: Map<string, string>, after: Map<string, string>): Change['parts'] {
  const list: Change['parts'] = []
  const put = (name: string, x: unknown, y: unknown) => {
    if (!same(x, y)) list.push({ name, before: text(x), after: text(y) })
  }
  put('Name', a.name, b.name)
  const [was, is] = [kindOf(a), kindOf(b)]
  if (was !== is) list.push({ name: 'What it does', before: stepTitle({ ...a, name: '' }), after: stepTitle({ ...b, name: '' }) })
  else {
    const [x, y] = [object(a[was]), object(b[is])]
    for (const key of [...new Set([...Object.keys(x), ...Object.keys(y)])]) put(key, x[key], y[key])
  }
  const [from, to] = [waysOf(a, before), waysOf(b, after)]
  if (!same(a.next ?? {}, b.next ?? {})) list.push({ name: 'Leads to', before: from, after: to })
  return list
}

const steps = (d: unknown): Step[] => {
  const list = object(d)['steps']
  return Array.isArray(list) ? (list as Step[]) : []
}

/** What differs between two definitions. Where steps stand in the editor says nothing. */
export function changes(before: unknown, after: unknown): Change[] {
  const [a, b] = [object(before), object(after)]
  const whole = tops.flatMap(([key, label]): Change[] => {
    if (same(a[key] ?? null, b[key] ?? null)) return []
    return [{ what: label, kind: a[key] === undefined ? 'new' : b[key] === undefined ? 'gone' : 'changed', parts: [{ name: '', before: text(a[key]), after: text(b[key]) }] }]
  })
  const [was, is] = [steps(a), steps(b)]
  const old = new Map(was.map((s) => [s.id, s]))
  const kept = new Set(is.map((s) => s.id))
  const [named, renamed] = [new Map(was.map((s) => [s.id, stepTitle(s)])), new Map(is.map((s) => [s.id, stepTitle(s)]))]
  const now = is.flatMap((s): Change[] => {
    const o = old.get(s.id)
    if (!o) return [{ what: stepTitle(s), step: s.id, kind: 'new', parts: [{ name: 'Leads to', before: '', after: waysOf(s, renamed) }] }]
    const found = parts(o, s, named, renamed)
    return found.length === 0 ? [] : [{ what: stepTitle(s), step: s.id, kind: 'changed', parts: found }]
  })
  const gone = was.filter((s) => !kept.has(s.id)).map((s): Change => ({ what: stepTitle(s), step: s.id, kind: 'gone', parts: [] }))
  return [...whole, ...now, ...gone]
}
