import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { context, inside, open, test, watch } from './browser'
import { ask, change, signIn, start, stop, tell, type World } from './server'

interface Template {
  id: string
  key: string
  name: string
  subject: string
  body: string
  text: string | null
  type: string
  version: number
  note?: string
  opens?: boolean
}

const html = (page: Page) => page.getByRole('textbox', { name: 'HTML of the email' })
const findings = (page: Page) => page.getByRole('list', { name: 'Findings' })
const subjectShown = (page: Page) => page.getByLabel('Subject of the preview')
const frame = (page: Page) => page.frameLocator('iframe[title="Preview of the email"]')

/** Writes the whole of the HTML anew, as one who pastes does. */
async function write(page: Page, text: string): Promise<void> {
  await html(page).click()
  await page.keyboard.press('Control+A')
  await page.keyboard.press('Delete')
  if (text !== '') await page.keyboard.insertText(text)
}

const make = (world: World, key: string, more: Record<string, unknown> = {}) =>
  tell<Template>(world, '/templates', { key, name: key, subject: 'Hi {{ firstName | default: "there" }}', body: '<p>Hi {{ firstName | default: "there" }}</p>\n', type: 'TRANSACTIONAL', ...more })

test('a template is begun with a layout, tried for a contact, made, changed, compared, brought back and deleted', async ({ page, go, world }) => {
  await tell(world, '/contacts', { email: 'tora@letters.test', data: { firstName: 'Tora', berth: 'B7' } })
  await go('/templates')
  await page.getByRole('link', { name: 'New template' }).click()
  await page.getByRole('heading', { level: 1, name: 'New template' }).waitFor()
  await page.getByRole('link', { name: /^Welcome/ }).click()
  await html(page).waitFor()
  await frame(page).getByRole('heading', { name: 'Welcome, and hello' }).waitFor()
  await page.getByRole('combobox', { name: 'Find a contact' }).fill('tora@')
  await page.getByRole('option', { name: 'tora@letters.test' }).first().click()
  await frame(page).getByRole('heading', { name: 'Welcome, Tora' }).waitFor()
  await subjectShown(page).getByText(/^Welcome.*, Tora$/).waitFor()

  await page.getByLabel('Name', { exact: true }).fill('Welcome aboard')
  await page.getByLabel('Key (optional)').fill('letters/welcome')
  await page.getByLabel('Opens').selectOption('off')
  await page.getByRole('button', { name: 'Make the template' }).click()
  await page.getByText('Welcome aboard is made.').waitFor()
  await page.waitForURL(/\/ui\/template\/tpl_/)
  const path = '/templates/letters%2Fwelcome'
  const made = await ask<Template>(world, path)
  expect([made.name, made.type, made.version, made.opens, made.text]).toEqual(['Welcome aboard', 'MARKETING', 1, false, null])

  // What nothing is known of is told at its place; what is broken can't be stored.
  await write(page, '<p>Hello {{ firstName }}</p>\n<p>{{ firstName | upcas }} {{ rank }}</p>\n')
  await findings(page).getByText('There is no filter "upcas"').waitFor()
  await page.locator('.cm-lint-marker-error').waitFor()
  await html(page).locator('xpath=self::*[@aria-invalid="true"]').waitFor()
  await findings(page).getByRole('button', { name: /There is no filter/ }).click()
  expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('HTML of the email')
  expect(await page.locator('.cm-activeLineGutter').first().innerText()).toBe('2')
  await write(page, '<p>Hello {{ firstName }} of {{ berth }}</p>\n<p>{{ rank }}</p>\n<p><a href="{{ unsubscribeUrl }}">Leave</a></p>\n')
  await findings(page).getByText('Nothing is known of rank').waitFor()
  await page.locator('.cm-lint-marker-warning').waitFor()
  await page.getByRole('list', { name: 'Variables' }).getByText('no default').waitFor()
  await frame(page).getByText('Hello').waitFor()
  await page.getByRole('combobox', { name: 'Find a contact' }).fill('tora@')
  await page.getByRole('option', { name: 'tora@letters.test' }).first().click()
  await frame(page).getByText('Hello Tora of B7').waitFor()
  await page.getByRole('list', { name: 'Variables' }).getByText('B7').waitFor()
  await page.keyboard.press('Control+s')
  await page.getByText('Welcome aboard is saved as version 2.').waitFor()

  await page.getByRole('tab', { name: 'Versions' }).click()
  const changes = page.getByRole('region', { name: 'Lines of HTML' })
  await changes.getByText('Hello {{ firstName }} of {{ berth }}').waitFor()
  await changes.getByText('class="button"').first().waitFor()
  await page.getByRole('button', { name: 'Version 1', exact: true }).click()
  await page.getByRole('button', { name: 'Bring version 1 back' }).click()
  await page.getByRole('alertdialog').getByText('becomes version 3').waitFor()
  await page.getByRole('button', { name: 'Bring it back' }).click()
  await page.getByText('is as it was in version 1').waitFor()
  await html(page).getByText('class="column"').waitFor()
  const now = await ask<Template>(world, path)
  expect([now.version, now.note, now.body]).toEqual([3, 'as version 1', made.body])

  await page.getByRole('button', { name: 'More about this template' }).click()
  await page.getByRole('menuitem', { name: 'Delete…' }).click()
  await page.getByRole('alertdialog').getByText('All 3 versions of it go').waitFor()
  await page.getByRole('button', { name: 'Delete it' }).click()
  await page.getByText('Welcome aboard is deleted.').waitFor()
  await page.getByRole('heading', { level: 1, name: 'Templates' }).waitFor()
  await page.getByRole('link', { name: 'Welcome aboard' }).waitFor({ state: 'detached' })
})

test('the editor offers attributes, data of the send and filters, and data of the send stand in the preview', async ({ page, go, world }) => {
  await tell(world, '/contacts', { email: 'tora@letters.test', data: { firstName: 'Tora', berth: 'B7' } })
  const t = await make(world, 'letters/offers')
  await go(`/template/${t.id}`)
  await page.getByText('Data that would come with the send').click()
  await page.getByLabel('Data', { exact: true }).fill('{"parcel": 17')
  await page.getByRole('complementary', { name: 'Trial' }).getByText(/JSON|Expected|position/).first().waitFor()
  await page.getByLabel('Data', { exact: true }).fill('{"parcel": 17}')
  await write(page, '')
  await page.keyboard.type('{{ par')
  const offers = page.locator('.cm-tooltip-autocomplete')
  await offers.getByText('parcel').waitFor()
  // By the mouse: a key that comes at once after the offers is taken for what was being typed.
  await offers.getByText('comes with the send').click()
  await page.keyboard.type(' | plu')
  await offers.getByRole('option').filter({ hasText: /^plus/ }).click()
  await page.keyboard.type(': 1')
  await frame(page).getByText('18', { exact: true }).waitFor()
  await write(page, '')
  await page.keyboard.type('{{ bert')
  await offers.getByText('berth', { exact: true }).waitFor()
  await page.keyboard.press('Escape')
})

test('the text part is made, written or left out, and shown as it will be', async ({ page, go, world }) => {
  const t = await make(world, 'letters/text', { body: '<h1>Big</h1><p>Small {{ email }}</p>' })
  await go(`/template/${t.id}`)
  const trial = page.getByRole('complementary', { name: 'Trial' })
  await trial.getByRole('button', { name: 'Text', exact: true }).click()
  await trial.getByLabel('Text part').getByText('somebody@example.com').waitFor()
  await page.getByRole('group', { name: 'Part of the email' }).getByRole('button', { name: 'Text' }).click()
  await page.getByLabel('Written by hand').check()
  await page.getByRole('textbox', { name: 'Text of the email' }).click()
  await page.keyboard.insertText('By hand for {{ email }}')
  await trial.getByText('By hand for somebody@example.com').waitFor()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('is saved as version 2.').waitFor()
  expect((await ask<Template>(world, `/templates/${t.id}`)).text).toBe('By hand for {{ email }}')
})

test('what is not saved is not lost by leaving, nor by what somebody else saved meanwhile', async ({ page, go, world, watched }) => {
  const t = await make(world, 'letters/shared')
  await go(`/template/${t.id}`)
  await page.getByLabel('Subject', { exact: true }).fill('Mine')
  await page.getByText('not saved', { exact: true }).waitFor()
  await page.getByRole('link', { name: 'Contacts', exact: true }).click()
  await page.getByRole('alertdialog', { name: 'Leave without saving?' }).getByRole('button', { name: 'Cancel' }).click()
  expect(await page.getByLabel('Subject', { exact: true }).inputValue()).toBe('Mine')

  await change(world, `/templates/${t.id}`, { subject: 'Theirs' })
  watched.allowed.add(412)
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('Somebody saved another version while you wrote.').waitFor()
  expect((await ask<Template>(world, `/templates/${t.id}`)).subject).toBe('Theirs')
  await page.getByRole('button', { name: 'Save mine as the newest' }).click()
  await page.getByText('is saved as version 3.').waitFor()
  expect((await ask<Template>(world, `/templates/${t.id}`)).subject).toBe('Mine')

  await page.getByLabel('Subject', { exact: true }).fill('Never to be kept')
  await page.getByRole('link', { name: 'Contacts', exact: true }).click()
  await page.getByRole('button', { name: 'Leave', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'Contacts' }).waitFor()
  expect(await ask<Template>(world, `/templates/${t.id}`)).toMatchObject({ subject: 'Mine', version: 3 })
})

test('what the server refuses is told at its field, and by its line in the editor', async ({ page, go, world, watched }) => {
  await make(world, 'letters/taken')
  watched.allowed.add(409).add(422)
  await go('/template/new?layout=letter')
  await page.getByLabel('Name', { exact: true }).fill('')
  await page.getByLabel('From', { exact: true }).fill('nobody at all')
  await html(page).waitFor()
  await write(page, '<p>\n{% if x %}')
  await page.getByRole('button', { name: 'Make the template' }).click()
  await page.getByLabel('Name', { exact: true }).locator('xpath=self::*[@aria-invalid="true"]').waitFor()
  await page.getByLabel('Name', { exact: true }).fill('Taken')
  await page.getByRole('button', { name: 'Make the template' }).click()
  await page.getByLabel('From', { exact: true }).locator('xpath=self::*[@aria-invalid="true"]').waitFor()
  await page.locator('.cm-lint-marker-error').waitFor()
  await write(page, '<p>All is well</p>')
  await page.getByLabel('From', { exact: true }).fill('')
  await page.getByLabel('Key (optional)').fill('letters/taken')
  await page.getByRole('button', { name: 'Make the template' }).click()
  await page.getByText('another template has the key').waitFor()
})

test('templates are found by name, key and kind, with what became of their mail, and lead to their performance and back', async ({ page, go, world }) => {
  const t = await make(world, 'letters/found', { name: 'To be found', type: 'MARKETING' })
  await go('/templates')
  const table = page.getByRole('table', { name: 'Templates' })
  await page.getByLabel('Find a template').fill('letters/fou')
  await table.getByRole('row').filter({ hasText: 'To be found' }).waitFor()
  await table.getByText('1 template', { exact: true }).waitFor()
  await page.getByLabel('Who gets it').selectOption('TRANSACTIONAL')
  await page.getByText('No template is like that').waitFor()
  await page.getByRole('button', { name: 'Show all' }).click()
  const shipped = table.getByRole('row').filter({ hasText: 'shop/shipped' })
  await shipped.getByText('Transactional').waitFor()
  await expect.poll(() => shipped.getByRole('cell').nth(6).innerText()).not.toBe('0')
  await shipped.getByRole('link', { name: 'Shipped' }).click()
  await page.getByRole('link', { name: 'Performance' }).click()
  await page.getByRole('heading', { level: 1, name: 'shop/shipped' }).waitFor()
  await page.getByRole('link', { name: 'Edit', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'Shipped' }).waitFor()
  expect(t.version).toBe(1)
})

test('an email can be looked at narrow and dark, with its links and images, and none of them is fetched', async ({ page, go, world }) => {
  const t = await make(world, 'letters/looked', {
    body: '<style>@media (prefers-color-scheme: dark) { p { color: rgb(1, 2, 3) } }</style><p>Hi</p><a href="http://shop.test/">Shop</a><img src="https://shop.test/pixel.png" alt="A pier">',
  })
  const asked: string[] = []
  page.on('request', (r) => { if (!r.url().startsWith(world.url) && !r.url().startsWith('data:')) asked.push(r.url()) })
  await go(`/template/${t.id}`)
  const shown = page.locator('iframe[title="Preview of the email"]')
  await frame(page).getByText('Hi', { exact: true }).waitFor()
  expect(await shown.getAttribute('sandbox')).toBe('')
  const wide = (await shown.boundingBox())?.width ?? 0
  await page.getByRole('button', { name: 'As wide as a phone' }).click()
  await expect.poll(async () => (await shown.boundingBox())?.width).toBe(375)
  expect(wide).toBeGreaterThan(375)
  await page.getByRole('group', { name: 'Colours of the reader' }).getByRole('button', { name: 'Dark' }).click()
  await expect.poll(() => shown.getAttribute('srcdoc')).toContain('@media (min-width: 0px)')
  await page.getByRole('button', { name: 'Links', exact: true }).click()
  const links = page.getByRole('region', { name: 'Links and images' })
  await links.getByText('without TLS').waitFor()
  await links.getByText('A pier').waitFor()
  expect(asked).toEqual([])
})

test('templates of the folder are looked at and copied, not changed, and files that are broken are told', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'tidings-folder-'))
  await mkdir(join(dir, 'onboarding'))
  await writeFile(join(dir, 'onboarding', 'hello.html'), '---\nsubject: Hello\nname: Hello of the folder\ntype: TRANSACTIONAL\n---\n<p>Hello {{ email }}</p>\n')
  await writeFile(join(dir, 'broken.html'), '---\nsubject: Broken\ntype: TRANSACTIONAL\n---\n<p>{{ email | upcas }}</p>\n')
  const world = await signIn(await start('--templates', dir))
  const c = await context(world)
  const w = watch(await c.newPage())
  const page = w.page
  try {
    await open(page, world, '/templates/')
    await page.getByRole('alert').getByText('broken.html').waitFor()
    await page.getByRole('alert').getByText('There is no filter "upcas"').waitFor()
    await page.getByRole('row').filter({ hasText: 'Hello of the folder' }).getByText('Folder', { exact: true }).waitFor()
    await page.getByRole('link', { name: 'Hello of the folder' }).click()
    await page.getByText('onboarding/hello.html').waitFor()
    await frame(page).getByText('Hello somebody@example.com').waitFor()
    expect(await page.getByRole('button', { name: 'Save', exact: true }).count()).toBe(0)
    expect(await page.getByLabel('Name', { exact: true }).isDisabled()).toBe(true)
    await html(page).click()
    await page.keyboard.type('x')
    expect(await html(page).innerText()).not.toContain('x<p>')
    await page.getByRole('button', { name: 'More about this template' }).click()
    expect(await page.getByRole('menuitem', { name: 'Delete…' }).count()).toBe(0)
    await page.getByRole('menuitem', { name: 'Make a copy' }).click()
    await page.getByRole('button', { name: 'Make the template' }).click()
    await page.getByText('Copy of Hello of the folder is made.').waitFor()
  } finally {
    await c.close()
    await stop(world)
    await rm(dir, { recursive: true, force: true })
  }
  expect(w.faults).toEqual([])
})

test('the brand is changed beside the page that has it, and the page of a form has it then', async ({ page, go, world, watched }) => {
  watched.allowed.add(422)
  await go('/settings')
  const form = page.locator('form').filter({ has: page.getByRole('button', { name: 'Save the brand' }) })
  const shown = page.locator('iframe[title="Preview of the page of preferences"]')
  await form.getByLabel('Colour of what is pressed').fill('reddish')
  await form.getByRole('button', { name: 'Save the brand' }).click()
  await form.getByText('write #rrggbb').waitFor()
  await form.getByLabel('Colour of what is pressed').fill('#FFCC00')
  await form.getByLabel('Name of whoever sends').fill('Pier & <Co>')
  await expect.poll(() => shown.getAttribute('srcdoc')).toContain('--button: #FFCC00; --on: #000;')
  await (await inside(shown)).getByText('Pier & <Co>').waitFor()
  await form.getByRole('button', { name: 'Save the brand' }).click()
  await page.getByText('The brand is saved.').waitFor()
  expect(await ask<{ name: string; color: string }>(world, '/brand')).toMatchObject({ name: 'Pier & <Co>', color: '#ffcc00' })
  const { forms } = await ask<{ forms: { url: string }[] }>(world, '/forms')
  const real = await (await fetch(`${world.url}${new URL(forms[0]?.url ?? '').pathname}`, { headers: { Accept: 'text/html' } })).text()
  expect(real).toContain('--button: #ffcc00; --on: #000;')
  await change(world, '/brand', { name: 'Harbour Books', color: '#1d5fb4' })
})
