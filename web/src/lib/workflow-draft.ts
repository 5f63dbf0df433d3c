import type { Condition as Question, Where } from './condition'

/** A text, or several. */
export type Words = string | string[]

/** For which events something is, as rules have it. */
export interface Match {
  event?: Words
  where?: Where[]
  [field: string]: unknown
}

export interface Mapping {
  email?: string
  firstName?: string
  attributes?: string
  tags?: string
}

export interface Schedule {
  segment?: string
  at?: string
  days?: string[]
  dates?: number[]
  zone?: string
}

export interface Trigger extends Match {
  on?: Match
  mapping?: Mapping
  segment?: string
  schedule?: Schedule
  manual?: boolean
  if?: Question
}

export interface Send {
  template?: string
  subject?: string
  variants?: Variant[]
  sender?: string
  from?: string
  replyTo?: string
  topic?: string
  to?: string
  transactional?: boolean
}

export interface Variant {
  name?: string
  template?: string
  subject?: string
  weight?: number
}

export interface Wait {
  for?: string
  at?: string
  days?: string[]
  zone?: string
  until?: string
}

export interface WaitFor extends Match {
  on?: Match
  timeout?: string
}

export interface Asked {
  if?: Question
  sent?: string
  opened?: string
  clicked?: string
  run?: boolean
}

export interface Branch {
  id?: string
  name?: string
  operator?: string
  value?: string | number | boolean
  unit?: string
  steps?: Step[]
}

export interface Share {
  name?: string
  weight?: number
  steps?: Step[]
}

export interface Update {
  attributes?: Record<string, unknown>
  tags?: string[]
  untag?: string[]
  subscribe?: boolean
  unsubscribe?: boolean
  topics?: Record<string, boolean>
}

export interface Webhook {
  url?: string
  method?: string
  headers?: Record<string, string>
  body?: string
  tries?: number
}

/** One step as it stands in a file: what is short may be written short. */
export interface Step {
  id?: string
  name?: string
  send?: string | Send
  wait?: string | Wait
  waitFor?: string | WaitFor
  choice?: { field?: string; branches?: Branch[]; default?: Step[] }
  if?: Asked | Question
  condition?: Asked | Question
  split?: { branches?: Share[]; seed?: string }
  update?: Update
  webhook?: string | Webhook
  exit?: string | { reason?: string } | null
  goto?: string
  then?: Step[]
  else?: Step[]
  next?: string | Record<string, string>
  [field: string]: unknown
}

/** A workflow while somebody writes it: what its file says. What a page does not know of it is kept as it is. */
export interface Draft {
  workflow: string
  name?: string
  description?: string
  trigger: string | Trigger
  steps: Step[]
  [field: string]: unknown
}

export const kinds = ['send', 'wait', 'waitFor', 'if', 'choice', 'split', 'update', 'webhook', 'exit'] as const

export type Kind = (typeof kinds)[number]

const isObject = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v)

/** What the server says of a draft, with all that is looked at in it: lists are lists, and steps are objects. */
export function draftOf(definition: unknown): Draft | undefined {
  if (!isObject(definition)) return undefined
  const list = (steps: unknown): Step[] => (Array.isArray(steps) ? steps.filter(isObject).map(whole) : [])
  const within = (part: unknown): Record<string, unknown> => {
    if (!isObject(part)) return {}
    const branches = Array.isArray(part['branches']) ? part['branches'].filter(isObject) : []
    return { ...part, branches: branches.map((b) => ('steps' in b ? { ...b, steps: list(b['steps']) } : b)), ...('default' in part ? { default: list(part['default']) } : {}) }
  }
  const whole = (s: Record<string, unknown>): Step => ({
    ...s,
    ...('then' in s ? { then: list(s['then']) } : {}),
    ...('else' in s ? { else: list(s['else']) } : {}),
    ...('choice' in s ? { choice: within(s['choice']) } : {}),
    ...('split' in s ? { split: within(s['split']) } : {}),
    ...('update' in s ? { update: isObject(s['update']) ? s['update'] : {} } : {}),
  })
  const { workflow, trigger } = definition
  return {
    ...definition, workflow: typeof workflow === 'string' ? workflow : '', trigger: typeof trigger === 'string' || isObject(trigger) ? (trigger as Trigger) : '', steps: list(definition['steps']),
  }
}

/** What a step does; undefined: nothing yet, or it only leads elsewhere. */
export function kindOf(s: Step): Kind | undefined {
  if ('condition' in s) return 'if'
  return kinds.find((k) => k in s)
}

/** The parts of a step whether they are written short or long. */
export const sendOf = (s: Step): Send => (typeof s.send === 'string' ? { template: s.send } : isObject(s.send) ? s.send : {})
export const waitOf = (s: Step): Wait => (typeof s.wait === 'string' ? { for: s.wait } : isObject(s.wait) ? s.wait : {})
export const webhookOf = (s: Step): Webhook => (typeof s.webhook === 'string' ? { url: s.webhook } : isObject(s.webhook) ? s.webhook : {})
export const reasonOf = (s: Step): string => (typeof s.exit === 'string' ? s.exit : (s.exit?.reason ?? ''))
export function waitForOf(s: Step): { match: Match; timeout: string } {
  const w: WaitFor = typeof s.waitFor === 'string' ? { event: s.waitFor } : isObject(s.waitFor) ? s.waitFor : {}
  const { on, timeout, ...match } = w
  return { match: on ?? match, timeout: timeout ?? '' }
}
export function askedOf(s: Step): Asked {
  const asked = s.if ?? s.condition
  if (!isObject(asked)) return {}
  return 'logic' in asked || 'groups' in asked ? { if: asked as unknown as Question } : (asked as Asked)
}
export function triggerOf(d: Draft): Trigger {
  const t: Trigger = typeof d.trigger === 'string' ? (d.trigger === 'manual' ? { manual: true } : { event: d.trigger }) : d.trigger
  const { on, ...rest } = t
  return on ? { ...rest, ...on } : rest
}

/** The same with what says nothing left out. */
export function lean<T extends object>(o: T): T {
  return Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined && v !== '' && v !== false && !(Array.isArray(v) && v.length === 0))) as T
}

const alone = <T extends object>(o: T, key: keyof T) => Object.keys(o).length === 1 && key in o

/** The parts written as short as they can be. */
export const withSend = (s: Step, to: Send): Step => {
  const send = { ...lean(to), ...(to.transactional === false ? { transactional: false } : {}) }
  return { ...s, send: alone(send, 'template') ? (send.template ?? '') : send }
}
export const withWait = (s: Step, to: Wait): Step => {
  const wait = lean(to)
  return { ...s, wait: alone(wait, 'for') ? (wait.for ?? '') : wait }
}
export const withWebhook = (s: Step, to: Webhook): Step => ({ ...s, webhook: lean(to) })
export const withWaitFor = (s: Step, match: Match, timeout: string): Step => {
  const waitFor: WaitFor = { ...match, ...(timeout === '' ? {} : { timeout }) }
  return { ...s, waitFor: alone(waitFor, 'event') && typeof waitFor.event === 'string' ? waitFor.event : waitFor }
}
export const withAsked = (s: Step, to: Asked): Step => {
  const asked = lean(to)
  const { condition: _, ...rest } = s
  return { ...rest, if: asked.if && alone(asked, 'if') ? asked.if : asked }
}
export const withTrigger = (d: Draft, to: Trigger): Draft => ({ ...d, trigger: alone(to, 'event') && typeof to.event === 'string' ? to.event : to })

/** The names of events of a match, as a list. */
export const eventsOf = (m: Match): string[] => (typeof m.event === 'string' ? [m.event] : (m.event ?? []))

// Where things stand: "steps[2].then[0]", "steps[1].choice.branches[0].steps", as the server names places.

const tokens = (path: string) => path.split(/[.[\]]+/).filter((t) => t !== '')

/** What stands at a place. */
export function at(root: unknown, path: string): unknown {
  let v = root
  for (const t of tokens(path)) v = isObject(v) ? v[t] : Array.isArray(v) ? v[Number(t)] : undefined
  return v
}

/** The same with something else at a place. Objects on the way that are not there are made. */
export function put<T>(root: T, path: string, value: unknown): T {
  const set = (v: unknown, [t, ...rest]: string[]): unknown => {
    if (t === undefined) return value
    if (Array.isArray(v)) return v.map((x: unknown, i) => (i === Number(t) ? set(x, rest) : x))
    const o = isObject(v) ? v : {}
    return { ...o, [t]: set(o[t], rest) }
  }
  return set(root, tokens(path)) as T
}

/** The list that a step stands in, and its place there. */
export function placeOf(path: string): { list: string; index: number } {
  const found = /^(.*)\[(\d+)\]$/.exec(path)
  return { list: found?.[1] ?? 'steps', index: Number(found?.[2] ?? 0) }
}

export const stepAt = (d: Draft, path: string) => at(d, path) as Step | undefined
export const listAt = (d: Draft, list: string) => (at(d, list) as Step[] | undefined) ?? []

/** One way on from a step, with the steps that stand in it. */
export interface Way {
  outcome: string
  /** Where its steps stand, within the step */
  at: string
  label: string
  steps: Step[]
  /** Whether its list is there: of what fails it says that the run goes on */
  said: boolean
}

const letter = (i: number) => String.fromCharCode(97 + (i % 26))
export const shareName = (b: Share | Variant, i: number) => b.name || letter(i)
export const branchName = (b: Branch) => b.name || String(b.value ?? '')

/** The ways on from a step that has several. A wait that never ends by itself has one, and what may fail none unless it says so. */
export function waysOf(s: Step): Way[] {
  const way = (outcome: string, at: string, label: string, steps: Step[] | undefined): Way => ({ outcome, at, label, steps: steps ?? [], said: steps !== undefined })
  switch (kindOf(s)) {
    case 'if': return [way('yes', 'then', 'yes', s.then), way('no', 'else', 'no', s.else)]
    case 'waitFor': {
      const { timeout } = waitForOf(s)
      return [way('event', 'then', 'it came', s.then), ...(timeout !== '' || s.else ? [way('timeout', 'else', timeout ? `not within ${timeout}` : 'it did not come', s.else)] : [])]
    }
    case 'choice': return [
      ...(s.choice?.branches ?? []).map((b, i) => way(branchName(b), `choice.branches[${i}].steps`, branchName(b) || `branch ${i + 1}`, b.steps)),
      way('else', 'choice.default', 'otherwise', s.choice?.default),
    ]
    case 'split': {
      const list = s.split?.branches ?? []
      const sum = list.reduce((n, b) => n + (b.weight ?? 0), 0)
      return list.map((b, i) => way(shareName(b, i), `split.branches[${i}].steps`, `${shareName(b, i)} · ${sum > 0 ? Math.round(((b.weight ?? 0) / sum) * 100) : 0}%`, b.steps))
    }
    case 'send': case 'update': case 'webhook': return s.else ? [way('failed', 'else', 'failed', s.else)] : []
    default: return []
  }
}

/** A step with the place where it stands. */
export interface Placed {
  path: string
  step: Step
}

/** All steps in the order of the file. */
export function allSteps(d: Draft): Placed[] {
  const out: Placed[] = []
  const walk = (list: string, steps: Step[]) => steps.forEach((step, i) => {
    const path = `${list}[${i}]`
    out.push({ path, step })
    for (const w of waysOf(step)) walk(`${path}.${w.at}`, w.steps)
  })
  walk('steps', d.steps)
  return out
}

/** How many steps stand within a step. */
export const within = (s: Step): number => waysOf(s).reduce((n, w) => n + w.steps.reduce((m, x) => m + 1 + within(x), 0), 0)

/** The ids of all steps, by their place. Those that have none get what the server would give them. */
export function idsOf(d: Draft): Map<string, string> {
  const steps = allSteps(d).filter(({ step }) => !step.goto)
  const taken = new Set(steps.flatMap(({ step }) => (step.id ? [step.id] : [])))
  const counts: Record<string, number> = {}
  const out = new Map<string, string>()
  for (const { path, step } of steps) {
    let id = step.id ?? ''
    if (id === '') {
      const kind = kindOf(step)
      let word = kind === 'waitFor' ? 'wait-for' : (kind ?? 'step')
      if (kind === 'send') {
        const { template = '', variants } = sendOf(step)
        const name = (variants && variants.length > 0 ? (variants[0]?.template ?? '') : template).replace(/[^A-Za-z0-9_-]+/g, '-').replace(/^-+|-+$/g, '')
        word = id = `send-${name.slice(0, 40)}`.replace(/-+$/, '')
        counts[word] = Math.max(counts[word] ?? 0, 1)
      }
      while (id === '' || taken.has(id)) {
        counts[word] = (counts[word] ?? 0) + 1
        id = `${word}-${counts[word]}`
      }
      taken.add(id)
    }
    out.set(path, id)
  }
  return out
}

const words: Record<Kind, string> = { send: 'send', wait: 'wait', waitFor: 'wait-for', if: 'if', choice: 'choice', split: 'split', update: 'update', webhook: 'webhook', exit: 'exit' }

/** An id that no step has. */
export function freshId(d: Draft, word: string, besides: Iterable<string> = []): string {
  const taken = new Set([...idsOf(d).values(), ...besides])
  for (let n = 1; ; n++) if (!taken.has(`${word}-${n}`)) return `${word}-${n}`
}

/** A new step of a kind, as plain as it may be. */
export function newStep(d: Draft, kind: Kind): Step {
  const parts: Record<Kind, Partial<Step>> = {
    send: { send: '' }, wait: { wait: '1d' }, waitFor: { waitFor: { event: '', timeout: '3d' } }, if: { if: { opened: '*', run: true } },
    choice: { choice: { field: '', branches: [{ value: '' }] } }, split: { split: { branches: [{ name: 'a', weight: 1 }, { name: 'b', weight: 1 }] } },
    update: { update: { tags: [] } }, webhook: { webhook: { url: '' } }, exit: { exit: 'done' },
  }
  return { id: freshId(d, words[kind]), ...parts[kind] }
}

/** Where a step is put: into a list, or on the way of an outcome that leads to a step by name. */
export interface Gap {
  list: string
  index: number
  via?: { path: string; outcome: string; to: string }
}

const nextOf = (s: Step): Record<string, string> => (typeof s.next === 'string' ? { '': s.next } : (s.next ?? {}))

/** Puts a step into a gap, and tells where it stands then. */
export function insert(d: Draft, gap: Gap, step: Step): { draft: Draft; path: string } {
  const list = listAt(d, gap.list)
  let made = step
  let draft = d
  if (gap.via) {
    // Where steps say where they lead, the new one leads on to where the way led.
    const { path, outcome, to } = gap.via
    const from = stepAt(d, path)
    if (kindOf(step) !== 'exit') made = { ...step, next: to === '' ? {} : to }
    if (from) draft = put(draft, `${path}.next`, { ...nextOf(from), [outcome]: made.id ?? '' })
  }
  const steps = gap.via ? listAt(draft, gap.list) : list
  return { draft: put(draft, gap.list, [...steps.slice(0, gap.index), made, ...steps.slice(gap.index)]), path: `${gap.list}[${gap.index}]` }
}

export const replace = (d: Draft, path: string, step: Step): Draft => put(d, path, step)

/** The step with another id; what leads to it by name goes with it. */
export function rename(d: Draft, path: string, id: string): Draft {
  const step = stepAt(d, path)
  if (!step) return d
  const renamed = put(d, path, { ...step, id })
  return step.id ? redirected(renamed, step.id, id) : renamed
}

/** What leads to a step by its name leads to another one. */
function redirected(d: Draft, from: string, to: string): Draft {
  let out = d.start === from ? { ...d, start: to } : d
  for (const { path, step } of allSteps(d)) {
    if (step.goto === from) out = put(out, `${path}.goto`, to)
    if (step.next === from) out = put(out, `${path}.next`, to === '' ? {} : to)
    else if (isObject(step.next) && Object.values(step.next).includes(from)) {
      out = put(out, `${path}.next`, Object.fromEntries(Object.entries(step.next).map(([o, t]) => [o, t === from ? to : t])))
    }
  }
  return out
}

/** Without a step and what stands within it. What led to it by name leads on to where it led. */
export function remove(d: Draft, path: string): Draft {
  const step = stepAt(d, path)
  if (!step) return d
  const { list, index } = placeOf(path)
  const ids = idsOf(d)
  const own = Object.hasOwn(nextOf(step), '') ? nextOf(step)['']! : undefined
  // What stands behind it in its list, or behind the steps that it lies in.
  const behind = (list: string, index: number): string => {
    const follower = listAt(d, list)[index + 1]
    if (follower) return follower.goto ?? ids.get(`${list}[${index + 1}]`) ?? ''
    const outer = /^(.*\[\d+\])\.[^[\]]*(?:\[\d+\]\.steps)?$/.exec(list)?.[1]
    if (!outer) return ''
    const parent = stepAt(d, outer)
    if (parent?.next !== undefined) return nextOf(parent)[''] ?? ''
    const place = placeOf(outer)
    return behind(place.list, place.index)
  }
  let out = d
  const id = ids.get(path)
  if (id) out = redirected(out, id, own ?? behind(list, index))
  // What stands within it is gone, too.
  for (const { path: inner } of allSteps(d)) {
    const gone = inner.startsWith(`${path}.`) ? ids.get(inner) : undefined
    if (gone) out = redirected(out, gone, own ?? behind(list, index))
  }
  const before = index > 0 ? listAt(out, list)[index - 1] : undefined
  const steps = listAt(out, list).filter((_, i) => i !== index)
  if (own !== undefined && own !== '' && steps[index]?.id !== own && before && before.next === undefined && !('exit' in before)) {
    // Whoever came to it by standing before it would come to another step now.
    steps.splice(index, 0, { goto: own })
  }
  return put(out, list, steps)
}

/** A copy with ids of its own behind the step. */
export function duplicate(d: Draft, path: string): { draft: Draft; path: string } {
  const step = stepAt(d, path)
  if (!step) return { draft: d, path }
  const used: string[] = []
  const copy = (s: Step): Step => {
    const kind = kindOf(s)
    const id = freshId(d, kind ? words[kind] : 'step', used)
    used.push(id)
    let out: Step = { ...s, ...(s.goto ? {} : { id }) }
    for (const w of waysOf(s)) if (w.said) out = put(out, w.at, w.steps.map(copy))
    return out
  }
  const { list, index } = placeOf(path)
  return insert(d, { list, index: index + 1 }, copy(step))
}

const gone = ' gone '

/** A step and what stands within it, put elsewhere. */
export function moveTo(d: Draft, path: string, gap: Gap): { draft: Draft; path: string } {
  const step = stepAt(d, path)
  if (!step || gap.via || gap.list.startsWith(`${path}.`)) return { draft: d, path }
  const marked = put(d, path, { goto: gone })
  const { draft } = insert(marked, gap, step)
  const left = allSteps(draft).find((x) => x.step.goto === gone)
  if (!left) return { draft: d, path }
  const { list, index } = placeOf(left.path)
  const out = put(draft, list, listAt(draft, list).filter((_, i) => i !== index))
  const id = step.id
  return { draft: out, path: allSteps(out).find((x) => x.step === step || (id !== undefined && x.step.id === id))?.path ?? path }
}

/** One place up or down: past its neighbour, or at the end of a way out of the step that it lies in. Undefined: there is none. */
export function moved(d: Draft, path: string, by: -1 | 1): { draft: Draft; path: string } | undefined {
  const { list, index } = placeOf(path)
  const neighbour = listAt(d, list)[index + by]
  if (neighbour) return moveTo(d, path, { list, index: by < 0 ? index - 1 : index + 2 })
  const outer = /^(.*\[\d+\])\.[^[\]]*(?:\[\d+\]\.steps)?$/.exec(list)?.[1]
  if (!outer) return undefined
  const place = placeOf(outer)
  return moveTo(d, path, { list: place.list, index: by < 0 ? place.index : place.index + 1 })
}

/** Whether steps of a draft say where they lead: then their order is not what happens. */
export const leads = (d: Draft) => allSteps(d).some(({ step }) => step.next !== undefined || step.goto !== undefined)

/** The place of the step that a problem is about: 'trigger', a step's, or nothing where it is about the whole. */
export function stepOfProblem(at: string): string {
  if (/^trigger\b/.test(at)) return 'trigger'
  const found = /^steps\[\d+\](?:\.(?:then|else|choice\.default|(?:choice|split)\.branches\[\d+\]\.steps)\[\d+\])*/.exec(at)
  return found?.[0] ?? ''
}
