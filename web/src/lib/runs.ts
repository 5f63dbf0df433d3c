import type { Run, RunStatus, RunVisit } from '../api/runs'
import type { Tone } from '../components/ui'
import { sentence } from './format'
import { reasonWords } from './sends'

/** What each status is called, and what it means. */
export const statuses: Record<RunStatus, { word: string; tone: Tone; about: string }> = {
  RUNNING: { word: 'Running', tone: 'info', about: 'It has something to do at once' },
  WAITING: { word: 'Waiting', tone: 'info', about: 'For a time, an event, or the next try' },
  FAILED: { word: 'Failed', tone: 'bad', about: 'A step failed for good: somebody has to retry or skip it' },
  COMPLETED: { word: 'Completed', tone: 'good', about: 'It came to the end' },
  EXITED: { word: 'Exited', tone: 'plain', about: 'A step, an event or a time ended it' },
  CANCELLED: { word: 'Cancelled', tone: 'plain', about: 'A person ended it' },
}

/** Groups of statuses that one may look at, by what stands in the address. */
export const groups = [
  ['', 'All', []],
  ['open', 'Going on', ['RUNNING', 'WAITING']],
  ['failed', 'Failed', ['FAILED']],
  ['completed', 'Completed', ['COMPLETED']],
  ['exited', 'Exited', ['EXITED']],
  ['cancelled', 'Cancelled', ['CANCELLED']],
] as const satisfies readonly (readonly [string, string, readonly RunStatus[]])[]

export const groupOf = (text: string | undefined) => groups.find(([id]) => id === text) ?? groups[0]

export const goesOn = (status: RunStatus) => status === 'RUNNING' || status === 'WAITING'

/** What a person may decide about a run. */
export const mayRetry = (r: Run) => r.status === 'FAILED'
export const maySkip = (r: Run) => r.status === 'FAILED' || r.status === 'WAITING'
export const mayCancel = (r: Run) => goesOn(r.status) || r.status === 'FAILED'

/** Reasons of the server's own; all others are texts of exit steps. */
const exits: [RegExp, (found: RegExpExecArray) => string][] = [
  [/^timeout$/, () => 'It was not through when its time was over'],
  [/^late$/, () => 'It would have gone on too late'],
  [/^unsubscribed$/, () => 'The contact unsubscribed'],
  [/^the contact entered again$/, () => 'The contact entered again, and another run took its place'],
  [/^suppressed: (.*)$/s, (m) => `The contact is suppressed: ${m[1]?.replaceAll('_', ' ')}`],
  [/^exit: (.*)$/s, (m) => `The event ${m[1]} ended it`],
  [/^rule: (.*)$/s, (m) => `The rule ${m[1]} ended it`],
]

const firstOf = (text: string, list: typeof exits) => {
  for (const [shape, says] of list) {
    const found = shape.exec(text)
    if (found) return says(found)
  }
  return undefined
}

/** Why a run ended or failed, in words; empty: there is nothing to say. */
export function whyEnded(status: RunStatus, reason: string | undefined): string {
  if (status === 'CANCELLED') return 'A person ended it.'
  if (status === 'FAILED') return reason ? sentence(reason) : ''
  if (status !== 'EXITED') return reason ? sentence(reason) : ''
  if (!reason) return 'An exit step ended it.'
  return sentence(firstOf(reason, exits) ?? `An exit step ended it: ${reason}`)
}

/** What kinds of steps do, in words. */
export const kinds: Record<string, string> = {
  send: 'Email', wait: 'Wait', waitFor: 'Wait for an event', choice: 'Choice', condition: 'Question', split: 'Split', update: 'Change of the contact', webhook: 'Webhook', exit: 'Exit',
}

const ways: Record<string, string> = { yes: 'yes', no: 'no', event: 'the event came', timeout: 'the event did not come in time', else: 'none of the branches', failed: 'what it could not do' }

/** A way on from a step, in words. */
export const wayWords = (outcome: string): string => ways[outcome] ?? outcome

const byPerson = (detail: string | undefined) => /^by \S+$/.test(detail ?? '')

/** What came of a visit of a step that was left or failed; detail is in it where it is for people. */
export function visitWords(v: RunVisit): string {
  const { outcome = '', detail = '', type } = v
  switch (outcome) {
    case 'moved': return 'A person put the run on another version or step.'
    case 'cancelled': return 'A person ended the run here.'
    case 'replaced': return 'The contact entered again, and another run took its place.'
    case 'exited': return type === 'exit' ? (detail ? `It ended the run: ${detail}` : 'It ended the run.') : `The run ended here: ${whyEnded('EXITED', detail)}`
    case 'skipped: suppressed': return 'No email: what began the run forbids mailing its contact.'
    case 'skipped':
      if (byPerson(detail)) return 'A person skipped it.'
      return detail ? `No email: ${sentence(/^[a-z_]+$/.test(detail) ? reasonWords(detail, 'skipped') : detail)}` : 'It was skipped.'
    case 'sent': return 'An email was queued.'
    case 'failed': return v.leftAt ? `It failed, and the run took the way for that${detail ? `: ${sentence(detail)}` : '.'}` : `It failed${detail ? `: ${sentence(detail)}` : '.'}`
  }
  if (type === 'waitFor') return outcome === 'event' ? 'The event came.' : outcome === 'timeout' ? 'The event did not come in time.' : sentence(outcome)
  if (type === 'webhook' && outcome === '' && v.leftAt) return detail ? `It answered ${detail}.` : 'It answered.'
  if (type === 'update' && outcome === '' && v.leftAt) return 'The contact was changed.'
  if (type === 'wait' && outcome === '' && v.leftAt) return 'The time came.'
  if (outcome) return type === 'condition' ? `The answer was ${wayWords(outcome)}.` : `It took the way “${wayWords(outcome)}”.`
  return detail ? sentence(detail) : v.leftAt ? 'It was left.' : ''
}

export interface Begun {
  text: string
  event?: string
  rule?: string
}

/** What began a run. */
export function begunWords(by: string): Begun {
  const event = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(by)?.[0]
  const found = event ? { event } : {}
  if (by.startsWith('hand:')) return { text: 'by hand' }
  if (by.startsWith('schedule:')) return { text: 'by its schedule' }
  if (by.startsWith('rule:')) return { text: 'by a rule', rule: by.split(':')[1] ?? '', ...found }
  return { text: 'by an event', ...found }
}

/** Rows of a table for a spreadsheet. */
export const csvOf = (rows: Run[]): string[][] => [
  ['id', 'workflow', 'version', 'contact', 'status', 'because', 'step', 'since', 'due', 'started', 'ended', 'emails'],
  ...rows.map((r) => [r.id, r.workflow, String(r.version), r.email, r.status, r.reason ?? '', r.step, r.enteredAt, r.dueAt ?? '', r.startedAt, r.completedAt ?? '', String(r.emails)]),
]
