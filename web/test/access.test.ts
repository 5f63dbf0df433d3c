import type { Page } from 'playwright-core'
import { expect, inject } from 'vitest'
import { beyond, faults } from './axe'
import { context, open, settled, test, watch } from './browser'
import { places } from './pages'
import type { World } from './server'

const world: World = inject('world')
const all = await places(world)

test.for(Object.entries(all))('axe finds nothing serious in %s, light or dark, and it fits a narrow screen', async ([, path], { page, world }) => {
  await open(page, world, path)
  expect.soft(await faults(page), 'light').toEqual([])
  await page.emulateMedia({ colorScheme: 'dark' })
  expect.soft(await faults(page, { only: 'color-contrast' }), 'dark').toEqual([])
  expect.soft(await beyond(page), 'past the edge of a narrow screen').toEqual([])
})

/** What opens each dialog: the page, and what is pressed there. */
const dialogs: [string, string, (page: Page) => Promise<void>][] = [
  ['an event', all['events'] ?? '', (p) => p.getByRole('row').nth(1).getByRole('cell').nth(1).click()],
  ['filters of events', '/events', (p) => p.getByRole('button', { name: 'Filter', exact: true }).click()],
  ['filters of contacts', '/contacts', (p) => p.getByRole('button', { name: 'Filter', exact: true }).click()],
  ['a new contact', '/contacts', (p) => p.getByRole('button', { name: 'New contact' }).click()],
  ['exporting contacts', '/contacts', (p) => p.getByRole('button', { name: 'Export' }).click()],
  ['the limit of contacts', '/contacts', (p) => p.getByRole('button', { name: 'Set a limit…' }).click()],
  ['editing a contact', '/contacts/ann@acme.test', async (p) => {
    await p.getByRole('button', { name: 'Edit', exact: true }).click()
    await p.getByRole('button', { name: 'Add an attribute' }).click()
    await p.getByRole('button', { name: 'Save' }).click()
    await p.getByText('It needs a name.').waitFor()
  }],
  ['unsubscribing', '/contacts/ann@acme.test', (p) => p.getByRole('button', { name: 'Unsubscribe…' }).click()],
  ...(['Export what is kept…', 'Delete…', 'Erase…'] as const).map((item): [string, string, (page: Page) => Promise<void>] => [`a contact: ${item}`, '/contacts/ann@acme.test', async (p) => {
    await p.getByRole('button', { name: 'More about this contact' }).click()
    await p.getByRole('menuitem', { name: item }).click()
  }]),
  ['merging', '/contacts/ann@acme.test', async (p) => {
    await p.getByRole('button', { name: 'More about this contact' }).click()
    await p.getByRole('menuitem', { name: 'Merge with another…' }).click()
    await p.getByLabel('The other one').fill('ghost@')
    await p.getByRole('button', { name: /ghost@acme/ }).click()
    await p.getByText('This can’t be taken back.').waitFor()
  }],
  ['a topic', '/topics', (p) => p.getByRole('button', { name: 'New topic' }).click()],
  ['a form', '/forms', async (p) => {
    await p.getByRole('button', { name: 'New form' }).click()
    await p.getByRole('button', { name: 'Add a field' }).click()
  }],
  ['using a form', '/forms', (p) => p.getByRole('button', { name: /^Use / }).first().click()],
  ['deleting a form', '/forms', (p) => p.getByRole('button', { name: /^Delete / }).first().click()],
  ['an export', '/exports', (p) => p.getByRole('button', { name: 'New export' }).click()],
  ['an erasure', '/erasures', (p) => p.getByRole('row').nth(1).getByRole('cell').nth(3).click()],
  ['erasing an address', '/erasures', (p) => p.getByRole('button', { name: 'Erase an address…' }).first().click()],
  ['deleting a topic', '/topics', (p) => p.getByRole('button', { name: 'Delete Offers…' }).click()],
  ['a sender', all['sender'] ?? '', async (p) => {
    await p.getByRole('button', { name: 'Edit', exact: true }).click()
    await p.getByRole('button', { name: 'Add a key' }).click()
    await p.getByRole('button', { name: 'More settings' }).click()
  }],
  ...(['Make it the default…', 'Switch it off…', 'Delete…'] as const).map((item): [string, string, (page: Page) => Promise<void>] => [`a sender: ${item}`, all['sender'] ?? '', async (p) => {
    await p.getByRole('button', { name: 'More about this sender' }).click()
    await p.getByRole('menuitem', { name: item }).click()
  }]),
  ['starting a run', all['runs'] ?? '', (p) => p.getByRole('button', { name: 'Start a run…' }).click()],
  ['cancelling a run', all['run'] ?? '', (p) => p.getByRole('button', { name: 'Cancel…' }).click()],
  ['skipping a step', all['run'] ?? '', (p) => p.getByRole('button', { name: 'Skip the step…' }).click()],
  ['moving runs', all['workflow-versions'] ?? '', async (p) => {
    await p.getByRole('button', { name: 'Move runs…' }).click()
    await p.getByText('would be on version 2').waitFor()
  }],
  ['the settings of workflows', '/workflows', async (p) => {
    await p.getByRole('button', { name: 'Settings…' }).click()
    await p.getByLabel('Bound how many emails a contact gets').check()
    await p.getByLabel('Mail nobody at certain hours').check()
  }],
  ['taking a workflow in', '/workflows', (p) => p.getByRole('button', { name: 'Take one in…' }).click()],
  ['switching a workflow off', all['workflow'] ?? '', (p) => p.getByRole('button', { name: 'Switch off' }).click()],
  ...(['A drawing for Mermaid…', 'Delete…'] as const).map((item): [string, string, (page: Page) => Promise<void>] => [`a workflow: ${item}`, all['workflow'] ?? '', async (p) => {
    await p.getByRole('button', { name: 'More about this workflow' }).click()
    await p.getByRole('menuitem', { name: item }).click()
  }]),
  ['a step of a workflow', all['workflow-edit'] ?? '', (p) => p.getByRole('button', { name: /^Add a step/ }).first().click()],
  ['deleting a rule', all['rule'] ?? '', async (p) => {
    await p.getByRole('button', { name: 'More about this rule' }).click()
    await p.getByRole('menuitem', { name: 'Delete…' }).click()
  }],
  ['sending a broadcast', all['broadcast'] ?? '', async (p) => {
    await p.getByText('Among them').waitFor()
    await p.getByRole('button', { name: 'Send…' }).click()
  }],
  ...(['Send again…', 'New secret…', 'Disable…', 'Delete…'] as const).map((item): [string, string, (page: Page) => Promise<void>] => [`an endpoint: ${item}`, all['endpoint'] ?? '', async (p) => {
    await p.getByRole('button', { name: 'More about this endpoint' }).click()
    await p.getByRole('menuitem', { name: item }).click()
  }]),
  ['enabling an endpoint', '/endpoints/data%20lake', (p) => p.getByRole('button', { name: 'Enable…' }).click()],
  ['dropping a dispatch', all['dispatch'] ?? '', (p) => p.getByRole('button', { name: 'Drop…' }).click()],
  ['taking an email back', '/sends?status=queued', async (p) => {
    await p.getByRole('link', { name: 'Your trial ends' }).click()
    await p.getByRole('button', { name: 'Take it back…' }).click()
  }],
  ['suppressing', '/suppressions', (p) => p.getByRole('button', { name: 'Suppress', exact: true }).click()],
  ['a suppression', '/suppressions', (p) => p.getByRole('row').nth(1).getByRole('cell').nth(2).click()],
  ['exporting', '/suppressions', (p) => p.getByRole('button', { name: 'Export' }).click()],
  ['deleting a segment', all['segment'] ?? '', (p) => p.getByRole('button', { name: 'Delete' }).click()],
  ['adding to a segment', all['segment-by-hand'] ?? '', (p) => p.getByRole('button', { name: 'Add contacts' }).click()],
  ['leaving what is not saved', '/segments/new', async (p) => {
    await p.getByLabel('Name').fill('not saved')
    await p.getByRole('link', { name: 'Contacts', exact: true }).click()
  }],
  ['deleting a template', all['template-edit'] ?? '', async (p) => {
    await p.getByRole('button', { name: 'More about this template' }).click()
    await p.getByRole('menuitem', { name: 'Delete…' }).click()
  }],
  ['a test of a template', all['template-edit'] ?? '', (p) => p.getByRole('button', { name: 'Send a test…' }).click()],
  ['bringing a version back', `${all['template-versions']}&version=1&against=2`, (p) => p.getByRole('button', { name: 'Bring version 1 back' }).click()],
  ['lifting', all['contact'] ?? '', (p) => p.getByRole('button', { name: 'Lift…' }).first().click()],
  ['lifting a pattern', '/suppressions?tab=patterns', (p) => p.getByRole('button', { name: /^Lift/ }).first().click()],
  ['making a key', '/keys', async (p) => {
    await p.getByRole('button', { name: 'Make a key' }).click()
    await p.getByText('Some things').click()
  }],
  ['revoking a key', '/keys', (p) => p.getByRole('button', { name: 'Revoke' }).first().click()],
  ['an act', '/audit', (p) => p.getByRole('row').nth(1).getByRole('cell').nth(3).click()],
  ['reading again', '/receipts', (p) => p.getByRole('button', { name: 'Read again…' }).click()],
  ['a new URL', all['source'] ?? '', (p) => p.getByRole('button', { name: 'New URL' }).click()],
  ['switching off', all['source'] ?? '', (p) => p.getByRole('button', { name: 'Switch off' }).click()],
]

test.for(dialogs)('axe finds nothing serious in the dialog of %s, and Escape closes it', async ([, path, press], { page, world }) => {
  await open(page, world, path)
  await press(page)
  const within = '[role=dialog], [role=alertdialog]'
  const dialog = page.locator(within)
  await dialog.waitFor()
  expect.soft(await faults(page, { within }), 'light').toEqual([])
  await page.emulateMedia({ colorScheme: 'dark' })
  expect.soft(await faults(page, { within, only: 'color-contrast' }), 'dark').toEqual([])
  await page.setViewportSize({ width: 390, height: 800 })
  const box = await dialog.boundingBox()
  expect.soft(box && box.x >= 0 && box.x + box.width <= 390, 'the dialog fits a narrow screen').toBe(true)
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
})

test('axe finds nothing serious in the builder with offers, a problem and an explanation, and it fits a narrow screen', async ({ page, world, watched }) => {
  watched.allowed.add(422)
  await open(page, world, all['segment-edit'] ?? '')
  const trial = page.getByRole('complementary', { name: 'Trial' })
  await trial.getByRole('button', { name: /@/ }).first().click()
  await page.getByText('is in it.').waitFor()
  await page.getByRole('combobox', { name: 'What to look at' }).first().fill('pl')
  await page.locator('[role=option]').first().waitFor()
  expect.soft(await faults(page), 'with offers').toEqual([])
  await page.emulateMedia({ colorScheme: 'dark' })
  expect.soft(await faults(page, { only: 'color-contrast' }), 'dark').toEqual([])
  await page.keyboard.press('Escape')
  await page.getByLabel('How long').first().fill('99999')
  await page.getByText('ten years at most').waitFor()
  expect.soft(await faults(page), 'with a problem').toEqual([])
  expect.soft(await beyond(page), 'past the edge of a narrow screen').toEqual([])
})

test('axe finds nothing serious in an email that is looked at before it is sent, and it fits a narrow screen', async ({ page, world }) => {
  await open(page, world, '/sends/new')
  await page.getByLabel('To', { exact: true }).fill('old@partner.test')
  await page.getByLabel('Subject').fill('Hello')
  await page.getByLabel('Text as HTML').fill('<p>Hello <a href="https://shop.test/">shop</a></p>')
  await page.getByRole('button', { name: 'Look at it first' }).click()
  await page.locator('iframe[sandbox=""]').waitFor()
  expect.soft(await faults(page), 'light').toEqual([])
  await page.getByLabel('Subject').fill('Hello again')
  await page.getByText('You changed something since').waitFor()
  await page.emulateMedia({ colorScheme: 'dark' })
  expect.soft(await faults(page, { only: 'color-contrast' }), 'dark').toEqual([])
  expect.soft(await beyond(page), 'past the edge of a narrow screen').toEqual([])
})

test('axe finds nothing serious in the editor of templates with mistakes, offers and data, and it fits a narrow screen', async ({ page, world }) => {
  await open(page, world, '/template/new?layout=receipt')
  const editor = page.getByRole('textbox', { name: 'HTML of the email' })
  await editor.click()
  await page.keyboard.press('Control+Home')
  await page.keyboard.insertText('{{ firstName | upcas }}')
  await page.getByRole('list', { name: 'Findings' }).getByText('There is no filter').waitFor()
  await page.getByText('Data that would come with the send').click()
  expect.soft(await faults(page), 'with a mistake').toEqual([])
  await page.keyboard.press('Control+Home')
  await editor.click()
  await page.keyboard.press('Control+Home')
  await page.keyboard.type('{{ pl')
  await page.keyboard.press('Control+Space')
  await page.locator('.cm-tooltip-autocomplete li').getByText('of the contact alone').first().waitFor()
  expect.soft(await faults(page), 'with offers').toEqual([])
  await page.emulateMedia({ colorScheme: 'dark' })
  expect.soft(await faults(page, { only: 'color-contrast' }), 'dark').toEqual([])
  expect.soft(await beyond(page), 'past the edge of a narrow screen').toEqual([])
})

test('axe finds nothing serious where one signs in, and a link that works no more says what to do', async () => {
  const c = await context(undefined)
  const w = watch(await c.newPage())
  for (const path of ['/sign-in', '/welcome#not-a-token']) {
    w.allowed.add(404)
    await w.page.goto(`${world.url}/ui${path}`)
    await settled(w.page)
    expect.soft(await faults(w.page), path).toEqual([])
    await w.page.emulateMedia({ colorScheme: 'dark' })
    expect.soft(await faults(w.page, { only: 'color-contrast' }), `${path}, dark`).toEqual([])
  }
  expect(await w.page.getByRole('heading', { level: 1 }).textContent()).toBe('This link does not work')
  await c.close()
  expect(w.faults).toEqual([])
})
