import { expect, test } from 'vitest'
import type { Endpoint } from '../api/endpoints'
import { changeOf, draftOf, twice, wishOf } from './endpoint-draft'

const stored = {
  id: 'end_7', name: 'crm', url: 'https://acme.test/hooks', on: { event: ['email.bounce', 'email.complaint'], class: 'hard' }, format: 'standard', raw: false, headers: ['Authorization'],
  concurrency: 8, ordered: false, for: '72h', enabled: true, health: { state: 'new' }, secrets: [{}], problems: [], createdAt: '', updatedAt: '',
} satisfies Endpoint

test('a form that was only opened changes nothing', () => {
  expect(changeOf(draftOf(stored), draftOf(stored))).toEqual({})
})

test('a new endpoint says what was written, and leaves the rest to the server', () => {
  const d = { ...draftOf(undefined), name: ' crm ', url: 'https://acme.test/hooks' }
  expect(wishOf(d)).toEqual({ name: 'crm', url: 'https://acme.test/hooks' })
  expect(wishOf({ ...d, on: { event: ['email.*'], tag: [] }, batch: true, headers: [{ name: 'X-Key', value: 'a', kept: false }], secret: 'whsec_1' })).toEqual({
    name: 'crm', url: 'https://acme.test/hooks', on: { event: ['email.*'] }, batch: { max: 100, wait: '5s' }, headers: { 'X-Key': 'a' }, secret: 'whsec_1',
  })
})

test('a change names what differs alone, and keeps headers whose values are left empty', () => {
  const d = draftOf(stored)
  expect(changeOf(d, { ...d, headers: [...d.headers, { name: 'X-Key', value: 'b', kept: false }] })).toEqual({ headers: { Authorization: '', 'X-Key': 'b' } })
  expect(changeOf(d, { ...d, headers: [] })).toEqual({ headers: {} })
  expect(changeOf(d, { ...d, concurrency: '', within: '' })).toEqual({ concurrency: 0, for: '' })
  expect(changeOf({ ...d, batch: true }, d)).toEqual({ batch: { max: 0 } })
  expect(changeOf(d, { ...d, on: {} })).toEqual({ on: {} })
})

test('a condition that is taken away is sent as none', () => {
  const condition = { logic: 'AND' as const, groups: [{ filters: [{ field: 'tags', operator: 'contains', value: 'vip' }] }] }
  const d = draftOf({ ...stored, if: { ...condition } })
  expect(d.condition).toEqual(condition)
  expect(changeOf(d, { ...d, condition: undefined })).toEqual({ if: {} })
})

test('a star is every event', () => {
  expect(draftOf({ ...stored, on: { event: ['*'] } }).on).toEqual({})
})

test('two headers of one name are told, however they are written', () => {
  expect(twice([{ name: 'X-Key', value: '', kept: true }, { name: 'x-key ', value: '', kept: false }, { name: '', value: '', kept: false }])).toEqual(['x-key'])
})
