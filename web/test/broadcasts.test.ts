import { expect } from 'vitest'
import { faults } from './axe'
import { inside, test as base } from './browser'
import { ask, signIn, start, stop, tell, type World } from './server'

/** A server of its own: all of its contacts are in an audience. Its mail goes into the outbox. */
const test = base.extend<{ world: World }>({
  world: [async ({}, use) => {
    const world = await signIn(await start())
    await tell(world, '/templates', { key: 'news/may', name: 'News of May', subject: 'News for {{ email }}', type: 'MARKETING', body: '<p>The news of May</p>', from: 'news@harbour.test' })
    for (const [email, more] of [['ann@harbour.test', {}], ['bob@harbour.test', {}], ['cara@harbour.test', { subscribed: false }]] as const) await tell(world, '/contacts', { email, tags: ['beta'], ...more })
    await tell(world, '/contacts', { email: 'other@harbour.test' })
    await use(world)
    await stop(world)
  }, { scope: 'file' }],
})

/** What is sent is looked for every quarter of a minute at the latest. */
const slow = { timeout: 45_000 }

const statusOf = async (world: World, id: string) => (await ask<{ data: { status: string } }>(world, `/campaigns/${id}`)).data.status

test('a broadcast is written, counted before it is sent, and followed until everybody has it', async ({ page, go, world, watched }) => {
  await go('/broadcasts')
  await page.getByText('There is no broadcast yet').waitFor()
  await page.getByRole('link', { name: 'New broadcast' }).first().click()
  watched.allowed.add(422)
  await page.getByRole('button', { name: 'Make the draft' }).click()
  await page.getByText('Is required.').first().waitFor()
  watched.allowed.delete(422)
  await page.getByLabel('Name', { exact: true }).fill('May news')
  await page.getByLabel('Template', { exact: true }).selectOption({ label: 'News of May (news/may)' })
  await page.getByRole('radio', { name: 'By tags or a condition' }).check()
  await page.getByRole('textbox', { name: 'Tags' }).fill('beta')
  await page.getByRole('button', { name: 'Make the draft' }).click()
  await page.getByText('May news is made.').waitFor()

  await page.getByText('of 3 contacts: tagged beta').waitFor()
  await page.getByRole('list', { name: 'Left out' }).getByText('unsubscribed', { exact: false }).waitFor()
  await page.getByText('News for ann@harbour.test', { exact: true }).waitFor()
  await (await inside(page.locator('iframe[sandbox=""]'))).getByText('The news of May').waitFor()
  await page.getByRole('button', { name: 'Send…' }).click()
  await page.getByRole('alertdialog').getByText('Send it to 2 contacts?').waitFor()
  expect((await ask<{ sends: unknown[] }>(world, '/sends')).sends).toEqual([])
  await page.getByRole('alertdialog').getByRole('button', { name: 'Send it to 2' }).click()
  await page.getByText('May news begins.').waitFor()
  await page.getByText('2 of 2 recipients are done').waitFor(slow)
  await page.getByText('Sent', { exact: true }).first().waitFor(slow)
  expect(await faults(page)).toEqual([])
  await page.getByRole('link', { name: 'Its emails' }).click()
  await page.getByRole('table', { name: 'Sends' }).getByText('bob@harbour.test').waitFor()
  await go('/broadcasts?status=SENT')
  await page.getByRole('table', { name: 'Broadcasts' }).getByRole('link', { name: 'May news' }).waitFor()
})

test('a broadcast is scheduled and changed, paused with a reason, resumed and cancelled', async ({ page, go, world }) => {
  const made = await tell<{ data: { id: string } }>(world, '/campaigns', { name: 'Slow news', template: 'news/may', audienceType: 'ALL', throttlePerMinute: 1 })
  const { id } = made.data
  await go(`/broadcasts/${id}`)
  await page.getByRole('button', { name: 'Send…' }).click()
  await page.getByLabel('Begin at (optional)').fill(`${new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10)}T09:00`)
  await page.getByRole('alertdialog').getByRole('button', { name: 'Schedule it' }).click()
  await page.getByText('Slow news is scheduled.').waitFor()
  expect(await statusOf(world, id)).toBe('SCHEDULED')
  await page.getByRole('link', { name: 'Edit', exact: true }).click()
  await page.getByLabel('Subject (optional)').fill('Slower news')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('Slow news is saved.').waitFor()
  await page.getByText('Slower news').first().waitFor()

  await tell(world, `/campaigns/${id}/send`, {})
  await page.getByRole('button', { name: 'Pause…' }).click()
  await page.getByLabel('Why (optional)').fill('the subject has a mistake')
  await page.getByRole('alertdialog').getByRole('button', { name: 'Pause it' }).click()
  await page.getByText('Slow news is paused.').waitFor()
  await page.getByText('the subject has a mistake').waitFor()
  await page.getByRole('button', { name: 'Resume' }).click()
  await page.getByText('Slow news goes on.').waitFor()
  await page.getByRole('button', { name: 'Cancel it…' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel it for good' }).click()
  await page.getByText('Slow news is cancelled.').waitFor()
  expect(await statusOf(world, id)).toBe('CANCELLED')
})
