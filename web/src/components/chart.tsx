import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import { compact, count } from '../lib/format'
import { useDark } from '../lib/theme'

export interface Line {
  label: string
  /** A variable of styles.css, such as --good */
  colour: string
  values: (number | null)[]
  dashed?: boolean
}

const show = (share: boolean | undefined) => (v: number | null) =>
  v === null || v === undefined ? '' : share ? `${(v * 100).toFixed(v < 0.1 ? 2 : 1)}%` : count(v)

/** Values over time. times are in seconds since 1970; the same numbers are there as a table for screen readers. */
export function Chart({ times, lines, height = 220, share, hours, label }: {
  times: number[]
  lines: Line[]
  height?: number
  share?: boolean
  hours?: boolean
  label: string
}) {
  const place = useRef<HTMLDivElement>(null)
  const dark = useDark()
  useEffect(() => {
    const into = place.current
    if (!into) return
    const style = getComputedStyle(document.documentElement)
    const colour = (name: string) => style.getPropertyValue(name).trim()
    const axis = { stroke: colour('--soft'), grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false }, font: '11px system-ui' }
    const plot = new uPlot(
      {
        width: into.clientWidth,
        height,
        padding: [8, 8, 0, 0],
        cursor: { y: false, points: { size: 6 } },
        legend: { live: true },
        scales: { x: { time: true }, y: { range: (_u, _low, high) => [0, high > 0 ? high * 1.08 : 1] } },
        axes: [
          { ...axis, size: 28, values: (_u, splits) => splits.map((s) => tick(s, hours)), space: hours ? 100 : 70 },
          { ...axis, size: 52, values: (_u, splits) => splits.map((s) => (share ? `${+(s * 100).toFixed(1)}%` : compact(s))) },
        ],
        series: [
          { label: 'time', value: (_u, v) => (v === null || v === undefined ? '' : tick(v, hours)) },
          ...lines.map((l) => ({
            label: l.label,
            stroke: colour(l.colour),
            width: l.dashed ? 1.5 : 2,
            ...(l.dashed ? { dash: [4, 4] } : { fill: `${colour(l.colour)}14` }),
            points: times.length < 3 ? { show: true } : { show: false, filter: () => alone(l.values) },
            value: (_u: uPlot, v: number | null) => show(share)(v),
          })),
        ],
      },
      [times, ...lines.map((l) => l.values)] as uPlot.AlignedData,
      into,
    )
    const watch = new ResizeObserver(() => plot.setSize({ width: into.clientWidth, height }))
    watch.observe(into)
    return () => {
      watch.disconnect()
      plot.destroy()
    }
  }, [times, lines, height, share, hours, dark])
  return (
    <figure aria-label={label}>
      <div ref={place} aria-hidden className="chart" style={{ minHeight: height }} />
      {/* A table is never smaller than what it holds: what hides it is around it, or the page would scroll past its end. */}
      <div className="sr-only">
        <table>
          <caption>{label}</caption>
          <thead>
            <tr>
              <th scope="col">Time</th>
              {lines.map((l) => <th key={l.label} scope="col">{l.label}</th>)}
            </tr>
          </thead>
          <tbody>
            {times.map((t, i) => (
              <tr key={t}>
                <th scope="row">{tick(t, hours)}</th>
                {lines.map((l) => <td key={l.label}>{show(share)(l.values[i] ?? null)}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  )
}

/** Where values stand that have none beside them: no line goes through those. */
function alone(values: Line['values']): number[] | null {
  const found = values.flatMap((v, i) => (v !== null && (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null ? [i] : []))
  return found.length > 0 ? found : null
}

function tick(seconds: number, hours: boolean | undefined): string {
  const t = new Date(seconds * 1000)
  return hours
    ? t.toLocaleString('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })
    : t.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })
}
