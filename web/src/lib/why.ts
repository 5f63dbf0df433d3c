import type { Schemas } from '../api/client'
import type { Tone } from '../components/ui'

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

/** Whom a pattern means. */
export const ofPattern = (pattern: string) =>
  pattern.startsWith('*@*.') ? `all addresses of every domain below ${pattern.slice(4)}` : `all addresses of ${pattern.slice(2)}`
