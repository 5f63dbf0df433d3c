import { type Condition, whole } from './condition'

/** What keeps a text from being a condition, and where. */
export interface Fault {
  line: number
  column: number
  says: string
}

/** Reads a condition as it is written. Only its frame is looked at: what it means is for the API to judge. */
export function readCondition(text: string): { condition: Condition } | { fault: Fault } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { fault: jsonFault(text) ?? { line: 1, column: 1, says: 'This is no JSON.' } }
  }
  const wrong = frame(value, '')
  return wrong ? { fault: { line: 1, column: 1, says: wrong } } : { condition: whole(value as Condition) }
}

const isObject = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v)

/** What has another form than the page can draw, in words. */
function frame(c: unknown, at: string): string | undefined {
  const where = at || 'The whole'
  if (!isObject(c)) return `${where} has to be an object with logic and groups.`
  if (c['logic'] !== 'AND' && c['logic'] !== 'OR') return `${at ? `${at}.` : ''}logic has to be "AND" or "OR".`
  if (!Array.isArray(c['groups'])) return `${at ? `${at}.` : ''}groups has to be a list.`
  for (const [i, g] of (c['groups'] as unknown[]).entries()) {
    const here = `${at ? `${at}.` : ''}groups[${i}]`
    if (!isObject(g)) return `${here} has to be an object with filters.`
    const filters = g['filters'] ?? []
    if (!Array.isArray(filters)) return `${here}.filters has to be a list.`
    const odd = (filters as unknown[]).findIndex((f) => !isObject(f) || typeof f['field'] !== 'string' || typeof f['operator'] !== 'string')
    if (odd >= 0) return `${here}.filters[${odd}] has to be an object with field and operator, which are texts.`
    const lists = (filters as Record<string, unknown>[]).findIndex((f) => ['where', 'steps'].some((k) => f[k] !== undefined && f[k] !== null && !(Array.isArray(f[k]) && f[k].every(isObject))))
    if (lists >= 0) return `${here}.filters[${lists}]: where and steps have to be lists of objects.`
    if (g['conditions'] !== undefined && g['conditions'] !== null) {
      const inner = frame(g['conditions'], `${here}.conditions`)
      if (inner) return inner
    }
  }
  return undefined
}

/** Where a text stops being JSON. Browsers tell it in words of their own, or not at all. */
export function jsonFault(text: string): Fault | undefined {
  let at = 0
  const fail = (says: string): never => {
    const before = text.slice(0, at).split('\n')
    throw { line: before.length, column: (before.at(-1) ?? '').length + 1, says } satisfies Fault
  }
  const blank = () => {
    while (/[\t\n\r ]/.test(text[at] ?? '')) at++
  }
  const string = () => {
    const found = /^"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/.exec(text.slice(at))
    if (!found) fail('A text is not closed with a quotation mark on its line, or holds a character that has to be written with a backslash.')
    else at += found[0].length
  }
  const list = (close: string, item: () => void) => {
    at++
    blank()
    if (text[at] === close) return void at++
    for (;;) {
      item()
      blank()
      if (text[at] === close) return void at++
      if (text[at] !== ',') fail(at >= text.length ? `It ends where a comma or ${close} should be.` : `A comma or ${close} should be here.`)
      at++
      blank()
      if (text[at] === close) fail(`The comma before this ${close} is one too many.`)
    }
  }
  const value = (): void => {
    blank()
    if (text[at] === '{') {
      return list('}', () => {
        if (text[at] !== '"') fail(at >= text.length ? 'It ends where a key should be.' : 'A key in quotation marks should be here.')
        string()
        blank()
        if (text[at] !== ':') fail('A colon should be here, after the key.')
        at++
        value()
      })
    }
    if (text[at] === '[') return list(']', value)
    if (text[at] === '"') return string()
    const word = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])/.exec(text.slice(at))
    if (!word) return fail(at >= text.length ? 'It ends where a value should be.' : 'A value should be here: a text in quotation marks, a number, true, false, a list or an object.')
    at += word[0].length
  }
  try {
    value()
    blank()
    if (at < text.length) fail('There is something after the end.')
  } catch (fault) {
    return fault as Fault
  }
  return undefined
}
