import { expect, test } from 'vitest'
import { asKind, changes, kindOf, problemsOf, row, rowsOf, valueOf } from './attribute-rows'
import { csv, headerOf } from './header'
import { same } from './same'

test.for<[unknown, string]>([
  ['', 'text'], ['team', 'text'], ['00123', 'text'], ['2026-05-04', 'date'], ['2026-05-04T10:00:00Z', 'date'], ['2026-05-04T10:00:00+02:00', 'date'], ['2026-99-99', 'text'],
  [49.5, 'number'], [false, 'truth'], [['a', 'b'], 'list'], [['a', 1], 'json'], [['a\nb'], 'json'], [['a', ''], 'json'], [[' a'], 'json'], [[], 'json'], [{ a: 1 }, 'json'],
])('%j is edited as %s, and untouched it says the same', ([value, kind]) => {
  expect(kindOf(value)).toBe(kind)
  expect(valueOf(row('key', value))).toEqual({ value })
  expect(changes({ key: value }, rowsOf({ key: value }))).toEqual({})
})

test('only what changed is sent, and what goes as null', () => {
  const before = { plan: 'team', amount: 49, vip: true, old: 'x' }
  const rows = rowsOf(before).filter((r) => r.key !== 'old').map((r) => (r.key === 'amount' ? { ...r, text: '50' } : r.key === 'vip' ? { ...r, key: 'important' } : r))
  expect(changes(before, [...rows, row('since', '2026-05-04')])).toEqual({ amount: 50, vip: null, important: true, old: null, since: '2026-05-04' })
})

test('the same letters of another kind are a change', () => {
  const [one] = rowsOf({ zip: '49' })
  expect(one && changes({ zip: '49' }, [asKind(one, 'number')])).toEqual({ zip: 49 })
})

test('a number that is too exact for the browser is not written again', () => {
  const data = JSON.parse('{"id17":12345678901234567890}') as Record<string, unknown>
  expect(changes(data, rowsOf(data))).toEqual({})
})

test.for<[string, Parameters<typeof problemsOf>[0], string]>([
  ['no name', [row('', 'x')], 'needs a name'],
  ['a name twice', [row('a', 'x'), row('a', 'y')], 'two of the name'],
  ['a reserved name', [row('email', 'x')], 'means something else'],
  ['a long name', [row('é'.repeat(129), 'x')], '256 bytes'],
  ['no number', [{ ...row('a', 1), text: 'many' }], 'no number'],
  ['an empty number', [{ ...row('a', 1), text: ' ' }], 'no number'],
  ['no date', [{ ...row('a', '2026-05-04'), text: 'May' }], 'no date'],
  ['no JSON', [{ ...row('a', {}), text: '{' }], 'not JSON'],
  ['null', [{ ...row('a', {}), text: 'null' }], 'remove the row'],
])('%s is told before it is sent', ([, rows, says]) => {
  expect([...problemsOf(rows).values()].join()).toContain(says)
})

test('the order of keys says nothing, everything else does', () => {
  expect(same({ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1 })).toBe(true)
  expect([same([1, 2], [2, 1]), same({ a: undefined }, { b: undefined }), same(1, '1'), same({}, []), same(null, {})]).toEqual([false, false, false, false, false])
})

test.for<[string, string[]]>([
  ['email,plan\na@b.test,x', ['email', 'plan']],
  ['\ufeff\n\nE-Mail;"the; plan"\r\nx', ['E-Mail', 'the; plan']],
  ['plan\taddress\n', ['plan', 'address']],
  ['"a ""b""\nc",email\n', ['a "b"\nc', 'email']],
  ['', ['']],
])('the header of %j is %j', ([text, cells]) => {
  expect(headerOf(text)).toEqual(cells)
})

test('a file for a spreadsheet holds no formula', () => {
  expect(csv([['line', '=1+1'], ['2', 'say "a"']])).toBe('"line","\'=1+1"\n"2","say ""a"""\n')
})
