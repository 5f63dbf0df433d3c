import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Zap } from 'lucide-react'
import { useMemo, useState } from 'react'
import { eventList } from '../api/queries'
import { newestEvents, segmentList } from '../api/segments'
import { Mono, Time } from '../components/bits'
import { Chart } from '../components/chart'
import { ContactLink } from '../components/event'
import { EventPanel } from '../components/event-panel'
import { PagedList } from '../components/list'
import { RangePicker } from '../components/range'
import { type Column, Table } from '../components/table'
import { TrackSnippet } from '../components/track-snippet'
import { Card, Empty, Heading, Loading, Problem, Skeleton } from '../components/ui'
import { attributesOf } from '../lib/attributes'
import { asksEvent } from '../lib/condition'
import type { Event } from '../lib/events'
import { count, percent } from '../lib/format'
import { useVolumes } from '../lib/volume'

const route = getRouteApi('/inside/events/custom/$')

/** Data with more letters than this is no example. */
const longest = 600

const text = (data: unknown) => (data && Object.keys(data).length > 0 ? JSON.stringify(data) : '')

const columns: Column<Event>[] = [
  { id: 'at', head: 'When', width: 175, cell: (e) => <Time at={e.occurredAt} form="short" /> },
  { id: 'who', head: 'Who', width: 230, grow: true, cell: (e) => <ContactLink id={e.contactId} address={e.recipient} /> },
  { id: 'data', head: 'Data', width: 320, grow: true, cell: (e) => <span title={text(e.data)} className="font-mono text-xs">{text(e.data)}</span> },
]

export function CustomEvent() {
  const { _splat: name = '' } = route.useParams()
  const span = route.useSearch()
  const navigate = route.useNavigate()
  const list = useInfiniteQuery(eventList({ name: [name] }))
  const events = useMemo(() => list.data?.pages.flatMap((p) => p.events) ?? [], [list.data])
  const [shown, show] = useState<Event>()
  const newest = events[0]
  return (
    <>
      <Heading title={<span title={name}>{name}</span>} about={newest ? <>A custom event; the last one came <Time at={newest.occurredAt} form="ago" />.</> : 'A custom event.'}>
        <RangePicker span={span} choose={(to) => void navigate({ search: to })} />
        <Link to="/segments/new" search={{ event: name }} className="inline-flex h-8 items-center rounded-md bg-accent px-3 text-sm font-medium text-on-accent hover:brightness-95">Make a segment of those who did this</Link>
      </Heading>
      <Times name={name} span={span} />
      <div className="grid grid-cols-1 items-start gap-5 xl:grid-cols-2">
        <Keys name={name} />
        <div className="flex min-w-0 flex-col gap-5">
          <UsedBy name={name} />
          <Card title="Track it"><TrackSnippet name={name} data={text(newest?.data).length > longest ? {} : ((newest?.data as Record<string, unknown> | undefined) ?? {})} /></Card>
        </div>
      </div>
      <Card title="The newest of them" flush action={<Link to="/events" search={{ name: [name] }} className="text-sm text-accent hover:underline">Among all events</Link>}>
        <PagedList list={list} rows={events} columns={columns} rowKey={(e) => e.id} open={show} label={`Events called ${name}`} noun={['event', 'events']} height="32rem"
          empty={<Empty icon={<Zap />} title="No event of this name is kept">Track one as above, and it appears here. A name is a name letter for letter.</Empty>} />
      </Card>
      <EventPanel event={shown} close={() => show(undefined)} />
    </>
  )
}

function Times({ name, span }: { name: string; span: ReturnType<typeof route.useSearch> }) {
  const { volumes, times, unit, loaded, error, again } = useVolumes(span, name)
  const volume = volumes.get(name)
  const lines = useMemo(() => [{ label: 'Times', colour: '--accent', values: volume?.values ?? times.map(() => 0) }], [volume, times])
  return (
    <Card title="How often" action={loaded && <span className="numbers text-sm text-soft" title="In the span that is chosen above">{count(volume?.total ?? 0)} in all</span>}>
      {error ? <Problem error={error} retry={again} /> : loaded ? <Chart times={times} lines={lines} hours={unit === 'hour'} label={`${name} by ${unit}`} /> : <Skeleton className="h-60" />}
    </Card>
  )
}

/** The keys in the data of the newest events: what their values are, and in how many of them they stand. */
function Keys({ name }: { name: string }) {
  const answer = useQuery(newestEvents(name))
  const keys = useMemo(() => attributesOf((answer.data ?? []).map((e) => e.data)), [answer.data])
  const of = answer.data?.length ?? 0
  return (
    <Card title="Its data" flush action={of > 0 && <span className="text-xs text-soft">in the newest {count(of)}</span>}>
      {answer.error ? <div className="p-4"><Problem error={answer.error} retry={() => void answer.refetch()} /></div>
        : answer.isPending ? <Loading lines={3} />
        : keys.length === 0 ? <p className="p-4 text-sm text-soft">These events carry no data. What stands under <Mono>data</Mono> when they are tracked shows here, by key.</p>
        : (
          <Table label="Keys of its data" head={<tr><th scope="col">Key</th><th scope="col">Type</th><th scope="col" title="In how many of the events looked at it stands">In</th><th scope="col">For example</th></tr>}>
            {keys.map((k) => {
              const examples = k.values.slice(0, 4).map((v) => (typeof v === 'string' ? v : JSON.stringify(v))).join(', ')
              return (
                <tr key={k.path}>
                  <td className="max-w-48 min-w-28"><Mono>{k.path}</Mono></td>
                  <td className="whitespace-nowrap">{k.types.join(', ')}</td>
                  <td className="numbers whitespace-nowrap" title={`${count(k.seen)} of ${count(of)}`}>{percent(Math.min(1, k.seen / of))}</td>
                  <td className="max-w-48 truncate text-soft" title={examples}>{examples}</td>
                </tr>
              )
            })}
          </Table>
        )}
    </Card>
  )
}

/** The segments whose condition looks at events of the name. */
function UsedBy({ name }: { name: string }) {
  const list = (useQuery(segmentList).data ?? []).filter((s) => asksEvent(s.condition, name))
  if (list.length === 0) return null
  return (
    <Card title="Segments that look at it">
      <ul className="flex flex-col gap-1 text-sm">
        {list.map((s) => <li key={s.id} className="truncate"><Link to="/segments/$id" params={{ id: s.id }} className="text-accent hover:underline" title={s.name}>{s.name}</Link></li>)}
      </ul>
    </Card>
  )
}
