import { expect, test } from 'vitest'
import { around, diff } from './diff'

const short = (before: string, after: string) => diff(before, after).map((l) => `${{ same: ' ', gone: '-', new: '+' }[l.kind]}${l.text}`)

test('lines that went and came stand where they were', () => {
  expect(short('a\nb\nc', 'a\nx\nc')).toEqual([' a', '-b', '+x', ' c'])
  expect(short('a\nb', 'a\nb')).toEqual([' a', ' b'])
  expect(short('', 'a')).toEqual(['-', '+a'])
  expect(short('a\nb\nc\nd', 'b\nd\ne')).toEqual(['-a', ' b', '-c', ' d', '+e'])
})

test('each line has its number in the text that it is of', () => {
  expect(diff('a\nb', 'x\na\nb').map((l) => [l.before, l.after])).toEqual([[undefined, 1], [1, 2], [2, 3]])
})

test('both texts come back from what is the same, gone and new', () => {
  const text = (seed: number) => Array.from({ length: 60 }, (_, i) => String((i * seed) % 7)).join('\n')
  for (const [a, b] of [[text(3), text(5)], [text(1), text(1)], ['', text(2)], ['x\n'.repeat(5000), 'y\n'.repeat(5000)]] as const) {
    const lines = diff(a, b)
    expect(lines.filter((l) => l.kind !== 'new').map((l) => l.text).join('\n')).toBe(a)
    expect(lines.filter((l) => l.kind !== 'gone').map((l) => l.text).join('\n')).toBe(b)
  }
})

test('what did not change is left out, but for some lines around each change', () => {
  const lines = diff('1\n2\n3\n4\n5\n6\n7', '1\n2\n3\n4\nx\n6\n7')
  expect(around(lines, 1).map((l) => (typeof l === 'number' ? l : l.text))).toEqual([3, '4', '5', 'x', '6', 1])
})
