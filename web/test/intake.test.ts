import { readFile } from 'node:fs/promises'
import { expect } from 'vitest'
import { test } from './browser'
import { post } from './server'
import { assistant, file } from './world'

test('a receipt with a problem says what to do, shows its body when it is asked for, and is read again', async ({ page, go }) => {
  await go('/receipts')
  await page.getByLabel('Problem').selectOption('any')
  await page.waitForURL(/problem=any/)
  await page.getByRole('row').filter({ hasText: 'could not be read as an event' }).first().click()
  await page.waitForURL('**/receipts/rcp_*')
  await page.getByText('What to do:').first().waitFor()
  expect(await page.content()).not.toContain('This is no record of SES.')
  await page.getByRole('button', { name: 'Show what came' }).click()
  await page.getByText('This is no record of SES.').waitFor()
  await page.getByRole('button', { name: 'Read it again' }).click()
  await page.getByText('The request was read again.').waitFor()
  await page.locator('section', { hasText: 'Read again' }).last().getByText('there already').waitFor()
})

test('kept requests are read again in the background, first as a trial', async ({ page, go }) => {
  await go('/receipts?tab=replays')
  await page.getByRole('button', { name: 'Read again…' }).first().click()
  await page.getByRole('button', { name: 'Try it, store nothing' }).click()
  await page.getByText('The trial is under way.').waitFor()
  const row = page.getByRole('listitem').filter({ hasText: 'Trial' }).first()
  await row.getByText('Done', { exact: true }).waitFor()
  await row.getByText('would be stored').waitFor()
})

test('an address is suppressed by hand, found, and shown with its note', async ({ page, go }) => {
  await go('/suppressions')
  await page.getByRole('button', { name: 'Suppress', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Address or pattern').fill('stop@caller.test')
  await dialog.getByLabel('Note').fill('asked on the phone')
  await dialog.getByRole('button', { name: 'Suppress' }).click()
  await page.getByText('stop@caller.test is suppressed.').waitFor()
  await page.getByLabel('Address, whole').fill('stop@caller.test')
  await page.getByRole('button', { name: 'Find' }).click()
  await page.getByRole('row', { name: 'stop@caller.test' }).getByText('By hand').click()
  await dialog.getByText('Note: asked on the phone').waitFor()
})

test('a list of suppressions is tried first, which changes nothing, then imported, and then exported', async ({ page, go, world }) => {
  const path = await file(world, 'list.csv', 'address,reason,note\nimported@list.test,complaint,from the old system\n*@list-traps.test,,traps\nnot an address,,\n')
  await go('/suppressions?tab=import')
  await page.getByLabel('A file with the list').setInputFiles(path)
  await page.getByRole('button', { name: 'Check it, change nothing' }).click()
  await page.getByText('Would be added').waitFor()
  await page.getByRole('table', { name: 'Bad lines' }).getByText('4', { exact: true }).waitFor()
  const asked = await fetch(`${world.url}/suppressions?contact=imported%40list.test`, { headers: { Authorization: `Bearer ${world.key}` } })
  expect(((await asked.json()) as { suppressions: unknown[] }).suppressions).toEqual([])

  await page.getByRole('button', { name: 'Import 2 lines…' }).click()
  const dialog = page.getByRole('alertdialog', { name: 'Import this list?' })
  await dialog.getByText('2 addresses and domains are suppressed from now on').waitFor()
  await dialog.getByRole('button', { name: 'Import', exact: true }).click()
  await page.getByText('Imported: 2 added, 0 known before.').waitFor()

  await page.getByRole('button', { name: 'Export' }).click()
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download CSV' }).click()])
  expect(download.suggestedFilename()).toMatch(/^suppressions-\d{4}-\d\d-\d\d\.csv$/)
  const saved = await file(world, 'export.csv', '')
  await download.saveAs(saved)
  const text = await readFile(saved, 'utf8')
  expect(text).toContain('imported@list.test')
  expect(text).toContain('*@list-traps.test')
})

test('a key is made, shown this once, works, is revoked, and works no more', async ({ page, go, world }) => {
  await go('/keys')
  await page.getByRole('button', { name: 'Make a key' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('dashboard')
  await dialog.getByRole('button', { name: 'Make it' }).click()
  const key = await dialog.locator('code').filter({ hasText: /^sk_/ }).innerText()
  const status = async () => (await fetch(`${world.url}/events?limit=1`, { headers: { Authorization: `Bearer ${key}` } })).status
  expect(await status()).toBe(200)
  await dialog.getByRole('button', { name: 'I have copied it' }).click()
  expect(await page.content()).not.toContain(key)

  await page.getByRole('row', { name: 'dashboard' }).getByRole('button', { name: 'Revoke' }).click()
  const confirm = page.getByRole('alertdialog', { name: 'Revoke dashboard?' })
  await confirm.getByText('stops working with the next request').waitFor()
  await confirm.getByRole('button', { name: 'Revoke it' }).click()
  await page.getByText('dashboard is revoked.').waitFor()
  expect(await status()).toBe(401)

  await go('/audit?operation=revokeKey')
  expect(await page.getByRole('row').nth(1).innerText()).toContain(world.name)
})

test('settings show where one is signed in, and what the server runs with', async ({ page, go, world }) => {
  await go('/settings')
  await page.getByText(`Signed in as ${world.name}.`).waitFor()
  await page.getByText('This browser').or(page.getByText('here', { exact: true })).first().waitFor()
  await page.getByRole('table', { name: 'Settings of this server' }).getByText('retention-receipts').waitFor()
  await page.getByRole('main').getByRole('button', { name: 'Dark' }).click()
  expect(await page.locator('html').getAttribute('class')).toContain('dark')
  await page.reload()
  expect(await page.locator('html').getAttribute('class')).toContain('dark')
})

test('a person is invited by a link that is shown once, and is locked out again', async ({ page, go }) => {
  await go('/settings')
  await page.getByRole('button', { name: 'Invite…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Invite a person' })
  await dialog.getByLabel('Name').fill('nils.novak')
  await dialog.getByRole('button', { name: 'Invite', exact: true }).click()
  const link = await dialog.locator('code').filter({ hasText: '/ui/welcome#' }).innerText()
  await dialog.getByRole('button', { name: 'I have copied it' }).click()
  expect(await page.content()).not.toContain(link)
  const row = page.getByRole('row', { name: 'nils.novak' })
  await row.getByText('Invited', { exact: true }).waitFor()
  await row.getByRole('button', { name: 'Lock out… nils.novak' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Lock out' }).click()
  await row.getByText('Locked out', { exact: true }).waitFor()
})

test('a page that is not there says so and leads back', async ({ page, go }) => {
  await go('/nowhere/at/all')
  await page.getByRole('heading', { name: 'There is no such page' }).waitFor()
  await page.getByRole('link', { name: 'Go to the overview' }).click()
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
})

test('what is not there by its id says so, and what to do', async ({ page, watched, go }) => {
  watched.allowed.add(404)
  const missing: [string, string][] = [
    ['/contacts/nobody@acme.test', 'Nothing is known of them'], ['/messages/none-at-all-of-them', 'No such email is known'],
    ['/receipts/rcp_0000000000000000', 'All receipts'], ['/sources/src_0000000000000000', 'All sources'],
  ]
  for (const [path, says] of missing) {
    await go(path)
    await page.getByText(says).first().waitFor()
  }
})

test('what an AI assistant asks for waits for a person, is approved with a note, and is done only then', async ({ page, go, world }) => {
  const email = 'asked@assistant.test'
  await post(`${world.url}/suppressions`, { address: email, reason: 'manual', note: 'asked by phone' }, { Authorization: `Bearer ${world.key}` })
  const waits = (await assistant(world, 'remove_suppression', { email })) as { waiting?: { confirmation?: string } }
  const code = waits.waiting?.confirmation ?? JSON.stringify(waits)
  await go('/approvals')
  const item = page.getByRole('listitem').filter({ hasText: code })
  await item.getByText(`Lift the suppression of ${email}, so that mail may go there again.`).waitFor()
  await item.getByRole('button', { name: /^Approve/ }).click()
  const dialog = page.getByRole('alertdialog')
  await dialog.getByLabel('Why may mail go there again?').fill('they wrote that the mailbox works')
  await dialog.getByRole('button', { name: 'Approve', exact: true }).click()
  await page.getByText(`Approved for ${email}. The assistant may go on.`).waitFor()
  await assistant(world, 'remove_suppression', { email, confirmation: code })
  await page.reload()
  await item.waitFor({ state: 'detached' })
})
