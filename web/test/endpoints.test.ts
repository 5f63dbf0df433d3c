import { createHmac } from 'node:crypto'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { test as base } from './browser'
import { calling, type Received, type Receiver, receiver } from './receiver'
import { ask, signIn, start, stop, tell, type World } from './server'

interface Fixtures {
  receives: Receiver
  world: World
}

/** A server of its own, which may call a receiver of this machine. */
const test = base.extend<Fixtures>({
  receives: [async ({}, use) => {
    const made = await receiver()
    await use(made)
    await made.close()
  }, { scope: 'file' }],
  world: [async ({}, use) => {
    const may = await calling()
    const world = await signIn(await start(...may.flags))
    await use(world)
    await stop(world)
    await may.end()
  }, { scope: 'file' }],
})

interface Endpoint {
  id: string
  name: string
  enabled: boolean
  headers: string[]
  on: Record<string, unknown>
  health: { state: string }
  secrets: unknown[]
}

const endpointOf = (world: World, name: string) => ask<Endpoint>(world, `/endpoints/${name}`)
const track = (world: World, event: string, email: string) => tell(world, '/v1/track', { event, email, data: { amount: 40 } })

/** Whether a request is signed with a secret, as Standard Webhooks have it. */
function signed(r: Received, secret: string): boolean {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  const want = createHmac('sha256', key).update(`${r.headers['webhook-id']}.${r.headers['webhook-timestamp']}.${r.body}`).digest('base64')
  return String(r.headers['webhook-signature']).split(' ').includes(`v1,${want}`)
}

const secretOf = (page: Page) => page.locator('code').filter({ hasText: /^whsec_/ }).innerText()

async function item(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'More about this endpoint' }).click()
  await page.getByRole('menuitem', { name }).click()
}

test('the first endpoint is made by a form, which tells what is wrong at its place, and its secret is shown once', async ({ page, go, world, receives, watched }) => {
  await go('/endpoints')
  await page.getByText('There is no endpoint yet').waitFor()
  await page.getByRole('link', { name: 'New endpoint' }).click()
  await page.getByLabel('Name', { exact: true }).fill('crm')
  await page.getByLabel('URL').fill('ftp://acme.test/hooks')
  const event = page.getByRole('combobox', { name: /Name of an event|One more event/ })
  await event.fill('order.*')
  await page.keyboard.press('Enter')
  await event.fill('email.bo')
  await page.getByRole('option', { name: /email.bounce/ }).click()
  await page.getByRole('list', { name: 'Events that go there' }).getByText('order.*').waitFor()
  await page.getByLabel('CloudEvents 1.0').check()
  await page.getByText('"tidings.email.bounce"').waitFor()
  await page.getByLabel('Standard Webhooks').check()
  await page.getByText('Only some of them').click()
  await page.getByLabel('Class', { exact: true }).fill('soggy')
  await page.getByRole('button', { name: 'Add a header' }).click()
  await page.getByLabel('Name of header 1').fill('Host')
  await page.getByLabel('Value of header 1').fill('canary-of-the-crm')
  await page.getByRole('button', { name: /^More settings/ }).click()
  await page.getByLabel('Tried again for').fill('a while')
  watched.allowed.add(422)
  await page.getByRole('button', { name: 'Make the endpoint' }).first().click()
  await page.getByText(/Must begin with https or http:\/\//).waitFor()
  await page.getByText(/Must be one of hard, soft/).waitFor()
  await page.getByText('Host is set by the server.').waitFor()
  await page.getByText(/Must be a duration from 1m0s/).waitFor()
  expect(await page.getByText('Try again').count()).toBe(0)
  watched.allowed.delete(422)
  await page.getByLabel('URL').fill(`${receives.url}/crm`)
  await page.getByLabel('Class', { exact: true }).fill('')
  await page.getByLabel('Name of header 1').fill('X-Token')
  await page.getByLabel('Tried again for').fill('')
  await page.getByRole('button', { name: 'Make the endpoint' }).first().click()
  await page.getByRole('heading', { name: 'crm is made' }).waitFor()
  const secret = await secretOf(page)
  await page.getByText('It is shown this once').waitFor()
  await page.getByRole('button', { name: 'I have copied it' }).click()
  await page.getByRole('heading', { name: 'crm', level: 1 }).waitFor()
  await page.getByText('Nothing was sent there yet.').waitFor()
  expect(await page.content()).not.toContain(secret)
  expect((await endpointOf(world, 'crm')).on).toEqual({ event: ['order.*', 'email.bounce'] })

  await page.getByRole('button', { name: 'Send a test event' }).click()
  await page.getByText('The receiver took it').waitFor()
  await page.getByLabel('What was answered').getByText('thank you').waitFor()
  await page.getByText('What was sent', { exact: true }).click()
  await page.getByText('test@example.com').last().waitFor()
  const [tested] = receives.taken
  expect([tested?.headers['x-token'], signed(tested!, secret)]).toEqual(['canary-of-the-crm', true])

  await track(world, 'order.paid', 'ann@acme.test')
  await page.getByText('It took what it was sent last.').waitFor()
  expect(receives.taken.at(-1)?.body).toContain('order.paid')
  await page.getByRole('tab', { name: 'Dispatches' }).click()
  await page.getByRole('table', { name: 'Dispatches' }).getByText('Delivered').waitFor()
  await page.getByRole('row').nth(1).getByRole('link').first().click()
  await page.getByRole('heading', { name: 'One event to crm' }).waitFor()
  await page.getByText('Try 1', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Send again now' }).click()
  await page.getByText('It is sent to crm again.').waitFor()
  await page.getByText('Try 2', { exact: true }).waitFor()
  const ids = receives.taken.filter((r) => r.body.includes('order.paid')).map((r) => r.headers['webhook-id'])
  expect([ids.length, new Set(ids).size]).toEqual([2, 1])

  // What is given up after a minute is looked at by the last test.
  await tell(world, '/endpoints', { name: 'broken', url: `${receives.url}/down`, on: { event: 'order.*' }, for: '1m' })
  await track(world, 'order.lost', 'bob@acme.test')
  await track(world, 'order.lost', 'cleo@acme.test')
  await tell(world, '/endpoints', { name: 'flooded', url: `${receives.url}/down/flood`, on: { event: 'flood' } })
  await tell(world, '/v1/track/batch', { events: Array.from({ length: 12 }, (_, i) => ({ email: `drop${i}@acme.test`, event: 'flood' })) })
})

test('a secret is rotated, and the old one holds for a while', async ({ page, go, world, receives }) => {
  const { secret } = await tell<{ secret: string }>(world, '/endpoints', { name: 'rotated', url: `${receives.url}/rotated`, on: { event: 'none' } })
  await go('/endpoints/rotated')
  await item(page, 'New secret…')
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('How long the old one goes on to hold').selectOption('1h')
  await dialog.getByRole('button', { name: 'Make it' }).click()
  await dialog.getByText('The old one holds until').waitFor()
  const fresh = await secretOf(page)
  expect(fresh).not.toBe(secret)
  await dialog.getByRole('button', { name: 'I have copied it' }).click()
  expect(await page.content()).not.toContain(fresh)
  await page.getByText('a new one; the old one holds until').waitFor()
  await page.getByRole('button', { name: 'Send a test event' }).click()
  await page.getByText('The receiver took it').waitFor()
  const last = receives.taken.at(-1)!
  expect([signed(last, secret), signed(last, fresh)]).toEqual([true, true])
})

test('an endpoint is changed without its headers being lost, disabled, enabled from now on, and deleted', async ({ page, go, world, receives }) => {
  await tell(world, '/endpoints', { name: 'changed', url: `${receives.url}/changed`, on: { event: 'thing.*' }, headers: { 'X-Token': 'canary' } })
  await go('/endpoints/changed')
  await page.getByRole('link', { name: 'Edit', exact: true }).first().click()
  expect(await page.getByLabel('Value of header 1').inputValue()).toBe('')
  expect(await page.getByRole('button', { name: 'Save' }).first().isDisabled()).toBe(true)
  await page.getByRole('button', { name: 'Add a header' }).click()
  await page.getByLabel('Name of header 2').fill('X-Other')
  await page.getByLabel('Value of header 2').fill('other')
  await page.getByLabel('Only those of contacts for whom a condition holds').check()
  await page.getByRole('combobox', { name: 'What to look at' }).fill('Tag')
  await page.getByRole('option', { name: /^Tag/ }).click()
  await page.getByLabel('How', { exact: true }).selectOption('contains')
  await page.getByRole('combobox', { name: 'Value', exact: true }).fill('vip')
  await page.getByRole('button', { name: 'Save' }).first().click()
  await page.getByText('changed is saved.').waitFor()
  await page.getByText('Only those of contacts for whom this holds').waitFor()
  expect((await endpointOf(world, 'changed')).headers).toEqual(['X-Other', 'X-Token'])
  await page.getByRole('button', { name: 'Send a test event' }).click()
  await page.getByText('The receiver took it').waitFor()
  expect([receives.taken.at(-1)?.headers['x-token'], receives.taken.at(-1)?.headers['x-other']]).toEqual(['canary', 'other'])

  await item(page, 'Disable…')
  await page.getByLabel('Why (optional)').fill('it moves house')
  await page.getByRole('alertdialog').getByRole('button', { name: 'Disable it' }).click()
  await page.getByText('changed is disabled.').waitFor()
  await page.getByText('It moves house.').first().waitFor()
  await page.getByRole('button', { name: 'Enable…' }).click()
  await page.getByRole('dialog').getByLabel('From now on').check()
  await page.getByRole('dialog').getByRole('button', { name: 'Enable it' }).click()
  await page.getByText('changed is enabled.').waitFor()
  expect((await endpointOf(world, 'changed')).enabled).toBe(true)
  await item(page, 'Delete…')
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete it' }).click()
  await page.getByText('changed is deleted.').waitFor()
  expect((await ask<{ endpoints: Endpoint[] }>(world, '/endpoints')).endpoints.map((e) => e.name)).not.toContain('changed')
})

test('what was stored in a span goes there again, one event goes where nobody asked for it, and a form that is left asks first', async ({ page, go, world, receives }) => {
  await tell(world, '/endpoints', { name: 'again', url: `${receives.url}/again`, on: { event: 'book.*' } })
  await track(world, 'book.read', 'dora@acme.test')
  await expect.poll(() => receives.taken.filter((r) => r.path === '/again').length, { timeout: 40_000 }).toBe(1)
  await go('/endpoints/again')
  await page.getByRole('tab', { name: 'Sent again' }).click()
  await page.getByText('Nothing was sent again yet').waitFor()
  await page.getByRole('button', { name: 'Send again…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Stored since').fill('2026-01-01T00:00')
  await dialog.getByRole('button', { name: 'Send again', exact: true }).click()
  await page.getByText('Queued', { exact: true }).waitFor({ timeout: 40_000 })
  await expect.poll(() => receives.taken.filter((r) => r.path === '/again').length, { timeout: 40_000 }).toBe(2)

  const [other] = (await ask<{ events: { id: string }[] }>(world, '/events?name=order.paid')).events
  await go('/events?name=order.paid')
  await page.getByRole('row').nth(1).getByRole('cell').nth(1).click()
  await dialog.getByRole('button', { name: 'Send it to one…' }).click()
  const inner = page.getByRole('dialog', { name: 'Send this event to an endpoint' })
  await inner.getByLabel('Endpoint').selectOption('again')
  await inner.getByRole('button', { name: 'Send it' }).click()
  await page.getByText('It is on its way.').waitFor()
  await expect.poll(() => receives.taken.filter((r) => r.path === '/again').at(-1)?.headers['webhook-id'], { timeout: 40_000 }).toBe(other?.id)

  await go('/endpoints/new')
  await page.getByLabel('Name', { exact: true }).fill('half')
  await page.getByRole('link', { name: 'Cancel' }).first().click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Leave' }).click()
  await page.getByRole('heading', { name: 'Endpoints', level: 1 }).waitFor()
})

test('what goes to an endpoint that is down says why, is dropped, and goes on once it is up', async ({ page, go, world, receives }) => {
  await go('/')
  await page.getByRole('link', { name: 'Endpoint flooded' }).click()
  await page.getByText(/\d+ tries failed in a row/).waitFor()
  await page.getByText('Resting', { exact: true }).waitFor()
  await go('/endpoints')
  const card = page.getByRole('listitem').filter({ hasText: 'broken' })
  await card.getByText('503 Service Unavailable').waitFor()
  await card.getByText('Failing').waitFor()
  await card.getByRole('link', { name: 'broken' }).click()
  await page.getByText('It did not take what it was sent last.').waitFor()
  await page.getByRole('tab', { name: 'Dispatches' }).click()
  const rows = page.getByRole('table', { name: 'Dispatches' }).getByRole('row')
  await rows.nth(2).getByRole('link').first().click()
  await page.getByText('503 Service Unavailable').first().waitFor()
  // What a receiver answers is a text, whatever is in it.
  await page.getByText('<b>down for repairs</b>').first().waitFor()

  const [event] = (await ask<{ events: { id: string }[] }>(world, '/events?contact=bob@acme.test&name=order.lost')).events
  await go(`/events/${event?.id}`)
  const there = page.getByRole('region', { name: 'At endpoints' })
  await there.getByRole('link', { name: 'crm' }).waitFor()
  await there.getByRole('link', { name: 'broken' }).waitFor()
  await there.getByText('503 Service Unavailable').waitFor()

  // Once its minute is over it is given up.
  await go('/dispatches?state=dead')
  const dead = page.getByRole('table', { name: 'Dispatches' })
  await dead.getByRole('row').nth(2).waitFor({ timeout: 100_000 })
  await go('/dispatches')
  await page.getByText('2 dispatches were given up.').waitFor()
  await page.getByRole('button', { name: 'Look at them' }).click()
  await page.waitForURL('**/dispatches?state=dead')
  await dead.getByRole('button', { name: 'Drop it…' }).first().click()
  await page.getByRole('alertdialog').getByText('It leaves the list').waitFor()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Drop it' }).click()
  await page.getByText('It is dropped.').waitFor()
  await page.getByText('1 dispatch', { exact: true }).waitFor()

  receives.mend()
  await page.getByLabel('Endpoint', { exact: true }).selectOption('broken')
  await page.getByRole('button', { name: 'Send all of broken again…' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Send again' }).click()
  await page.getByText('It is sent again.').waitFor()
  await page.getByRole('heading', { name: 'broken', level: 1 }).waitFor()
  await page.getByText('What was given up').waitFor()
  await page.getByText('1 sent again').waitFor({ timeout: 40_000 })
  await expect.poll(() => receives.taken.filter((r) => r.path === '/down').length, { timeout: 40_000 }).toBe(1)
  await page.getByRole('tab', { name: 'Overview' }).click()
  await page.getByText('Works', { exact: true }).first().waitFor()
  await page.getByRole('figure', { name: 'Requests by the hour' }).waitFor()
  await go('/dispatches?state=dead')
  await page.getByText('Nothing was given up').waitFor()
}, 180_000)
