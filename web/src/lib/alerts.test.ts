import { expect, test } from 'vitest'
import { looksAt, shown, threshold, written } from './alerts'

test('a threshold is written in its own measure, and read as it was written', () => {
  expect(threshold('bounce_rate', 0.05)).toBe('5 %')
  expect(threshold('complaint_rate', 0.0008)).toBe('0.08 %')
  expect(threshold('endpoint_failing', 15)).toBe('15 min')
  expect(threshold('suppression_surge', 2.5)).toBe('2.5 × usual')
  expect(threshold('silence', 0)).toBe('–')
  for (const [kind, value] of [['bounce_rate', 0.05], ['complaint_rate', 0.0008], ['refusals', 10]] as const) expect(written(kind, shown(kind, value))).toBeCloseTo(value, 9)
  expect(written('bounce_rate', '2,5 %')).toBeCloseTo(0.025, 9)
  expect(written('bounce_rate', '')).toBe(0)
})

test('what a rule looks at is said in a line', () => {
  expect(looksAt({ kind: 'bounce_rate', by: 'template', window: '7d' })).toBe('Bounces of each template in 7d')
  expect(looksAt({ kind: 'silence' })).toBe('A silent source')
})
