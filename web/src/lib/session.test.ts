import { expect, test } from 'vitest'
import { sentence } from './format'
import { spanOf } from './range'
import { within } from './session'

test('after signing in one goes on to a path of these pages, and to nothing else', () => {
  for (const path of ['/', '/contacts?search=acme', '/ui/events']) expect(within(path)).toBe(path)
  for (const other of ['', 'contacts', '//evil.test', '/\\evil.test', 'https://evil.test/', 'javascript:alert(1)', undefined, 1, ['/']]) {
    expect(within(other)).toBeUndefined()
  }
})

test('a span of days that are no days is no span', () => {
  expect(spanOf({ from: '2026-05-04', to: '2026-05-06' })).toEqual({ from: '2026-05-04', to: '2026-05-06' })
  for (const from of ['2026-99-99', 'May', 4]) expect(spanOf({ from, to: '2026-05-06' })).toEqual({})
})

test('what the server tells becomes a sentence', () => {
  expect(sentence('the name or the password is wrong')).toBe('The name or the password is wrong.')
  expect(sentence('It does not answer.')).toBe('It does not answer.')
})
