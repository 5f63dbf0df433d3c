import { expect } from 'vitest'
import { test } from './browser'
import { ask, tell } from './server'

interface Form {
  id: string
  name: string
  url: string
  topics: string[]
  fields: { name: string; label: string; required?: boolean }[]
  origins: string[]
  doubleOptIn: boolean
}

test('a form is made, shows its link and what to put into a page, is changed and deleted', async ({ page, go, world, watched }) => {
  await tell(world, '/topics', { name: 'Letters of the forms', slug: 'form-letters' })
  await go('/forms')
  await page.getByRole('button', { name: 'New form' }).click()
  const d = page.getByRole('dialog')
  await d.getByLabel('Name', { exact: true }).fill('News <of> Acme')
  await d.getByLabel('Letters of the forms').check()
  await d.getByRole('button', { name: 'Add a field' }).click()
  await d.getByLabel('Label of field 1').fill('First "name"')
  await d.getByLabel('Attribute of field 1').fill('email')
  await d.getByLabel('required').check()
  await d.getByLabel('Where people go once they sent it').fill('https://elsewhere.test/')
  watched.allowed.add(422)
  await d.getByRole('button', { name: 'Make it' }).click()
  await d.getByText('is there twice, or a field of every form').waitFor()
  await d.getByText('Must be at one of the form').waitFor()
  await d.getByLabel('Attribute of field 1').fill('firstName')
  await d.getByLabel('Sites that may send it').fill('https://acme.test')
  await d.getByLabel('Where people go once they sent it').fill('https://acme.test/thanks')
  await d.getByRole('button', { name: 'Make it' }).click()
  const use = page.getByRole('dialog', { name: 'Use News <of> Acme' })
  await use.waitFor()

  const { forms } = await ask<{ forms: Form[] }>(world, '/forms')
  const form = forms.find((f) => f.name === 'News <of> Acme')
  expect([form?.doubleOptIn, form?.topics, form?.fields, form?.origins]).toEqual([
    true, ['form-letters'], [{ name: 'firstName', label: 'First "name"', required: true }], ['https://acme.test'],
  ])
  await use.getByText(form?.url ?? '', { exact: true }).waitFor()
  await use.getByText('<label>First &quot;name&quot; <input name="firstName" required></label>').waitFor()
  await page.keyboard.press('Escape')

  await page.getByRole('button', { name: 'Edit News <of> Acme' }).click()
  await d.getByLabel('Double opt-in').uncheck()
  await d.getByText('In many countries that is not enough').waitFor()
  await d.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('row').filter({ hasText: 'News <of> Acme' }).getByText('single').waitFor()

  await page.getByRole('button', { name: 'Delete News <of> Acme…' }).click()
  await page.getByRole('alertdialog').getByText('Its link ends').waitFor()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
  await page.getByText('News <of> Acme is deleted.').waitFor()
  await page.getByRole('button', { name: 'Use News <of> Acme' }).waitFor({ state: 'detached' })
})

test('a contact that asked with a form and has not confirmed it says so, and gives the link', async ({ page, go, world }) => {
  const form = await tell<Form>(world, '/forms', { name: 'Wishes', fields: [] })
  const sent = await fetch(`${world.url}${new URL(form.url).pathname}`, { method: 'POST', body: new URLSearchParams({ email: 'wish@forms.test' }), headers: { Accept: 'text/html' } })
  expect(sent.ok).toBe(true)
  await go('/contacts/wish@forms.test')
  await page.getByText('They asked to be subscribed with the form Wishes').waitFor()
  await page.getByRole('button', { name: 'Show the link to confirm' }).click()
  await page.getByText(/\/confirm\/\S+/).first().waitFor()
  await page.getByText('Send it to wish@forms.test alone').waitFor()
})
