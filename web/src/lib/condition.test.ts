import { expect, test } from 'vitest'
import { asksEvent, type Condition, fieldLabel, filterWords, kindOf, names, newFilter, unfinished, withOperator } from './condition'
import { jsonFault, readCondition } from './condition-json'

const segment = (id: string) => (id === 'seg_1' ? 'Guests' : id)

test.each([
  [{ field: 'data.plan', operator: 'equals', value: 'team' }, 'Attribute plan is “team”'],
  [{ field: 'subscribed', operator: 'notEquals', value: true }, 'May be mailed: no'],
  [{ field: 'lastOpenAt', operator: 'within', value: 1, unit: 'days' }, 'Last opened is within the last day'],
  [{ field: 'createdAt', operator: 'greaterThan', value: '2026-05-04' }, 'Made is after “2026-05-04”'],
  [
    { field: 'email.clicked', operator: 'triggeredWithin', value: 30, unit: 'days', count: { min: 3 }, where: [{ field: 'url', operator: 'contains', value: '/x' }], machines: true },
    'Email clicked (Link that was clicked contains “/x”) happened at least 3 times within the last 30 days, machines counted too',
  ],
  [{ field: 'segment', operator: 'notMemberOf', value: 'seg_1' }, 'the contact is not in “Guests”'],
  [{ field: 'events', operator: 'sequence', value: 7, unit: 'days', steps: [{ event: 'a' }, { event: 'b' }] }, 'a, then b, within 7 days'],
])('a filter is told as a sentence: %o', (filter, words) => {
  expect(filterWords(filter, segment)).toBe(words)
})

test('what a field is comes from its name, and what nobody knows has no kind', () => {
  expect(['email', 'email.opened', 'data.x', 'data.', 'topics.news', 'event.a b', 'toString', 'nope'].map(kindOf)).toEqual([
    'text', 'event', 'data', undefined, 'truth', 'event', undefined, undefined,
  ])
  expect(fieldLabel('constructor')).toBe('constructor')
})

test('another operator keeps what goes with it, drops what does not, and brings what it needs', () => {
  const paid = { ...newFilter('event.paid'), count: { min: 2 } }
  expect(paid).toEqual({ field: 'event.paid', operator: 'triggered', count: { min: 2 } })
  const within = withOperator(paid, 'triggeredWithin')
  expect(within).toEqual({ field: 'event.paid', operator: 'triggeredWithin', value: 30, unit: 'days', count: { min: 2 } })
  expect(withOperator(within, 'notTriggered')).toEqual({ field: 'event.paid', operator: 'notTriggered' })
  const plan = { field: 'data.plan', operator: 'equals', value: 'team' }
  expect(withOperator(plan, 'contains')).toEqual({ ...plan, operator: 'contains' })
  expect(withOperator(plan, 'exists')).toEqual({ field: 'data.plan', operator: 'exists' })
  expect(withOperator(plan, 'within')).toEqual({ field: 'data.plan', operator: 'within', value: 30, unit: 'days' })
  expect(withOperator(newFilter('segment'), 'notMemberOf')).toEqual({ field: 'segment', operator: 'notMemberOf' })
  expect(withOperator({ field: 'segment', operator: 'memberOf', value: 'seg_1' }, 'notMemberOf').value).toBe('seg_1')
  expect(withOperator({ field: 'createdAt', operator: 'equals', value: '2026-05-04' }, 'lessThan').value).toBe('2026-05-04')
})

test('what is still being written is named by its place', () => {
  const c: Condition = {
    logic: 'AND',
    groups: [
      { filters: [{ field: 'email', operator: 'exists' }, { field: 'data.plan', operator: 'equals', value: '' }] },
      { filters: [], conditions: { logic: 'OR', groups: [{ filters: [] }, { filters: [newFilter('events')] }] } },
    ],
  }
  expect(unfinished(c)).toEqual(['groups[0].filters[1]', 'groups[1].conditions.groups[0].filters', 'groups[1].conditions.groups[1].filters[0]'])
  expect(asksEvent(c, 'paid')).toBe(false)
  expect(names({ logic: 'OR', groups: [{ filters: [], conditions: { logic: 'OR', groups: [{ filters: [{ field: 'segment', operator: 'memberOf', value: 'seg_1' }] }] } }] }, 'seg_1')).toBe(true)
})

test.each([
  ['{"logic":"AND",\n "groups":[}', 2, 12],
  ['{"logic":"AND"\n "groups":[]}', 2, 2],
  ['{"a":1,\n}', 2, 1],
  ['{"a":"x\n"}', 1, 6],
  ['', 1, 1],
  ['{} x', 1, 4],
  ['[1, 02]', 1, 5],
  ['{"a": tru}', 1, 7],
  ['[1', 1, 3],
])('what is no JSON is told with its line: %s', (text, line, column) => {
  expect(jsonFault(text)).toMatchObject({ line, column })
  expect(() => JSON.parse(text) as unknown).toThrow()
})

test('a text that is JSON has no fault, and one that is no condition is told where', () => {
  for (const text of ['{"a":[1,-2.5e3,"\\u00e4\\n",null,true,{}],"b":{"c":[]}}', ' [] ', '"x"', '0']) {
    expect(jsonFault(text)).toBeUndefined()
    expect(() => JSON.parse(text) as unknown).not.toThrow()
  }
  expect(readCondition('[]')).toMatchObject({ fault: { says: 'The whole has to be an object with logic and groups.' } })
  expect(readCondition('{"logic":"AND","groups":[{"filters":[{"field":7,"operator":"equals"}]}]}')).toMatchObject({ fault: { says: expect.stringContaining('groups[0].filters[0]') } })
  expect(readCondition('{"logic":"OR","groups":[{"conditions":{"logic":"x"}}]}')).toMatchObject({ fault: { says: expect.stringContaining('groups[0].conditions.logic') } })
  expect(readCondition('{"logic":"OR","groups":[{"filters":null,"conditions":{"logic":"OR","groups":[{"conditions":null}]}}]}')).toEqual({
    condition: { logic: 'OR', groups: [{ filters: [], conditions: { logic: 'OR', groups: [{ filters: [] }] } }] },
  })
  expect(readCondition('{"logic":"OR","groups":[{"filters":[{"field":"email","operator":"exists","more":1}]}]}')).toEqual({
    condition: { logic: 'OR', groups: [{ filters: [{ field: 'email', operator: 'exists', more: 1 }] }] },
  })
})
