/** The condition of a segment, as the API has it. What a page does not know of it is kept as it is, for the API to judge. */
export interface Condition {
  logic: 'AND' | 'OR'
  groups: Group[]
}

export interface Group {
  filters: Filter[]
  conditions?: Condition
}

export type Value = string | number | boolean

export interface Filter {
  field: string
  operator: string
  value?: Value
  unit?: string
  count?: { min?: number; max?: number }
  where?: Where[]
  machines?: boolean
  steps?: Step[]
}

export interface Where {
  field: string
  operator: string
  value?: Value
}

export interface Step {
  event: string
  where?: Where[]
}

/** A condition with all its lists: what the API takes without them, or as null, is drawn like any other. */
export function whole(c: Condition): Condition {
  return {
    ...c,
    groups: (c.groups ?? []).map((g) => {
      const { conditions, ...rest } = g
      return { ...rest, filters: g.filters ?? [], ...(conditions ? { conditions: whole(conditions) } : {}) }
    }),
  }
}

/** What a field holds, and so what may be asked of it. */
export type Kind = 'text' | 'truth' | 'date' | 'data' | 'event' | 'segment' | 'sequence'

const orders = ['greaterThan', 'lessThan', 'greaterThanOrEqual', 'lessThanOrEqual']
const presence = ['exists', 'notExists']
const texts = ['equals', 'notEquals', 'contains', 'notContains', ...orders, ...presence]

/** The operators of each kind, in the order in which they are offered. */
export const operators: Record<Kind, string[]> = {
  text: texts,
  truth: ['equals', 'notEquals', ...presence],
  date: ['within', 'olderThan', 'equals', 'notEquals', ...orders, ...presence],
  data: [...texts, 'within', 'olderThan'],
  event: ['triggered', 'triggeredWithin', 'triggeredOlderThan', 'notTriggered', 'notTriggeredWithin'],
  segment: ['memberOf', 'notMemberOf'],
  sequence: ['sequence'],
}

/** What may be asked of one event. */
export const whereOperators = texts

/** The fields of one event but data.<path>, with what they are. */
export const whereFields: Record<string, string> = {
  url: 'Link that was clicked', template: 'Template', workflow: 'Workflow', source: 'Source', class: 'Class of a bounce', reason: 'Reason of a bounce',
}

/** The fields of a contact that have names of their own. */
export const fixed: Record<string, { label: string; kind: Kind }> = {
  email: { label: 'Address', kind: 'text' },
  externalId: { label: 'External id', kind: 'text' },
  tags: { label: 'Tag', kind: 'text' },
  subscribed: { label: 'May be mailed', kind: 'truth' },
  unsubscribed: { label: 'Unsubscribed', kind: 'truth' },
  suppressed: { label: 'Suppressed', kind: 'truth' },
  snoozed: { label: 'Takes a break', kind: 'truth' },
  snoozedUntil: { label: 'Break ends', kind: 'date' },
  createdAt: { label: 'Made', kind: 'date' },
  updatedAt: { label: 'Changed', kind: 'date' },
  firstSeenAt: { label: 'First seen', kind: 'date' },
  lastSeenAt: { label: 'Last seen', kind: 'date' },
  lastOpenAt: { label: 'Last opened', kind: 'date' },
  lastClickAt: { label: 'Last clicked', kind: 'date' },
  segment: { label: 'Another segment', kind: 'segment' },
  events: { label: 'Events in order', kind: 'sequence' },
}

/** What happens to email, in the words that conditions have for it. */
export const activities = ['sent', 'delivered', 'opened', 'clicked', 'bounced', 'complained', 'unsubscribed', 'deferred']

/** The prefixes of fields that have a name behind them, with what they are and their kind. */
export const prefixes: Record<string, { label: string; kind: Kind }> = {
  'data.': { label: 'Attribute', kind: 'data' },
  'event.': { label: 'Event', kind: 'event' },
  'topics.': { label: 'Takes the topic', kind: 'truth' },
  'email.': { label: 'Email', kind: 'event' },
}

const prefixOf = (field: string) => Object.keys(prefixes).find((p) => field.startsWith(p) && field.length > p.length)

export function kindOf(field: string): Kind | undefined {
  const own = Object.hasOwn(fixed, field) ? fixed[field] : undefined
  return own?.kind ?? prefixes[prefixOf(field) ?? '']?.kind
}

/** A field as people read it; what no one knows stays as it is. */
export function fieldLabel(field: string): string {
  if (Object.hasOwn(fixed, field)) return fixed[field]?.label ?? field
  const prefix = prefixOf(field)
  return prefix ? `${prefixes[prefix]?.label} ${field.slice(prefix.length)}` : field
}

export const whereLabel = (field: string) => (Object.hasOwn(whereFields, field) ? (whereFields[field] ?? field) : fieldLabel(field))

export const operatorLabels: Record<string, string> = {
  equals: 'is', notEquals: 'is not', contains: 'contains', notContains: 'does not contain', greaterThan: 'is above', lessThan: 'is below',
  greaterThanOrEqual: 'is at least', lessThanOrEqual: 'is at most', exists: 'is there', notExists: 'is not there', within: 'is within the last',
  olderThan: 'is longer ago than', triggered: 'happened', triggeredWithin: 'happened within the last', triggeredOlderThan: 'happened, but not within the last',
  notTriggered: 'never happened', notTriggeredWithin: 'did not happen within the last', memberOf: 'the contact is in', notMemberOf: 'the contact is not in',
  sequence: 'one after the other, within',
}

const dates: Record<string, string> = { greaterThan: 'is after', lessThan: 'is before', greaterThanOrEqual: 'is on or after', lessThanOrEqual: 'is on or before' }

/** An operator as people read it: dates are before and after, not below and above. */
export const operatorLabel = (operator: string, kind?: Kind) => (kind === 'date' ? dates[operator] : undefined) ?? operatorLabels[operator] ?? operator

export const timed = (operator: string) => ['within', 'olderThan', 'triggeredWithin', 'triggeredOlderThan', 'notTriggeredWithin', 'sequence'].includes(operator)

export const units = ['days', 'hours', 'minutes']

/** Whether an operator compares with a value. */
export const compares = (operator: string) => texts.includes(operator) && !presence.includes(operator)

/** Whether one may ask how often. */
export const countable = (operator: string) => operator === 'triggered' || operator === 'triggeredWithin'

/** A new filter of a field, as plain as it may be. */
export function newFilter(field: string): Filter {
  const kind = kindOf(field)
  if (!kind) return { field, operator: '' }
  if (kind === 'sequence') return { field, operator: 'sequence', value: 7, unit: 'days', steps: [{ event: '' }, { event: '' }] }
  return withOperator({ field, operator: '' }, kind === 'date' ? 'within' : (operators[kind][0] ?? ''))
}

/** What the value of an operator is: a span of time, something to compare with, a segment, or nothing. */
const takes = (operator: string) => (timed(operator) ? 'span' : compares(operator) ? 'value' : operators.segment.includes(operator) ? 'segment' : 'nothing')

/** The filter with another operator, without what does not go with it and with what it needs. */
export function withOperator(filter: Filter, operator: string): Filter {
  const next: Filter = { ...filter, operator }
  if (takes(operator) !== takes(filter.operator)) {
    delete next.value
    delete next.unit
    if (timed(operator)) Object.assign(next, { value: 30, unit: 'days' })
    else if (compares(operator) && kindOf(filter.field) === 'truth') next.value = true
  }
  if (!countable(operator)) delete next.count
  return next
}

export const newGroup = (): Group => ({ filters: [{ field: '', operator: '' }] })

export const newCondition = (filter: Filter = { field: '', operator: '' }): Condition => ({ logic: 'AND', groups: [{ filters: [filter] }] })

/** Where filters stand that nobody can judge yet, because they are still being written: as the API names the place. */
export function unfinished(c: Condition, at = ''): string[] {
  return c.groups.flatMap((g, i) => {
    const here = `${at}groups[${i}]`
    const own = g.filters.flatMap((f, j) => (isFinished(f) ? [] : [`${here}.filters[${j}]`]))
    if (g.filters.length === 0 && !g.conditions) own.push(`${here}.filters`)
    return [...own, ...(g.conditions ? unfinished(g.conditions, `${here}.conditions.`) : [])]
  })
}

const isEmpty = (v: unknown) => v === undefined || v === ''
const whereFinished = (w: Where) => w.field !== '' && w.operator !== '' && (!compares(w.operator) || !isEmpty(w.value))

function isFinished(f: Filter): boolean {
  if (f.field === '' || f.operator === '') return false
  const needs = timed(f.operator) || compares(f.operator) || f.operator === 'memberOf' || f.operator === 'notMemberOf'
  if (needs && isEmpty(f.value)) return false
  return (f.where ?? []).every(whereFinished) && (f.steps ?? []).every((s) => s.event !== '' && (s.where ?? []).every(whereFinished))
}

/** How many filters there are in all. */
export const filterCount = (c: Condition): number => c.groups.reduce((n, g) => n + g.filters.length + (g.conditions ? filterCount(g.conditions) : 0), 0)

const filtersOf = (c: Condition): Filter[] => c.groups.flatMap((g) => [...g.filters, ...(g.conditions ? filtersOf(g.conditions) : [])])

/** Whether a condition asks for a segment, itself: not through another one. */
export const names = (c: Condition | undefined | null, segment: string) => Boolean(c && filtersOf(c).some((f) => f.field === 'segment' && f.value === segment))

/** Whether it looks at the events of a name. */
export const asksEvent = (c: Condition | undefined | null, name: string) =>
  Boolean(c && filtersOf(c).some((f) => f.field === `event.${name}` || f.steps?.some((s) => s.event === name)))

export function valueWords(value: Value | undefined): string {
  if (value === undefined) return '…'
  return typeof value === 'string' ? `“${value}”` : String(value)
}

export const whereWords = (list: Where[] | undefined) =>
  list && list.length > 0
    ? ` (${list.map((w) => `${whereLabel(w.field)} ${operatorLabel(w.operator)}${compares(w.operator) ? ` ${valueWords(w.value)}` : ''}`).join(', ')})`
    : ''

/** How often, in words; nothing where once is enough. */
export function countWords(count: Filter['count']): string {
  if (!count) return ''
  const { min, max } = count
  const times = (n: number) => (n === 1 ? 'once' : `${n} times`)
  if (min !== undefined && max !== undefined) return ` ${min} to ${max} times`
  return max !== undefined ? ` at most ${times(max)}` : ` at least ${times(min ?? 1)}`
}

const spanWords = (f: Filter) => (f.value === 1 ? (f.unit ?? '').replace(/s$/, '') : `${f.value ?? '…'} ${f.unit ?? ''}`)

/** A filter as a sentence. segment gives segments their names. */
export function filterWords(f: Filter, segment: (id: string) => string): string {
  const kind = kindOf(f.field)
  if (kind === 'sequence') return `${(f.steps ?? []).map((s) => `${s.event || '…'}${whereWords(s.where)}`).join(', then ')}, within ${spanWords(f)}`
  if (kind === 'segment') return `${operatorLabel(f.operator)} “${segment(String(f.value ?? ''))}”`
  if (kind === 'truth' && compares(f.operator) && typeof f.value === 'boolean') {
    return `${fieldLabel(f.field)}: ${(f.operator === 'equals') === f.value ? 'yes' : 'no'}`
  }
  const often = countWords(f.count)
  const verb = often ? operatorLabel(f.operator).replace('happened', `happened${often}`) : operatorLabel(f.operator, kind)
  const machines = f.machines ? ', machines counted too' : ''
  const rest = timed(f.operator) ? ` ${spanWords(f)}` : compares(f.operator) ? ` ${valueWords(f.value)}` : ''
  return `${fieldLabel(f.field)}${whereWords(f.where)} ${verb}${rest}${machines}`
}
