import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { test } from './browser'
import { ask, tell } from './server'

interface Export {
  id: string
  name: string
  format?: string
  columns?: string
  folder?: string
  on?: { event?: string | string[] }
  lastRun?: { run: string; done: boolean; events: number; manifest?: string }
}

const named = async (world: Parameters<typeof ask>[0], name: string) =>
  (await ask<{ exports: Export[] }>(world, '/exports')).exports.find((x) => x.name === name)

test('an export is made, runs, tells what it wrote, is changed, switched off and deleted', async ({ page, go, world, watched }) => {
  await go('/exports')
  await page.getByRole('button', { name: 'New export' }).click()
  const d = page.getByRole('dialog')
  await d.getByLabel('Name', { exact: true }).fill('Lake <of> Acme')
  await d.getByLabel('Events').fill('email.*, email.opend x')
  await d.getByLabel('Folder', { exact: true }).fill('../lake')
  await d.getByLabel('Begin with everything').check()
  watched.allowed.add(422)
  await d.getByRole('button', { name: 'Make it' }).click()
  await d.getByText('is no path such as').waitFor()
  await d.getByLabel('Events').fill('email.*')
  await d.getByLabel('Folder', { exact: true }).fill('lake')
  await d.getByRole('button', { name: 'Make it' }).click()
  await page.getByText('Lake <of> Acme is made.').waitFor()

  const row = page.getByRole('row').filter({ hasText: 'Lake <of> Acme' })
  await row.getByText('email.*').waitFor()
  await row.getByRole('button', { name: 'Run Lake <of> Acme now' }).click()
  await expect.poll(async () => (await named(world, 'Lake <of> Acme'))?.lastRun?.done, { timeout: 20_000 }).toBe(true)
  const made = await named(world, 'Lake <of> Acme')
  expect([made?.format, made?.folder, made?.on]).toEqual(['parquet', 'lake', { event: 'email.*' }])
  const manifest = JSON.parse(await readFile(join(world.dir, 'exports', 'lake', made?.lastRun?.manifest ?? ''), 'utf8')) as { events: number; files: unknown[] }
  expect(manifest.events).toBe(made?.lastRun?.events)
  expect(manifest.events).toBeGreaterThan(0)

  await row.getByRole('button', { name: 'Runs of Lake <of> Acme' }).click()
  await d.getByText(made?.lastRun?.manifest ?? '?').waitFor()
  await page.keyboard.press('Escape')

  await row.getByRole('button', { name: 'Edit Lake <of> Acme' }).click()
  await d.getByLabel('Format').selectOption('CSV')
  await d.getByLabel('Engage’s columns').check()
  await d.getByRole('button', { name: 'Save' }).click()
  await row.getByText('Engage’s columns').waitFor()
  expect(await named(world, 'Lake <of> Acme')).toMatchObject({ format: 'csv', columns: 'engage', on: { event: 'email.*' } })

  await row.getByRole('button', { name: 'Disable Lake <of> Acme' }).click()
  await row.getByText('disabled', { exact: true }).waitFor()
  await row.getByRole('button', { name: 'Delete Lake <of> Acme…' }).click()
  await page.getByRole('alertdialog').getByText('Files that are there stay where they are').waitFor()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
  await page.getByText('Lake <of> Acme is deleted.').waitFor()
  await row.waitFor({ state: 'detached' })
})

test('an export that can’t be written says why', async ({ page, go, world }) => {
  await tell(world, '/exports', { name: 'Taken', folder: 'taken' })
  await writeFile(join(world.dir, 'exports', 'blocked'), 'a file in the way')
  const made = await tell<Export>(world, '/exports', { name: 'Blocked', folder: 'blocked/below' })
  await tell(world, `/exports/${made.id}/run`, undefined)
  await go('/exports')
  const row = page.getByRole('row').filter({ hasText: 'blocked/below' })
  await row.getByText('failing').waitFor({ timeout: 20_000 })
  await row.getByText('The folder for exports can\'t be written').waitFor()
  await row.getByText('1 try failed').waitFor()
})
