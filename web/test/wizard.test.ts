import { expect } from 'vitest'
import { test } from './browser'
import { deliver, delivered, notification, signer, topic } from './sns'

const mail = { id: '0102-wizard', to: ['wendy@acme.test'], subject: 'The first one' }

test('the wizard makes a source of Amazon SES, waits, says what is wrong with a bad signature, and sees the first real one', async ({ page, go, world }) => {
  const [by, stranger] = [await signer(world.dir), await signer(world.dir)]
  await go('/sources/new')
  await page.getByRole('link', { name: 'Amazon SES' }).click()
  await page.getByLabel('Name').fill('Wizard')
  await page.getByLabel('SNS topics').fill(topic)
  await page.getByRole('button', { name: 'More settings' }).click()
  await page.getByLabel('Signing certificate (optional)').fill(by.certificate)
  await page.getByRole('button', { name: 'Make the source' }).click()

  await page.getByText('Waiting for the first event').waitFor()
  await page.getByText('No provider can reach this URL').waitFor()
  const url = await page.locator('code').filter({ hasText: '/in/ses/' }).first().innerText()

  expect(await deliver(url, notification(stranger, delivered(mail)))).toBe(403)
  const wrong = page.locator('section', { hasText: 'This is wrong' })
  await wrong.getByText('signature', { exact: false }).first().waitFor()
  await wrong.getByText('What to do:').first().waitFor()
  await page.getByText('Waiting for the first event').waitFor()

  expect(await deliver(url, notification(by, delivered(mail)))).toBe(200)
  await page.getByText('It works: events come in').waitFor()
  await page.getByRole('link', { name: mail.to[0] }).waitFor()
  await page.getByText('Waiting for the first event').waitFor({ state: 'detached' })

  // The URL is shown once: who comes back later is offered a new one.
  await page.evaluate(() => sessionStorage.clear())
  await page.reload()
  await page.getByText('can’t be shown again').waitFor()
  expect(await page.content()).not.toContain(new URL(url).pathname)
})

test('what is missing in the settings of a new source is said beside the field', async ({ page, watched, go }) => {
  watched.allowed.add(422)
  await go('/sources/new?provider=ses')
  await page.getByLabel('SNS topics').fill('not-a-topic')
  await page.getByRole('button', { name: 'Make the source' }).click()
  const field = page.getByLabel('SNS topics')
  await page.locator('textarea[aria-invalid=true]').waitFor()
  const described = await field.getAttribute('aria-describedby')
  expect(await page.locator(`[id="${described}"]`).innerText()).toMatch(/\S+ \S+/)
})

test('a source tells of its health, and a test from here tells of every step', async ({ page, go }) => {
  await go('/sources')
  await page.getByRole('link', { name: 'Orders' }).first().click()
  await page.getByText('The newest event of each name').waitFor()
  await page.getByRole('button', { name: 'Test this source' }).click()
  await page.getByText('Every step worked.').waitFor()
  await page.getByText('It is proved genuine').waitFor()
})

test('a source gets a new URL and is switched off and on; each says before what it does', async ({ page, go }) => {
  await go('/sources')
  await page.getByRole('link', { name: 'Bounces' }).first().click()
  await page.getByRole('button', { name: 'New URL' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('while the one before still works').waitFor()
  await dialog.getByRole('button', { name: 'Make a new URL' }).click()
  expect(await dialog.locator('code').filter({ hasText: '/in/dsn/' }).first().innerText()).toMatch(/\/in\/dsn\/[\w-]{22,}$/)
  await dialog.getByRole('button', { name: 'I have copied it' }).click()

  await page.getByRole('button', { name: 'Switch off' }).click()
  await page.getByRole('alertdialog').getByText('everything that').waitFor()
  await page.getByRole('button', { name: 'Switch it off' }).click()
  await page.getByText('Bounces is switched off.').waitFor()
  await page.getByRole('button', { name: 'Switch it on' }).first().click()
  await page.getByText('Bounces is switched on.').waitFor()
})
