import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { test } from './browser'

const focused = (page: Page) => page.evaluate(() => {
  const e = document.activeElement
  return e?.getAttribute('aria-label') ?? e?.textContent?.trim().slice(0, 40) ?? ''
})

/** Presses Tab until something is focused that is called so. */
async function tabTo(page: Page, name: string, most = 60): Promise<void> {
  const seen: string[] = []
  for (let i = 0; i < most; i++) {
    await page.keyboard.press('Tab')
    const now = await focused(page)
    if (now === name) return
    seen.push(now)
  }
  throw new Error(`Tab did not reach ${name}, but ${seen.join(', ')}`)
}

test('the first Tab offers to skip to the page, and Tab reaches every place and the main acts', async ({ page, go }) => {
  await go('/suppressions')
  await page.keyboard.press('Tab')
  expect(await focused(page)).toBe('Skip to the page')
  await page.keyboard.press('Enter')
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('page')
  await tabTo(page, 'Suppress')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  expect(await page.evaluate(() => document.activeElement?.closest('[role=dialog]') !== null)).toBe(true)
  // The focus does not leave the dialog, and goes back to where it was.
  for (let i = 0; i < 12; i++) await page.keyboard.press('Tab')
  expect(await page.evaluate(() => document.activeElement?.closest('[role=dialog]') !== null)).toBe(true)
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await expect.poll(() => focused(page)).toBe('Suppress')
})

test('the slash jumps to the search from anywhere, which finds an address, and does not type itself', async ({ page, go }) => {
  await go('/live')
  await page.keyboard.press('/')
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('search')
  await page.keyboard.type('ghost@acme.test')
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/contacts\?search=ghost%40acme\.test/)
  await page.getByRole('row', { name: 'ghost@acme.test' }).waitFor()
})

test('a row is opened by Enter, tabs are changed by the arrows, and the menu of a narrow screen opens and closes', async ({ page, go }) => {
  await go('/events')
  await page.getByRole('table', { name: 'Events' }).getByRole('row').nth(1).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'Event' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })

  await go('/suppressions')
  await page.getByRole('tab', { name: 'Addresses' }).focus()
  await page.keyboard.press('ArrowRight')
  await page.waitForURL(/tab=patterns/)
  expect(await focused(page)).toBe('Domains (patterns)')

  await page.setViewportSize({ width: 390, height: 800 })
  const place = page.getByRole('link', { name: 'Contacts' })
  await place.waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'Open the menu' }).press('Enter')
  await place.click()
  await page.getByRole('heading', { name: 'Contacts', level: 1 }).waitFor()
  await place.waitFor({ state: 'hidden' })
})
