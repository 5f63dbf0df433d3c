/** The filters of lists of events as they stand in the page's address, under the API's names. */
export interface Filters {
  name?: string[]
  contact?: string
  message?: string
  template?: string
  workflow?: string
  tag?: string
  source?: string
  provider?: string
  senderDomain?: string
  account?: string
  from?: string
  to?: string
}

/** The filters that are one text, with what people call them. */
export const textFilters = [
  ['contact', 'Contact', 'address or con_…'],
  ['message', 'Message', 'provider’s id or msg_…'],
  ['template', 'Template', 'onboarding/welcome'],
  ['workflow', 'Workflow', 'onboarding'],
  ['tag', 'Tag', 'may'],
  ['source', 'Source', 'src_…'],
  ['provider', 'Provider', 'ses'],
  ['senderDomain', 'Sender domain', 'send.test'],
  ['account', 'Sending account', '123456789012'],
  ['from', 'From', '2026-05-04'],
  ['to', 'Before', '2026-06-01'],
] as const

export function filtersOf(search: Record<string, unknown>): Filters {
  const f: Filters = {}
  const names = ([] as unknown[]).concat(search['name'] ?? []).filter((n): n is string => typeof n === 'string' && n !== '')
  if (names.length > 0) f.name = names
  for (const [key] of textFilters) {
    const v = search[key]
    if (typeof v === 'string' && v !== '') f[key] = v
    else if (typeof v === 'number') f[key] = String(v)
  }
  return f
}

export const anyFilter = (f: Filters) => Object.keys(f).length > 0
