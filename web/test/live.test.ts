import { expect } from 'vitest'
import { test } from './browser'
import { bounced, delivered, type Signer, signer } from './sns'
import type { Made } from './server'
import { publish, sesSource } from './world'

const mail = (who: string) => ({ id: `0102-live-${who}`, to: [`${who}@live.test`], subject: `To ${who}` })

const live = test.extend<{ send: (...records: unknown[]) => Promise<void> }>({
  send: async ({ world }, use) => {
    const by: Signer = await signer(world.dir)
    const made: Made = await sesSource(world, by, 'Live')
    await use((...records) => publish(by, made, ...records))
  },
})

live('the live page shows an event the moment it is stored, holds new ones while it is paused, and shows one as a whole', async ({ page, go, send }) => {
  await go('/live')
  await page.getByText('Connected').waitFor()
  await send(delivered(mail('one')))
  await page.getByRole('row', { name: 'one@live.test' }).waitFor()

  await page.getByRole('button', { name: 'Pause' }).click()
  await send(delivered(mail('two')), delivered(mail('three')))
  await page.getByRole('button', { name: 'Show 2 new' }).waitFor()
  expect(await page.getByRole('row', { name: 'two@live.test' }).count()).toBe(0)
  await page.getByRole('button', { name: 'Show 2 new' }).click()
  await page.getByRole('row', { name: 'two@live.test' }).waitFor()
  await page.getByRole('row', { name: 'three@live.test' }).waitFor()

  await page.getByRole('row', { name: 'three@live.test' }).getByText('To three').click()
  const dialog = page.getByRole('dialog', { name: 'Event' })
  await dialog.getByText('three@live.test').first().waitFor()
  expect(await dialog.innerText()).not.toContain('eventType')
  await dialog.getByRole('button', { name: 'Show what the provider sent' }).click()
  await dialog.getByText('"eventType": "Delivery"').waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
})

live('the live page shows only what its filters let through, and the space bar pauses it', async ({ page, go, send }) => {
  await go('/live')
  await page.getByLabel('What happened').selectOption('email.bounce')
  await page.waitForURL('**/live?name=email.bounce')
  await page.getByText('Connected').waitFor()
  await send(delivered(mail('four')), bounced(mail('five')))
  await page.getByRole('row', { name: 'five@live.test' }).waitFor()
  expect(await page.getByRole('row', { name: 'four@live.test' }).count()).toBe(0)
  await page.getByRole('heading', { name: 'Live' }).click()
  await page.keyboard.press('Space')
  await page.getByRole('button', { name: 'Go on' }).waitFor()
  await page.keyboard.press('Space')
  await page.getByRole('button', { name: 'Pause' }).waitFor()
})
