import type { Dispatch, DispatchState, Endpoint, EndpointReplay } from '../api/endpoints'
import type { Tone } from '../components/ui'
import { emailNames } from './events'
import { count, sentence } from './format'

/** How an endpoint does: in a word, and in a sentence. */
export interface Standing {
  word: string
  tone: Tone
  about: string
}

/** How an endpoint does. */
export function standing(e: Endpoint): Standing {
  const h = e.health
  const told = h.problem ? ` ${sentence(h.problem)}` : ''
  switch (h.state) {
    case 'new':
      return { word: 'New', tone: 'info', about: 'Nothing was sent there yet. It gets what is stored from when it was made.' }
    case 'ok':
      return { word: 'Works', tone: 'good', about: 'It took what it was sent last.' }
    case 'failing':
      return { word: 'Failing', tone: 'warn', about: `It did not take what it was sent last.${told} That is tried again.` }
    case 'resting':
      return (h.failuresInARow ?? 0) > 0
        ? { word: 'Resting', tone: 'bad', about: `${count(h.failuresInARow ?? 0)} tries failed in a row.${told} It is asked with one request at a time, with pauses, until it takes one. Nothing is lost meanwhile.` }
        : { word: 'Resting', tone: 'warn', about: `It asked for a pause.${told} It goes on by itself.` }
    case 'disabled':
      return { word: 'Disabled', tone: h.problem ? 'bad' : 'plain', about: `Nothing goes there.${e.disabledReason ? ` ${sentence(e.disabledReason)}` : ''} What comes meanwhile waits in the log.` }
  }
}

/** Whether it does not come right by itself, or not soon. One that somebody disabled while it worked does as it was told. */
export const needsSomebody = (e: Endpoint): boolean =>
  (e.enabled && e.problems.length > 0) || (e.health.state === 'resting' && (e.health.failuresInARow ?? 0) > 0) || (e.health.state === 'disabled' && e.health.problem !== undefined)

/** What each state of a dispatch is called, and what it means. */
export const states: Record<DispatchState, Standing> = {
  sending: { word: 'Sending', tone: 'info', about: 'A try is under way' },
  waiting: { word: 'Waiting', tone: 'warn', about: 'It waits for its next try' },
  behind: { word: 'Behind', tone: 'warn', about: 'Another event of the same email goes before it' },
  delivered: { word: 'Delivered', tone: 'good', about: 'The receiver took it' },
  dead: { word: 'Given up', tone: 'bad', about: 'It was tried for as long as the endpoint says, and is not tried any more by itself' },
  dropped: { word: 'Dropped', tone: 'plain', about: 'Somebody said that it is not to be sent any more' },
}

export const stateNames = Object.keys(states) as DispatchState[]

export const isState = (text: string | undefined): text is DispatchState => text !== undefined && Object.hasOwn(states, text)

/** Whether it may be sent again now, or not any more: what is under way is neither, and what waits for another one goes after it. */
export const mayRetry = (d: Dispatch) => d.state !== 'sending' && d.state !== 'behind'
export const mayDrop = (d: Dispatch) => d.state === 'waiting' || d.state === 'dead'

export const replayStates: Record<EndpointReplay['state'], [word: string, tone: Tone]> = {
  waiting: ['Waits', 'info'], running: ['Runs', 'info'], done: ['Queued', 'good'], cancelled: ['Cancelled', 'plain'], failed: ['Failed', 'bad'],
}

/** A text or several, as a list. */
export const wordsOf = (v: unknown): string[] => (Array.isArray(v) ? v.filter((x): x is string => typeof x === 'string') : typeof v === 'string' ? [v] : [])

/** The names of the events that go there; none for all. */
export const eventsOf = (on: Record<string, unknown>): string[] => {
  const names = wordsOf(on['event'])
  return names.includes('*') ? [] : names
}

/** What the filters beside the names are called. */
export const filterNames: Record<string, string> = {
  template: 'Template', workflow: 'Workflow', tag: 'Tag', link: 'Link', class: 'Class', verdict: 'Verdict', source: 'Source', bus: 'Bus', app: 'App',
}

/** Which events go there, in a line. */
export function wantsWords(on: Record<string, unknown>): string {
  const names = eventsOf(on)
  const narrowed = Object.keys(filterNames).filter((k) => wordsOf(on[k]).length > 0)
  const tests = Array.isArray(on['where']) ? on['where'].length : 0
  return [
    names.length === 0 ? 'every event' : names.join(', '),
    ...narrowed.map((k) => `${filterNames[k]?.toLowerCase()} ${wordsOf(on[k]).join(' or ')}`),
    ...(tests > 0 ? [tests === 1 ? 'one test of its data' : `${tests} tests of its data`] : []),
  ].join(', ')
}

/** Names that the server itself has, with those that end in a star. */
export const knownNames: { value: string; label: string; about: string }[] = [
  { value: '*', label: '*', about: 'every event' },
  { value: 'email.*', label: 'email.*', about: 'all of email' },
  ...emailNames.map((value) => ({ value, label: value, about: 'email' })),
  { value: 'contact.*', label: 'contact.*', about: 'all of consent' },
  { value: 'contact.subscribed', label: 'contact.subscribed', about: 'consent' },
  { value: 'contact.unsubscribed', label: 'contact.unsubscribed', about: 'consent' },
  { value: 'segment.*', label: 'segment.*', about: 'who comes into segments and leaves them' },
  { value: 'endpoint.disabled', label: 'endpoint.disabled', about: 'another endpoint was disabled' },
  { value: 'alert.raised', label: 'alert.raised', about: 'an alert' },
  { value: 'alert.resolved', label: 'alert.resolved', about: 'an alert' },
]

/** The forms of what is sent. */
export const formats = {
  standard: { label: 'Standard Webhooks', about: 'The name, the time and the event, as GET /events/{id} has it' },
  cloudevents: { label: 'CloudEvents 1.0', about: 'Structured mode, for brokers and functions that take CloudEvents' },
  mailglyph: { label: 'MailGlyph', about: 'As MailGlyph’s webhooks have it, one event in a request' },
} as const

export type Format = keyof typeof formats

const event = { id: '019a1f6e-…', name: 'email.bounce', recipient: 'ghost@acme.test', bounce: { class: 'hard' } }
const at = '2026-05-04T10:12:00.120Z'
const raw = { eventType: 'Bounce' }

/** A short sample of what a request holds. MailGlyph's form has neither batches nor what the provider told. */
export function sample(format: Format, { withRaw, batch }: { withRaw: boolean; batch: boolean }): unknown {
  if (format === 'mailglyph') {
    return { contact: { email: 'ghost@acme.test', subscribed: true, data: {} }, workflow: null, execution: null, event: { name: event.name } }
  }
  if (format === 'cloudevents') {
    const one = {
      specversion: '1.0', id: event.id, source: '/sources/src_4f', type: `tidings.${event.name}`, subject: '0100-abc', time: at, datacontenttype: 'application/json',
      data: event, ...(withRaw ? { tidingsraw: raw } : {}),
    }
    return batch ? [one] : one
  }
  const one = { type: event.name, timestamp: at, data: event, ...(withRaw ? { raw } : {}) }
  return batch ? { type: 'events', timestamp: at, data: [one] } : one
}
