import { ask, tell, type World } from './server'

/** The workflow of a world that has many runs. */
export const busy = 'first-book'

/** Waits until something about runs is so. */
export async function until(what: string, is: () => Promise<boolean>): Promise<void> {
  for (const late = Date.now() + 60_000; Date.now() < late;) {
    if (await is()) return
    await new Promise((done) => setTimeout(done, 250))
  }
  throw new Error(`not within a minute: ${what}`)
}

export interface RunCount {
  workflow: string
  status: string
  count: number
}

export const countsOf = async (world: World, query = '') => (await ask<{ counts: RunCount[] }>(world, `/executions/counts${query}`)).counts

/** How many runs of a workflow have a status. */
export const runsIn = async (world: World, workflow: string, ...statuses: string[]): Promise<number> =>
  (await countsOf(world, `?workflow=${workflow}`)).filter((c) => statuses.includes(c.status)).reduce((n, c) => n + c.count, 0)

const definition = (nap: string, greeting: string) => `workflow: ${busy}
name: The first book
description: From the day somebody joined to the first book
trigger: reader.joined
exitOn: [reader.left]
timeout: 60d
transactional: true
sender: main
steps:
- {id: greet, name: ${greeting}, send: onboarding/welcome}
- {id: plan, choice: {field: data.plan, branches: [{name: team, value: team, steps: [{id: manager, name: Tell the manager, send: {template: onboarding/welcome, to: "{{ data.manager }}"}}]}], default: []}}
- {id: first-book, name: Wait for the first book, waitFor: {event: book.bought, timeout: 5d}, then: [{id: reader, update: {tags: [reader]}}, {id: bought, exit: bought a book}], else: [{id: nap, wait: ${nap}}]}
- {id: ask, name: Did they read it?, if: {opened: onboarding/welcome, run: true}, then: [{id: tips, send: onboarding/welcome}], else: [{id: again, send: {template: onboarding/welcome, subject: Once more}}]}
`

const day = 86_400_000

/**
 * A workflow in two versions with so many runs, of which some wait, some have ended, and some failed: what they know names no manager whom
 * the workflow could mail.
 */
export async function runsOf(world: World, runs: number): Promise<void> {
  const tracked = async (events: object[]) => {
    for (let i = 0; i < events.length; i += 500) await tell(world, '/v1/track/batch', { events: events.slice(i, i + 500) })
  }
  const joined = (email: string, i: number, timestamp?: Date) => ({
    email, event: 'reader.joined', ...(timestamp ? { timestamp: timestamp.toISOString() } : {}),
    data: {
      plan: i % 4 === 0 ? 'team' : 'free',
      ...(i % 4 === 0 && i % 24 !== 0 ? { manager: { value: `boss${i}@readers.test`, persistent: false } } : {}),
    },
  })
  const people = Array.from({ length: runs }, (_, i) => `reader${i + 1}@readers.test`)
  await tell(world, '/workflows', { text: definition('1d', 'Say hello'), enabled: true })
  // What happened days ago lets nobody enter: it is there to be tried on.
  await tracked(Array.from({ length: runs }, (_, i) => joined(`earlier${i + 1}@readers.test`, i, new Date(Date.now() - 4 * day - ((i * 53) % 600) * (day / 24)))))
  await tracked(people.map((email, i) => joined(email, i)))
  await until('the runs began', async () => (await runsIn(world, busy, 'WAITING', 'FAILED')) === runs)
  await tracked(people.filter((_, i) => i % 3 === 1).map((email) => ({ email, event: 'book.bought' })))
  await tracked(people.filter((_, i) => i % 17 === 2).map((email) => ({ email, event: 'reader.left' })))
  await until('those who bought are through', async () => (await runsIn(world, busy, 'EXITED')) >= Math.floor(runs / 3))
  await redefine(world, busy, definition('2d', 'Welcome them'))
}

/** Says something else: a new version. */
export async function redefine(world: World, workflow: string, text: string): Promise<void> {
  const answer = await fetch(`${world.url}/workflows/${workflow}`, { method: 'PUT', headers: { Authorization: `Bearer ${world.key}`, 'Content-Type': 'application/json' }, body: JSON.stringify({ text }) })
  if (!answer.ok) throw new Error(`the workflow ${workflow} was answered ${answer.status}: ${await answer.text()}`)
}
