import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { inject, test } from 'vitest'
import { context, open, settled } from '../browser'
import { places } from '../pages'
import { ask, post, tell, tidings } from '../server'
import { simulationKey } from '../world'

const out = join(import.meta.dirname, '../../../docs/ui')
const world = inject('world')
const all = await places(world)
await mkdir(out, { recursive: true })

/** What is done on a page before its picture is taken. */
const before: Record<string, (page: Page) => Promise<void>> = {
  live: async (page) => {
    await page.getByText('Connected').waitFor()
    await tidings(world, 'simulate', '--url', inject('production').url, '--key-file', simulationKey(world), '--live', '--rate', '12', '--duration', '5s', '--seed', '7')
    await page.getByRole('row').nth(12).waitFor()
  },
  'suppressions-import': async (page) => {
    await page.getByLabel('Or paste it').fill('address,reason,note\nold@partner.test,complaint,from the list before\n*@traps.test,,spam traps\nnobody at acme.test,,\n')
    await page.getByRole('button', { name: 'Check it, change nothing' }).click()
    await page.getByText('Would be added').waitFor()
  },
  'contacts-import': async (page) => {
    await page.getByLabel('Or paste it').fill('email,subscribed,tags,plan,orders,topics.offers\nann@acme.test,true,vip;reader,team,18,true\nben@acme.test,true,reader,free,2,false\ncleo at acme.test,true,,team,,\ndora@acme.test,perhaps,,,,\n')
    await page.getByRole('button', { name: 'Check it, change nothing' }).click()
    await page.getByText('Would be made').waitFor()
  },
  'receipts-replays': async (page) => {
    if ((await page.getByText('Done', { exact: true }).count()) > 0) return
    await page.getByRole('button', { name: 'Read again…' }).first().click()
    await page.getByRole('button', { name: 'Try it, store nothing' }).click()
    await page.getByText('Done', { exact: true }).waitFor()
    await page.getByText('The trial is under way.').waitFor({ state: 'detached' })
  },
  'runs-failed': async (page) => {
    await page.getByRole('checkbox', { name: /^Choose all/ }).check()
  },
  'workflow-trial': async (page) => {
    await page.getByText(/runs would have begun/).waitFor()
  },
  'segment-edit': async (page) => {
    await page.getByRole('complementary', { name: 'Trial' }).getByRole('button', { name: /@/ }).first().click()
    await page.getByText('is in it.').waitFor()
  },
  workflow: async (page) => {
    const path = `${world.url}/workflows/onboarding`
    const { text, version } = await ask<{ text: string; version: number }>(world, '/workflows/onboarding')
    if (version === 1) {
      await post(path, { text: text.replace('wait: 2d', 'wait: 1s') }, { Authorization: `Bearer ${world.key}` }, 'PUT')
      await Promise.all(Array.from({ length: 16 }, (_, i) => tell(world, '/workflows/onboarding/executions', { contactId: `person${i + 8}@customers.test` })))
      await page.getByText(/^1[0-9] here$/).waitFor({ timeout: 40_000 })
      await tell(world, '/v1/track/batch', { events: Array.from({ length: 9 }, (_, i) => ({ email: `person${i + 8}@customers.test`, event: 'order.paid', data: { amount: 40 } })) })
      await page.getByText(/^[1-9] entered$/).first().waitFor({ timeout: 40_000 })
      await page.waitForTimeout(12_000)
    }
  },
  'workflow-edit': async (page) => page.locator('.react-flow__node[data-id="step order"]').click(),
  'dispatches-dead': async (page) => {
    // What is down is given up after a minute.
    await page.getByRole('row').nth(1).waitFor({ timeout: 55_000 })
  },
  endpoint: async (page) => {
    await page.getByRole('button', { name: 'Send a test event' }).click()
    await page.getByText('The receiver took it').waitFor()
  },
  source: async (page) => {
    await page.getByRole('button', { name: 'Test this source' }).click()
    await page.getByText('Every step worked.').waitFor()
  },
}

/** WebP is half of what PNG is, and Chromium writes it, if not Playwright. */
async function take(page: Page, name: string): Promise<void> {
  const session = await page.context().newCDPSession(page)
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 82 })
  await writeFile(join(out, `${name}.webp`), Buffer.from(data, 'base64'))
  await session.detach()
}

// The live page is the last one: what comes while it is looked at would stand at the top of every other list.
const { live = '', ...others } = all

test.for(Object.entries({ ...others, live }))('%s', async ([name, path]) => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const c = await context(world, { colorScheme })
    const page = await c.newPage()
    await open(page, world, path)
    await before[name]?.(page)
    await page.evaluate(() => document.fonts.ready)
    await take(page, colorScheme === 'dark' ? `${name}-dark` : name)
    await c.close()
  }
})

test('sign-in', async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const c = await context(undefined, { colorScheme })
    const page = await c.newPage()
    await page.goto(`${world.url}/ui/sign-in`)
    await settled(page)
    await take(page, colorScheme === 'dark' ? 'sign-in-dark' : 'sign-in')
    await c.close()
  }
})
