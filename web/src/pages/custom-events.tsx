import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { Search, Zap } from 'lucide-react'
import { useMemo } from 'react'
import { eventNames } from '../api/queries'
import { lastEvent } from '../api/segments'
import { Time } from '../components/bits'
import { RangePicker } from '../components/range'
import { Spark } from '../components/spark'
import { type Column, VirtualTable } from '../components/table'
import { TrackSnippet } from '../components/track-snippet'
import { Button, Card, Empty, Heading, Input, Loading, Problem } from '../components/ui'
import { isCustom } from '../lib/events'
import { compact, count } from '../lib/format'
import { presets, type Span, usual } from '../lib/range'
import { useVolumes, type Volume } from '../lib/volume'

interface Row extends Volume {
  name: string
}

/** When an event of a name happened last. Only rows that are seen ask. */
function Last({ name }: { name: string }) {
  const last = useQuery(lastEvent(name))
  return last.isPending ? <span className="text-soft">…</span> : last.data ? <Time at={last.data.occurredAt} form="ago" /> : <span className="text-soft" title="Its events are no longer kept">not kept</span>
}

const spanWords = (span: Span) => (span.from && span.to ? `from ${span.from} to ${span.to}` : `in ${presets[span.range ?? usual]?.label.toLowerCase() ?? ''}`)

export function CustomEvents() {
  const { find, from, to, range } = useSearch({ strict: false })
  const span = useMemo<Span>(() => (from && to ? { from, to } : range ? { range } : {}), [from, to, range])
  const navigate = useNavigate({ from: '/events/custom' })
  const names = useQuery(eventNames)
  const { volumes, unit, loaded, error, again } = useVolumes(span)
  const custom = useMemo(() => (names.data ?? []).filter(isCustom), [names.data])
  const rows = useMemo(() => {
    const text = (find ?? '').toLowerCase()
    return custom.filter((n) => n.toLowerCase().includes(text))
      .map((name): Row => ({ name, ...(volumes.get(name) ?? { total: 0, values: [] }) }))
      .sort((a, b) => b.total - a.total || a.name.localeCompare(b.name))
  }, [custom, find, volumes])
  const columns = useMemo<Column<Row>[]>(() => [
    { id: 'name', head: 'Name', width: 200, grow: true, cell: (r) => <Link to="/events/custom/$" params={{ _splat: r.name }} search={span} className="font-medium hover:underline" title={r.name}>{r.name}</Link> },
    { id: 'count', head: <span title={`How often ${spanWords(span)}`}>Times</span>, width: 100, end: true, cell: (r) => <span title={count(r.total)}>{compact(r.total)}</span> },
    { id: 'spark', head: `By ${unit}`, width: 130, cell: (r) => (r.total > 0 ? <Spark values={r.values} label={`${r.name} by ${unit}: ${count(Math.max(...r.values))} at most`} /> : <span className="text-soft">none in this span</span>) },
    { id: 'last', head: 'Last seen', width: 130, cell: (r) => <Last name={r.name} /> },
    { id: 'segment', head: <span className="sr-only">What may be done</span>, width: 150, end: true, cell: (r) => <Link to="/segments/new" search={{ event: r.name }} className="text-accent hover:underline" aria-label={`Make a segment of those who did ${r.name}`}>Make a segment</Link> },
  ], [span, unit])
  const nothing = names.data !== undefined && custom.length === 0
  return (
    <>
      <Heading title="Custom events" about="What your own programs said that contacts did.">
        {!nothing && <RangePicker span={span} choose={(to) => void navigate({ search: { ...to, ...(find ? { find } : {}) } })} />}
      </Heading>
      {names.error && <Problem error={names.error} retry={() => void names.refetch()} />}
      {error && <Problem error={error} retry={again} />}
      {!nothing && (
        <div className="relative w-full sm:w-80">
          <Search aria-hidden className="pointer-events-none absolute top-2 left-2.5 size-4 text-soft" />
          <Input type="search" aria-label="Find a name" placeholder="Name of an event" className="w-full pl-8.5!" value={find ?? ''}
            onChange={(e) => void navigate({ search: { ...span, ...(e.target.value ? { find: e.target.value } : {}) }, replace: true })} />
        </div>
      )}
      {!names.error && (
        <Card flush>
          {names.isPending || (!loaded && !error) ? <Loading />
            : nothing ? <None />
            : rows.length === 0 ? <Empty icon={<Zap />} title="No event is called so" action={<Button onClick={() => void navigate({ search: span })}>Show all</Button>} />
            : (
              <VirtualTable label="Custom events" rows={rows} columns={columns} rowKey={(r) => r.name} open={(r) => void navigate({ to: '/events/custom/$', params: { _splat: r.name }, search: span })}
                foot={<p className="sticky left-0 w-fit px-3 py-2 text-xs text-soft">{count(rows.length)} {rows.length === 1 ? 'name' : 'names'}</p>} />
            )}
        </Card>
      )}
    </>
  )
}

const None = () => (
  <Empty icon={<Zap />} title="Nothing was tracked yet" action={<Link to="/keys" className="text-accent hover:underline">Make a public key</Link>}>
    <p className="mb-3">Tell what your users do, and segments put it together with what became of their email. The contact is made if it is not there, and <code className="font-mono text-xs">data</code> goes into it, too.</p>
    <TrackSnippet name="invoice.paid" data={{ plan: 'team', amount: 49 }} />
  </Empty>
)
