import { useQuery } from '@tanstack/react-query'
import { clsx } from 'clsx'
import { ArrowDown, ArrowDownRight, ArrowUp, ArrowUpRight } from 'lucide-react'
import { type ReactNode, useMemo, useState } from 'react'
import { stats } from '../api/queries'
import { change, compact, count, percent } from '../lib/format'
import { levels, madeOf, rateOf, type Row, type Share, spanBefore } from '../lib/rates'
import { human, type Measure, realBounces, total } from '../lib/stats'
import { Chart, type Line } from './chart'
import { Card, ink, Problem, Select, Skeleton, type Tone } from './ui'

/** A rate, coloured where it endangers the sender; pointed at, it tells what it is made of. */
export function Rate({ row, name }: { row: Row | undefined; name: Share['name'] }) {
  const r = rateOf(row, name)
  if (!r || r.of === 0) return <span className="text-soft" title={r && madeOf(r)}>–</span>
  return (
    <span className={clsx('numbers', r.level !== 'ok' && ['font-medium', ink(levels[r.level])])} title={madeOf(r)}>
      {percent(r.value)}{r.level !== 'ok' && <span className="sr-only"> {r.level}</span>}
    </span>
  )
}

/** Distinct messages, and how often in all: 135 / 183 */
export function UniqueTotal({ row, measure, of }: { row: Row; measure: Measure; of: string }) {
  const unique = total(row.counts, measure, true)
  const all = total(row.counts, measure)
  return (
    <span title={`${count(unique)} messages ${of} by a person, ${count(all)} times in all`}>
      {compact(unique)} <span className="text-soft">/ {compact(all)}</span>
    </span>
  )
}

/** The head of a column that one can sort by. The first click sorts downwards. */
export function SortHead({ id, sort, choose, children, title }: { id: string; sort: string; choose: (to: string) => void; children: ReactNode; title?: string }) {
  const up = sort === id
  const down = sort === `-${id}`
  const Icon = up ? ArrowUp : ArrowDown
  return (
    <button title={title ?? 'Sort by this'} onClick={() => choose(down ? id : `-${id}`)}
      className={clsx('inline-flex items-center gap-1 rounded font-medium whitespace-nowrap hover:text-ink', (up || down) && 'text-ink')}>
      {children}
      {(up || down) && <><Icon aria-hidden className="size-3" /><span className="sr-only">, sorted {up ? 'upwards' : 'downwards'}</span></>}
    </button>
  )
}

export interface Figure {
  label: string
  measure: Measure
  unique?: boolean
  rate?: Share['name']
  better?: 'more' | 'less'
  colour: string
  /** What else there is to say of it */
  aside?: (row: Row) => string | undefined
}

const machines = (name: string): Measure => ({ name, classes: ['machine', 'proxy', 'unknown'] })

export const figures: Figure[] = [
  { label: 'Sent', measure: { name: 'email.sent' }, colour: '--soft' },
  { label: 'Delivered', measure: { name: 'email.delivery' }, rate: 'delivery', better: 'more', colour: '--good' },
  {
    label: 'Opened by people', measure: human.open, unique: true, rate: 'open', better: 'more', colour: '--info',
    aside: (r) => `${compact(total(r.counts, human.open))} times; machines and proxies: ${compact(total(r.counts, machines('email.open'), true))}`,
  },
  {
    label: 'Clicked by people', measure: human.click, unique: true, rate: 'click', better: 'more', colour: '--violet',
    aside: (r) => `${compact(total(r.counts, human.click))} times; machines: ${compact(total(r.counts, machines('email.click'), true))}`,
  },
  { label: 'Bounced', measure: realBounces, rate: 'bounce', better: 'less', colour: '--bad', aside: () => 'the rate is of hard bounces' },
  { label: 'Complained', measure: { name: 'email.complaint', classes: [''] }, rate: 'complaint', better: 'less', colour: '--warn' },
]

/** Numbers of a span beside the span before, which was as long. */
export function Figures({ now, before }: { now: Row | undefined; before: Row | undefined }) {
  return (
    <div className="grid grid-cols-2 gap-3 md:grid-cols-3 2xl:grid-cols-6">
      {figures.map((f) => {
        const n = total(now?.counts, f.measure, f.unique)
        const aside = now && f.aside?.(now)
        return (
          <section key={f.label} aria-label={f.label} className="rounded-lg border border-line bg-panel p-4">
            <h2 className="text-xs font-medium text-soft">{f.label}</h2>
            <p className="mt-1 flex flex-wrap items-baseline gap-x-2">
              <span className="numbers text-2xl font-semibold tracking-tight" title={count(n)}>{compact(n)}</span>
              <Change now={n} before={total(before?.counts, f.measure, f.unique)} better={f.better} />
            </p>
            {f.rate && <p className="text-sm text-soft"><Rate row={now} name={f.rate} /></p>}
            {aside && <p className="text-xs text-soft">{aside}</p>}
          </section>
        )
      })}
    </div>
  )
}

function Change({ now, before, better }: { now: number; before: number; better: 'more' | 'less' | undefined }) {
  const text = change(now, before)
  if (!text) return null
  const tone: Tone = !better || now === before ? 'plain' : (now > before) === (better === 'more') ? 'good' : 'bad'
  const Icon = now < before ? ArrowDownRight : ArrowUpRight
  return (
    <span className={clsx('numbers inline-flex items-center text-xs', ink(tone))} title={`${count(before)} in the span before`}>
      {now !== before && <Icon aria-hidden className="size-3" />}
      {text}<span className="sr-only"> against the span before</span>
    </span>
  )
}

type Cut = 'template' | 'domain' | 'senderDomain'

/** One value's days of UTC, beside the span before. */
export function Days({ by, value, from, to }: { by: Cut; value: string; from: string; to: string }) {
  const [chosen, choose] = useState('Delivered')
  const figure = figures.find((f) => f.label === chosen) ?? figures[0]!
  const now = useQuery(stats({ by, value, unit: 'day', from, to, limit: 1000 }))
  const then = useQuery(stats({ by, value, unit: 'day', ...spanBefore(from, to), limit: 1000 }))
  const { times, lines } = useMemo(() => {
    const day = 86_400_000
    const begin = Date.parse(from)
    const slots = Math.max(1, Math.round((Date.parse(to) - begin) / day))
    const fill = (rows: Row[] | undefined, start: number) => {
      const values: number[] = new Array<number>(slots).fill(0)
      for (const row of rows ?? []) {
        const i = row.at ? Math.round((Date.parse(row.at) - start) / day) : -1
        if (i >= 0 && i < slots) values[i]! += total(row.counts, figure.measure, figure.unique)
      }
      return values
    }
    const lines: Line[] = [
      { label: figure.label, colour: figure.colour, values: fill(now.data?.rows, begin) },
      { label: 'The span before', colour: '--soft', dashed: true, values: fill(then.data?.rows, begin - slots * day) },
    ]
    return { times: Array.from({ length: slots }, (_, i) => (begin + i * day) / 1000), lines }
  }, [from, to, figure, now.data, then.data])
  return (
    <Card title={<span title="Days of UTC">By day</span>}
      action={
        <Select aria-label="What to show" value={chosen} onChange={(e) => choose(e.target.value)}>
          {figures.map((f) => <option key={f.label}>{f.label}</option>)}
        </Select>
      }>
      {now.error ? <Problem error={now.error} retry={() => void now.refetch()} />
        : now.data ? <Chart times={times} lines={lines} label={`${figure.label} by day, beside the span before`} />
        : <Skeleton className="h-60" />}
    </Card>
  )
}

/** Which way people and programs come apart: a bar and its numbers in words. */
export function Split({ parts }: { parts: { label: string; n: number; colour: string; title?: string }[] }) {
  const all = parts.reduce((n, p) => n + p.n, 0)
  if (all === 0) return <p className="text-sm text-soft">None in this span.</p>
  return (
    <div>
      <div aria-hidden className="flex h-2 gap-px overflow-hidden rounded bg-raised">
        {parts.filter((p) => p.n > 0).map((p) => <span key={p.label} className={p.colour} style={{ width: `${(p.n / all) * 100}%` }} />)}
      </div>
      <ul className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-sm">
        {parts.filter((p) => p.n > 0).map((p) => (
          <li key={p.label} className="flex items-center gap-1.5" title={p.title}>
            <span aria-hidden className={clsx('size-2 rounded-full', p.colour)} />
            {p.label} <span className="numbers font-medium">{count(p.n)}</span> <span className="numbers text-soft">{percent(p.n / all)}</span>
          </li>
        ))}
      </ul>
    </div>
  )
}
