import type { Schemas } from '../api/client'
import type { Tone } from '../components/ui'
import { localDay } from './format'
import { type Message, onlyMachines } from './message'

type Contact = Schemas['Contact']
export type Suppression = Schemas['Suppression']

export interface ReasonWords {
  word: string
  tone: Tone
  /** The end of "No mail goes to ann@acme.test: …" */
  because: string
  /** How it ends */
  ends: string
}

export const reasons: Record<Suppression['reason'], ReasonWords> = {
  hard_bounce: {
    word: 'Hard bounce', tone: 'bad', because: 'a mail server said for good that the address takes no mail', ends: 'until a person lifts it',
  },
  soft_bounce: {
    word: 'Soft bounces', tone: 'warn', because: 'several emails in a row bounced for a passing reason and none was delivered between them',
    ends: 'until a newer email is delivered, or for 30 days',
  },
  complaint: { word: 'Complaint', tone: 'bad', because: 'the recipient reported an email as spam', ends: 'until a person lifts it' },
  provider: {
    word: 'Provider’s list', tone: 'bad', because: 'the provider has the address on a list of its own and did not try',
    ends: 'until a person lifts it, and takes it off the provider’s list too',
  },
  manual: { word: 'By hand', tone: 'info', because: 'somebody put the address on the list, by hand or with an import', ends: 'until a person lifts it' },
}

export const reasonNames = Object.keys(reasons) as Suppression['reason'][]

/** A reason that came from an address or a select, where it is one. */
export const reasonOf = (text: string | undefined) => reasonNames.find((r) => r === text)

/** One word on whether somebody may be mailed. */
export function standing(c: Pick<Contact, 'suppressed' | 'unsubscribed'>): { word: string; tone: Tone; title: string } {
  if (c.suppressed) return { word: c.unsubscribed ? 'Suppressed, unsubscribed' : 'Suppressed', tone: 'bad', title: 'A suppression or a pattern holds: no mail goes there' }
  if (c.unsubscribed) return { word: 'Unsubscribed', tone: 'warn', title: 'They opted out' }
  return { word: 'May be mailed', tone: 'good', title: 'Neither unsubscribed nor suppressed' }
}

/** "and" before the last. */
export const listed = (parts: string[]) => (parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`)

const day = (t: string) => localDay(new Date(t))

/** How long a suppression holds. */
export const holds = (s: Suppression) => (s.until ? `until ${day(s.until)}` : reasons[s.reason].ends)

/** Why somebody gets no mail, or that nothing stands against it: whole sentences. */
export function whyNot(c: Contact): string[] {
  const active = c.suppressions.filter((s) => s.active)
  const says: string[] = active.map((s) => `Since ${day(s.since)} nothing may be sent to this address, because ${reasons[s.reason].because}. That holds ${holds(s)}.`)
  for (const p of c.patterns) {
    says.push(`The pattern ${p.pattern} holds for this address since ${day(p.createdAt)}: it suppresses ${ofPattern(p.pattern)}.`)
  }
  if (c.unsubscribed) {
    says.push(`They opted out${c.consentAt ? ` on ${day(c.consentAt)}` : ''}: only mail that does not ask for consent, such as receipts, may go to them.`)
  }
  if (says.length === 0) {
    const ended = c.suppressions.filter((s) => !s.active)
    says.push(ended.length > 0
      ? `Nothing stands against mail to this address now. An earlier suppression (${listed([...new Set(ended.map((s) => reasons[s.reason].word.toLowerCase()))])}) has ended.`
      : 'Nothing stands against mail to this address: it is neither suppressed nor unsubscribed.')
  }
  return says
}

/** Whom a pattern means. */
export const ofPattern = (pattern: string) =>
  pattern.startsWith('*@*.') ? `all addresses of every domain below ${pattern.slice(4)}` : `all addresses of ${pattern.slice(2)}`

/** What became of the email that somebody got last, as a sentence's end. */
const fates: Record<string, string> = {
  'email.queued': 'waits to be sent',
  'email.sent': 'was sent; the provider has not told yet what became of it',
  'email.delivery': 'was delivered: the mailbox provider took it, if only into the spam folder, and no person has opened it so far as one can tell',
  'email.delay': 'is delayed; the provider goes on trying',
  'email.open': 'was delivered and opened',
  'email.click': 'was delivered, and a link in it was clicked',
  'email.bounce': 'bounced',
  'email.reject': 'was rejected by the provider before it was sent',
  'email.failure': 'could not be made by the provider',
  'email.complaint': 'was delivered and reported as spam',
  'email.skipped': 'was not sent, because of a check before sending',
}

export const fate = (m: Message) =>
  onlyMachines(m) ? `was delivered; only programs have ${m.status === 'email.click' ? 'clicked in' : 'opened'} it so far`
    : (m.status && fates[m.status]) || 'was recorded'
