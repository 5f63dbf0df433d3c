import type { Send, SendStatus } from '../api/sends'
import type { Tone } from '../components/ui'

/** What each status is called, and what it means. */
export const statuses: Record<SendStatus, { word: string; tone: Tone; about: string }> = {
  queued: { word: 'Queued', tone: 'info', about: 'It waits for its time, or for another try' },
  held: { word: 'Held', tone: 'warn', about: 'Its broadcast is paused: it goes on when that does' },
  handing: { word: 'Handing over', tone: 'info', about: 'A sender has it at this moment' },
  sent: { word: 'Sent', tone: 'good', about: 'It was handed over; its events tell what became of it then' },
  failed: { word: 'Failed', tone: 'bad', about: 'It was not sent, and will not be by itself' },
  skipped: { word: 'Skipped', tone: 'plain', about: 'The recipient may not be mailed' },
  uncertain: { word: 'Uncertain', tone: 'warn', about: 'It may have been handed over, and may not: somebody has to decide' },
  canceled: { word: 'Canceled', tone: 'plain', about: 'Somebody took it back' },
}

export const statusNames = Object.keys(statuses) as SendStatus[]

export const isStatus = (text: string | undefined): text is SendStatus => text !== undefined && Object.hasOwn(statuses, text)

const skips: Record<string, string> = {
  suppressed: 'The address is suppressed: there is a standing reason not to mail it',
  unsubscribed: 'They did not subscribe, or unsubscribed, and the email needs consent',
  unsubscribed_topic: 'They left the topic that the email belongs to',
  snoozed: 'They asked for a break from mail that needs consent',
  pending: 'There was no room for them among the active contacts',
  gone: 'The contact was removed or erased since',
}

const failures: Record<string, string> = {
  expired: 'It was tried for a day, and could not be handed over',
  template: 'It could not be rendered',
  unwritable: 'A header or an address is one that no email can have',
  suppressed: 'The provider has the address on a list of its own',
  unsubscribed: 'They unsubscribed at the provider',
  no_such_user: 'There is no such mailbox',
  content_rejected: 'The other side does not take what is in it',
  message_too_large: 'It is too large',
  provider_failure: 'The provider could not take it',
}

/** Why an email was skipped or failed, in words. */
export const reasonWords = (reason: string, status: SendStatus): string =>
  (status === 'skipped' ? skips : failures)[reason] ?? skips[reason] ?? `${reason.charAt(0).toUpperCase()}${reason.slice(1).replaceAll('_', ' ')}`

/** Who asked for it. */
export function originWords(origin: string): string {
  if (origin === 'api') return 'by the API or a person'
  if (origin === 'test') return 'as a test'
  if (origin.startsWith('workflow:')) return 'by a workflow'
  return `by ${origin}`
}

/** The subject as it was asked for: it may be a template still. */
export const subjectOf = (s: Send): string => s.subject || (s.template ? 'As its template says' : 'Without a subject')
