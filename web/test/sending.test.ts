import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { test as base } from './browser'
import { ask, signIn, start, stop, tell, type World } from './server'
import { type MailServer, mailServer } from './smtp'

interface Fixtures {
  mail: MailServer
  world: World
}

/** A server of its own, which may hand mail over to a mail server of this machine. */
const test = base.extend<Fixtures>({
  mail: [async ({}, use) => {
    const server = await mailServer()
    await use(server)
    await server.close()
  }, { scope: 'file' }],
  world: [async ({}, use) => {
    const dir = await mkdtemp(join(tmpdir(), 'tidings-config-'))
    const config = join(dir, 'config.json')
    await writeFile(config, JSON.stringify({ netguard: { allow: ['127.0.0.1/32'] } }))
    const world = await signIn(await start('--config', config))
    await use(world)
    await stop(world)
    await rm(dir, { recursive: true, force: true })
  }, { scope: 'file' }],
})

interface Sender {
  id: string
  name: string
  default: boolean
  disabled: boolean
  rate?: number
  settings: { passwordSet?: boolean; host?: string; dkim?: { record: string; text: string }[] }
}

interface Send {
  id: string
  status: string
  recipient: string
  messageId: string
}

const senderOf = (world: World, name: string) => ask<Sender>(world, `/senders/${name}`)
const sendTo = async (world: World, to: string, more: Record<string, unknown> = {}) =>
  (await tell<{ data: { emails: { send: string; email: string }[] } }>(world, '/v1/send', { to, from: 'App <app@acme.test>', subject: `To ${to}`, body: '<p>Hello</p>', ...more })).data.emails[0]!

/** What is sent is looked for every quarter of a minute at the latest. */
const slow = { timeout: 40_000, interval: 250 }

/** The frame of an email: nothing in it may do anything. */
const frame = (page: Page) => page.locator('iframe[sandbox=""]')

test('a project without a sender says that nothing leaves the machine', async ({ page, go }) => {
  await go('/senders')
  await page.getByText('Nothing leaves this machine yet').waitFor()
  await page.getByRole('link', { name: 'outbox', exact: true }).last().click()
  await page.getByText('It is there because the project has no sender of its own').waitFor()
  await page.getByRole('button', { name: 'Look', exact: true }).click()
  await page.getByText('It works').waitFor()
})

test('one email is looked at first, sent, and read in the outbox', async ({ page, go, world, watched }) => {
  await go('/sends')
  await page.getByText('Nothing was sent yet').waitFor()
  await page.getByRole('link', { name: 'Send one email' }).first().click()
  await page.getByLabel('To', { exact: true }).fill('lea@acme.test')
  await page.getByLabel('Subject').fill('Your order {{ order }} {% if %}')
  await page.getByLabel('Text as HTML').fill(
    '<style>p{background:url(https://cdn.test/a.png)}</style><p>Dear {{ who }}, <a href="https://shop.test/orders?id=17">your order</a> <img src="https://cdn.test/logo.png" alt="our logo"></p><script>top.ran=1</script><form action="https://shop.test/"><button>Press</button></form>',
  )
  await page.getByLabel('From (optional)').fill('App <app@acme.test>')
  await page.getByLabel('Data (optional)').fill('{"order": 17')
  await page.getByText('It is no JSON').waitFor()
  await page.getByLabel('Data (optional)').fill('{"order": 17, "who": "<Lea>"}')
  watched.allowed.add(422)
  await page.getByRole('button', { name: 'Look at it first' }).click()
  await page.getByText(/Line 1, column \d+/).waitFor()
  watched.allowed.delete(422)
  await page.getByLabel('Subject').fill('Your order {{ order }}')
  await page.getByRole('button', { name: 'Look at it first' }).click()
  await page.getByText('Your order 17', { exact: true }).waitFor()
  await frame(page).contentFrame().getByText('Dear <Lea>').waitFor()
  await page.getByText('so it stays on this machine').waitFor()
  expect((await ask<{ sends: Send[] }>(world, '/sends')).sends).toEqual([])

  await page.getByLabel('Subject').fill('Order {{ order }}')
  await page.getByText('You changed something since').waitFor()
  expect(await page.getByRole('button', { name: 'Send it' }).isDisabled()).toBe(true)
  await page.getByRole('button', { name: 'Look at it first' }).click()
  await page.getByText('Order 17', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Send it' }).click()
  await page.getByText('It is on its way to lea@acme.test.').waitFor()
  await page.getByText('Handed over by').waitFor({ timeout: slow.timeout })
  await page.getByText('It was written into the outbox, and not sent.').waitFor()
  await page.getByRole('link', { name: 'Its message' }).click()
  await page.getByRole('heading', { name: 'Order 17' }).waitFor()
  await page.getByRole('link', { name: 'its send' }).click()
  await page.getByRole('link', { name: 'Read it' }).click()

  await page.getByRole('heading', { name: 'Order 17' }).waitFor()
  const inside = frame(page).contentFrame()
  await inside.getByText('Dear <Lea>').waitFor()
  await inside.getByText('our logo').waitFor()
  expect(await inside.locator('script, a[href], img, form[action], [onclick]').count()).toBe(0)
  await page.getByText('2 pictures are not fetched').waitFor()
  await page.getByText('1 link, and where it leads').waitFor()
  await page.getByText(/\/t\/c\//).waitFor()
  await page.getByRole('tab', { name: 'Text' }).click()
  await page.getByText('https://shop.test/orders?id=17').waitFor()
  await page.getByRole('tab', { name: 'Headers' }).click()
  await page.getByText('Message-Id').waitFor()
  await page.getByRole('tab', { name: 'Source' }).click()
  await page.getByText('MIME-Version: 1.0').waitFor()
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Save as .eml' }).click()
  const file = await download
  expect(file.suggestedFilename()).toMatch(/-snd_[a-z0-9]+\.eml$/)
  const saved = join(world.dir, 'saved.eml')
  await file.saveAs(saved)
  expect(await readFile(saved, 'utf8')).toContain('Subject: Order 17')
  await page.getByText('The email is saved as a file.').waitFor()
})

test('the outbox is searched, and says where nothing is found', async ({ page, go, world }) => {
  await sendTo(world, 'found@search.test')
  await go('/outbox')
  await page.getByRole('row').filter({ hasText: 'found@search.test' }).waitFor({ timeout: slow.timeout })
  await page.getByLabel('Search sender, recipient or subject').fill('SEARCH.test')
  await page.getByRole('button', { name: 'Search' }).click()
  await page.waitForURL('**/outbox?search=SEARCH.test')
  await page.getByText('1 email', { exact: true }).waitFor()
  await page.getByLabel('Search sender, recipient or subject').fill('nobody@nowhere.test')
  await page.keyboard.press('Enter')
  await page.getByText('No email is like that').waitFor()
})

test('a sender is made with a key of its own, tried, changed, switched off and deleted', async ({ page, go, world, watched, mail }) => {
  await go('/senders/new')
  await page.getByRole('link', { name: 'SMTP server' }).first().click()
  await page.getByLabel('Name', { exact: true }).fill('office')
  await page.getByLabel('Host').fill('not a host')
  await page.getByLabel('Port (optional)').fill(String(mail.port))
  await page.getByLabel('User (optional)').fill('app')
  await page.getByLabel('Password').fill('a secret of the office')
  await page.getByLabel('Mail is from (optional)').fill('office@acme.test')
  await page.getByRole('button', { name: 'Add a key' }).click()
  expect(await page.getByLabel('Domain of key 1').inputValue()).toBe('acme.test')
  await page.getByRole('button', { name: 'Make one' }).click()
  await expect.poll(() => page.getByLabel('Private key 1').inputValue()).toContain('BEGIN PRIVATE KEY')
  watched.allowed.add(422)
  await page.getByRole('button', { name: 'Make the sender' }).click()
  await page.getByText('Is not the name or the IP address of a server.').waitFor()
  watched.allowed.delete(422)
  await page.getByLabel('Host').fill('127.0.0.1')
  await page.getByRole('button', { name: 'Make the sender' }).click()
  await page.getByRole('heading', { name: 'office', level: 1 }).waitFor()
  await page.getByText('DNS records of DKIM').waitFor()
  const made = await senderOf(world, 'office')
  expect([made.default, made.settings.passwordSet, made.settings.dkim?.[0]?.record]).toEqual([true, true, 's1._domainkey.acme.test'])
  await page.getByText(made.settings.dkim?.[0]?.text ?? '', { exact: true }).waitFor()
  expect(await page.locator('body').innerText()).not.toContain('a secret of the office')

  await page.getByRole('button', { name: 'Connect' }).click()
  await page.getByText('It works').waitFor()
  await page.getByLabel('Send a test email to').fill('tester@acme.test')
  await page.getByRole('button', { name: 'Send it' }).click()
  await page.getByText('Sent to tester@acme.test').waitFor()
  expect(mail.taken.at(-1)).toMatch(/^DKIM-Signature:[\s\S]*A test of the sender office/m)

  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  const d = page.getByRole('dialog')
  expect(await d.getByLabel('Password').inputValue()).toBe('')
  expect(await d.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true)
  await d.getByLabel('Emails a second (optional)').fill('20')
  await d.getByRole('button', { name: 'Save' }).click()
  await page.getByText('office is saved.').waitFor()
  const saved = await senderOf(world, 'office')
  expect([saved.rate, saved.settings.passwordSet, saved.settings.dkim?.length]).toEqual([20, true, 1])

  await go('/senders/new?way=postmark')
  await page.getByLabel('Name', { exact: true }).fill('broadcasts')
  await page.getByLabel('User').fill('token')
  await page.getByLabel('Password').fill('token')
  await page.getByLabel('Message stream (optional)').fill('broadcast')
  await page.getByRole('button', { name: 'Make the sender' }).click()
  await page.getByRole('heading', { name: 'broadcasts', level: 1 }).waitFor()
  expect((await senderOf(world, 'broadcasts')).settings.host).toBe('smtp.postmarkapp.com')
  const act = async (item: string, verb: string, done: string) => {
    await page.getByRole('button', { name: 'More about this sender' }).click()
    await page.getByRole('menuitem', { name: item }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: verb }).click()
    await page.getByText(done).waitFor()
  }
  await act('Make it the default…', 'Make it the default', 'broadcasts is the default.')
  expect([(await senderOf(world, 'broadcasts')).default, (await senderOf(world, 'office')).default]).toEqual([true, false])
  // The default one goes last: the question says so, and the server refuses.
  await page.getByRole('button', { name: 'More about this sender' }).click()
  await page.getByRole('menuitem', { name: 'Delete…' }).click()
  await page.getByText('make one of them the default first (office)').waitFor()
  watched.allowed.add(409)
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete it' }).click()
  await page.getByRole('alertdialog').getByText('is the default sender').waitFor()
  watched.allowed.delete(409)
  await page.keyboard.press('Escape')
  await go(`/senders/${made.id}`)
  await act('Make it the default…', 'Make it the default', 'office is the default.')
  await go('/senders/broadcasts')
  await act('Switch it off…', 'Switch it off', 'broadcasts is switched off.')
  await page.getByText('Off', { exact: true }).waitFor()
  expect((await senderOf(world, 'broadcasts')).disabled).toBe(true)
  await page.getByRole('button', { name: 'Switch on' }).click()
  await page.getByText('broadcasts is switched on.').waitFor()
  await act('Delete…', 'Delete it', 'broadcasts is deleted.')
  await page.getByText('1 sender', { exact: true }).waitFor()
}, 60_000)

test('an email that may have been sent waits for a decision, which says what it does', async ({ page, go, world }) => {
  const [first, second] = [await sendTo(world, 'vanish@one.test'), await sendTo(world, 'vanish@two.test')]
  await expect.poll(async () => (await ask<{ sends: Send[] }>(world, '/sends?status=uncertain')).sends.length, slow).toBe(2)
  await go('/sends')
  await page.getByText('Of 2 emails nobody knows whether they were sent.').waitFor()
  await page.getByRole('button', { name: 'Look at them' }).click()
  await page.waitForURL('**/sends?status=uncertain')
  await page.getByRole('row').filter({ hasText: 'vanish@one.test' }).getByRole('link', { name: 'To vanish@one.test' }).click()
  await page.getByText('Nobody knows whether it was sent.', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'It was sent…' }).click()
  await page.getByLabel('Why (optional)').fill('they have it')
  await page.getByRole('alertdialog').getByRole('button', { name: 'It was sent' }).click()
  await page.getByText('It counts as sent.').waitFor()
  await page.getByText('They have it.').waitFor()
  expect((await ask<Send>(world, `/sends/${first.send}`)).status).toBe('sent')

  await go(`/sends/${second.send}`)
  await page.getByRole('button', { name: 'Send it again…' }).click()
  await page.getByText('the recipient gets it twice').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Give it up…' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Give it up' }).click()
  await page.getByText('It counts as failed.').waitFor()
  await page.getByRole('button', { name: 'Send it again…' }).waitFor()
  expect((await ask<Send>(world, `/sends/${second.send}`)).status).toBe('failed')
}, 60_000)

test('one that waits is taken back, one that was skipped says why, and a contact leads to both', async ({ page, go, world }) => {
  const later = await sendTo(world, 'later@wait.test', { scheduledFor: new Date(Date.now() + 86_400_000 * 30).toISOString() })
  await tell(world, '/suppressions', { address: 'no@wait.test', reason: 'manual', note: 'asked by phone' })
  const skipped = await sendTo(world, 'no@wait.test')
  await go(`/sends/${skipped.send}`)
  await page.getByText('The address is suppressed').waitFor()
  await page.getByRole('link', { name: 'Why they are not mailed' }).click()
  await page.getByText('They get no mail.', { exact: true }).waitFor()
  await page.getByRole('link', { name: 'Sends to them' }).click()
  await page.waitForURL('**/sends?contact=con_*')
  await page.getByText('1 email', { exact: true }).waitFor()
  await page.getByLabel('Recipient', { exact: true }).last().fill('later@wait.test')
  await page.keyboard.press('Enter')
  await page.getByRole('row').filter({ hasText: 'later@wait.test' }).getByText('Queued').waitFor()
  await go(`/sends/${later.send}`)
  await page.getByText('Waits for its time').waitFor()
  await page.getByRole('button', { name: 'Take it back…' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Take it back' }).click()
  await page.getByText('It is taken back.').waitFor()
  await page.getByText('Canceled', { exact: true }).waitFor()
  expect((await ask<Send>(world, `/sends/${later.send}`)).status).toBe('canceled')
})
