import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { beyond, faults } from './axe'
import { settled, test as base } from './browser'
import { ask, change, signIn, start, stop, tell, type World } from './server'
import { redefine, runsIn, until } from './workflow-world'

const nasty = `<img class=hostile src=x onerror="window.ran=1">{{7*7}}`

/** A server of its own. Its workflow mails by a sender that is off at first, so that whoever enters then fails. */
const test = base.extend<{ world: World }>({
  world: [async ({}, use) => {
    const world = await signIn(await start())
    await tell(world, '/templates', { key: 'course/hello', name: 'Hello', subject: 'Hello', type: 'MARKETING', body: '<p>Hello {{ data.plan }}</p>', from: 'app@harbour.test' })
    await tell(world, '/senders', { name: 'usual', kind: 'file', from: { email: 'app@harbour.test' } })
    await tell(world, '/senders', { name: 'teacher', kind: 'file', from: { email: 'teacher@harbour.test' } })
    await tell(world, '/workflows', { text: course('1d'), enabled: true })
    await track(world, 'lesson.wanted', ...people)
    await until('all wait', async () => (await runsIn(world, 'course', 'WAITING')) === people.length)
    await use(world)
    await stop(world)
  }, { scope: 'file' }],
})

const people = ['ann', 'bob', 'cleo', 'dora', 'emil'].map((n) => `${n}@harbour.test`)

const course = (nap: string, rest = '') => `workflow: course
name: The course
trigger: lesson.wanted
reentry: after
transactional: true
sender: teacher
steps:
- {id: hello, name: Say hello, send: course/hello}
- {id: paid, name: Has it paid?, waitFor: {event: lesson.paid, timeout: 30d}, then: [{id: mark, update: {tags: [pupil]}}], else: [{id: sorry, exit: never paid}]}
- {id: nap-${nap}, wait: ${nap}}
${rest}- {id: bye, name: Say goodbye, send: {template: course/hello, subject: Goodbye}}
`

const track = (world: World, event: string, ...emails: string[]) => tell(world, '/v1/track/batch', { events: emails.map((email) => ({ email, event, data: { plan: { value: 'team', persistent: false } } })) })

interface Run {
  id: string
  email: string
  status: string
  step: string
  version: number
  emails: number
  steps: { step: string; outcome?: string }[]
}

const runOf = async (world: World, email: string, workflow = 'course') => {
  const { executions } = await ask<{ executions: Run[] }>(world, `/executions?workflow=${workflow}&contact=${email}`)
  return ask<Run>(world, `/executions/${executions[0]?.id}`)
}

const senderOff = async (world: World, disabled: boolean) => change(world, '/senders/teacher', { disabled })

const table = (page: Page) => page.getByRole('table', { name: 'Runs', exact: true })
const row = (page: Page, email: string) => table(page).getByRole('row').filter({ hasText: email })
const dialog = (page: Page) => page.locator('[role=dialog], [role=alertdialog]')

test('runs are found by status, step and contact, and one of them tells its whole way', async ({ page, go, world }) => {
  await track(world, 'lesson.paid', 'ann@harbour.test')
  await until('ann naps', async () => (await runOf(world, 'ann@harbour.test')).step === 'nap-1d')
  await go('/workflows/course?tab=runs')
  await row(page, 'bob@harbour.test').getByText('Waiting').waitFor()
  const status = page.getByRole('group', { name: 'Status' })
  await status.getByRole('button', { name: 'All 5' }).waitFor()
  await status.getByRole('button', { name: 'Going on 5' }).click()
  expect(new URL(page.url()).searchParams.get('status')).toBe('open')
  await page.getByLabel('Step', { exact: true }).selectOption('nap-1d')
  await row(page, 'bob@harbour.test').waitFor({ state: 'detached' })
  await row(page, 'ann@harbour.test').getByText('in 23 hr').waitFor()
  await page.getByRole('button', { name: 'Clear all' }).click()
  await page.getByRole('textbox', { name: 'Contact' }).fill('nobody@harbour.test')
  await page.keyboard.press('Enter')
  await page.getByText('No run is like that').waitFor()
  await page.getByRole('button', { name: 'Clear the filters' }).click()
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'CSV' }).click()
  expect((await download).suggestedFilename()).toMatch(/^runs-course-.*\.csv$/)

  await row(page, 'ann@harbour.test').focus()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'ann@harbour.test' }).waitFor()
  const way = page.getByRole('list', { name: 'Its way' })
  await way.getByText('The event came.').waitFor()
  await way.getByText('The contact was changed.').waitFor()
  await way.getByText('there now').waitFor()
  await page.getByText('and goes on').waitFor()
  await page.getByText('Context', { exact: false }).first().click()
  await page.getByText('"plan": "team"').first().waitFor()
  await page.getByRole('link', { name: 'an event', exact: true }).click()
  await page.getByText('lesson.wanted').first().waitFor()
  await page.goBack()
  await way.getByRole('link', { name: 'Its send' }).click()
  await page.getByRole('link', { name: 'of a workflow' }).click()
  await way.getByText('Sent').waitFor()
  await way.getByRole('link', { name: 'What became of it' }).click()
  await page.getByRole('heading', { level: 1, name: 'Hello' }).waitFor()
})

test('failed runs are told in the overview, and are retried, skipped and cancelled', async ({ page, go, world, watched }) => {
  await senderOff(world, true)
  const late = ['fay', 'gus', 'hal', 'ida'].map((n) => `${n}@harbour.test`)
  await track(world, 'lesson.wanted', ...late)
  await until('they failed', async () => (await runsIn(world, 'course', 'FAILED')) === 4)
  await go('/')
  await page.getByRole('link', { name: '4 runs of the workflow course' }).click()
  await row(page, 'fay@harbour.test').getByText(/switched off/).waitFor()

  // One by one, on its page.
  await row(page, 'fay@harbour.test').getByText('Failed').click()
  await page.getByText('It failed at “Say hello”, and waits for a person.').waitFor()
  await page.getByRole('button', { name: 'Retry…' }).click()
  await dialog(page).getByLabel('Why (optional)').fill('too early')
  await dialog(page).getByRole('button', { name: 'Retry' }).click()
  await page.getByText('The run tries its step again.').waitFor()
  await until('it failed again', async () => (await runOf(world, 'fay@harbour.test')).status === 'FAILED')
  await page.getByText('It failed at “Say hello”').waitFor()
  await page.getByText('too early').waitFor()
  await senderOff(world, false)
  await page.getByRole('button', { name: 'Retry…' }).click()
  await dialog(page).getByRole('button', { name: 'Retry' }).click()
  await page.getByText('and waits for the event').waitFor()
  expect((await runOf(world, 'fay@harbour.test')).emails).toBe(1)

  // Several, of which one was decided about elsewhere meanwhile.
  await go('/workflows/course?tab=runs&status=failed')
  await table(page).getByRole('checkbox', { name: /^Choose all/ }).check()
  await page.getByText('3 chosen').waitFor()
  const gus = await runOf(world, 'gus@harbour.test')
  await tell(world, `/workflows/course/executions/${gus.id}/cancel`, {})
  watched.allowed.add(409)
  await page.getByRole('button', { name: /^Retry \d/ }).click()
  await dialog(page).getByRole('button', { name: /^Retry/ }).click()
  if (await dialog(page).getByRole('alert').isVisible().catch(() => false)) await page.keyboard.press('Escape')
  await until('two of them mailed', async () => (await runOf(world, 'hal@harbour.test')).emails === 1 && (await runOf(world, 'ida@harbour.test')).emails === 1)
  await page.keyboard.press('Escape')
  watched.allowed.delete(409)

  // A wait that is skipped can go either way.
  const hal = await runOf(world, 'hal@harbour.test')
  await go(`/runs/${hal.id}`)
  await page.getByRole('button', { name: 'Skip the step…' }).click()
  await dialog(page).getByLabel('Which way it goes on').selectOption('event')
  await dialog(page).getByRole('button', { name: 'Skip the step' }).click()
  await page.getByText('A person skipped it.').waitFor()
  await until('it naps', async () => (await runOf(world, 'hal@harbour.test')).step === 'nap-1d')
  await page.getByRole('button', { name: 'Cancel…' }).click()
  await dialog(page).getByRole('button', { name: 'End it' }).click()
  await page.getByText('A person ended it.').waitFor()
  expect((await runOf(world, 'hal@harbour.test')).status).toBe('CANCELLED')
  const { acts } = await ask<{ acts: { operation: string }[] }>(world, `/audit?target=${hal.id}`)
  expect(acts.map((a) => a.operation)).toEqual(expect.arrayContaining(['cancelExecution', 'skipExecution', 'retryExecution']))
})

test('a run is started by hand, once, for a contact that is there', async ({ page, go, world, watched }) => {
  await tell(world, '/contacts', { email: 'jon@harbour.test' })
  await go('/workflows/course?tab=runs')
  await page.getByRole('button', { name: 'Start a run…' }).click()
  await dialog(page).getByLabel('Contact', { exact: true }).fill('nobody@harbour.test')
  await dialog(page).getByLabel('Context (optional)').fill('{"plan":')
  await dialog(page).getByText(/It is no JSON/).waitFor()
  expect(await dialog(page).getByRole('button', { name: 'Start it' }).isDisabled()).toBe(true)
  await dialog(page).getByLabel('Context (optional)').fill('{"plan": "solo"}')
  watched.allowed.add(422)
  await dialog(page).getByRole('button', { name: 'Start it' }).click()
  await dialog(page).getByText(/There is no contact/).waitFor()
  watched.allowed.delete(422)
  await dialog(page).getByLabel('Contact', { exact: true }).fill('jon@harbour.test')
  await dialog(page).getByRole('button', { name: 'Start it' }).click()
  await page.getByRole('heading', { level: 1, name: 'jon@harbour.test' }).waitFor()
  await page.getByText('by hand').waitFor()
  await page.getByText('and waits for the event').waitFor()
  watched.allowed.add(409)
  await go('/workflows/course?tab=runs')
  await page.getByRole('button', { name: 'Start a run…' }).click()
  await dialog(page).getByLabel('Contact', { exact: true }).fill('jon@harbour.test')
  await dialog(page).getByRole('button', { name: 'Start it' }).click()
  await dialog(page).getByText(/may not enter now: it is in it/).waitFor()
  await page.keyboard.press('Escape')
})

test('versions are compared in words and lines, and runs are moved step by step after a trial', async ({ page, go, world }) => {
  await redefine(world, 'course', course('2d', '- {id: ask, if: {opened: course/hello, run: true}, then: [{id: tips, send: course/hello}]}\n'))
  await go('/workflows/course?tab=versions')
  const words = page.getByRole('list', { name: 'What changed, in words' })
  await words.getByText('Wait 2d', { exact: false }).first().waitFor()
  await words.getByText('Wait 1d', { exact: false }).first().waitFor()
  await words.getByText('opened course/hello?', { exact: false }).first().waitFor()
  await page.getByText(/wait: 2d/).first().waitFor()
  await page.getByLabel('The version before').selectOption('2')
  await page.getByRole('region', { name: 'Version 2 in YAML' }).waitFor()
  const ann = await runOf(world, 'ann@harbour.test')
  expect([ann.version, ann.step]).toEqual([1, 'nap-1d'])

  await page.getByRole('button', { name: 'Move the runs of version 1…' }).click()
  const napping = dialog(page).getByRole('row').filter({ hasText: 'nap-1d' })
  await napping.getByText('stay on their version').waitFor()
  await dialog(page).getByRole('row').filter({ hasText: 'Has it paid?' }).getByText('go on as they were').waitFor()
  expect((await runOf(world, 'ann@harbour.test')).version).toBe(1)
  await napping.getByRole('combobox').selectOption('nap-2d')
  await napping.getByText('begin it anew').waitFor()
  await dialog(page).getByLabel('Why (optional)').fill('two days are enough')
  await dialog(page).getByRole('button', { name: /^Move \d+ runs$/ }).click()
  await dialog(page).getByText(/runs are on version 2 now/).waitFor()
  await dialog(page).getByRole('button', { name: 'Close' }).last().click()
  await until('ann waits anew', async () => (await runOf(world, 'ann@harbour.test')).step === 'nap-2d')
  await page.getByRole('button', { name: 'Move runs…' }).click()
  await dialog(page).getByText('there is nothing to move').waitFor()
  await page.keyboard.press('Escape')
})

test('a dry run tells who would have entered, what they would have got, and what it can’t tell', async ({ page, go, world, watched }) => {
  await go('/workflows/course?tab=trial')
  await page.getByText(/runs would have begun/).waitFor()
  await page.getByRole('table', { name: 'Emails by template' }).getByText('course/hello').first().waitFor()
  const ann = page.getByRole('list', { name: 'Runs that would have begun' }).getByRole('listitem').filter({ hasText: 'ann@harbour.test' }).first()
  await ann.getByText('ann@harbour.test').first().click()
  await ann.getByRole('list', { name: 'The way of ann@harbour.test' }).getByText('Say hello').waitFor()
  await page.getByText('Conditions and choices are asked of contacts as they are now').waitFor()
  await page.getByLabel('How far back').selectOption('30')
  expect(new URL(page.url()).searchParams.get('days')).toBe('30')
  await page.getByText(/runs would have begun/).waitFor()
  await tell(world, '/workflows', { text: 'workflow: by-hand\ntrigger: {manual: true}\nsteps: [{wait: 1d}]\n', enabled: true })
  watched.allowed.add(422)
  await go('/workflows/by-hand?tab=trial')
  await page.getByText('Only entries by events can be tried').waitFor()
})

test('a contact’s page has its runs', async ({ page, go }) => {
  await go('/contacts/ann@harbour.test')
  await page.getByRole('tab', { name: 'Workflows' }).click()
  const list = page.getByRole('table', { name: 'Runs of this contact' })
  await list.getByText('course').waitFor()
  await list.getByText('Waiting').click()
  await page.getByRole('heading', { level: 1, name: 'ann@harbour.test' }).waitFor()
  await page.getByText('A person put the run on another version or step.').waitFor()
  await go('/contacts/ann@harbour.test?tab=workflows')
  await list.getByRole('link', { name: 'course', exact: true }).click()
  await page.waitForURL(/\/workflows\/course/)
})

test('texts from outside do nothing on the pages of runs', async ({ page, go, world }) => {
  await tell(world, '/workflows', { text: JSON.stringify({ workflow: 'hostile', name: nasty, trigger: { manual: true }, transactional: true, steps: [{ id: 'odd', name: nasty, send: { template: 'course/hello', to: '{{ data.x }}<img class=hostile src=x onerror=window.ran=1>' } }, { exit: nasty }] }), enabled: true })
  await tell(world, '/workflows/hostile/executions', { contactId: 'ann@harbour.test', context: { [nasty]: nasty } })
  await until('it failed', async () => (await runsIn(world, 'hostile', 'FAILED')) === 1)
  const run = await runOf(world, 'ann@harbour.test', 'hostile')
  for (const path of ['/workflows/hostile?tab=runs', `/runs/${run.id}`, '/workflows/hostile?tab=versions&version=1', '/']) {
    await go(path)
    await page.getByText('hostile').first().waitFor()
    expect(await page.evaluate(() => [document.querySelectorAll('.hostile').length, (window as unknown as { ran?: number }).ran])).toEqual([0, undefined])
  }
})

test('the pages of runs have no serious fault for assistive programs, light or dark, and fit a narrow screen', async ({ page, go, world }) => {
  const run = await runOf(world, 'ann@harbour.test')
  const broken = await runOf(world, 'ann@harbour.test', 'hostile')
  for (const path of ['/workflows/course?tab=runs', `/runs/${run.id}`, `/runs/${broken.id}`, '/workflows/course?tab=versions&version=2&against=1', '/workflows/course?tab=trial', '/contacts/ann@harbour.test?tab=workflows', '/runs/exe_none']) {
    await page.setViewportSize({ width: 1360, height: 900 })
    await page.emulateMedia({ colorScheme: 'light' })
    if (path !== '/runs/exe_none') {
      await go(path)
      await settled(page)
      if (path.includes('trial')) await page.getByText(/runs would have begun/).waitFor()
    }
    expect.soft(await faults(page), `${path}, light`).toEqual([])
    await page.emulateMedia({ colorScheme: 'dark' })
    expect.soft(await faults(page, { only: 'color-contrast' }), `${path}, dark`).toEqual([])
    expect.soft(await beyond(page), `${path}, narrow`).toEqual([])
  }
})

test('the dialogs of runs have no serious fault, fit a narrow screen, and give the focus back', async ({ page, go }) => {
  const opened: [string, string][] = [['/workflows/course?tab=runs', 'Start a run…'], ['/workflows/course?tab=versions', 'Move runs…'], ['/workflows/hostile?tab=runs', '']]
  for (const [path, button] of opened) {
    await page.setViewportSize({ width: 1360, height: 900 })
    await page.emulateMedia({ colorScheme: 'light' })
    await go(path)
    if (button === '') await table(page).getByRole('checkbox', { name: 'Choose the run of ann@harbour.test' }).press('Space')
    const by = page.getByRole('button', { name: button === '' ? /^Skip the steps of 1/ : button }).first()
    await by.focus()
    await page.keyboard.press('Enter')
    await dialog(page).waitFor()
    const within = '[role=dialog], [role=alertdialog]'
    expect.soft(await faults(page, { within }), `${path}, light`).toEqual([])
    await page.emulateMedia({ colorScheme: 'dark' })
    expect.soft(await faults(page, { within, only: 'color-contrast' }), `${path}, dark`).toEqual([])
    await page.setViewportSize({ width: 390, height: 800 })
    const box = await dialog(page).boundingBox()
    expect.soft(box && box.x >= 0 && box.x + box.width <= 390, `${path}, narrow`).toBe(true)
    await page.keyboard.press('Escape')
    await dialog(page).waitFor({ state: 'detached' })
    await expect.poll(() => by.evaluate((e) => e === document.activeElement)).toBe(true)
  }
})

test('an address of a run that is not there says so', async ({ page, go, watched }) => {
  watched.allowed.add(404)
  await go('/runs/exe_none')
  await page.getByText('There is no such run').waitFor()
})
