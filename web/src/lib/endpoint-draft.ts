import type { Schemas } from '../api/client'
import type { Endpoint } from '../api/endpoints'
import { type Condition, whole } from './condition'
import { eventsOf, type Format, wordsOf } from './endpoints'
import type { Match } from './workflow-draft'

export interface HeaderDraft {
  name: string
  value: string
  /** It is stored: without a value it stays as it is */
  kept: boolean
}

/** What stands in the form of an endpoint; numbers and lengths of time are texts there. */
export interface EndpointDraft {
  name: string
  url: string
  /** Without event: all of them */
  on: Match
  condition: Condition | undefined
  format: Format
  raw: boolean
  batch: boolean
  batchMax: string
  batchWait: string
  headers: HeaderDraft[]
  concurrency: string
  perSecond: string
  ordered: boolean
  within: string
  /** Of a new one alone */
  secret: string
}

const empty: EndpointDraft = {
  name: '', url: '', on: {}, condition: undefined, format: 'standard', raw: false, batch: false, batchMax: '100', batchWait: '5s', headers: [],
  concurrency: '', perSecond: '', ordered: false, within: '', secret: '',
}

/** The form of an endpoint, or of one that is to be made. */
export function draftOf(e: Endpoint | undefined): EndpointDraft {
  if (!e) return empty
  const { event: _, ...rest } = e.on as Match
  const names = eventsOf(e.on)
  return {
    name: e.name, url: e.url, on: { ...rest, ...(names.length > 0 ? { event: names } : {}) }, condition: e.if ? whole(e.if as unknown as Condition) : undefined,
    format: e.format, raw: e.raw, batch: e.batch !== undefined, batchMax: String(e.batch?.max ?? empty.batchMax), batchWait: e.batch ? (e.batch.wait ?? '') : empty.batchWait,
    headers: e.headers.map((name) => ({ name, value: '', kept: true })), concurrency: String(e.concurrency), perSecond: e.perSecond ? String(e.perSecond) : '',
    ordered: e.ordered, within: e.for, secret: '',
  }
}

/** What the form says, in the API's form. Each part is whole, so that two can be compared. */
function parts(d: EndpointDraft): Schemas['EndpointChange'] {
  const on = Object.fromEntries(Object.entries(d.on).filter(([k, v]) => (k === 'where' ? Array.isArray(v) && v.length > 0 : wordsOf(v).length > 0)))
  return {
    name: d.name.trim(), url: d.url.trim(), on, if: (d.condition ?? {}) as Record<string, unknown>, format: d.format, raw: d.raw && d.format !== 'mailglyph',
    batch: d.batch ? { max: Number(d.batchMax) || 0, ...(d.batchWait.trim() ? { wait: d.batchWait.trim() } : {}) } : { max: 0 },
    headers: Object.fromEntries(d.headers.map((h) => [h.name.trim(), h.value])), concurrency: Number(d.concurrency) || 0, perSecond: Number(d.perSecond) || 0,
    ordered: d.ordered, for: d.within.trim(),
  }
}

/** What differs from the form as it was opened: what is not named stays as it is. */
export function changeOf(before: EndpointDraft, now: EndpointDraft): Schemas['EndpointChange'] {
  const was = parts(before) as Record<string, unknown>
  const changed = Object.entries(parts(now)).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(was[key]))
  return Object.fromEntries(changed)
}

/** An endpoint to make. */
export function wishOf(d: EndpointDraft): Schemas['NewEndpoint'] {
  return { ...changeOf(empty, d), name: d.name.trim(), url: d.url.trim(), ...(d.secret.trim() ? { secret: d.secret.trim() } : {}) }
}

/** The names that stand twice, as servers read them: of two headers of one name one would be lost. */
export function twice(headers: HeaderDraft[]): string[] {
  const names = headers.map((h) => h.name.trim().toLowerCase()).filter((n) => n !== '')
  return [...new Set(names.filter((n, i) => names.indexOf(n) !== i))]
}
