import type { Alert, AlertRule } from '../api/alerts'

/** The kinds of alert rules in words. */
export const alertKinds: Record<string, string> = {
  bounce_rate: 'Bounces', complaint_rate: 'Complaints', silence: 'A silent source', refusals: 'Refused requests', endpoint_failing: 'A failing endpoint',
  suppression_surge: 'A surge of suppressions',
}

export const isRate = (kind: string) => kind === 'bounce_rate' || kind === 'complaint_rate'

/** What rates are of. */
export const alertBy: Record<string, string> = { project: 'of all email', source: 'of each source', domain: 'to each domain', template: 'of each template' }

/** A threshold of a rule in its own measure. */
export function threshold(kind: string, value: number | undefined): string {
  if (!value) return '–'
  if (isRate(kind)) return `${Number((value * 100).toPrecision(6))} %`
  if (kind === 'endpoint_failing') return `${value} min`
  return kind === 'suppression_surge' ? `${value} × usual` : String(value)
}

/** What is in a field for a threshold: of rates percent, else the number. */
export const shown = (kind: string, value: number | undefined): string => (value ? String(isRate(kind) ? Number((value * 100).toPrecision(6)) : value) : '')

/** The number that somebody wrote into such a field; empty is 0, the default. */
export function written(kind: string, text: string): number {
  const n = Number(text.trim().replace(',', '.').replace(/\s*%$/, ''))
  return isRate(kind) ? n / 100 : n
}

/** What a rule looks at, in a line. */
export const looksAt = (r: Pick<AlertRule, 'kind' | 'by' | 'window'>) =>
  [alertKinds[r.kind] ?? r.kind, r.by ? alertBy[r.by] : '', r.window ? `in ${r.window}` : ''].filter((x) => x !== '').join(' ')

/** What an alert is about; of the project nothing is said. */
export const about = (a: Pick<Alert, 'subject' | 'subjectName'>) => a.subjectName || a.subject || ''
