import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import type { Endpoint } from '../api/endpoints'
import { eventsOf, type Format, needsSomebody, sample, wantsWords } from './endpoints'

/** The names of all that a body holds, but of what is of the event. */
const keys = (v: unknown): unknown =>
  Array.isArray(v) ? v.slice(0, 1).map(keys) : typeof v === 'object' && v !== null ? Object.fromEntries(Object.entries(v).map(([k, x]) => [k, k === 'data' && !Array.isArray(x) ? 'data' : k === 'raw' || k === 'tidingsraw' ? 'raw' : k === 'event' || k === 'contact' ? k : keys(x)])) : typeof v

test.for<[Format, boolean, string]>([['standard', false, 'standard'], ['standard', true, 'standard-batch'], ['cloudevents', false, 'cloudevents'], ['cloudevents', true, 'cloudevents-batch'], ['mailglyph', false, 'mailglyph']])(
  'the sample of %s (batch: %s) has the form of what is sent', async ([format, batch, name]) => {
    const [, body = ''] = (await readFile(new URL(`../../../internal/dispatch/testdata/${name}.golden`, import.meta.url), 'utf8')).split('\n')
    const sent = JSON.parse(body) as Record<string, unknown>
    const withRaw = body.includes('"raw":') || body.includes('"tidingsraw":')
    expect(keys(sample(format, { withRaw, batch }))).toEqual(keys(sent))
  },
)

test('what an endpoint wants stands in a line', () => {
  expect(wantsWords({ event: '*' })).toBe('every event')
  expect(wantsWords({ event: ['email.bounce', 'order.*'], class: ['hard', 'block'], where: [{}] })).toBe('email.bounce, order.*, class hard or block, one test of its data')
  expect(eventsOf({ event: 'order.*' })).toEqual(['order.*'])
})

test('an endpoint needs somebody where it fails for long, and not while it only rests as it was asked to or somebody disabled it', () => {
  const of = (state: Endpoint['health']['state'], more: Partial<Endpoint['health']> = {}) => needsSomebody({ enabled: state !== 'disabled', problems: [], health: { state, ...more } } as unknown as Endpoint)
  expect([of('ok'), of('failing', { problem: '503', failuresInARow: 1 }), of('resting', { problem: '429' }), of('disabled')]).toEqual([false, false, false, false])
  expect([of('resting', { problem: '503', failuresInARow: 10 }), of('disabled', { problem: '410 Gone' })]).toEqual([true, true])
})
