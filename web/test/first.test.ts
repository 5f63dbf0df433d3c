import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { context, settled, watch, type Watched } from './browser'
import { type Server, start, stop } from './server'

// An empty server: from the link in its log to the first page, and what pages without anything say.
let server: Server
let window: BrowserContext
let watched: Watched
let page: Page

beforeAll(async () => {
  server = await start()
  window = await context(undefined)
  watched = watch(await window.newPage())
  page = watched.page
})

afterAll(async () => {
  await window.close()
  await stop(server)
  expect(watched.faults).toEqual([])
})

const name = 'lea.lindt'
const password = 'a harbour at six in the morning'

test('the link of the log sets a name and a password, and signs in', async () => {
  await page.goto(server.link)
  await page.getByLabel('Name').fill(name)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Begin' }).click()
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
  await page.getByText('Connect your first provider').waitFor()
})

test('the link works once: the second time it says where a new one comes from', async () => {
  watched.allowed.add(404)
  const again = await window.newPage()
  await again.goto(server.link)
  await again.getByRole('heading', { name: 'This link does not work' }).waitFor()
  await again.getByText('tidings person reset NAME', { exact: true }).waitFor()
  await again.close()
  watched.allowed.delete(404)
})

const empty: [path: string, says: string, next: string][] = [
  ['/live', 'Listening', 'See whether the sources are healthy'],
  ['/events', 'Nothing has happened yet', 'Add a source'],
  ['/messages', 'No email is known yet', 'Add a source'],
  ['/contacts', 'Nobody is known yet', 'Add a source'],
  ['/segments', 'There is no segment yet', 'Make a segment'],
  ['/segments/new', 'One filter is not finished: choose what to look at, and a value.', 'Add a filter'],
  ['/events/custom', 'Nothing was tracked yet', 'Make a public key'],
  ['/topics', 'No topics yet', 'Make the first one'],
  ['/templates/', 'There is no template yet', 'New template'],
  ['/templates/?tab=performance', 'No template was used in this span', 'Look at the sources'],
  ['/domains', 'No mail in this span', 'Look at the sources'],
  ['/sends', 'Nothing was sent yet', 'Send one email'],
  ['/sends?status=uncertain', 'Nothing is uncertain', 'Show all'],
  ['/sends/new', 'It shows here first', 'Look at it first'],
  ['/senders', 'It is there until you add one of your own.', 'Add a sender'],
  ['/outbox', 'Nothing was written here yet', 'Send one email'],
  ['/alerts', 'There are no alerts', 'Who is told'],
  ['/alerts?tab=history', 'There were no alerts', 'Who is told'],
  ['/alerts?tab=channels', 'Nobody is told yet', 'New channel'],
  ['/endpoints', 'There is no endpoint yet', 'New endpoint'],
  ['/dispatches', 'Nothing was sent yet', 'Refresh'],
  ['/dispatches?state=dead', 'Nothing was given up', 'Show all'],
  ['/sources', 'No source yet', 'Add a source'],
  ['/receipts', 'No request has come yet', 'Add a source'],
  ['/receipts?tab=replays', 'Nothing was read again yet', 'Read again…'],
  ['/suppressions', 'Nobody is suppressed', 'Import a list'],
  ['/suppressions?tab=patterns', 'No domain is suppressed', 'Suppress a domain'],
  ['/exports', 'No exports yet', 'Make the first one'],
  ['/approvals', 'Nothing waits for you', 'Look at the keys'],
  ['/keys', 'No key yet', 'Make a key'],
]

test.for(empty)('%s has nothing to show yet, and says what to do next', async ([path, says, next]) => {
  await page.goto(`${server.url}/ui${path}`)
  await settled(page)
  const main = page.getByRole('main')
  await main.getByText(says, { exact: true }).waitFor()
  await main.getByText(next, { exact: true }).last().waitFor()
})

const next = 'a lighthouse at noon'

test('the password is changed only with the one before, and one stays signed in', async () => {
  watched.allowed.add(422)
  await page.goto(`${server.url}/ui/settings`)
  const change = async (old: string, again: string) => {
    await page.getByLabel('Your password now').fill(old)
    await page.getByLabel('The new one', { exact: true }).fill(next)
    await page.getByLabel('The new one again').fill(again)
    const press = page.getByRole('button', { name: 'Change it' })
    if (await press.isEnabled()) await press.click()
  }
  await change('not the harbour at all', `${next}!`)
  await page.getByText('The two are not the same.').waitFor()
  await change('not the harbour at all', next)
  await page.locator('input[aria-invalid=true]').first().waitFor()
  await change(password, next)
  await page.getByText('Your password is changed.').waitFor()
  watched.allowed.delete(422)
  await page.reload()
  await page.getByText(`Signed in as ${name}.`).waitFor()
})

test('signing out leads to the sign-in, and no page shows anything any more', async () => {
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in to Tidings' }).waitFor()
  await page.goto(`${server.url}/ui/contacts?search=acme`)
  await page.getByRole('heading', { name: 'Sign in to Tidings' }).waitFor()
})

test('a wrong password is refused with what to do, and the right one leads on to where one wanted to go', async () => {
  watched.allowed.add(401)
  await page.getByLabel('Name').fill(name)
  await page.getByLabel('Password').fill('not the harbour at all')
  await page.getByRole('button', { name: 'Sign in' }).click()
  const refusal = await page.getByRole('alert').innerText()
  expect(refusal).toContain('The name or the password is wrong.')
  expect(refusal).toContain('tidings person reset NAME')
  watched.allowed.delete(401)
  await page.getByLabel('Password').fill(next)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL('**/ui/contacts?search=acme')
  await page.getByRole('heading', { name: 'Contacts', level: 1 }).waitFor()
})
