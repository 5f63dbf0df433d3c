import type { Schemas } from '../api/client'
import type { Tone } from '../components/ui'
import { count, percent } from './format'

export type Share = Schemas['Share']
export type Row = Schemas['StatsRow']

export const rateOf = (row: Pick<Row, 'rates'> | undefined, name: Share['name']) => row?.rates.find((r) => r.name === name)

export const levels: Record<Share['level'], Tone> = { ok: 'plain', warn: 'warn', severe: 'bad' }

/** What each rate is a share of. */
const made: Record<Share['name'], [part: string, of: string]> = {
  delivery: ['delivered', 'sent'],
  bounce: ['hard-bounced', 'sent'],
  complaint: ['complained of', 'delivered'],
  open: ['opened by a person', 'delivered'],
  click: ['clicked by a person', 'delivered'],
  unsubscribe: ['unsubscribed', 'delivered'],
}

/** From when on a rate endangers the sender. */
export const limits: Partial<Record<Share['name'], string>> = {
  bounce: 'warn from 5%, severe from 10%',
  complaint: 'warn from 0.1%, severe from 0.3%',
}

/** What a rate is made of, and how sure it is. */
export function madeOf(r: Share): string {
  const [part, of] = made[r.name]
  if (r.of === 0) return `No message was ${of}, so there is no rate`
  const limit = limits[r.name]
  return `${count(r.part)} ${part} of ${count(r.of)} ${of}. With 95% confidence between ${percent(r.low)} and ${percent(r.high)}${limit ? `; ${limit}, judged by the lower one` : ''}.`
}

/** For sorting: what has no rate comes last. */
export const rateValue = (row: Row, name: Share['name']) => {
  const r = rateOf(row, name)
  return r && r.of > 0 ? r.value : -1
}

/** The span of the same length right before, as dates of UTC. */
export function spanBefore(from: string, to: string) {
  const length = Date.parse(to) - Date.parse(from)
  const back = (day: string) => new Date(Date.parse(day) - length).toISOString().slice(0, 10)
  return { from: back(from), to: back(to) }
}

/** How lists of rows are sorted where the address does not say: by the number sent, the highest first. */
export const usualSort = '-sent'

/** Rows by a column; a minus before its name sorts downwards. */
export function sorted(rows: Row[], sort: string, sorts: Record<string, (row: Row) => number | string>) {
  const by = sorts[sort.replace(/^-/, '')] ?? sorts['sent']
  if (!by) return rows
  const way = sort.startsWith('-') ? -1 : 1
  return rows.toSorted((a, b) => {
    const [x, y] = [by(a), by(b)]
    return way * (typeof x === 'string' || typeof y === 'string' ? String(x).localeCompare(String(y)) : x - y)
  })
}
