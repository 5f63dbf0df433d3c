import { expect, test } from 'vitest'
import { attributesOf } from './attributes'

test('keys are named by their path, with their types, how often they were seen, and values', () => {
  const keys = attributesOf([
    { plan: 'team', since: '2026-05-04', address: { city: 'Lyon' }, colours: ['red', 'blue'], gone: null },
    { plan: 7, address: { city: 'Porto' }, colours: [], trial: false },
    null, 'text', { plan: 'team' },
  ])
  expect(keys).toEqual([
    { path: 'plan', types: ['text', 'number'], seen: 3, values: ['team', 7] },
    { path: 'address.city', types: ['text'], seen: 2, values: ['Lyon', 'Porto'] },
    { path: 'colours', types: ['list of text', 'list of nothing'], seen: 2, values: ['red', 'blue'] },
    { path: 'gone', types: ['nothing'], seen: 1, values: [] },
    { path: 'since', types: ['date'], seen: 1, values: ['2026-05-04'] },
    { path: 'trial', types: ['true or false'], seen: 1, values: [false] },
  ])
})

test('what lies very deep is one value, and keys of objects of the language are keys', () => {
  let deep: unknown = 1
  for (let i = 0; i < 12; i++) deep = { k: deep }
  expect(attributesOf([deep])).toHaveLength(1)
  expect(attributesOf([JSON.parse('{"__proto__":1,"constructor":2}')]).map((k) => k.path)).toEqual(['__proto__', 'constructor'])
})
