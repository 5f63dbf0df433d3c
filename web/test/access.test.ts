import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { expect, inject } from 'vitest'
import { context, open, settled, test, watch } from './browser'
import { places } from './pages'
import type { World } from './server'

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const world: World = inject('world')
const all = await places(world)

/** The serious faults that axe finds in a part of the page. Nothing but contrast changes with the colours. */
async function faults(page: Page, { within = 'html', only }: { within?: string; only?: 'color-contrast' } = {}): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe)
  const found = await page.evaluate(async ({ within, only }) => {
    const { axe } = window as unknown as { axe: { run: (within: string, options: object) => Promise<AxeResults> } }
    return axe.run(within, { resultTypes: ['violations'], ...(only ? { runOnly: [only] } : {}) })
  }, { within, only })
  return found.violations
    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .flatMap((v) => v.nodes.slice(0, 4).map((n) => `${v.id}: ${n.target.join(' ')}: ${n.failureSummary?.split('\n').slice(1).join(' ').trim()} ${n.html.slice(0, 160)}`))
}

test.for(Object.entries(all))('axe finds nothing serious in %s, light or dark, and it fits a narrow screen', async ([, path], { page, world }) => {
  await open(page, world, path)
  expect.soft(await faults(page), 'light').toEqual([])
  await page.emulateMedia({ colorScheme: 'dark' })
  expect.soft(await faults(page, { only: 'color-contrast' }), 'dark').toEqual([])
  await page.setViewportSize({ width: 390, height: 800 })
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  expect.soft(over, 'pixels by which the page is wider than a screen of 390').toBe(0)
})

/** What opens each dialog: the page, and what is pressed there. */
const dialogs: [string, string, (page: Page) => Promise<void>][] = [
  ['an event', all['events'] ?? '', (p) => p.getByRole('row').nth(1).getByRole('cell').nth(1).click()],
  ['filters of events', '/events', (p) => p.getByRole('button', { name: 'Filter', exact: true }).click()],
  ['filters of contacts', '/contacts', (p) => p.getByRole('button', { name: 'Filter', exact: true }).click()],
  ['suppressing', '/suppressions', (p) => p.getByRole('button', { name: 'Suppress', exact: true }).click()],
  ['a suppression', '/suppressions', (p) => p.getByRole('row').nth(1).getByRole('cell').nth(2).click()],
  ['exporting', '/suppressions', (p) => p.getByRole('button', { name: 'Export' }).click()],
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
