import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Layers, Search } from 'lucide-react'
import { type Segment, segmentList } from '../api/segments'
import { Code, Time } from '../components/bits'
import { useSegmentNames } from '../components/condition-words'
import { type Column, VirtualTable } from '../components/table'
import { Badge, Button, Card, Empty, Heading, Input, Loading, Problem } from '../components/ui'
import { filterCount, filterWords } from '../lib/condition'
import { count } from '../lib/format'

const route = getRouteApi('/inside/segments')

/** The condition in a line: its first filter, and how many more there are. */
function Short({ of: s }: { of: Segment }) {
  const name = useSegmentNames()
  if (!s.condition) return <span className="text-soft">{s.description ?? 'a list by hand'}</span>
  const first = s.condition.groups.flatMap((g) => g.filters)[0]
  const more = filterCount(s.condition) - 1
  const text = first ? filterWords(first, name) : 'groups of groups'
  return <span className="text-soft" title={s.description ?? text}>{text}{first && more > 0 && ` and ${more} more`}</span>
}

/** How many are in it, and since when that is so. */
function Members({ of: s }: { of: Segment }) {
  if (s.problem) return <Badge tone="bad" title={s.problem}>failed</Badge>
  if (s.type === 'DYNAMIC' && !s.computedAt) return <span className="text-soft" title={s.trackMembership ? 'Its members are being computed' : 'It was not looked at yet'}>–</span>
  return <>{count(s.memberCount)}</>
}

const columns: Column<Segment>[] = [
  { id: 'name', head: 'Name', width: 200, grow: true, cell: (s) => <Link to="/segments/$id" params={{ id: s.id }} className="font-medium hover:underline" title={s.name}>{s.name}</Link> },
  { id: 'type', head: 'Who is in it', width: 125, cell: (s) => <Badge tone={s.type === 'STATIC' ? 'plain' : 'info'}>{s.type === 'STATIC' ? 'By hand' : 'By condition'}</Badge> },
  { id: 'condition', head: 'Condition', width: 220, grow: true, cell: (s) => <Short of={s} /> },
  { id: 'members', head: 'Contacts', width: 90, end: true, cell: (s) => <Members of={s} /> },
  {
    id: 'computed', head: <span title="Members of tracked segments are current; others are counted when somebody looks">Counted</span>, width: 120,
    cell: (s) => s.type === 'STATIC' || (s.trackMembership && s.computedAt) ? <span className="text-soft">current</span> : s.computedAt ? <Time at={s.computedAt} form="ago" /> : <span className="text-soft">not yet</span>,
  },
  { id: 'tracked', head: 'Tracked', width: 90, cell: (s) => s.trackMembership ? <Badge tone="good" title={`segment.${s.slug}.entry and .exit`}>tracked</Badge> : <span className="text-soft">no</span> },
  { id: 'changed', head: 'Changed', width: 120, cell: (s) => <Time at={s.updatedAt} form="ago" /> },
]

const make = <Link to="/segments/new" className="inline-flex h-8 items-center rounded-md bg-accent px-3 text-sm font-medium text-on-accent hover:brightness-95">Make a segment</Link>

export function Segments() {
  const { find } = route.useSearch()
  const navigate = route.useNavigate()
  const list = useQuery(segmentList)
  const all = list.data ?? []
  const text = (find ?? '').toLowerCase()
  const rows = text === '' ? all : all.filter((s) => `${s.name}\n${s.description ?? ''}\n${s.slug}\n${s.id}`.toLowerCase().includes(text))
  return (
    <>
      <Heading title="Segments" about="Groups of contacts: by what they are and did, or put together by hand.">{all.length > 0 && make}</Heading>
      {list.error && <Problem error={list.error} retry={() => void list.refetch()} />}
      {all.length > 0 && (
        <div className="relative w-full sm:w-80">
          <Search aria-hidden className="pointer-events-none absolute top-2 left-2.5 size-4 text-soft" />
          <Input type="search" aria-label="Find a segment" placeholder="Name or what it is for" className="w-full pl-8.5!" value={find ?? ''}
            onChange={(e) => void navigate({ search: e.target.value ? { find: e.target.value } : {}, replace: true })} />
        </div>
      )}
      {!list.error && (
        <Card flush>
          {list.isPending ? <Loading />
            : all.length === 0 ? <None />
            : rows.length === 0 ? <Empty icon={<Layers />} title="No segment is called so" action={<Button onClick={() => void navigate({ search: {} })}>Show all</Button>} />
            : (
              <VirtualTable label="Segments" rows={rows} columns={columns} rowKey={(s) => s.id} open={(s) => void navigate({ to: '/segments/$id', params: { id: s.id } })}
                foot={<p className="sticky left-0 w-fit px-3 py-2 text-xs text-soft">{count(rows.length)} {rows.length === 1 ? 'segment' : 'segments'}</p>} />
            )}
        </Card>
      )}
    </>
  )
}

const example = () => `curl -s ${location.origin}/segments -H 'Authorization: Bearer sk_…' -H 'Content-Type: application/json' -d '{
  "name": "Teams that pay", "trackMembership": true,
  "condition": {"logic": "AND", "groups": [{"filters": [
    {"field": "data.plan", "operator": "equals", "value": "team"},
    {"field": "event.invoice.paid", "operator": "triggeredWithin", "value": 30, "unit": "days"}
  ]}]}
}'`

const None = () => (
  <Empty icon={<Layers />} title="There is no segment yet" action={make}>
    <p>A segment is whoever a condition holds for: teams that paid this month, those who looked at prices and left, everybody who opens nothing any more. With tracking, whoever comes or goes makes an event.</p>
    <p className="mt-3 mb-1">The same over the API:</p>
    <div className="text-left"><Code text={example()} /></div>
  </Empty>
)
