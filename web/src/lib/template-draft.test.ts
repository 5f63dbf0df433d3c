import { expect, test } from 'vitest'
import { draftOf, emptyDraft, namesOf, objectOf, wishOf } from './template-draft'

const kept = {
  id: 'tpl_1', projectId: 'prj_1', name: 'Welcome', description: null, subject: 'Hi', body: '<p>Hi</p>', text: null, fromName: null, replyTo: null, type: 'MARKETING' as const,
  origin: 'api' as const, version: 3, createdAt: '', updatedAt: '',
}

test('the text part is made of the HTML, written, or left out, there and back', () => {
  for (const [text, part] of [[null, 'auto'], ['', 'none'], ['Hi', 'own']] as const) {
    const d = draftOf({ ...kept, text })
    expect(d.textPart).toBe(part)
    expect(wishOf(d).text).toBe(text)
  }
})

test('what is empty is taken away, and what is not said of tracking is as everywhere', () => {
  expect(wishOf(emptyDraft)).toMatchObject({ key: '', description: null, from: '', fromName: null, replyTo: null, opens: null, clicks: null, displayNames: {} })
  expect(wishOf(draftOf({ ...kept, opens: false, clicks: true }))).toMatchObject({ opens: false, clicks: true })
})

test('what is no object is told', () => {
  expect(objectOf(' ')).toEqual({ value: {} })
  expect(objectOf('[1]').fault).toBe('It must be an object, in braces.')
  expect(objectOf('{"a"').fault).toBeTruthy()
  expect(namesOf('{"platformName":{"kajabi":"Kajabi"}}')).toEqual({ value: { platformName: { kajabi: 'Kajabi' } } })
  expect(namesOf('{"platformName":"Kajabi"}').fault).toContain('Each name holds an object')
})
