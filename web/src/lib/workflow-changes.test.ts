import { expect, test } from 'vitest'
import { changes } from './workflow-changes'

const base = {
  key: 'days', trigger: { on: { event: 'account.created' } },
  steps: [
    { id: 'hello', send: { template: 'welcome' }, next: { '': 'nap' } },
    { id: 'nap', wait: { for: '1d' }, next: { '': 'ask' } },
    { id: 'ask', condition: { opened: 'welcome' }, next: { yes: '', no: 'again' } },
    { id: 'again', send: { template: 'again' } },
  ],
}

test('the same says nothing, whatever the order of fields and the places in the editor', () => {
  expect(changes(base, { ...base, steps: base.steps.map((s) => ({ next: undefined, ...s, at: { x: 1, y: 2 } })) })).toEqual([])
})

test('a longer wait is told with what it was, and steps that came and went are named', () => {
  const found = changes(base, {
    ...base, timeout: '30d',
    steps: [
      base.steps[0], { ...base.steps[1], wait: { for: '2d' } }, { ...base.steps[2], next: { yes: '', no: 'tips' } },
      { id: 'tips', name: 'Tips by mail', send: { template: 'tips' } },
    ],
  })
  expect(found).toEqual([
    { what: 'Ends after', kind: 'new', parts: [{ name: '', before: '', after: '30d' }] },
    { what: 'Wait 2d', step: 'nap', kind: 'changed', parts: [{ name: 'for', before: '1d', after: '2d' }] },
    { what: 'opened welcome?', step: 'ask', kind: 'changed', parts: [{ name: 'Leads to', before: 'yes: the end, no: Send again', after: 'yes: the end, no: Tips by mail' }] },
    { what: 'Tips by mail', step: 'tips', kind: 'new', parts: [{ name: 'Leads to', before: '', after: 'the end' }] },
    { what: 'Send again', step: 'again', kind: 'gone', parts: [] },
  ])
})

test('a step that does another thing is told as such, and nothing that is no definition breaks it', () => {
  expect(changes(base, { ...base, steps: [{ id: 'hello', exit: { reason: 'done' } }, ...base.steps.slice(1)] })[0]).toEqual({
    what: 'Exit: done', step: 'hello', kind: 'changed',
    parts: [{ name: 'What it does', before: 'Send welcome', after: 'Exit: done' }, { name: 'Leads to', before: 'Wait 1d', after: 'the end' }],
  })
  expect(changes(null, undefined)).toEqual([])
  expect(changes({ steps: 'x' }, base).length).toBe(6)
})
