import type { Schemas } from '../api/client'

type Template = Schemas['Template']
type Wish = Schemas['TemplateWish']

/** Whether opens or clicks are watched; 'as' is as everywhere. */
export type Watch = 'as' | 'on' | 'off'

/** A template while somebody writes it. */
export interface Draft {
  key: string
  name: string
  description: string
  subject: string
  body: string
  /** auto: the text part is made of the HTML; own: it is the text; none: there is none */
  textPart: 'auto' | 'own' | 'none'
  text: string
  from: string
  fromName: string
  replyTo: string
  type: 'TRANSACTIONAL' | 'MARKETING'
  opens: Watch
  clicks: Watch
  /** JSON, as it was typed */
  displayNames: string
}

export const emptyDraft: Draft = {
  key: '', name: '', description: '', subject: '', body: '', textPart: 'auto', text: '', from: '', fromName: '', replyTo: '', type: 'MARKETING',
  opens: 'as', clicks: 'as', displayNames: '',
}

const watchOf = (v: boolean | undefined): Watch => (v === undefined ? 'as' : v ? 'on' : 'off')

const heard: Record<Watch, boolean | null> = { as: null, on: true, off: false }

export const draftOf = (t: Template): Draft => ({
  key: t.key ?? '', name: t.name, description: t.description ?? '', subject: t.subject, body: t.body,
  textPart: t.text === null ? 'auto' : t.text === '' ? 'none' : 'own', text: t.text ?? '',
  from: t.from ?? '', fromName: t.fromName ?? '', replyTo: t.replyTo ?? '', type: t.type, opens: watchOf(t.opens), clicks: watchOf(t.clicks),
  displayNames: t.displayNames && Object.keys(t.displayNames).length > 0 ? JSON.stringify(t.displayNames, null, 2) : '',
})

/** Reads an object of JSON; nothing is an empty one. What can't be read is told. */
export function objectOf(text: string): { value: Record<string, unknown>; fault?: string } {
  if (text.trim() === '') return { value: {} }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { value: value as Record<string, unknown> }
    return { value: {}, fault: 'It must be an object, in braces.' }
  } catch (error) {
    return { value: {}, fault: error instanceof Error ? error.message : String(error) }
  }
}

type Names = Record<string, Record<string, string>>

/** What values are called, where it can be read. */
export function namesOf(text: string): { value: Names; fault?: string } {
  const { value, fault } = objectOf(text)
  if (fault) return { value: {}, fault }
  const fine = Object.values(value).every((words) => typeof words === 'object' && words !== null && Object.values(words).every((w) => typeof w === 'string'))
  return fine ? { value: value as Names } : { value: {}, fault: 'Each name holds an object of texts: {"platformName": {"kajabi": "Kajabi"}}' }
}

const textOf = (d: Draft) => (d.textPart === 'auto' ? null : d.textPart === 'none' ? '' : d.text)

/** All of it, in the API's form. */
export const wishOf = (d: Draft): Wish => ({
  key: d.key.trim(), name: d.name.trim(), description: d.description.trim() || null, subject: d.subject, body: d.body, text: textOf(d),
  from: d.from.trim(), fromName: d.fromName.trim() || null, replyTo: d.replyTo.trim() || null, type: d.type,
  opens: heard[d.opens], clicks: heard[d.clicks], displayNames: namesOf(d.displayNames).value,
})

/** What a preview is made of. */
export type Parts = Pick<Wish, 'subject' | 'body' | 'text' | 'type' | 'displayNames'>

export const partsOf = (d: Draft): Parts => ({ subject: d.subject, body: d.body, text: textOf(d), type: d.type, displayNames: namesOf(d.displayNames).value })
