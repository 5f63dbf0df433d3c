import { useMemo } from 'react'

/** A span of time as it stands in the page's address: one of the presets, or two days. */
export interface Span {
  range?: string | undefined
  from?: string | undefined
  to?: string | undefined
}

export const presets: Record<string, { label: string; days: number }> = {
  '1d': { label: 'Today', days: 1 },
  '7d': { label: '7 days', days: 7 },
  '30d': { label: '30 days', days: 30 },
  '90d': { label: '90 days', days: 90 },
}

export const usual = '30d'

const isDay = (text: unknown): text is string => typeof text === 'string' && /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text))

/** Reads a span from an address; what makes no sense is left out. */
export function spanOf(search: Record<string, unknown>): Span {
  const { range, from, to } = search
  if (isDay(from) && isDay(to)) return { from, to }
  return typeof range === 'string' && range in presets ? { range } : {}
}

const pad = (n: number) => String(n).padStart(2, '0')
export const dayText = (t: Date) => `${t.getFullYear()}-${pad(t.getMonth() + 1)}-${pad(t.getDate())}`
const utcDayText = (t: Date) => t.toISOString().slice(0, 10)

/** The span as dates: from is part of it, to is not. They are days of the viewer's zone, or of UTC. */
export function dates(span: Span, now: Date, zone: 'local' | 'utc'): { from: string; to: string } {
  const text = zone === 'local' ? dayText : utcDayText
  const after = (day: Date, n: number) => new Date(day.getTime() + n * 86_400_000)
  if (span.from && span.to) {
    return { from: span.from, to: utcDayText(after(new Date(`${span.to}T00:00:00Z`), 1)) }
  }
  const days = presets[span.range ?? usual]?.days ?? 30
  return { from: text(after(now, 1 - days)), to: text(after(now, 1)) }
}

export function useDates(span: Span, zone: 'local' | 'utc') {
  const day = dayText(new Date())
  return useMemo(() => dates(span, new Date(), zone), [span.range, span.from, span.to, zone, day])
}

export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'
