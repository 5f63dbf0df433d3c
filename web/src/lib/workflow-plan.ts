import { type Draft, type Gap, idsOf, kindOf, listAt, type Step, waitForOf, waysOf } from './workflow-draft'

/** A thing to draw: the trigger, a step, a place where ways come together again, or the end. */
export interface Spot {
  key: string
  kind: 'trigger' | 'step' | 'join' | 'end'
  /** Where the step stands in the draft */
  path: string
  id: string
  step?: Step
}

/** A way from one to another. Where a step may be put on it, the gap says where. */
export interface Way {
  id: string
  from: string
  to: string
  outcome: string
  label: string
  gap?: Gap
}

export interface Plan {
  spots: Spot[]
  ways: Way[]
  /** The key of the step with an id */
  keys: Map<string, string>
}

const end = 'end'

/** What is to be drawn of a draft. Ways that stand within a step come together behind it. */
export function planOf(d: Draft): Plan {
  const ids = idsOf(d)
  const keys = new Map<string, string>()
  const keyOf = new Map<string, string>() // of the step at a path
  for (const [path, id] of ids) {
    const key = keys.has(id) ? `step ${id} ${path}` : `step ${id}`
    if (!keys.has(id)) keys.set(id, key)
    keyOf.set(path, key)
  }
  const spots: Spot[] = [{ key: 'trigger', kind: 'trigger', path: 'trigger', id: '' }]
  const ways: Way[] = []
  const named = (id: string) => (id === '' ? end : keys.get(id))
  const lead = (from: string, to: string | undefined, outcome: string, label: string, gap?: Gap) => {
    if (to !== undefined) ways.push({ id: `${from} ${outcome} ${ways.length}`, from, to, outcome, label, ...(gap ? { gap } : {}) })
  }
  /** Where a list begins at a place of it; undefined: it leads to a step that is not there */
  const entry = (list: string, index: number, behind: string): string | undefined => {
    const s = listAt(d, list)[index]
    if (!s) return behind
    return s.goto === undefined ? keyOf.get(`${list}[${index}]`) : named(s.goto)
  }
  const walk = (list: string, behind: string) => listAt(d, list).forEach((step, index) => {
    const path = `${list}[${index}]`
    const key = keyOf.get(path)
    if (!key || step.goto !== undefined) return
    spots.push({ key, kind: 'step', path, id: ids.get(path) ?? '', step })
    if (kindOf(step) === 'exit') return
    const nested = waysOf(step)
    if (step.next !== undefined) return byName(step, path, list, index, key)
    const after = entry(list, index + 1, behind)
    const gap = { list, index: index + 1 }
    const fails = nested.length === 1 && nested[0]?.outcome === 'failed'
    if (nested.length === 0 || (nested.length === 1 && !fails && nested[0]?.steps.length === 0)) return lead(key, after, '', '', gap)
    const join = `${key} join`
    if (fails) lead(key, join, '', '')
    for (const w of nested) {
      const way = `${path}.${w.at}`
      lead(key, entry(way, 0, join), w.outcome, w.label, { list: way, index: 0 })
      walk(way, join)
    }
    if (ways.some((w) => w.to === join)) {
      spots.push({ key: join, kind: 'join', path, id: '' })
      lead(join, after, '', '', gap)
    }
  })
  const byName = (step: Step, path: string, list: string, index: number, key: string) => {
    const next: Record<string, string> = typeof step.next === 'string' ? { '': step.next } : (step.next ?? {})
    const rest = next[''] ?? ''
    const kind = kindOf(step)
    const nested = waysOf(step)
    const at = (outcome: string, to: string) => ({ list, index: index + 1, via: { path, outcome, to } })
    for (const w of nested) {
      const inner = `${path}.${w.at}`
      if (w.steps.length > 0) {
        lead(key, entry(inner, 0, named(rest) ?? end), w.outcome, w.label, { list: inner, index: 0 })
        walk(inner, named(rest) ?? end)
      } else {
        const to = next[w.outcome] ?? rest
        lead(key, named(to), w.outcome, w.label, at(w.outcome, to))
      }
    }
    if (next['failed'] !== undefined && !nested.some((w) => w.outcome === 'failed')) lead(key, named(next['failed']), 'failed', 'failed', at('failed', next['failed']))
    if (next['timeout'] !== undefined && kind === 'waitFor' && waitForOf(step).timeout === '') lead(key, named(next['timeout']), 'timeout', 'it did not come')
    if (nested.every((w) => w.outcome === 'failed')) lead(key, named(rest), '', '', at('', rest))
  }
  const start = typeof d.start === 'string' && d.start !== '' ? named(d.start) : entry('steps', 0, end)
  lead('trigger', start, '', '', typeof d.start === 'string' && d.start !== '' ? undefined : { list: 'steps', index: 0 })
  walk('steps', end)
  if (ways.some((w) => w.to === end)) spots.push({ key: end, kind: 'end', path: '', id: '' })
  return { spots, ways, keys }
}
