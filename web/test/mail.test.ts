import { expect } from 'vitest'
import { test } from './browser'
import { ask } from './server'
import { secretLink, story } from './world'

test('the filters of events stand in the address, and a reload and the back button bring them back', async ({ page, go }) => {
  await go('/events')
  const rows = page.getByRole('table', { name: 'Events' }).getByRole('row')
  await page.getByLabel('What happened').selectOption('email.bounce')
  await page.waitForURL('**/events?name=email.bounce')
  await page.getByRole('button', { name: 'Filter', exact: true }).click()
  await page.getByRole('dialog').getByLabel('Contact').fill('ghost@acme.test')
  await page.getByRole('button', { name: 'Show', exact: true }).click()
  await page.waitForURL(/contact=ghost%40acme\.test/)
  await rows.filter({ hasText: 'ghost@acme.test' }).first().waitFor()
  await page.getByText('1 event', { exact: true }).waitFor()

  await page.reload()
  await page.getByText('1 event', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Remove the filter Contact: ghost@acme.test' }).waitFor()

  await page.goBack()
  await page.waitForURL('**/events?name=email.bounce')
  await page.getByRole('button', { name: 'Remove the filter Contact: ghost@acme.test' }).waitFor({ state: 'detached' })
  await expect.poll(() => rows.count()).toBeGreaterThan(2)

  await page.getByRole('button', { name: 'Remove the filter Bounced' }).click()
  await page.waitForURL(/\/events$/)
})

test('nothing found says how to go on', async ({ page, go }) => {
  await go('/events?template=no-such-template')
  await page.getByText('No event is like that').waitFor()
  await page.getByRole('button', { name: 'Clear the filters' }).click()
  await page.getByRole('table', { name: 'Events' }).waitFor()
})

test('a message shows its way, a link without its query until it is asked for, and UTC when pointed at', async ({ page, go, world }) => {
  const found = await ask<{ messages: { id: string }[] }>(world, `/messages/${story.ann.id}`)
  await go(`/messages/${found.messages[0]?.id}`)
  await page.getByRole('heading', { level: 1, name: story.ann.subject }).waitFor()
  const way = page.locator('section', { hasText: 'Its way' }).first()
  for (const step of ['Sent', 'Delivered', 'Clicked']) await way.getByText(step, { exact: true }).waitFor()

  await page.getByText('https://shop.harbour.test/orders/17').waitFor()
  expect(await page.content()).not.toContain('ann-secret-token')
  await page.getByRole('button', { name: 'Show the query of this address' }).click()
  await page.getByText(secretLink).waitFor()

  await way.locator('time').first().hover()
  expect(await page.getByRole('tooltip').innerText()).toMatch(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC/)
})

test('the query of a clicked link is hidden wherever it is not asked for', async ({ page, go, world }) => {
  const clicks = await ask<{ events: { id: string }[] }>(world, '/events?name=email.click&contact=ann%40acme.test')
  for (const path of [`/events/${clicks.events[0]?.id}`, '/events?name=email.click&contact=ann%40acme.test', '/contacts/ann@acme.test', `/templates/${story.ann.template}`]) {
    await go(path)
    await page.getByText('shop.harbour.test/orders').first().waitFor()
    expect(await page.content(), path).not.toContain('ann-secret-token')
  }
})

test('of a message to several, the page of one recipient names no other, nor does any of its events', async ({ page, go, world }) => {
  const found = await ask<{ messages: { id: string; recipient: string }[] }>(world, `/messages/${story.several.id}`)
  const part = found.messages.find((m) => m.recipient === 'first@several.test')
  const events = await ask<{ events: { id: string }[] }>(world, '/events?contact=first%40several.test')
  for (const path of [`/messages/${part?.id}`, '/contacts/first@several.test', '/events?contact=first%40several.test', `/events/${events.events[0]?.id}`]) {
    await go(path)
    await page.getByText('first@several.test').first().waitFor()
    const shown = await page.content()
    for (const other of story.several.to.slice(1)) expect(shown, path).not.toContain(other)
  }
  // What the provider sent names all of them, so it is fetched only when it is asked for.
  await page.getByRole('button', { name: 'Show what the provider sent' }).click()
  await page.getByText('hidden@bcc.test').waitFor()
})

test('a contact says why it gets no mail; a lift says what it does, needs a note, and is in the audit log with who did it', async ({ page, go, world }) => {
  await go('/contacts/cross@acme.test')
  await page.getByText('They get no mail.', { exact: true }).waitFor()
  await page.getByText('the recipient reported an email as spam').first().waitFor()
  await page.getByRole('button', { name: 'Lift…' }).first().click()
  const dialog = page.getByRole('alertdialog', { name: 'Lift the suppression of cross@acme.test?' })
  await dialog.getByText('This ends the suppression for “Complaint”').waitFor()
  await dialog.getByText('They complained of your mail.').waitFor()
  expect(await dialog.getByRole('button', { name: 'Lift', exact: true }).isDisabled()).toBe(true)
  await dialog.getByLabel('Why may mail go there again?').fill('wrote to support on 4 May')
  await dialog.getByRole('button', { name: 'Lift', exact: true }).click()
  await page.getByText('Lifted for cross@acme.test.').waitFor()
  await page.getByText('They may be mailed.', { exact: true }).waitFor()

  const contact = await ask<{ id: string }>(world, '/contacts/cross@acme.test')
  await go(`/audit?target=${contact.id}`)
  const row = page.getByRole('row').nth(1)
  expect(await row.innerText()).toContain(world.name)
  expect(await row.innerText()).toContain('wrote to support on 4 May')
})

test('a contact that a hard bounce suppressed shows the words of the remote server, and leads to the event', async ({ page, go }) => {
  await go('/contacts/ghost@acme.test')
  await page.getByText('smtp; 550 5.1.1 no such user').first().waitFor()
  await page.locator('section', { hasText: 'Why suppressed' }).getByRole('link', { name: 'Bounced' }).click()
  await page.waitForURL('**/ui/events/*')
  await page.getByText('hard, final, no such user').waitFor()
})

test('contacts are found by a part of their address, and lists that go on are fetched as one scrolls', async ({ page, go }) => {
  await go('/contacts')
  await page.getByText(/so far; more come as you scroll/).waitFor()
  const table = page.getByRole('table', { name: 'Contacts' })
  const before = Number(await table.getAttribute('aria-rowcount'))
  await table.evaluate((e) => e.scrollTo(0, e.scrollHeight))
  await expect.poll(async () => Number(await table.getAttribute('aria-rowcount'))).toBeGreaterThan(before)
  await page.getByRole('searchbox').or(page.getByPlaceholder(/address/i)).last().fill('ghost@ac')
  await page.keyboard.press('Enter')
  await page.waitForURL(/search=ghost/)
  await page.getByRole('row', { name: 'ghost@acme.test' }).waitFor()
})

test('templates lead to the page of one, with its funnel and its links', async ({ page, go }) => {
  await go('/templates/?tab=performance')
  await page.getByRole('link', { name: story.ann.template }).click()
  await page.getByRole('heading', { level: 1, name: story.ann.template }).waitFor()
  await page.getByText('From sent to clicked').waitFor()
  await page.getByRole('table', { name: 'Top links' }).getByText('shop.harbour.test/orders').waitFor()
})

test('domains are shown by mailbox provider and by sender, with the reasons of bounces', async ({ page, go }) => {
  await go('/domains')
  await page.getByText('Why it bounced, at all domains').waitFor()
  await page.getByRole('tab', { name: 'Senders' }).click()
  await page.waitForURL(/by=senderDomain/)
  await page.getByRole('cell', { name: 'app.test' }).first().waitFor()
})
