import { expect, test } from 'vitest'
import { allSteps, askedOf, duplicate, draftOf, idsOf, insert, moved, moveTo, newStep, placeOf, put, rename, remove, type Draft, type Step, stepAt, stepOfProblem, triggerOf, waitForOf, waysOf, withSend, withWaitFor } from './workflow-draft'
import { layoutOf, lineThrough } from './workflow-layout'
import { planOf } from './workflow-plan'

const draft = (...steps: Step[]): Draft => ({ workflow: 'w', trigger: 'a.b', steps })
const nested = draft(
  { id: 'a', send: 'hello' },
  { id: 'q', if: { opened: 'hello' }, then: [{ id: 'y', wait: '1d' }], else: [{ id: 'n', exit: 'no' }] },
  { id: 'z', wait: '2d' },
)
const ids = (d: Draft) => allSteps(d).map((s) => `${s.path.replaceAll('steps', 's')}:${s.step.id ?? s.step.goto}`)

test('places are read and written as the server names them', () => {
  expect(stepAt(nested, 'steps[1].then[0]')?.id).toBe('y')
  expect(placeOf('steps[1].choice.branches[0].steps[2]')).toEqual({ list: 'steps[1].choice.branches[0].steps', index: 2 })
  expect(stepAt(put(nested, 'steps[1].then[0].name', 'N'), 'steps[1].then[0]')?.name).toBe('N')
  expect(nested.steps[1]?.then?.[0]?.name).toBeUndefined()
})

test('a problem belongs to the step that it lies in', () => {
  expect(stepOfProblem('steps[1].then[0].send.template')).toBe('steps[1].then[0]')
  expect(stepOfProblem('steps[2].choice.branches[1].steps[0].wait')).toBe('steps[2].choice.branches[1].steps[0]')
  expect(stepOfProblem('steps[2].choice.branches[1].value')).toBe('steps[2]')
  expect(stepOfProblem('trigger.segment')).toBe('trigger')
  expect(stepOfProblem('steps')).toBe('')
})

test('steps without an id get those that the server gives', () => {
  const d = draft({ send: 'on/welcome' }, { wait: '1d' }, { waitFor: 'x', then: [{ send: 'on/welcome' }, { wait: '1h' }] }, { id: 'wait-3', wait: '1d' }, { wait: '1d' })
  expect([...idsOf(d).values()]).toEqual(['send-on-welcome', 'wait-1', 'wait-for-1', 'send-on-welcome-2', 'wait-2', 'wait-3', 'wait-4'])
})

test('a step is put into a list, into a way that had no steps, and onto a way by name', () => {
  expect(ids(insert(nested, { list: 'steps', index: 1 }, { id: 'new', wait: '1h' }).draft)).toContain('s[1]:new')
  const bare = draft({ id: 'q', if: { opened: '*' } })
  expect(ids(insert(bare, { list: 'steps[0].else', index: 0 }, { id: 'new', wait: '1h' }).draft)).toEqual(['s[0]:q', 's[0].else[0]:new'])
  const named = draft({ id: 'a', wait: '1d', next: 'c' }, { id: 'b', wait: '1d', next: {} }, { id: 'c', if: { opened: '*' }, next: { yes: 'b', no: 'a' } })
  const way = planOf(named).ways.find((w) => w.from === 'step c' && w.outcome === 'no')
  const { draft: d } = insert(named, way!.gap!, { id: 'new', wait: '1h' })
  expect(d.steps.map((s) => [s.id, s.next])).toEqual([['a', 'c'], ['b', {}], ['c', { yes: 'b', no: 'new' }], ['new', 'a']])
})

test('a step is removed with what stands in it, and what led to it by name leads on', () => {
  expect(ids(remove(nested, 'steps[1]'))).toEqual(['s[0]:a', 's[1]:z'])
  expect(ids(remove(nested, 'steps[1].then[0]'))).toEqual(['s[0]:a', 's[1]:q', 's[1].else[0]:n', 's[2]:z'])
  const round = draft({ id: 'a', wait: '1d' }, { id: 'b', if: { opened: '*' }, next: { yes: '', no: 'a' } })
  expect(remove(round, 'steps[0]').steps[0]?.next).toEqual({ yes: '', no: 'b' })
  const jump = draft({ id: 'a', wait: '1d' }, { id: 'b', wait: '1d', next: 'd' }, { id: 'c', exit: '' }, { id: 'd', wait: '2d' })
  expect(remove(jump, 'steps[1]').steps.map((s) => s.id ?? `→${s.goto}`)).toEqual(['a', '→d', 'c', 'd'])
})

test('a step goes up and down, past its neighbour and out of the step that it lies in', () => {
  expect(ids(moved(nested, 'steps[2]', -1)!.draft)).toEqual(['s[0]:a', 's[1]:z', 's[2]:q', 's[2].then[0]:y', 's[2].else[0]:n'])
  expect(moved(nested, 'steps[2]', -1)!.path).toBe('steps[1]')
  expect(ids(moved(nested, 'steps[0]', 1)!.draft)).toEqual(['s[0]:q', 's[0].then[0]:y', 's[0].else[0]:n', 's[1]:a', 's[2]:z'])
  expect(ids(moved(nested, 'steps[1].then[0]', 1)!.draft)).toEqual(['s[0]:a', 's[1]:q', 's[1].else[0]:n', 's[2]:y', 's[3]:z'])
  expect(ids(moved(nested, 'steps[1].then[0]', -1)!.draft)).toEqual(['s[0]:a', 's[1]:y', 's[2]:q', 's[2].else[0]:n', 's[3]:z'])
  expect(moved(nested, 'steps[0]', -1)).toBeUndefined()
  expect(moved(nested, 'steps[2]', 1)).toBeUndefined()
})

test('a step goes into a way, and not into itself', () => {
  expect(ids(moveTo(nested, 'steps[2]', { list: 'steps[1].then', index: 0 }).draft)).toEqual(['s[0]:a', 's[1]:q', 's[1].then[0]:z', 's[1].then[1]:y', 's[1].else[0]:n'])
  expect(moveTo(nested, 'steps[1]', { list: 'steps[1].then', index: 0 }).draft).toBe(nested)
})

test('a copy has ids of its own, within it, too', () => {
  const { draft: d, path } = duplicate(nested, 'steps[1]')
  expect(path).toBe('steps[2]')
  expect(new Set(idsOf(d).values()).size).toBe(8)
})

test('another id takes along what leads to it', () => {
  const d = draft({ id: 'a', wait: '1d' }, { id: 'b', waitFor: 'x', next: { event: '', timeout: 'a' } })
  expect(rename(d, 'steps[0]', 'first').steps[1]?.next).toEqual({ event: '', timeout: 'first' })
})

test('what is written short reads as what is written long', () => {
  expect(waitForOf({ waitFor: 'x' })).toEqual({ match: { event: 'x' }, timeout: '' })
  expect(waitForOf({ waitFor: { on: { event: 'x' }, timeout: '1d' } })).toEqual({ match: { event: 'x' }, timeout: '1d' })
  expect(withWaitFor({}, { event: 'x' }, '')).toEqual({ waitFor: 'x' })
  expect(withSend({}, { template: 't', subject: '' })).toEqual({ send: 't' })
  expect(withSend({}, { template: 't', transactional: false })).toEqual({ send: { template: 't', transactional: false } })
  const question = { logic: 'AND' as const, groups: [] }
  expect(askedOf({ if: question })).toEqual({ if: question })
  expect(triggerOf({ ...nested, trigger: { on: { event: 'x' }, mapping: { email: '$.a' } } })).toEqual({ event: 'x', mapping: { email: '$.a' } })
})

test('what is no workflow at all is none, and what does not fit is left to the server', () => {
  expect(draftOf(null)).toBeUndefined()
  expect(draftOf([1])).toBeUndefined()
  const d = draftOf({ steps: [5, { if: 7, then: 'x' }, { choice: 3 }, { split: { branches: {} } }, { update: null }, { send: 5 }, { wait: [] }], trigger: 7 })!
  expect(d.steps).toHaveLength(6)
  expect(() => planOf(d)).not.toThrow()
  expect(d.steps.map((s) => waysOf(s).length)).toEqual([2, 1, 0, 0, 0, 0])
})

test('ways come together behind their step, and a gap is on each of them', () => {
  const { spots, ways } = planOf(nested)
  expect(spots.map((s) => s.key)).toEqual(['trigger', 'step a', 'step q', 'step y', 'step n', 'step q join', 'step z', 'end'])
  expect(ways.map((w) => `${w.from} ${w.label}→ ${w.to} ${w.gap ? `${w.gap.list}[${w.gap.index}]` : ''}`)).toEqual([
    'trigger → step a steps[0]', 'step a → step q steps[1]', 'step q yes→ step y steps[1].then[0]', 'step y → step q join steps[1].then[1]',
    'step q no→ step n steps[1].else[0]', 'step q join → step z steps[2]', 'step z → end steps[3]',
  ])
})

test('new steps have ids that no other has', () => {
  expect(newStep(draft({ id: 'wait-1', wait: '1d' }), 'wait').id).toBe('wait-2')
})

test('what goes round, leads to itself or to nothing is drawn, too', () => {
  const round = draft(
    { id: 'a', wait: '1d' }, { id: 'b', waitFor: { event: 'x', timeout: '1d' }, next: { event: '', timeout: 'a' } }, { id: 'c', waitFor: 'y', next: 'c' }, { id: 'd', wait: '1d', next: 'nowhere' }, { goto: 'a' },
  )
  const plan = planOf(round)
  expect(plan.ways.map((w) => `${w.from} ${w.label}→ ${w.to}`)).toEqual(['trigger → step a', 'step a → step b', 'step b it came→ end', 'step b not within 1d→ step a', 'step c it came→ step c'])
  const { places, bends } = layoutOf(plan, { figures: true, writes: true })
  expect([...places.values()].every((p) => Number.isFinite(p.x) && Number.isFinite(p.y))).toBe(true)
  expect([...bends.values()].every((b) => Number.isFinite(b.label.x) && lineThrough(b.points[0]!, b.points, b.points.at(-1)!).startsWith('M '))).toBe(true)
})

test('the first of several ways stands to the left', () => {
  const { places } = layoutOf(planOf(nested), { figures: false, writes: false })
  expect(places.get('step y')!.x).toBeLessThan(places.get('step n')!.x)
})
