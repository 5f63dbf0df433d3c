import { readFile } from 'node:fs/promises'
import { expect } from 'vitest'
import { test } from './browser'
import { ask, tell } from './server'
import { file } from './world'

interface Contact {
  id: string
}

test('what is kept of a person is handed over as a file', async ({ page, go, world }) => {
  await tell(world, '/contacts', { email: 'kept@erase.test', data: { plan: 'team' } })
  await go('/contacts/kept@erase.test')
  for (const [button, ending] of [['Download JSON', 'json'], ['Download CSV', 'csv']] as const) {
    await page.getByRole('button', { name: 'More about this contact' }).click()
    await page.getByRole('menuitem', { name: 'Export what is kept…' }).click()
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: button }).click()])
    expect(download.suggestedFilename()).toMatch(new RegExp(`^kept-con_\\w+-\\d{4}-\\d\\d-\\d\\d\\.${ending}$`))
    const saved = await file(world, `kept.${ending}`, '')
    await download.saveAs(saved)
    expect(await readFile(saved, 'utf8')).toContain('kept@erase.test')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  }
})

test('a person is erased only once the address was typed, and the list then holds a receipt without it', async ({ page, go, world, watched }) => {
  const made = await tell<Contact>(world, '/contacts', { email: 'forget@erase.test', data: { plan: 'team' } })
  await go(`/contacts/${made.id}`)
  await page.getByRole('button', { name: 'More about this contact' }).click()
  await page.getByRole('menuitem', { name: 'Erase…' }).click()
  const d = page.getByRole('dialog', { name: 'Erase forget@erase.test' })
  const erase = d.getByRole('button', { name: 'Erase for good' })
  await d.getByLabel('Why').fill('asked for it, forget@erase.test')
  await d.getByLabel('Type forget@erase.test to confirm').fill('forget@erase.tes')
  expect(await erase.isDisabled()).toBe(true)
  await d.getByLabel('Type forget@erase.test to confirm').fill('Forget@erase.test')
  watched.allowed.add(422)
  await erase.click()
  await d.getByText('Holds the address').waitFor()
  await d.getByLabel('Why').fill('request 2026-17')
  await erase.click()
  await page.waitForURL(/\/erasures$/)
  const row = page.getByRole('row').filter({ hasText: 'request 2026-17' })
  await row.getByText('Done', { exact: true }).waitFor()
  expect(await row.innerText()).toContain('1 contact')
  expect(await page.locator('main').innerText()).not.toContain('forget@erase.test')
  await row.getByRole('cell').nth(3).click()
  await page.getByRole('dialog', { name: 'An erasure' }).getByText('Nothing is kept of the person any more').waitFor()
  await page.keyboard.press('Escape')

  watched.allowed.add(404)
  await go('/contacts/forget@erase.test')
  await page.getByText('Nothing is known of them').waitFor()
})

test('an address is erased from the list, too, where a mistake of typing it does nothing', async ({ page, go, world }) => {
  await tell(world, '/suppressions', { address: 'held@erase.test', reason: 'manual' })
  await go('/erasures')
  await page.getByRole('button', { name: 'Erase an address…' }).first().click()
  const d = page.getByRole('dialog', { name: 'Erase an address' })
  await d.getByLabel('Address', { exact: true }).fill('held@erase.test')
  await d.getByLabel('The address once more').fill('help@erase.test')
  await d.getByText('The two are not the same.').waitFor()
  await d.getByLabel('Why').fill('request 2026-18')
  expect(await d.getByRole('button', { name: 'Erase for good' }).isDisabled()).toBe(true)
  await d.getByLabel('The address once more').fill('held@erase.test')
  await d.getByRole('button', { name: 'Erase for good' }).click()
  const row = page.getByRole('row').filter({ hasText: 'request 2026-18' })
  await row.getByText('Done', { exact: true }).waitFor()
  await row.getByRole('cell').nth(3).click()
  await page.getByRole('dialog', { name: 'An erasure' }).getByText('holds as before, by a keyed hash').waitFor()
  const { erasures } = await ask<{ erasures: { note: string; suppressed: boolean }[] }>(world, '/erasures')
  expect(erasures.find((e) => e.note === 'request 2026-18')?.suppressed).toBe(true)
})
