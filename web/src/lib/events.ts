import type { Schemas } from '../api/client'
import type { Tone } from '../components/ui'

export type Event = Schemas['Event']

/** The words of the page for our names, and their colour. Every other name is a custom event's and is shown as it is. */
const words: Record<string, [word: string, tone: Tone]> = {
  'email.queued': ['Queued', 'plain'],
  'email.sent': ['Sent', 'plain'],
  'email.delivery': ['Delivered', 'good'],
  'email.delay': ['Delayed', 'warn'],
  'email.bounce': ['Bounced', 'bad'],
  'email.reject': ['Rejected', 'bad'],
  'email.failure': ['Failed', 'bad'],
  'email.open': ['Opened', 'info'],
  'email.click': ['Clicked', 'violet'],
  'email.complaint': ['Complained', 'bad'],
  'email.unsubscribe': ['Unsubscribed', 'warn'],
  'email.subscribe': ['Subscribed', 'good'],
  'email.reply': ['Replied', 'info'],
  'email.received': ['Received', 'plain'],
  'email.skipped': ['Skipped', 'warn'],
  'email.unknown': ['Unknown', 'warn'],
  'contact.subscribed': ['Contact subscribed', 'good'],
  'contact.unsubscribed': ['Contact unsubscribed', 'warn'],
}

/** Coming into a segment and leaving it; which one is told by the event's data. */
const moves: Record<string, [word: string, tone: Tone]> = { entry: ['Came in', 'good'], exit: ['Left', 'warn'] }

const spoken = (name: string) => (Object.hasOwn(words, name) ? words[name] : moves[/^segment\..+\.(entry|exit)$/.exec(name)?.[1] ?? ''])

export const word = (name: string) => spoken(name)?.[0] ?? name
export const tone = (name: string): Tone => spoken(name)?.[1] ?? 'accent'

/** Whether it is an event of somebody's own: neither of email nor of a contact's consent or a segment's members. */
export const isCustom = (name: string) => !/^(email|contact|segment)\./.test(name)

/** The names that lists can be filtered by, in the order of an email's life. */
export const emailNames = Object.keys(words).filter((n) => n.startsWith('email.'))

const joined = (...parts: (string | number | undefined | null | false)[]) => parts.filter(Boolean).join(' · ')

/** One line on what happened, in words. Web addresses are shown apart, because their queries are hidden. */
export function summary(e: Event): string {
  const data = (e.data ?? {}) as Record<string, unknown>
  if (e.name.startsWith('segment.')) return joined(data['segmentName'] as string)
  if (isCustom(e.name) && Object.keys(data).length > 0) return JSON.stringify(data).slice(0, 300)
  if (e.bounce) {
    return joined(e.bounce.class, e.bounce.reason?.replaceAll('_', ' '), e.bounce.enhancedCode ?? e.bounce.smtpCode)
  }
  if (e.delay) return joined(e.delay.reason?.replaceAll('_', ' '), e.delay.enhancedCode ?? e.delay.smtpCode)
  if (e.complaint) return joined(e.complaint.feedbackType)
  if (e.reject) return joined(e.reject.reason)
  if (e.failure) return joined(e.failure.reason, e.failure.detail)
  if (e.subscription) return joined(e.subscription.list, e.subscription.origin)
  if (e.open || e.click) return joined(e.client?.app, e.client?.os, e.client?.device)
  if (e.delivery) return joined(e.delivery.smtpResponse)
  return ''
}

/** Who opened or clicked, where it was not a person for sure. */
export function verdict(e: Event): string | undefined {
  const v = e.automation?.verdict
  return v && v !== 'human' ? v : undefined
}
