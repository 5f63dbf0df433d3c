import type { Schemas } from '../api/client'

export type Message = Schemas['Message']
type Count = Message['counts'][number]

/** One step of an email's way to one recipient. */
export interface Step {
  name: string
  /** When it happened first; undefined: it did not, so far as anybody knows */
  at: Date | undefined
  count: number
  /** Milliseconds since the step before that happened */
  took: number | undefined
  /** What is counted apart: machines, and what may be another recipient's */
  machines: number
  perhaps: number
}

const sure = (c: Count) => !c.candidates
const person = (c: Count) => !c.verdict || c.verdict === 'human'

/** The steps that every email is meant to take; others stand among them where they happened. */
const way = ['email.sent', 'email.delivery', 'email.open', 'email.click']

/**
 * What became of an email for one recipient, in the order in which it happened; what has not happened follows. Opens and clicks
 * are people's; machines are told apart.
 */
export function steps(m: Message): Step[] {
  const made = new Map<string, Step>()
  for (const name of new Set([...way, ...m.counts.map((c) => c.name)])) {
    const all = m.counts.filter((c) => c.name === name)
    const own = all.filter((c) => sure(c) && person(c))
    const firsts = own.map((c) => Date.parse(c.firstAt))
    const sum = (of: Count[]) => of.reduce((n, c) => n + c.count, 0)
    made.set(name, {
      name,
      at: firsts.length > 0 ? new Date(Math.min(...firsts)) : undefined,
      count: sum(own),
      took: undefined,
      machines: sum(all.filter((c) => sure(c) && !person(c))),
      perhaps: sum(all.filter((c) => !sure(c))),
    })
  }
  const rank = (s: Step) => (way.includes(s.name) ? way.indexOf(s.name) : way.length)
  const done = [...made.values()].filter((s) => s.at).sort((a, b) => a.at!.getTime() - b.at!.getTime() || rank(a) - rank(b))
  done.forEach((s, i) => {
    const before = done[i - 1]
    if (before?.at && s.at) s.took = s.at.getTime() - before.at.getTime()
  })
  const over = done.some((s) => ['email.bounce', 'email.reject', 'email.failure'].includes(s.name)) && !done.some((s) => s.name === 'email.delivery')
  const open = [...made.values()].filter((s) => !s.at && (!over || s.machines > 0 || s.perhaps > 0) && (way.includes(s.name) || s.machines + s.perhaps > 0))
  return [...done, ...open]
}

/** Whether an email counts as opened or clicked by programs alone. */
export const onlyMachines = (m: Message) =>
  (m.status === 'email.open' || m.status === 'email.click') && !m.counts.some((c) => c.name === m.status && sure(c) && person(c))

/** What the status of an email may be, in the order of an email's life. */
export const statuses = [
  'email.queued', 'email.sent', 'email.delivery', 'email.open', 'email.click', 'email.failure', 'email.reject', 'email.bounce', 'email.complaint',
]

/** "3 others": how many got the same email. Who they are is not said here: perhaps they must not know of each other. */
export const others = (m: Message) => (m.recipients === 2 ? 'one other' : `${m.recipients - 1} others`)
