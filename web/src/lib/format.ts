const whole = new Intl.NumberFormat('en')
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

/** 12,345 */
export const count = (n: number) => whole.format(n)

/** 12.3K, where there is little room */
export const compact = (n: number) => (Math.abs(n) < 10_000 ? whole.format(n) : short.format(n))

/** 0.0312 as 3.12 %, with as many places as make a difference */
export function percent(share: number): string {
  const p = share * 100
  const places = p === 0 || p >= 99.95 ? 0 : p < 0.1 ? 3 : p < 10 ? 2 : 1
  return `${p.toFixed(places)}%`
}

/** The change from one number to another as +12.5%, or undefined where there is nothing to compare with */
export function change(now: number, before: number): string | undefined {
  if (before === 0) return undefined
  const p = ((now - before) / before) * 100
  if (Math.abs(p) < 0.05) return '±0%'
  return `${p > 0 ? '+' : '−'}${Math.abs(p) >= 1000 ? compact(Math.round(Math.abs(p))) : Math.abs(p).toFixed(Math.abs(p) < 10 ? 1 : 0)}%`
}

export function bytes(n: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  let i = 0
  while (n >= 1000 && i < units.length - 1) {
    n /= 1000
    i++
  }
  return `${i === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)} ${units[i]}`
}

/** Milliseconds as 1.2 s, 3 min, 2 h, 5 d */
export function duration(ms: number): string {
  const steps: [number, string][] = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1000, 's'],
  ]
  for (const [size, unit] of steps) {
    if (ms >= size) {
      const n = ms / size
      return `${n < 10 ? n.toFixed(1).replace(/\.0$/, '') : Math.round(n)}\u00a0${unit}`
    }
  }
  return `${Math.round(ms)}\u00a0ms`
}

const clock = new Intl.DateTimeFormat('en-GB', {
  year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit',
})
const listed = new Intl.DateTimeFormat('en-GB', { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit' })
const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const day = new Intl.DateTimeFormat('en-GB', { year: 'numeric', month: 'short', day: 'numeric' })

/** In the viewer's zone */
export const local = (t: Date) => clock.format(t)
/** Without the year where it is this one's */
export const localShort = (t: Date, now: Date) => (t.getFullYear() === now.getFullYear() ? listed : clock).format(t)
export const localDay = (t: Date) => day.format(t)
/** The time of day alone, where the day stands above */
export const localClock = (t: Date) => time.format(t)

/** 2026-05-04 10:12:00.120 UTC */
export const utc = (t: Date) => `${t.toISOString().replace('T', ' ').replace('Z', '')} UTC`

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' })

/** 5 min. ago, in 2 days */
export function ago(t: Date, now: Date): string {
  let seconds = (t.getTime() - now.getTime()) / 1000
  // The page's clock moves on every ten seconds, and may be a little behind the server's.
  if (seconds > 0 && seconds < 20) seconds = 0
  const steps: [number, Intl.RelativeTimeFormatUnit][] = [
    [31_536_000, 'year'], [2_592_000, 'month'], [86_400, 'day'], [3600, 'hour'], [60, 'minute'],
  ]
  for (const [size, unit] of steps) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit)
  }
  return Math.abs(seconds) < 5 ? 'now' : relative.format(Math.trunc(seconds), 'second')
}

/** A web address and its query, which may tell who clicked: it is shown only when asked for */
export function splitURL(url: string): { visible: string; hidden: string } {
  const at = url.search(/[?#]/)
  return at < 0 ? { visible: url, hidden: '' } : { visible: url.slice(0, at), hidden: url.slice(at) }
}

export const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`

/** The server tells problems and findings without a capital and a full stop, as the terminal wants them: here they are sentences. */
export const sentence = (text: string): string => `${capital(text)}${/[.!?…]$/.test(text) ? '' : '.'}`
