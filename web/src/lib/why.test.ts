import { expect, test } from 'vitest'
import { ofPattern, standing } from './why'

test('a suppression is told before an opting out', () => {
  expect(standing({ suppressed: true, unsubscribed: true }).tone).toBe('bad')
  expect(standing({ suppressed: false, unsubscribed: true }).word).toBe('Unsubscribed')
})

test('patterns are told in words', () => {
  expect(ofPattern('*@bad.test')).toBe('all addresses of bad.test')
  expect(ofPattern('*@*.bad.test')).toBe('all addresses of every domain below bad.test')
})
