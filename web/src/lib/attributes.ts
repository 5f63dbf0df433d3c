/** One key of data as it was seen: its path, of which types its values are, in how many of those looked at, and some values. */
export interface Key {
  path: string
  types: string[]
  seen: number
  values: (string | number | boolean)[]
}

const date = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/

function typeOf(v: unknown): string {
  if (v === null) return 'nothing'
  if (typeof v === 'boolean') return 'true or false'
  if (typeof v === 'string') return date.test(v) ? 'date' : 'text'
  return Array.isArray(v) ? 'list' : typeof v
}

/** The keys of data, by path as conditions name them: what lies in an object has a dot before it, and of a list its values count. */
export function attributesOf(list: unknown[]): Key[] {
  const keys = new Map<string, { types: Set<string>; seen: number; values: Set<string | number | boolean> }>()
  const note = (path: string, v: unknown) => {
    const key = keys.get(path) ?? { types: new Set<string>(), seen: 0, values: new Set<string | number | boolean>() }
    keys.set(path, key)
    key.seen++
    key.types.add(Array.isArray(v) ? `list of ${[...new Set(v.map(typeOf))].join(', ') || 'nothing'}` : typeOf(v))
    for (const one of [v].flat() as unknown[]) {
      if (key.values.size < 8 && (typeof one === 'string' || typeof one === 'number' || typeof one === 'boolean')) key.values.add(one)
    }
  }
  const walk = (o: object, before: string, depth: number) => {
    for (const [k, v] of Object.entries(o) as [string, unknown][]) {
      if (typeof v === 'object' && v !== null && !Array.isArray(v) && depth < 8) walk(v, `${before}${k}.`, depth + 1)
      else note(before + k, v)
    }
  }
  for (const data of list) if (typeof data === 'object' && data !== null) walk(data, '', 1)
  return [...keys].map(([path, k]) => ({ path, types: [...k.types], seen: k.seen, values: [...k.values] })).sort((a, b) => b.seen - a.seen || a.path.localeCompare(b.path))
}
