import { ask, change, tell, type World } from './server'

/** What the workflows of a world are called. */
export const workflowKeys = { onboarding: 'onboarding', trial: 'trial-ending' }

const people = (n: number) => Array.from({ length: n }, (_, i) => `reader${i + 1}@onboarding.test`)

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

const onboarding = (nap: string) => `workflow: onboarding
name: Onboarding
description: From the first day to the first book
trigger: account.created
exitOn: [account.deleted]
timeout: 60d
transactional: true
sender: assistant
steps:
- {id: greet, name: Say hello, send: {template: onboarding/welcome, variants: []}}
- {id: plan, choice: {field: data.plan, branches: [{name: team, value: team, steps: [{id: manager, name: Tell the manager, send: {template: onboarding/welcome, to: "{{ data.manager }}"}}]}], default: []}}
- {id: first-book, name: Wait for the first book, waitFor: {event: book.bought, timeout: 5d}, then: [{id: reader, update: {tags: [reader]}}, {id: bought, exit: bought a book}], else: [{id: nap, wait: ${nap}}]}
- {id: ask, name: Did they read it?, if: {opened: onboarding/welcome, run: true}, then: [{id: tips, send: onboarding/welcome}], else: [{id: again, send: {template: onboarding/welcome, subject: Once more}}]}
`

/**
 * Workflows with so many runs, of which some wait, some have ended, and some failed: their contacts name no manager whom the workflow
 * could mail.
 */
export async function workflowsOf(world: World, runs: number): Promise<void> {
  const all = people(runs)
  const [sender] = [await tell<{ id: string }>(world, '/senders', { name: 'assistant', kind: 'file', from: { email: 'hello@harbour.test', name: 'Harbour Books' } })]
  const tags = (text: string) => text.replace(', variants: []', '')
  await tell(world, '/workflows', { text: tags(onboarding('1d')), enabled: true })
  await tell(world, '/workflows', {
    text: 'workflow: trial-ending\nname: Trial ending\ndescription: Three days before it ends\ntrigger: {schedule: {segment: teams-that-pay, at: "09:00", zone: Europe/Berlin}}\nsteps:\n- send: onboarding/welcome\n- wait: {at: "09:00", days: [mon, tue, wed, thu, fri]}\n- send: {template: onboarding/welcome, subject: It ends today}\n',
  })
  const kept = (data: Record<string, unknown>) => Object.fromEntries(Object.entries(data).map(([k, value]) => [k, { value, persistent: k === 'plan' }]))
  const day = 86_400_000
  const created = (email: string, i: number, timestamp?: Date) => ({
    email, event: 'account.created', ...(timestamp ? { timestamp: timestamp.toISOString() } : {}),
    data: kept({ plan: i % 4 === 0 ? 'team' : 'free', ...(i % 4 === 0 && i % 24 !== 0 ? { manager: `boss${i}@onboarding.test` } : {}) }),
  })
  // What happened days ago lets nobody enter: it is there to be tried on.
  const past = Array.from({ length: Math.round(runs / 3) }, (_, i) => created(`earlier${i + 1}@onboarding.test`, i, new Date(Date.now() - (4 * day + ((i * 53) % 600) * (day / 24)))))
  for (const events of [past, all.map((email, i) => created(email, i))]) {
    for (let i = 0; i < events.length; i += 500) await tell(world, '/v1/track/batch', { events: events.slice(i, i + 500) })
  }
  await until('the runs began', async () => (await runsIn(world, 'onboarding', 'WAITING', 'FAILED')) === runs)
  await tell(world, '/v1/track/batch', { events: all.filter((_, i) => i % 3 === 1).slice(0, 400).map((email) => ({ email, event: 'book.bought' })) })
  await tell(world, '/v1/track/batch', { events: all.filter((_, i) => i % 17 === 2).map((email) => ({ email, event: 'account.deleted' })) })
  await until('those who bought are through', async () => (await runsIn(world, 'onboarding', 'EXITED')) > runs / 4)
  await put(world, '/workflows/onboarding', { text: tags(onboarding('2d')).replace('Say hello', 'Welcome them') })
  await change(world, `/senders/${sender.id}`, { name: 'assistant' })
}

async function put(world: World, path: string, body: unknown): Promise<void> {
  const answer = await fetch(world.url + path, { method: 'PUT', headers: { Authorization: `Bearer ${world.key}`, 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
}
