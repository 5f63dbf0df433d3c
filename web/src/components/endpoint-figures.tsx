import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { type Endpoint, type EndpointFigures as Figures, endpointFigures } from '../api/endpoints'
import { states } from '../lib/endpoints'
import { compact, count, duration } from '../lib/format'
import { Time } from './bits'
import { Chart, type Line } from './chart'
import { Spark } from './spark'
import { Card, Problem, Select, Skeleton } from './ui'

const hour = 3_600_000

/** The hours of a span, oldest first, with those in which nothing was sent. */
function filled(f: Figures, hours: number, now: number): (Figures['hours'][number] | undefined)[] {
  const first = Math.floor(now / hour) - hours + 1
  const out = new Array<Figures['hours'][number] | undefined>(hours).fill(undefined)
  for (const h of f.hours) out[Math.floor(Date.parse(h.hour) / hour) - first] = h
  return out.slice(0, hours)
}

const sum = (f: Figures, key: 'delivered' | 'failed' | 'dead') => f.hours.reduce((n, h) => n + h[key], 0)

/** How an endpoint did in 24 hours, in a line and as a shape. */
export function EndpointSpark({ id }: { id: string }) {
  const f = useQuery({ ...endpointFigures(id, 24), refetchInterval: 60_000, retry: false }).data
  if (!f) return <span className="text-soft">…</span>
  const [taken, failed] = [sum(f, 'delivered'), sum(f, 'failed')]
  if (taken + failed === 0) return <span className="text-soft">nothing was sent</span>
  return (
    <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
      {taken > 0 && <Spark values={filled(f, 24, Date.now()).map((h) => h?.delivered ?? 0)} label={`${count(taken)} delivered in 24 hours`} />}
      <span className="numbers">{compact(taken)} delivered{failed > 0 && <>, <span className="text-bad">{compact(failed)} failed</span></>}</span>
    </span>
  )
}

const spans = [[24, '24 hours'], [168, '7 days'], [720, '30 days']] as const

/** What an endpoint took by the hour, how long that was, and what waits. */
export function EndpointFigures({ endpoint: e }: { endpoint: Endpoint }) {
  const [hours, choose] = useState<number>(24)
  const answer = useQuery({ ...endpointFigures(e.id, hours), refetchInterval: 10_000 })
  const f = answer.data
  const { times, requests, took } = useMemo(() => {
    const list = f ? filled(f, hours, Date.now()) : []
    const begin = (Math.floor(Date.now() / hour) - hours + 1) * hour
    const line = (label: string, colour: string, value: (h: Figures['hours'][number]) => number, empty: number | null): Line => ({ label, colour, values: list.map((h) => (h ? value(h) : empty)) })
    return {
      times: list.map((_, i) => (begin + i * hour) / 1000),
      requests: [line('Delivered', '--good', (h) => h.delivered, 0), line('Failed', '--bad', (h) => h.failed, 0)],
      took: [line('On average, ms', '--info', (h) => h.averageMs, null), { ...line('Slowest, ms', '--soft', (h) => h.slowestMs, null), dashed: true }],
    }
  }, [f, hours])
  const [taken, failed] = f ? [sum(f, 'delivered'), sum(f, 'failed')] : [0, 0]
  const requestsMade = taken + failed
  const mean = f && requestsMade > 0 ? f.hours.reduce((n, h) => n + h.averageMs * (h.delivered + h.failed), 0) / requestsMade : 0
  return (
    <Card title="Figures"
      action={<Select aria-label="Span" value={hours} onChange={(ev) => choose(Number(ev.target.value))}>{spans.map(([n, label]) => <option key={n} value={n}>{label}</option>)}</Select>}>
      {answer.error ? <Problem error={answer.error} retry={() => void answer.refetch()} /> : !f ? <Skeleton className="h-60" /> : (
        <div className="flex flex-col gap-4">
          <Waits endpoint={e} figures={f} />
          {requestsMade === 0 ? <p className="text-sm text-soft">No request was made in this span.</p> : (
            <>
              <div>
                <h3 className="mb-1 text-xs text-soft">Requests by the hour: <span className="numbers">{count(taken)}</span> delivered, <span className="numbers">{count(failed)}</span> failed</h3>
                <Chart times={times} lines={requests} hours height={150} label="Requests by the hour" />
              </div>
              <div>
                <h3 className="mb-1 text-xs text-soft">How long they took: {duration(mean)} on average, {duration(Math.max(...f.hours.map((h) => h.slowestMs)))} at most</h3>
                <Chart times={times} lines={took} hours height={130} label="How long requests took, in milliseconds" />
              </div>
            </>
          )}
        </div>
      )}
    </Card>
  )
}

/** Numbers are counted to 10,000. */
const most = 10_000
const counted = (n: number) => (n >= most ? `${count(most)}+` : count(n))

function Waits({ endpoint: e, figures: f }: { endpoint: Endpoint; figures: Figures }) {
  const tiles = [
    ['sending', 'Under way', f.sending, ''], ['waiting', 'Waiting', f.waiting, 'text-warn'],
    ...(e.ordered || f.behind > 0 ? [['behind', 'Behind', f.behind, 'text-warn'] as const] : []), ['dead', 'Given up', f.dead, 'text-bad'],
  ] as const
  return (
    <div className="flex flex-col gap-2">
      <dl className="grid grid-cols-2 gap-3 sm:grid-cols-4">
        {tiles.map(([state, label, n, colour]) => (
          <div key={state} title={states[state].about}>
            <dt className="text-xs text-soft">{label}</dt>
            <dd className={`numbers text-xl font-semibold ${n > 0 ? colour : ''}`}>
              {n > 0 ? <Link to="/endpoints/$id" params={{ id: e.id }} search={{ tab: 'dispatches', state }} className="hover:underline">{counted(n)}</Link> : 0}
            </dd>
          </div>
        ))}
      </dl>
      <p className="text-xs text-soft">
        {f.behindSince ? <>It is behind: what is to be sent next was stored <Time at={f.behindSince} form="ago" />.</> : 'It is up to date with the log.'}
      </p>
    </div>
  )
}
