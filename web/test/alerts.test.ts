import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { test as base } from './browser'
import { mailServer } from './smtp'
import { ask, signIn, source, start, stop, tell, type World } from './server'

/** A server of its own, at whose source requests are refused from the beginning: what looks at them does each minute. */
const test = base.extend<{ world: World }>({
  world: [async ({}, use) => {
    const dir = await mkdtemp(join(tmpdir(), 'tidings-config-'))
    const config = join(dir, 'config.json')
    await writeFile(config, JSON.stringify({ netguard: { allow: ['127.0.0.1/32'] } }))
    const world = await signIn(await start('--config', config))
    const made = await source(world, { name: 'Production', provider: 'ses', settings: { topics: ['arn:aws:sns:eu-west-1:111122223333:mail'] } })
    for (let i = 0; i < 12; i++) await fetch(made.url, { method: 'POST', body: `{"Type":"Notification","n":${i}}` })
    await use(world)
    await stop(world)
    await rm(dir, { recursive: true, force: true })
  }, { scope: 'file' }],
})

interface Rule {
  id: string
  enabled: boolean
  warn: number
  window: string
  channels: string[]
}

test('nobody is told until a channel is made, which is tested, changed and deleted', async ({ page, go, world, watched }) => {
  const mail = await mailServer()
  await tell(world, '/senders', { name: 'office', kind: 'smtp', default: true, from: { email: 'tidings@harbour.test' }, settings: { host: '127.0.0.1', port: mail.port, tls: 'none' } })
  await go('/alerts?tab=channels')
  await page.getByText('Nobody is told yet').waitFor()
  await page.getByRole('button', { name: 'New channel' }).click()
  const d = page.getByRole('dialog')
  await d.getByLabel('Name').fill('On call')
  await d.getByLabel('Addresses').fill('lea')
  watched.allowed.add(422)
  await d.getByRole('button', { name: 'Make it' }).click()
  await d.getByText('Is not an email address').waitFor()
  watched.allowed.delete(422)
  await d.getByLabel('Addresses').fill('ops@harbour.test')
  await d.getByRole('button', { name: 'Make it' }).click()
  await page.getByText('On call is made. Test it.').waitFor()
  await page.getByRole('button', { name: 'Test On call' }).click()
  await page.getByText('On call was told that this is a test.').waitFor()
  expect(mail.taken.join('')).toContain('Subject: [Tidings] A test of alerts')
  await mail.close()
  await page.getByRole('button', { name: 'Test On call' }).click()
  await page.getByText('The test did not work').waitFor()

  await page.getByRole('button', { name: 'Edit On call' }).click()
  await d.getByLabel('Is told of').selectOption('severe')
  await d.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('table', { name: 'Channels' }).getByText('what is severe').waitFor()
  await page.getByRole('button', { name: 'Delete On call…' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete it' }).click()
  await page.getByText('Nobody is told yet').waitFor()
})

test('a rule that every project has is changed, switched off and reset, and one of one’s own is tried and made', async ({ page, go, world }) => {
  const rule = (id: string) => ask<Rule>(world, `/alert-rules/${encodeURIComponent(id)}`)
  await go('/alerts?tab=rules')
  await page.getByRole('button', { name: 'Edit Bounces', exact: true }).click()
  const d = page.getByRole('dialog')
  expect(await d.getByLabel('Warning from').inputValue()).toBe('5')
  await d.getByLabel('Warning from').fill('2,5')
  await d.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Bounces is saved.').waitFor()
  expect((await rule('alr_bounces')).warn).toBeCloseTo(0.025, 9)
  await page.getByRole('button', { name: 'Switch off Bounces', exact: true }).click()
  await page.getByText('Bounces is switched off.').waitFor()
  expect((await rule('alr_bounces')).enabled).toBe(false)
  await page.getByRole('button', { name: 'Reset Bounces…' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Reset it' }).click()
  await page.getByText('Bounces is as it was at the beginning.').waitFor()
  expect(await rule('alr_bounces')).toMatchObject({ enabled: true, warn: 0.05 })

  await page.getByRole('button', { name: 'New alert rule' }).click()
  await d.getByLabel('Name').fill('Big hosts')
  await d.getByLabel('Looks at').selectOption('complaint_rate')
  await d.getByLabel('Of', { exact: true }).selectOption('domain')
  await d.getByLabel('In the last').fill('3d')
  await d.getByRole('button', { name: 'Try on the last 30 days' }).click()
  await d.getByText('It would have raised nothing in the last 30 days.').waitFor()
  await d.getByRole('button', { name: 'Make it' }).click()
  await page.getByText('Big hosts is made.').waitFor()
  expect(await rule('Big hosts')).toMatchObject({ window: '3d', enabled: true })
})

test('what is wrong is shown with its figures, somebody takes note of it, mutes it, and the history has it', { timeout: 150_000 }, async ({ page, go }) => {
  await go('/alerts')
  const alert = page.getByRole('list', { name: 'Alerts that hold now' }).getByRole('listitem')
  await alert.getByText('12 requests were refused').waitFor({ timeout: 120_000 })
  await alert.getByText('Refused requests: Production').waitFor()
  await alert.getByRole('button', { name: 'Take note…' }).click()
  const question = page.getByRole('alertdialog')
  await question.getByLabel('Note').fill('the topic was renamed')
  await question.getByRole('button', { name: 'Take note' }).click()
  await alert.getByText('the topic was renamed').waitFor()
  await alert.getByRole('button', { name: 'Mute…' }).click()
  await question.getByRole('button', { name: 'Mute it' }).click()
  await alert.getByText('muted until').waitFor()
  await alert.getByRole('button', { name: 'Tell it again' }).click()
  await alert.getByRole('button', { name: 'Mute…' }).waitFor()
  await alert.getByRole('button', { name: 'Who was told' }).click()
  await page.getByRole('dialog').getByText('Nobody: there was no channel').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('tab', { name: 'History' }).click()
  await page.getByRole('table', { name: 'History of alerts' }).getByText('not yet').waitFor()
})
