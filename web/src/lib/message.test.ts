import { expect, test } from 'vitest'
import { type Message, onlyMachines, steps } from './message'

const sent = Date.parse('2026-05-04T10:00:00Z')
const at = (seconds: number) => new Date(sent + seconds * 1000).toISOString()

const message = (status: string, counts: Message['counts']): Message => ({
  id: 'msg_1', provider: 'ses', contactId: 'con_1', recipient: 'ann@acme.test', status, counts, message: { id: '0102' }, recipients: 1,
})

test('steps stand in the order in which they happened, with the time that each took', () => {
  const way = steps(message('email.click', [
    { name: 'email.click', count: 1, firstAt: at(300), verdict: 'human' },
    { name: 'email.open', count: 2, firstAt: at(120), verdict: 'human' },
    { name: 'email.sent', count: 1, firstAt: at(0) },
    { name: 'email.delivery', count: 1, firstAt: at(2) },
  ]))
  expect(way.map((s) => [s.name, s.count, s.took])).toEqual([
    ['email.sent', 1, undefined], ['email.delivery', 1, 2000], ['email.open', 2, 118_000], ['email.click', 1, 180_000],
  ])
})

test('what happened at one moment stands in the order of an email’s life', () => {
  const way = steps(message('email.delivery', [{ name: 'email.delivery', count: 1, firstAt: at(0) }, { name: 'email.sent', count: 1, firstAt: at(0) }]))
  expect(way.map((s) => s.name)).toEqual(['email.sent', 'email.delivery', 'email.open', 'email.click'])
  expect(way[2]?.at).toBeUndefined()
})

test('machines and candidates are no steps, but they are told', () => {
  const m = message('email.open', [
    { name: 'email.delivery', count: 1, firstAt: at(2) },
    { name: 'email.open', count: 3, firstAt: at(3), verdict: 'proxy' },
    { name: 'email.open', count: 1, firstAt: at(4), verdict: 'human', candidates: true },
  ])
  const open = steps(m).find((s) => s.name === 'email.open')
  expect(open).toMatchObject({ at: undefined, count: 0, machines: 3, perhaps: 1 })
  expect(onlyMachines(m)).toBe(true)
})

test('after a bounce nobody waits for a delivery', () => {
  const way = steps(message('email.bounce', [{ name: 'email.sent', count: 1, firstAt: at(0) }, { name: 'email.bounce', count: 1, firstAt: at(2) }]))
  expect(way.map((s) => s.name)).toEqual(['email.sent', 'email.bounce'])
})
