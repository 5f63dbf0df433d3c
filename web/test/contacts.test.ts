import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { test } from './browser'
import { ask, tell, type World } from './server'
import { file } from './world'

interface Contact {
  id: string
  email: string
  data: Record<string, unknown>
  tags?: string[]
  topics?: Record<string, boolean>
  externalId?: string
  unsubscribed: boolean
}

/** Changes a contact beside the browser, as an app would. */
async function patch(world: World, id: string, body: unknown): Promise<void> {
  const answer = await fetch(`${world.url}/contacts/${id}`, {
    method: 'PATCH', headers: { Authorization: `Bearer ${world.key}`, 'Content-Type': 'application/json' }, body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`the contact was answered ${answer.status}: ${await answer.text()}`)
}

const dialog = (page: Page) => page.getByRole('dialog')
const more = async (page: Page, item: string) => {
  await page.getByRole('button', { name: 'More about this contact' }).click()
  await page.getByRole('menuitem', { name: item }).click()
}

test('a contact is made with attributes of their kinds, tags and an external id', async ({ page, go, world }) => {
  await go('/contacts')
  await page.getByRole('button', { name: 'New contact' }).click()
  await dialog(page).getByLabel('Address').fill('Made@Harbour.test')
  await dialog(page).getByLabel('Value of firstName').fill('Mara')
  await dialog(page).getByRole('button', { name: 'Add an attribute' }).click()
  await dialog(page).getByLabel('Name of row 3').fill('amount')
  await dialog(page).getByLabel('Kind of amount').selectOption('Number')
  await dialog(page).getByLabel('Value of amount').fill('many')
  await dialog(page).getByLabel('Tags', { exact: true }).fill('vip,')
  await dialog(page).getByLabel('External id').fill('made-1')
  await dialog(page).getByRole('button', { name: 'Make it' }).click()
  await dialog(page).getByText('This is no number').waitFor()
  await dialog(page).getByLabel('Value of amount').fill('49.5')
  await dialog(page).getByRole('button', { name: 'Make it' }).click()
  await page.getByRole('heading', { level: 1, name: 'made@harbour.test' }).waitFor()
  const made = await ask<Contact>(world, '/contacts/ext:made-1')
  expect([made.email, made.data, made.tags]).toEqual(['made@harbour.test', { firstName: 'Mara', amount: 49.5 }, ['vip']])
})

test('editing sends only what changed, and what the server refuses stands at its field', async ({ page, go, world, watched }) => {
  await tell(world, '/contacts', { email: 'other@edit.test', externalId: 'edit-taken' })
  await tell(world, '/contacts', { email: 'ed@edit.test', data: { plan: 'team', old: 'x', since: '2026-05-04', colours: ['red'], exact: 0.1 }, tags: ['trial', 'beta'] })
  await go('/contacts/ed@edit.test')
  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  const d = dialog(page)
  expect(await d.getByLabel('Kind of since').inputValue()).toBe('date')
  expect(await d.getByLabel('Kind of colours').inputValue()).toBe('list')
  await d.getByRole('button', { name: 'Remove old' }).click()
  await d.getByLabel('Value of colours').fill('red\ngreen')
  await d.getByLabel('Kind of plan').selectOption('JSON')
  await d.getByLabel('Value of plan').fill('{"name":"team"')
  await d.getByRole('button', { name: 'Remove the tag trial' }).click()
  await d.getByLabel('External id').fill('edit-taken')
  await d.getByRole('button', { name: 'Save' }).click()
  await d.getByText('This is not JSON.').waitFor()
  await d.getByLabel('Value of plan').fill('{"name":"team"}')

  watched.allowed.add(409)
  await d.getByRole('button', { name: 'Save' }).click()
  await d.getByText('Another contact has this external id').waitFor()
  await d.getByLabel('External id').fill('edit-1')
  const [request] = await Promise.all([page.waitForRequest((r) => r.method() === 'PATCH'), d.getByRole('button', { name: 'Save' }).click()])
  expect(request.postDataJSON()).toEqual({ data: { old: null, colours: ['red', 'green'], plan: { name: 'team' } }, externalId: 'edit-1', removeTags: ['trial'] })
  await page.getByText('ed@edit.test is saved.').waitFor()
  await page.getByLabel('Tags', { exact: true }).getByText('beta').waitFor()
  const now = await ask<Contact>(world, '/contacts/ext:edit-1')
  expect([now.data, now.tags]).toEqual([{ plan: { name: 'team' }, since: '2026-05-04', colours: ['red', 'green'], exact: 0.1 }, ['beta']])
})

test('what somebody else changed meanwhile is not written over without being seen', async ({ page, go, world }) => {
  const made = await tell<Contact>(world, '/contacts', { email: 'both@edit.test', data: { plan: 'team', city: 'Bremen' } })
  await go(`/contacts/${made.id}`)
  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  const d = dialog(page)
  await d.getByLabel('Value of plan').fill('mine')
  await patch(world, made.id, { data: { plan: 'theirs', city: 'Kiel' } })
  await d.getByRole('button', { name: 'Save' }).click()
  await d.getByText('Somebody changed the same while you were editing').waitFor()
  expect(await d.getByRole('alert').innerText()).toMatch(/plan is now "theirs"/)
  expect((await ask<Contact>(world, `/contacts/${made.id}`)).data).toEqual({ plan: 'theirs', city: 'Kiel' })
  await d.getByRole('button', { name: 'Take what is there now' }).click()
  expect(await d.getByLabel('Value of plan').inputValue()).toBe('theirs')
  await d.getByLabel('Value of plan').fill('mine')
  await d.getByRole('button', { name: 'Save' }).click()
  await page.getByText('both@edit.test is saved.').waitFor()
  expect((await ask<Contact>(world, `/contacts/${made.id}`)).data).toEqual({ plan: 'mine', city: 'Kiel' })
})

test('consent is changed for all mail and for one topic, and its history says who, when and how', async ({ page, go, world }) => {
  await tell(world, '/topics', { name: 'Offers of May', slug: 'offers-of-may', subscribedByDefault: false })
  const made = await tell<Contact>(world, '/contacts', { email: 'consent@acme.test' })
  await go(`/contacts/${made.id}`)
  const offers = page.getByRole('switch', { name: 'Takes Offers of May' })
  expect(await offers.isChecked()).toBe(false)
  await offers.click()
  await page.getByText('consent@acme.test takes Offers of May.').waitFor()
  await expect.poll(() => offers.isChecked()).toBe(true)

  await page.getByRole('button', { name: 'Unsubscribe…' }).click()
  const ask1 = page.getByRole('alertdialog', { name: 'Unsubscribe consent@acme.test?' })
  await ask1.getByText('They get no mail that needs consent any more').waitFor()
  await ask1.getByRole('button', { name: 'Unsubscribe' }).click()
  await page.getByText('They get no mail that needs consent.', { exact: true }).waitFor()
  await page.getByText('They opted out of all mail: what they said of topics counts only').waitFor()
  const out = await ask<Contact>(world, `/contacts/${made.id}`)
  expect([out.unsubscribed, out.topics]).toEqual([true, { 'offers-of-may': true }])

  await page.getByRole('button', { name: 'Subscribe again…' }).click()
  const ask2 = page.getByRole('alertdialog', { name: 'Subscribe consent@acme.test again?' })
  await ask2.getByText('Do this only where they asked for it').waitFor()
  await ask2.getByRole('button', { name: 'Subscribe' }).click()
  await page.getByText('They may be mailed.', { exact: true }).waitFor()

  await page.getByRole('tab', { name: 'History of consent' }).click()
  await page.waitForURL(/tab=consent/)
  const rows = page.getByRole('tabpanel').getByRole('listitem')
  await rows.nth(2).waitFor()
  const texts = await rows.allInnerTexts()
  expect(texts).toHaveLength(3)
  expect(texts[0]).toMatch(/opted in[\s\S]*All mail[\s\S]*by a person in these pages/)
  expect(texts[0]).toContain(world.name)
  expect(texts[1]).toMatch(/opted out[\s\S]*All mail/)
  expect(texts[2]).toMatch(/opted in[\s\S]*The topic Offers of May/)
  await page.reload()
  await rows.nth(2).waitFor()
})

test('a suppression beside consent is told where one subscribes somebody again', async ({ page, go, world }) => {
  const made = await tell<Contact>(world, '/contacts', { email: 'held@acme.test', subscribed: false })
  await tell(world, '/suppressions', { address: 'held@acme.test', reason: 'manual' })
  await go(`/contacts/${made.id}`)
  await page.getByText('Beside that, a suppression holds').waitFor()
  await page.getByRole('button', { name: 'Subscribe again…' }).click()
  const d = page.getByRole('alertdialog')
  await d.getByText('A suppression holds beside it').waitFor()
  await d.getByRole('button', { name: 'Subscribe' }).click()
  await page.getByText('held@acme.test takes mail again.').waitFor()
  await page.getByText('They get no mail.', { exact: true }).waitFor()
})

test('topics are made, changed and deleted, and it is said what that means', async ({ page, go, world, watched }) => {
  await go('/topics')
  await page.getByRole('button', { name: 'New topic' }).click()
  await dialog(page).getByLabel('Name').fill('Harbour letters')
  await dialog(page).getByLabel('Slug').fill('Not A Slug')
  watched.allowed.add(422)
  await dialog(page).getByRole('button', { name: 'Make it' }).click()
  await dialog(page).getByText('small letters, digits').waitFor()
  await dialog(page).getByLabel('Slug').fill('')
  await dialog(page).getByLabel('do not get it').check()
  await dialog(page).getByRole('button', { name: 'Make it' }).click()
  await page.getByText('Harbour letters is made.').waitFor()
  const row = page.getByRole('row').filter({ hasText: 'Harbour letters' })
  expect(await row.innerText()).toMatch(/harbour-letters[\s\S]*does not get it/)

  await row.getByRole('button', { name: 'Edit Harbour letters' }).click()
  await dialog(page).getByLabel('Description').fill('Once a month')
  await dialog(page).getByRole('radio', { name: /^get it/ }).check()
  await dialog(page).getByText('This changes at once what all contacts get').waitFor()
  await dialog(page).getByRole('button', { name: 'Save' }).click()
  await row.getByText('Once a month').waitFor()
  expect(await ask(world, '/topics/harbour-letters')).toMatchObject({ subscribedByDefault: true, description: 'Once a month' })

  await row.getByRole('button', { name: 'Delete Harbour letters…' }).click()
  await page.getByRole('alertdialog').getByText('What contacts said of it is gone').waitFor()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
  await page.getByText('Harbour letters is deleted.').waitFor()
  await row.waitFor({ state: 'detached' })
})

test('two contacts become one: first it is said what goes over and what is lost', async ({ page, go, world }) => {
  const stays = await tell<Contact>(world, '/contacts', { email: 'stays@merge.test', data: { plan: 'team' }, tags: ['a'] })
  await tell(world, '/contacts', { email: 'goes@merge.test', data: { plan: 'free', city: 'Kiel' }, tags: ['b'], externalId: 'merge-1' })
  await go(`/contacts/${stays.id}`)
  await more(page, 'Merge with another…')
  await dialog(page).getByLabel('The other one').fill('goes@mer')
  await dialog(page).getByRole('button', { name: /goes@merge\.test/ }).click()
  await dialog(page).getByText('the attribute city; the tag b; the external id merge-1').waitFor()
  await dialog(page).getByText('what it has of plan: stays@merge.test has its own').waitFor()
  await dialog(page).getByRole('button', { name: 'Swap' }).click()
  await dialog(page).getByText('what it has of plan: goes@merge.test has its own').waitFor()
  await dialog(page).getByRole('button', { name: 'Swap' }).click()
  await dialog(page).getByRole('button', { name: 'Merge, goes@merge.test goes' }).click()
  await page.getByText('goes@merge.test is merged into stays@merge.test.').waitFor()
  await page.getByLabel('Tags', { exact: true }).getByText('b', { exact: true }).waitFor()
  const now = await ask<Contact>(world, '/contacts/ext:merge-1')
  expect([now.id, now.data, now.tags]).toEqual([stays.id, { plan: 'team', city: 'Kiel' }, ['a', 'b']])
})

test('a contact is deleted once it was said what stays', async ({ page, go, world, watched }) => {
  const made = await tell<Contact>(world, '/contacts', { email: 'gone@delete.test', subscribed: false, data: { plan: 'x' } })
  await go(`/contacts/${made.id}`)
  await more(page, 'Delete…')
  const d = page.getByRole('alertdialog', { name: 'Delete gone@delete.test?' })
  await d.getByText('suppressions, and that it opted out').waitFor()
  await d.getByRole('button', { name: 'Delete' }).click()
  await page.getByText('gone@delete.test is deleted.').waitFor()
  await page.waitForURL(/\/contacts$/)
  watched.allowed.add(404)
  await go(`/contacts/${made.id}`)
  await page.getByText('Nothing is known of them').waitFor()
})

const list = `email,subscribed,Plan,amount,tags,id\n${Array.from({ length: 40 }, (_, i) => `p${i}@import.test,true,team,${i},vip;new,${i}`).join('\n')}
not an address,,,,,
late@import.test,maybe,,,,
"=cmd",,,,,
`

test('a list is tried first, shows how its columns are read and every bad line, and is then taken', async ({ page, go, world }) => {
  await tell(world, '/contacts', { email: 'p3@import.test', data: { Plan: 'free' } })
  const path = await file(world, 'people of may.csv', list)
  await go('/contacts')
  await page.getByRole('link', { name: 'Import', exact: true }).click()
  await page.getByLabel('A file with the list').setInputFiles(path)
  await page.getByRole('button', { name: 'Check it, change nothing' }).click()
  await page.getByText('Would be made').waitFor()
  const columns = await page.getByRole('table', { name: 'Columns' }).getByRole('row').allInnerTexts()
  expect(columns.slice(1).map((r) => r.replace(/\s+/g, ' ').trim())).toEqual([
    'email the address', 'subscribed whether they take mail', 'Plan the attribute Plan', 'amount the attribute amount', 'tags tags, which are added', 'id passed over',
  ])
  const bad = await page.getByRole('table', { name: 'Bad lines' }).getByRole('row').allInnerTexts()
  expect(bad.slice(1).map((r) => r.split('\n')[0])).toEqual(['42', '43', '44'])
  expect(bad[2]).toContain('"maybe" is neither true nor false')
  expect((await fetch(`${world.url}/contacts/p0@import.test`, { headers: { Authorization: `Bearer ${world.key}` } })).status, 'nothing changed').toBe(404)

  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'All 3 bad lines as CSV' }).click()])
  expect(download.suggestedFilename()).toBe('people-of-may-bad-lines.csv')
  const saved = await file(world, 'report.csv', '')
  await download.saveAs(saved)
  const told = (await readFile(saved, 'utf8')).trim().split('\n')
  expect([told.length, told[0], told[2]?.slice(0, 17)]).toEqual([4, '"line","field","code","message"', '"43","subscribed"'])

  await page.getByRole('button', { name: 'Import 40 lines…' }).click()
  const d = page.getByRole('alertdialog', { name: 'Import these contacts?' })
  await d.getByText('39 contacts are made').waitFor()
  await d.getByText('One that is there already may change').waitFor()
  await d.getByRole('button', { name: 'Import', exact: true }).click()
  await page.getByText('Imported: 39 new, 1 changed, 0 the same as before.').waitFor()
  await page.getByRole('heading', { name: 'Done' }).waitFor()
  const taken = await ask<Contact>(world, '/contacts/p3@import.test')
  expect([taken.data, taken.tags]).toEqual([{ Plan: 'team', amount: 3 }, ['new', 'vip']])
})

test('of many bad lines the first thousand are shown as one scrolls, and all are in the file', async ({ page, go, world }) => {
  const lines = Array.from({ length: 1500 }, (_, i) => `bad-${i}`)
  await go('/contacts/import')
  await page.getByLabel('A file with the list').setInputFiles({ name: 'bad.csv', mimeType: 'text/csv', buffer: Buffer.from(`email\n${lines.join('\n')}\n`) })
  await page.getByRole('button', { name: 'Check it, change nothing' }).click()
  await page.getByText('The first 1,000 of 1,500 bad lines').waitFor()
  const table = page.getByRole('table', { name: 'Bad lines' })
  expect(await table.getByRole('row').count()).toBeLessThan(60)
  await table.evaluate((e) => e.scrollTo(0, e.scrollHeight))
  await table.getByText('1,001', { exact: true }).waitFor()
  expect(await page.getByRole('button', { name: 'Import 0 lines…' }).isDisabled()).toBe(true)
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'All 1,500 bad lines as CSV' }).click()])
  const saved = await file(world, 'bad-report.csv', '')
  await download.saveAs(saved)
  expect((await readFile(saved, 'utf8')).trim().split('\n')).toHaveLength(1501)
})

test('a list that can’t be read at all says why', async ({ page, go, watched }) => {
  watched.allowed.add(422)
  await go('/contacts/import')
  await page.getByLabel('Or paste it').fill('plan,amount\nteam,4\n')
  await page.getByRole('button', { name: 'Check it, change nothing' }).click()
  await page.getByText('is not a header with a column email').first().waitFor()
})

test('an export holds those that the filters leave', async ({ page, go, world }) => {
  await tell(world, '/contacts', { email: 'one@export.test', data: { plan: 'team' }, tags: ['x', 'y'] })
  await go('/contacts?domain=export.test')
  await page.getByRole('row', { name: 'one@export.test' }).getByText('x, y').waitFor()
  await page.getByRole('button', { name: 'Export', exact: true }).click()
  await dialog(page).getByText('Those that your filters leave').waitFor()
  const [download] = await Promise.all([page.waitForEvent('download'), dialog(page).getByRole('button', { name: 'Download JSON lines' }).click()])
  const saved = await file(world, 'contacts.jsonl', '')
  await download.saveAs(saved)
  const rows = (await readFile(saved, 'utf8')).trim().split('\n').map((l) => JSON.parse(l) as Contact)
  expect(rows.map((r) => [r.email, r.data])).toEqual([['one@export.test', { plan: 'team' }]])
})

test('with a limit new contacts wait, which the list says, until there is room', async ({ page, go, world }) => {
  await go('/contacts')
  await page.getByText(/active, no limit$/).waitFor()
  await page.getByRole('button', { name: 'Set a limit…' }).click()
  await dialog(page).getByLabel('Contacts that may be active').fill('1')
  await dialog(page).getByText('That is less than are active').waitFor()
  await dialog(page).getByRole('button', { name: 'Set it' }).click()
  await page.getByText('One contact may be active.').waitFor()
  const made = await tell<Contact>(world, '/contacts', { email: 'waits@limit.test' })
  await go('/contacts?search=waits@limit.test')
  await page.getByText('1 waits for room').waitFor()
  await page.getByRole('row', { name: 'waits@limit.test' }).getByText('Pending').waitFor()
  await go(`/contacts/${made.id}`)
  await page.getByText('There was no room for it among the active contacts').waitFor()
  await go('/contacts')
  await page.getByRole('button', { name: 'Change the limit…' }).click()
  await dialog(page).getByLabel('Contacts that may be active').fill('')
  await dialog(page).getByRole('button', { name: 'Set it' }).click()
  await page.getByText('Any number of contacts may be active.').waitFor()
  await page.getByText('waits for room').waitFor({ state: 'detached' })
})
