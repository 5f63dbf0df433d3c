import type { Schemas } from '../api/client'

type Counted = Schemas['Counted']

/** What is counted together. An empty class list means every class. */
export interface Measure {
  name: string
  classes?: string[]
}

export const human: Record<'open' | 'click', Measure> = {
  open: { name: 'email.open', classes: ['human'] },
  click: { name: 'email.click', classes: ['human'] },
}

export function total(counts: Counted[] | null | undefined, m: Measure, unique = false): number {
  let n = 0
  for (const c of counts ?? []) {
    if (c.name !== m.name || (m.classes && !m.classes.includes(c.class ?? ''))) continue
    n += unique ? c.unique : c.count
  }
  return n
}

/** The bounces that rates are made of: not the echoes of a list, not automatic replies. */
export const realBounces: Measure = { name: 'email.bounce', classes: ['hard', 'soft', 'block', 'other'] }
