import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { AlertTriangle, ArrowDownRight, ArrowUpRight, Inbox, ShieldCheck } from 'lucide-react'
import { type ReactNode, useMemo, useState } from 'react'
import type { Schemas } from '../api/client'
import { endpoints } from '../api/endpoints'
import { overview, sources, stats } from '../api/queries'
import { runCounts } from '../api/runs'
import { Chart, type Line } from '../components/chart'
import { RangePicker } from '../components/range'
import { Table } from '../components/table'
import { Badge, Card, Empty, Heading, ink, Loading, Problem, Select, Skeleton, type Tone } from '../components/ui'
import { needsSomebody, standing } from '../lib/endpoints'
import { change, compact, count, percent } from '../lib/format'
import { dates, useDates, zone } from '../lib/range'
import { human, type Measure, realBounces, total } from '../lib/stats'

const route = getRouteApi('/inside/')

type Overview = Schemas['Overview']
type Share = Schemas['Share']

const rate = (rates: Share[] | null | undefined, name: Share['name']) => rates?.find((r) => r.name === name)

const levels: Record<Share['level'], Tone> = { ok: 'plain', warn: 'warn', severe: 'bad' }

export function Overview() {
  const span = route.useSearch()
  const navigate = route.useNavigate()
  const { from, to } = useDates(span, 'local')
  const answer = useQuery(overview({ from, to, zone }))
  const o = answer.data
  return (
    <>
      <Heading title="Overview">
        <RangePicker span={span} choose={(to) => void navigate({ search: to })} />
      </Heading>
      {answer.error && <Problem error={answer.error} retry={() => void answer.refetch()} />}
      <Attention overview={o} />
      {o && o.days.length === 0 && total(o.now.counts, { name: 'email.sent' }) === 0 && (o.now.counts ?? []).length === 0 ? (
        <Nothing />
      ) : (
        <>
          <Tiles overview={o} />
          <Trend overview={o} from={from} to={to} />
          <Cuts span={span} />
        </>
      )}
    </>
  )
}

/** Before the first event: what to do. */
function Nothing() {
  const list = useQuery(sources).data
  return (
    <Card>
      {list && list.length > 0 ? (
        <Empty icon={<Inbox />} title="No events in this span" action={<Link to="/sources" className="text-accent hover:underline">Look at the sources</Link>}>
          Choose a longer span above, or see whether your sources are healthy.
        </Empty>
      ) : (
        <Empty icon={<Inbox />} title="Connect your first provider"
          action={<Link to="/sources/new" className="rounded-md bg-accent px-3 py-1.5 font-medium text-on-accent">Add a source</Link>}>
          Tidings shows what became of every message as soon as your email provider sends its events here. Setting that up
          takes some minutes.
        </Empty>
      )}
    </Card>
  )
}

/** What needs somebody now: rates that endanger the sender, sources and endpoints that are not well, runs of workflows that failed. */
function Attention({ overview: o }: { overview: Overview | undefined }) {
  const list = useQuery(sources).data
  const ill = (list ?? []).filter((s) => s.state === 'failing' || s.state === 'pending' || s.state === 'silent')
  const failed = useQuery({ ...runCounts({ status: ['FAILED'] }), refetchInterval: 60_000, retry: false }).data ?? []
  const stuck = (useQuery({ ...endpoints, refetchInterval: 60_000, retry: false }).data ?? []).filter(needsSomebody)
  if (!o) return null
  if (o.attention.length === 0 && ill.length === 0 && failed.length === 0 && stuck.length === 0) {
    return (
      <p className="flex items-center gap-2 text-sm text-soft">
        <ShieldCheck aria-hidden className="size-4 text-good" /> Nothing needs attention.
      </p>
    )
  }
  return (
    <Card title={<span className="flex items-center gap-2"><AlertTriangle aria-hidden className="size-4 text-warn" /> Needs attention</span>} flush>
      <ul className="divide-y divide-line">
        {ill.map((s) => (
          <li key={s.id} className="flex items-center gap-3 px-4 py-2">
            <Badge tone={s.state === 'failing' ? 'bad' : 'warn'}>{s.state}</Badge>
            <Link to="/sources/$id" params={{ id: s.id }} className="hover:underline">Source {s.name}</Link>
          </li>
        ))}
        {stuck.map((e) => (
          <li key={e.id} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2">
            <Badge tone={standing(e).tone}>{standing(e).word.toLowerCase()}</Badge>
            <Link to="/endpoints/$id" params={{ id: e.id }} className="hover:underline">Endpoint {e.name}</Link>
            <span className="text-xs text-soft">{e.problems[0]?.message ?? e.health.problem}</span>
          </li>
        ))}
        {failed.map((f) => (
          <li key={f.workflowId} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2">
            <Badge tone="bad">failed</Badge>
            <Link to="/workflows/$id" params={{ id: f.workflow }} search={{ tab: 'runs', status: 'failed' }} className="hover:underline">
              {count(f.count)} {f.count === 1 ? 'run' : 'runs'} of the workflow {f.workflow}
            </Link>
            <span className="text-xs text-soft">{f.count === 1 ? 'It waits' : 'They wait'} for somebody to retry or skip the step</span>
          </li>
        ))}
        {o.attention.map((a) => (
          <li key={`${a.by}${a.value ?? ''}${a.rate.name}`} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2">
            <Badge tone={levels[a.rate.level]}>{a.rate.level}</Badge>
            <span>
              {a.rate.name} rate {percent(a.rate.value)} of <Cut by={a.by} value={a.value} />
            </span>
            <span className="text-xs text-soft">
              {count(a.rate.part)} of {count(a.rate.of)}; with 95% confidence between {percent(a.rate.low)} and {percent(a.rate.high)}
            </span>
          </li>
        ))}
      </ul>
    </Card>
  )
}

function Cut({ by, value }: { by: string; value: string | undefined }): ReactNode {
  if (!value) return 'everything'
  if (by === 'template') return <>template <Link to="/templates/$" params={{ _splat: value }} className="font-medium hover:underline">{value}</Link></>
  return <>{by === 'senderDomain' ? 'sender' : by} <span className="font-medium">{value}</span></>
}

interface Tile {
  label: string
  measure: Measure
  rate?: Share['name']
  unique?: boolean
  /** More is better, worse or neither */
  better?: 'more' | 'less'
  colour: string
  tone: Tone
  aside?: (o: Overview) => string | undefined
}

const tiles: Tile[] = [
  { label: 'Sent', measure: { name: 'email.sent' }, colour: '--soft', tone: 'plain' },
  { label: 'Delivered', measure: { name: 'email.delivery' }, rate: 'delivery', better: 'more', colour: '--good', tone: 'good' },
  {
    label: 'Opened by people', measure: human.open, rate: 'open', unique: true, better: 'more', colour: '--info', tone: 'info',
    aside: (o) => {
      const machines = total(o.now.counts, { name: 'email.open', classes: ['machine', 'proxy', 'unknown'] }, true)
      return machines > 0 ? `${compact(machines)} more by machines and proxies` : undefined
    },
  },
  {
    label: 'Clicked by people', measure: human.click, rate: 'click', unique: true, better: 'more', colour: '--violet', tone: 'violet',
    aside: (o) => {
      const machines = total(o.now.counts, { name: 'email.click', classes: ['machine', 'proxy', 'unknown'] }, true)
      return machines > 0 ? `${compact(machines)} more by machines` : undefined
    },
  },
  { label: 'Bounced', measure: realBounces, rate: 'bounce', better: 'less', colour: '--bad', tone: 'bad', aside: () => 'rate: hard bounces' },
  { label: 'Complained', measure: { name: 'email.complaint', classes: [''] }, rate: 'complaint', better: 'less', colour: '--warn', tone: 'warn' },
]

function Tiles({ overview: o }: { overview: Overview | undefined }) {
  return (
    <div className="grid grid-cols-2 gap-3 md:grid-cols-3 2xl:grid-cols-6">
      {tiles.map((t) => (
        <section key={t.label} aria-label={t.label} className="rounded-lg border border-line bg-panel p-4">
          <h2 className="text-xs font-medium text-soft">{t.label}</h2>
          {o ? <TileBody tile={t} overview={o} /> : <Skeleton className="mt-2 h-12" />}
        </section>
      ))}
    </div>
  )
}

function TileBody({ tile: t, overview: o }: { tile: Tile; overview: Overview }) {
  const now = total(o.now.counts, t.measure, t.unique)
  const before = total(o.then.counts, t.measure, t.unique)
  const r = t.rate && rate(o.now.rates, t.rate)
  const aside = t.aside?.(o)
  return (
    <>
      <p className="mt-1 flex flex-wrap items-baseline gap-x-2">
        <span className="numbers text-2xl font-semibold tracking-tight">{compact(now)}</span>
        <Change now={now} before={before} better={t.better} />
      </p>
      {r && (
        <p className={clsx('numbers text-sm', ink(r.level === 'ok' ? 'plain' : levels[r.level]))}
          title={`${count(r.part)} of ${count(r.of)}; with 95% confidence between ${percent(r.low)} and ${percent(r.high)}`}>
          {r.of > 0 ? percent(r.value) : 'no rate yet'}{r.level !== 'ok' && ` · ${r.level}`}
        </p>
      )}
      {aside && <p className="text-xs text-soft">{aside}</p>}
    </>
  )
}

/** Against the span before, which was as long. */
function Change({ now, before, better }: { now: number; before: number; better?: 'more' | 'less' | undefined }) {
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

/** One measure by day or hour, beside the span before. */
function Trend({ overview: o, from, to }: { overview: Overview | undefined; from: string; to: string }) {
  const [chosen, choose] = useState('Delivered')
  const tile = tiles.find((t) => t.label === chosen) ?? tiles[0]!
  const days = (Date.parse(to) - Date.parse(from)) / 86_400_000
  const unit = days <= 2 ? 'hour' : 'day'
  const before = useMemo(() => shifted(from, to, days), [from, to, days])
  const now = useQuery(stats({ unit, zone, from, to, name: [tile.measure.name], limit: 1000 }))
  const then = useQuery(stats({ unit, zone, ...before, name: [tile.measure.name], limit: 1000 }))
  const { times, lines } = useMemo(() => {
    const step = unit === 'hour' ? 3_600_000 : 86_400_000
    const begin = o ? Date.parse(o.from) : Date.parse(from)
    const slots = Math.round(days * (unit === 'hour' ? 24 : 1))
    const fill = (rows: Schemas['StatsRow'][] | undefined, start: number) => {
      const values: number[] = new Array(slots).fill(0)
      for (const row of rows ?? []) {
        const i = row.at ? Math.round((Date.parse(row.at) - start) / step) : -1
        if (i >= 0 && i < slots) values[i]! += total(row.counts, tile.measure, tile.unique)
      }
      return values
    }
    const lines: Line[] = [
      { label: tile.label, colour: tile.colour, values: fill(now.data?.rows, begin) },
      { label: 'The span before', colour: '--soft', dashed: true, values: fill(then.data?.rows, begin - days * 86_400_000) },
    ]
    return { times: Array.from({ length: slots }, (_, i) => (begin + i * step) / 1000), lines }
  }, [o, from, days, unit, tile, now.data, then.data])
  return (
    <Card title="Over time"
      action={
        <Select aria-label="What to show" value={chosen} onChange={(e) => choose(e.target.value)}>
          {tiles.map((t) => <option key={t.label}>{t.label}</option>)}
        </Select>
      }>
      {now.error ? <Problem error={now.error} retry={() => void now.refetch()} />
        : now.data ? <Chart times={times} lines={lines} hours={unit === 'hour'} label={`${tile.label} by ${unit}, beside the span before`} />
        : <Skeleton className="h-60" />}
    </Card>
  )
}

function shifted(from: string, to: string, days: number) {
  const back = (day: string) => new Date(Date.parse(day) - days * 86_400_000).toISOString().slice(0, 10)
  return { from: back(from), to: back(to) }
}

const cuts = {
  template: 'Template',
  domain: 'Mailbox provider',
  senderDomain: 'Sender',
  source: 'Source',
} as const

/** The same figures by template, domain or source. */
function Cuts({ span }: { span: ReturnType<typeof route.useSearch> }) {
  const [by, setBy] = useState<keyof typeof cuts>('template')
  // Narrow counters are of days of UTC.
  const { from, to } = useMemo(() => dates(span, new Date(), 'utc'), [span])
  const answer = useQuery(stats({ by, from, to, limit: 10 }))
  const names = new Map(useQuery(sources).data?.map((s) => [s.id, s.name]))
  return (
    <Card flush title="Compared"
      action={
        <Select aria-label="By" value={by} onChange={(e) => setBy(e.target.value as keyof typeof cuts)}>
          {Object.entries(cuts).map(([value, label]) => <option key={value} value={value}>by {label.toLowerCase()}</option>)}
        </Select>
      }>
      {answer.error ? <div className="p-4"><Problem error={answer.error} retry={() => void answer.refetch()} /></div>
        : !answer.data ? <Loading />
        : answer.data.rows.length === 0 ? <Empty title="Nothing in this span" />
        : (
          <Table label={`By ${cuts[by].toLowerCase()}`}
            head={
              <tr>
                <th scope="col">{cuts[by]}</th>
                <th scope="col" className="text-right">Sent</th>
                <th scope="col" className="text-right">Delivered</th>
                <th scope="col" className="text-right">Opened</th>
                <th scope="col" className="text-right">Clicked</th>
                <th scope="col" className="text-right">Bounced</th>
                <th scope="col" className="text-right">Complained</th>
              </tr>
            }>
            {answer.data.rows.map((row) => (
              <tr key={row.value}>
                <td className="max-w-80 truncate">
                  {by === 'template' && row.value ? <Link to="/templates/$" params={{ _splat: row.value }} className="hover:underline">{row.value}</Link>
                    : by === 'source' && row.value ? <Link to="/sources/$id" params={{ id: row.value }} className="hover:underline">{names.get(row.value) ?? row.value}</Link>
                    : row.value || <span className="text-soft">none</span>}
                </td>
                <td className="numbers text-right">{compact(total(row.counts, { name: 'email.sent' }))}</td>
                {(['delivery', 'open', 'click', 'bounce', 'complaint'] as const).map((name) => <RateCell key={name} share={rate(row.rates, name)} />)}
              </tr>
            ))}
          </Table>
        )}
    </Card>
  )
}

function RateCell({ share }: { share: Share | undefined }) {
  if (!share || share.of === 0) return <td className="text-right text-soft">–</td>
  return (
    <td className={clsx('numbers text-right', share.level !== 'ok' && ink(levels[share.level]))} title={`${count(share.part)} of ${count(share.of)}`}>
      {percent(share.value)}
    </td>
  )
}
