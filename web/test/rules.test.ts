import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { test as base } from './browser'
import { ask, change, signIn, start, stop, tell, tidings, type World } from './server'

/** A server of its own: what other tests track would be tried on, too. */
const test = base.extend<{ world: World }>({
  world: [async ({}, use) => {
    const world = await signIn(await start())
    await tell(world, '/templates', { key: 'onboarding/welcome', name: 'Welcome', subject: 'Welcome', type: 'MARKETING', body: '<p>Welcome</p>', from: 'app@harbour.test' })
    await use(world)
    await stop(world)
  }, { scope: 'file' }],
})

interface Rule {
  id: string
  enabled: boolean
  version: number
  rule: string
}

const ruleOf = (world: World, name: string) => ask<Rule>(world, `/rules/${encodeURIComponent(name)}`)
const editor = (page: Page) => page.getByRole('textbox', { name: 'The rule in YAML' })
const trial = (page: Page) => page.getByRole('complementary', { name: 'Trial' })

/** Writes the text of a rule as one who pastes it. */
async function write(page: Page, text: string): Promise<void> {
  await editor(page).click()
  await page.keyboard.press('Control+a')
  await page.keyboard.insertText(text)
}

test('the first rule begins with an example, is mended, tried on an event of the past, and acts on the next one', async ({ page, go, world, watched }) => {
  await tell(world, '/v1/track', { event: 'account.created', email: 'ann@harbour.test' })
  await go('/rules')
  await page.getByText('There is no rule yet').waitFor()
  await page.getByRole('link', { name: 'welcome mail' }).click()
  await trial(page).getByText('ann@harbour.test').waitFor()
  await trial(page).getByRole('status').getByText('It is for 1 of the 1 event').waitFor()

  watched.allowed.add(422)
  await write(page, 'name: Welcome\non:\n  event: account.created\n  class: soggy\ndo:\n- send:\n    template: none\n')
  const problems = page.getByRole('list', { name: 'Problems of the rule' })
  await problems.getByText(/Must be one of hard, soft/).waitFor()
  await problems.getByText('Line 4', { exact: false }).waitFor()
  await page.locator('.cm-lintRange-error').first().waitFor()
  await trial(page).getByText('It can’t be tried yet').waitFor()
  await write(page, 'name: Welcome\non:\n  event: account.created\ndo:\n- send:\n    template: none\n')
  await problems.getByText('There is no template "none".').waitFor()
  await problems.getByText('Line 6', { exact: false }).waitFor()
  await write(page, 'name: Welcome\non:\n  event: account.created\ndo:\n- send:\n    template: onboarding/welcome\n')
  await problems.waitFor({ state: 'detached' })
  watched.allowed.delete(422)
  await page.getByRole('button', { name: 'Make the rule' }).click()
  await page.getByText('Welcome is made.').waitFor()
  await page.getByRole('heading', { level: 1, name: 'Welcome' }).waitFor()
  expect((await ruleOf(world, 'Welcome')).enabled).toBe(true)

  await tell(world, '/v1/track', { event: 'account.created', email: 'bob@harbour.test' })
  await page.getByRole('tab', { name: /What it did/ }).click()
  const acts = page.getByRole('table', { name: 'Acts' })
  await acts.getByText('Done').waitFor()
  await acts.getByRole('link', { name: 'its send' }).click()
  await page.getByText('bob@harbour.test').first().waitFor()
})

test('a rule is switched off and on, and a change of somebody else is told before it is overwritten', async ({ page, go, world, watched }) => {
  const made = await tell<Rule>(world, '/rules', { rule: 'name: Goodbye\non:\n  event: account.closed\ndo:\n- unsubscribe: {}\n' })
  await go(`/rules/${made.id}`)
  await page.getByRole('button', { name: 'Switch off' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Switch it off' }).click()
  await page.getByText('Goodbye is switched off.').waitFor()
  expect((await ruleOf(world, 'Goodbye')).enabled).toBe(false)
  await page.getByRole('button', { name: 'Switch on' }).click()
  await page.getByText('Goodbye is switched on.').waitFor()
  expect((await ruleOf(world, 'Goodbye')).enabled).toBe(true)

  await change(world, `/rules/${made.id}`, { rule: 'name: Goodbye\ndescription: theirs\non:\n  event: account.closed\ndo:\n- unsubscribe: {}\n' })
  await write(page, 'name: Goodbye\ndescription: mine\non:\n  event: account.closed\ndo:\n- unsubscribe: {}\n')
  watched.allowed.add(409)
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('Somebody else changed it meanwhile.').waitFor()
  expect((await ruleOf(world, 'Goodbye')).rule).toContain('theirs')
  await page.getByRole('button', { name: 'Look at theirs' }).click()
  await editor(page).getByText('theirs').waitFor()
  await write(page, 'name: Goodbye\ndescription: ours\non:\n  event: account.closed\ndo:\n- unsubscribe: {}\n')
  await page.keyboard.press('Control+s')
  await page.getByText('Goodbye is saved.').waitFor()
  expect((await ruleOf(world, 'Goodbye')).rule).toContain('ours')
})

test('a rule of a folder says that the folder brings it back, and a deleted one is gone', async ({ page, go, world }) => {
  const dir = await mkdtemp(join(tmpdir(), 'tidings-rules-'))
  await mkdir(join(dir, 'rules'))
  await writeFile(join(dir, 'rules', 'kept.yaml'), 'rules:\n- name: Kept in files\n  on: {event: order.paid}\n  do:\n  - subscribe: {tags: [customer]}\n')
  await tidings(world, 'apply', dir)
  await rm(dir, { recursive: true })
  await go('/rules')
  await page.getByRole('table', { name: 'Rules' }).getByRole('link', { name: 'Kept in files' }).click()
  await page.getByText('brings it back as the folder has it').waitFor()
  await page.getByRole('button', { name: 'More about this rule' }).click()
  await page.getByRole('menuitem', { name: 'Delete…' }).click()
  await page.getByRole('alertdialog').getByText('makes it again').waitFor()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete it' }).click()
  await page.getByText('Kept in files is deleted.').waitFor()
  expect((await ask<{ rules: { name: string }[] }>(world, '/rules')).rules.map((r) => r.name)).not.toContain('Kept in files')
})
