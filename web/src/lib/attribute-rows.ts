import { same } from './same'

/** What an attribute is, as one edits it. A date is a text to the server, which segments compare as a date. */
export const kinds = {
  text: 'Text', number: 'Number', truth: 'True/false', date: 'Date', list: 'List', json: 'JSON',
} as const

export type Kind = keyof typeof kinds

/** An attribute in a form: its value as it was typed. */
export interface Row {
  id: number
  key: string
  kind: Kind
  text: string
}

/** Keys that mean something of the contact itself or of its email: the server passes them over. */
const reserved = ['email', 'id', 'manageUrl', 'plunk_email', 'plunk_id', 'subscribeUrl', 'unsubscribeUrl']

const datelike = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/

export function kindOf(value: unknown): Kind {
  if (typeof value === 'number') return 'number'
  if (typeof value === 'boolean') return 'truth'
  if (typeof value === 'string') return datelike.test(value) && !Number.isNaN(Date.parse(value)) ? 'date' : 'text'
  if (Array.isArray(value) && value.length > 0 && value.every((v) => typeof v === 'string' && v !== '' && !/^\s|\s$|\n/.test(v))) return 'list'
  return 'json'
}

const textOf = (kind: Kind, value: unknown): string =>
  kind === 'json' ? JSON.stringify(value, null, 2) : kind === 'list' ? (value as string[]).join('\n') : String(value)

let next = 1

export const row = (key = '', value: unknown = ''): Row => {
  const kind = kindOf(value)
  return { id: next++, key, kind, text: textOf(kind, value) }
}

export const rowsOf = (data: Record<string, unknown>): Row[] =>
  Object.keys(data).sort((a, b) => a.localeCompare(b)).map((key) => row(key, data[key]))

/** The row as another kind; what was typed stays where that kind can read it. */
export const asKind = (r: Row, kind: Kind): Row => {
  const read = valueOf(r)
  if ('problem' in read) return { ...r, kind }
  if (kind === 'truth') return { ...r, kind, text: /^(true|yes|1)$/i.test(r.text.trim()) ? 'true' : 'false' }
  if (kind === 'json') return { ...r, kind, text: JSON.stringify(read.value, null, 2) }
  if (kind === 'date') return { ...r, kind, text: datelike.test(r.text.trim()) ? r.text.trim() : '' }
  return { ...r, kind, text: r.kind === 'json' ? (Array.isArray(read.value) ? read.value.join('\n') : String(read.value)) : r.text }
}

type Read = { value: unknown } | { problem: string }

const readers: Record<Kind, (text: string) => Read> = {
  text: (text) => ({ value: text }),
  number: (text) => {
    const n = Number(text.trim())
    return text.trim() !== '' && Number.isFinite(n) ? { value: n } : { problem: 'This is no number: write 49 or 49.5.' }
  },
  truth: (text) => ({ value: text === 'true' }),
  date: (text) => datelike.test(text.trim()) && !Number.isNaN(Date.parse(text.trim())) ? { value: text.trim() }
    : { problem: 'This is no date: write 2026-05-04, or 2026-05-04T10:00:00Z with the time.' },
  list: (text) => ({ value: text.split('\n').map((l) => l.trim()).filter((l) => l !== '') }),
  json: (text) => {
    try {
      const value = JSON.parse(text) as unknown
      return value === null ? { problem: 'null takes an attribute away: remove the row instead.' } : { value }
    } catch {
      return { problem: 'This is not JSON.' }
    }
  },
}

export const valueOf = (r: Row): Read => readers[r.kind](r.text)

/** What is wrong with rows before they are sent, by their ids. */
export function problemsOf(rows: Row[]): Map<number, string> {
  const found = new Map<number, string>()
  const seen = new Set<string>()
  for (const r of rows) {
    const read = valueOf(r)
    if (r.key === '') found.set(r.id, 'It needs a name.')
    else if (seen.has(r.key)) found.set(r.id, `There are two of the name ${r.key}.`)
    else if (reserved.includes(r.key)) found.set(r.id, `The name ${r.key} means something else: choose another one.`)
    else if (new TextEncoder().encode(r.key).length > 256) found.set(r.id, 'The name is longer than 256 bytes.')
    else if ('problem' in read) found.set(r.id, read.problem)
    seen.add(r.key)
  }
  return found
}

/** What has to be sent so that attributes become those of the rows: nothing of those that stay as they are, null of those that go. */
export function changes(before: Record<string, unknown>, rows: Row[]): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const key of Object.keys(before)) if (!rows.some((r) => r.key === key)) out[key] = null
  for (const r of rows) {
    const read = valueOf(r)
    if ('value' in read && !(Object.hasOwn(before, r.key) && unchanged(r, before[r.key], read.value))) out[r.key] = read.value
  }
  return out
}

/** A number that is too exact for the browser is not written again because it was shown. */
const unchanged = (r: Row, before: unknown, now: unknown) =>
  same(before, now) || (r.kind === kindOf(before) && r.text === textOf(r.kind, before))
