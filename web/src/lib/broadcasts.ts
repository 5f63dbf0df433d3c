import type { Broadcast, BroadcastStatus, BroadcastWish } from '../api/broadcasts'
import type { Tone } from '../components/ui'
import { type Condition, newCondition, unfinished, whole } from './condition'

/** What each status is called, and what it means. */
export const statuses: Record<BroadcastStatus, { word: string; tone: Tone; about: string }> = {
  DRAFT: { word: 'Draft', tone: 'plain', about: 'It can be changed and deleted, and nobody gets it' },
  SCHEDULED: { word: 'Scheduled', tone: 'violet', about: 'It waits for its time; until then it can be changed and cancelled' },
  SENDING: { word: 'Sending', tone: 'info', about: 'Its emails are handed over, one after the other' },
  PAUSED: { word: 'Paused', tone: 'warn', about: 'What is not handed over is held until it goes on' },
  SENT: { word: 'Sent', tone: 'good', about: 'Everybody’s email was handed over, or never will be' },
  CANCELLED: { word: 'Cancelled', tone: 'plain', about: 'What was not handed over never will be' },
}

export const statusNames = Object.keys(statuses) as BroadcastStatus[]

export const isStatus = (text: string | undefined): text is BroadcastStatus => text !== undefined && Object.hasOwn(statuses, text)

/** What it says can be changed as long as it has not begun. */
export const isOpen = (b: Broadcast) => b.status === 'DRAFT' || b.status === 'SCHEDULED'

/** The form of a broadcast, as text. */
export interface Draft {
  name: string
  description: string
  by: 'template' | 'own'
  template: string
  subject: string
  body: string
  from: string
  fromName: string
  replyTo: string
  audience: Broadcast['audienceType']
  segment: string
  tags: string
  /** Whether a condition selects beside the tags */
  conditioned: boolean
  condition: Condition
  topic: string
  sender: string
  throttle: string
  localTime: string
  timeZone: string
  /** In percent */
  bounces: string
  complaints: string
  minimum: string
}

export const emptyDraft: Draft = {
  name: '', description: '', by: 'template', template: '', subject: '', body: '', from: '', fromName: '', replyTo: '', audience: 'ALL', segment: '', tags: '', conditioned: false, condition: newCondition(),
  topic: '', sender: '', throttle: '', localTime: '', timeZone: '', bounces: '5', complaints: '0.3', minimum: '500',
}

const hundredfold = (share: number) => String(Number((share * 100).toFixed(4)))

export const draftOf = (b: Broadcast): Draft => ({
  name: b.name, description: b.description ?? '', by: b.template ? 'template' : 'own', template: b.template ?? '', subject: b.subject, body: b.body, from: b.from ?? '', fromName: b.fromName ?? '',
  replyTo: b.replyTo ?? '', audience: b.audienceType, segment: b.segmentId ?? '', tags: (b.tags ?? []).join(', '), conditioned: Boolean(b.audienceCondition),
  condition: b.audienceCondition ? whole(b.audienceCondition as unknown as Condition) : newCondition(), topic: b.topic ?? '', sender: b.sender ?? '',
  throttle: b.throttlePerMinute ? String(b.throttlePerMinute) : '', localTime: b.localTime ?? '', timeZone: b.timeZone ?? '',
  bounces: hundredfold(b.thresholds.bounceRate), complaints: hundredfold(b.thresholds.complaintRate), minimum: String(b.thresholds.minimum),
})

export const tagsOf = (text: string): string[] => [...new Set(text.split(',').map((t) => t.trim()).filter((t) => t !== ''))]

/** What is not finished in the form, so that the server need not be asked. */
export const openEnds = (d: Draft): boolean => d.audience === 'FILTERED' && d.conditioned && unfinished(d.condition).length > 0

/** The request that a form makes: all of it, also what is empty. */
export function wishOf(d: Draft): BroadcastWish {
  const filtered = d.audience === 'FILTERED'
  return {
    name: d.name.trim(), description: d.description.trim() || null,
    template: d.by === 'template' ? d.template.trim() : '', subject: d.subject, body: d.by === 'own' ? d.body : '',
    from: d.from.trim(), fromName: d.fromName.trim() || null, replyTo: d.replyTo.trim() || null,
    audienceType: d.audience, segmentId: d.audience === 'SEGMENT' ? d.segment || null : null, tags: filtered ? tagsOf(d.tags) : [],
    // The document has no null for it, which takes away what was there.
    audienceCondition: (filtered && d.conditioned ? d.condition : null) as unknown as Record<string, unknown>,
    topic: d.topic, sender: d.sender, throttlePerMinute: Number(d.throttle) || 0, localTime: d.localTime, timeZone: d.localTime ? d.timeZone.trim() : '',
    thresholds: { bounceRate: Number(d.bounces) / 100, complaintRate: Number(d.complaints) / 100, minimum: Number(d.minimum) },
  }
}

/** How far it is, from 0 to 1, and of how many: whose turn is over, whatever came of it. */
export function progressOf(s: { totalRecipients: number; sentCount: number; failedCount: number; skippedCount: number; canceledCount: number; uncertainCount: number }): { done: number; share: number } {
  const done = Math.min(s.sentCount + s.failedCount + s.skippedCount + s.canceledCount + s.uncertainCount, s.totalRecipients)
  return { done, share: s.totalRecipients === 0 ? 0 : done / s.totalRecipients }
}
