import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { History, RefreshCw, Search, Users } from 'lucide-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { Schemas } from '../api/client'
import { explanation, membersLike, type Segment, segment, segmentMembers, segmentMoves, useCompute, useRemoveMembers } from '../api/segments'
import { Mono, Time } from '../components/bits'
import { ContactSearch } from '../components/condition-preview'
import { ConditionWords } from '../components/condition-words'
import { ContactLink } from '../components/event'
import { EventPanel } from '../components/event-panel'
import { PagedList } from '../components/list'
import { Confirm } from '../components/overlay'
import { DeleteSegment, MembersDialog } from '../components/segment-acts'
import { type Column, VirtualTable } from '../components/table'
import { TabPanel, Tabs } from '../components/tabs'
import { Timeline } from '../components/timeline'
import { tell } from '../components/toast'
import { Why } from '../components/truth'
import { Badge, Button, Card, Empty, Fact, Facts, Heading, Input, Loading, Problem } from '../components/ui'
import { useDebounced } from '../lib/debounced'
import type { Event } from '../lib/events'
import { count } from '../lib/format'
import { standing } from '../lib/why'

const route = getRouteApi('/inside/segments/$id')

type Contact = Schemas['Contact']

const look = 'inline-flex h-8 items-center rounded-md border border-line bg-panel px-3 text-sm font-medium hover:bg-raised'

export function SegmentPage() {
  const { id } = route.useParams()
  const { tab } = route.useSearch()
  const navigate = route.useNavigate()
  const queries = useQueryClient()
  const answer = useQuery({
    ...segment(id),
    // Whoever comes or goes is seen without asking again. Others are counted anew each time, which is work.
    refetchInterval: (q) => (q.state.data?.trackMembership ? (q.state.data.computedAt || q.state.data.type === 'STATIC' ? 4000 : 1000) : false),
  })
  const s = answer.data
  const members = s?.memberCount
  const before = useRef(members)
  useEffect(() => {
    if (before.current !== undefined && before.current !== members) {
      void queries.invalidateQueries({ queryKey: ['segment', id, 'members'] })
      void queries.invalidateQueries({ queryKey: ['events', 'moves'] })
    }
    before.current = members
  }, [members, id, queries])
  if (answer.error && !s) {
    return (
      <>
        <Heading title="Segment" />
        <Problem error={answer.error} retry={() => void answer.refetch()} />
        <Link to="/segments" className="self-start text-sm text-accent hover:underline">All segments</Link>
      </>
    )
  }
  if (!s) return <Loading />
  const tabs = [['members', 'Contacts'] as const, ...(s.trackMembership ? [['moves', 'Who came and went'] as const] : []), ['why', 'Why somebody is in it or not'] as const]
  const at = tabs.some(([t]) => t === tab) ? (tab ?? '') : 'members'
  return (
    <>
      <Acts segment={s} />
      {s.problem && <Problem error={new Error(`Computing its members failed: ${s.problem}`)} />}
      <div className="grid grid-cols-1 items-start gap-5 lg:grid-cols-[minmax(0,1fr)_minmax(0,26rem)]">
        <Card title={s.type === 'STATIC' ? 'Who is in it' : 'Whom it selects'}>
          {s.condition ? <ConditionWords of={s.condition} /> : <p className="text-sm">Those whom somebody put there, by hand or over the API.</p>}
        </Card>
        <Card title="What it is"><About of={s} /></Card>
      </div>
      <Tabs label="What of the segment" tabs={tabs} at={at} choose={(tab) => void navigate({ search: { tab }, replace: true, resetScroll: false })} />
      <TabPanel at={at}>
        {at === 'moves' ? <Moves segment={s} /> : at === 'why' ? <Reasons id={id} /> : <Members segment={s} />}
      </TabPanel>
    </>
  )
}

function About({ of: s }: { of: Segment }) {
  return (
    <Facts>
      <Fact name="What it is for">{s.description}</Fact>
      <Fact name="Contacts">
        <span className="numbers text-lg font-semibold">{s.type === 'DYNAMIC' && !s.computedAt ? '–' : count(s.memberCount)}</span>{' '}
        <span className="text-xs text-soft">
          {s.type === 'DYNAMIC' && (s.trackMembership ? (s.computedAt ? 'current' : 'being computed') : s.computedAt && <>as of <Time at={s.computedAt} form="ago" /></>)}
        </span>
      </Fact>
      <Fact name="All computed">{s.type === 'DYNAMIC' && s.trackMembership && s.computedAt ? <Time at={s.computedAt} form="ago" /> : undefined}</Fact>
      <Fact name="Last changed"><Time at={s.updatedAt} form="ago" /></Fact>
      <Fact name="Its events">{s.trackMembership ? <Mono>{`segment.${s.slug}.entry, .exit`}</Mono> : <span className="text-soft">none: it is not tracked</span>}</Fact>
      <Fact name="Id"><Mono>{s.id}</Mono></Fact>
    </Facts>
  )
}

function Acts({ segment: s }: { segment: Segment }) {
  const navigate = route.useNavigate()
  const [asked, ask] = useState<'delete' | 'add' | 'out' | 'compute'>()
  const compute = useCompute(s.id)
  const close = () => ask(undefined)
  return (
    <>
      <Heading title={<span className="flex flex-wrap items-center gap-2">{s.name} <Badge tone={s.type === 'STATIC' ? 'plain' : 'info'}>{s.type === 'STATIC' ? 'By hand' : 'By condition'}</Badge>{s.trackMembership && <Badge tone="good">tracked</Badge>}</span>}>
        {s.type === 'STATIC' && <Button onClick={() => ask('add')}>Add contacts</Button>}
        {s.type === 'STATIC' && s.memberCount > 0 && <Button onClick={() => ask('out')}>Take out</Button>}
        {s.type === 'DYNAMIC' && s.trackMembership && <Button onClick={() => ask('compute')}><RefreshCw aria-hidden className="size-3.5" /> Compute anew</Button>}
        {s.type === 'DYNAMIC' && <Link to="/segments/new" search={{ from: s.id }} className={look}>Duplicate</Link>}
        <Button onClick={() => ask('delete')}>Delete</Button>
        <Link to="/segments/$id/edit" params={{ id: s.id }} className={look}>Edit</Link>
      </Heading>
      <DeleteSegment segment={s} open={asked === 'delete'} close={close} done={() => void navigate({ to: '/segments', search: {} })} />
      <MembersDialog segment={s} out={asked === 'out'} open={asked === 'add' || asked === 'out'} close={close} />
      <Confirm open={asked === 'compute'} close={close} title="Compute all members anew?" verb="Compute them"
        act={async () => {
          await compute.mutateAsync()
          tell('All members are computed anew in the background.')
        }}>
        <p>Members are kept current by themselves: this is a repair, which should find nothing to do. Whoever it finds missing or too much makes an event, as always.</p>
      </Confirm>
    </>
  )
}

const columns: Column<Contact>[] = [
  { id: 'email', head: 'Address', width: 230, grow: true, cell: (c) => <ContactLink id={c.id} address={c.email} /> },
  { id: 'state', head: 'State', width: 140, cell: (c) => { const s = standing(c); return <Badge tone={s.tone} title={s.title}>{s.word}</Badge> } },
  { id: 'last', head: 'Last seen', width: 120, cell: (c) => <Time at={c.lastSeenAt} form="day" /> },
  { id: 'data', head: 'Attributes', width: 240, grow: true, cell: (c) => { const text = Object.entries(c.data).map(([k, v]) => `${k}: ${typeof v === 'string' ? v : JSON.stringify(v)}`).join(', '); return <span className="text-soft" title={text}>{text}</span> } },
]

function Members({ segment: s }: { segment: Segment }) {
  const { find } = route.useSearch()
  const navigate = route.useNavigate()
  const [text, setText] = useState(find ?? '')
  const wanted = useDebounced(text.trim().toLowerCase(), 300)
  const list = useInfiniteQuery(segmentMembers(s.id))
  const found = useQuery({ ...membersLike(s.id, wanted), enabled: wanted !== '' })
  const remove = useRemoveMembers(s.id)
  const [out, takeOut] = useState<Contact>()
  useEffect(() => {
    if (wanted !== (find ?? '')) void navigate({ search: (now) => ({ ...(now.tab ? { tab: now.tab } : {}), ...(wanted ? { find: wanted } : {}) }), replace: true, resetScroll: false })
  }, [wanted, find, navigate])
  const rows = useMemo(() => list.data?.pages.flatMap((p) => p.data) ?? [], [list.data])
  const shown = useMemo<Column<Contact>[]>(() => (s.type !== 'STATIC' ? columns : [
    ...columns, { id: 'out', head: <span className="sr-only">What may be done</span>, width: 105, cell: (c) => <Button small kind="quiet" aria-label={`Take out ${c.email}`} onClick={() => takeOut(c)}>Take out</Button> },
  ]), [s.type])
  const open = (c: Contact) => void navigate({ to: '/contacts/$id', params: { id: c.id } })
  const hits = found.data
  return (
    <>
      {(s.memberCount > 0 || wanted !== '') && (
        <div className="relative w-full sm:w-80">
          <Search aria-hidden className="pointer-events-none absolute top-2 left-2.5 size-4 text-soft" />
          <Input type="search" aria-label="Find a contact in it" placeholder="Part of an address" className="w-full pl-8.5!" value={text} onChange={(e) => setText(e.target.value)} autoComplete="off" spellCheck={false} />
        </div>
      )}
      <Card flush>
        {wanted !== '' ? (
          found.error ? <div className="p-4"><Problem error={found.error} retry={() => void found.refetch()} /></div>
            : !hits ? <Loading />
            : hits.sample.length === 0 ? (
              <Empty icon={<Users />} title={`Nobody in it has “${wanted}” in the address`}
                action={<Button onClick={() => void navigate({ search: { tab: 'why', ...(wanted.includes('@') ? { contact: wanted } : {}) } })}>Ask why somebody is not in it</Button>} />
            ) : (
              <VirtualTable label="Contacts in it" rows={hits.sample} columns={shown} rowKey={(c) => c.id} open={open}
                foot={<p className="sticky left-0 w-fit px-3 py-2 text-xs text-soft">{hits.count > hits.sample.length ? `The first ${hits.sample.length} of ${count(hits.count)}: write more of the address to find others` : `${count(hits.count)} found`}</p>} />
            )
        ) : (
          <PagedList list={list} rows={rows} columns={shown} rowKey={(c) => c.id} label="Contacts in it" noun={['contact', 'contacts']} total={list.data?.pages[0]?.total} open={open} empty={<Nobody segment={s} />} />
        )}
      </Card>
      <Confirm open={out !== undefined} close={() => takeOut(undefined)} title={`Take ${out?.email ?? ''} out?`} verb="Take out"
        act={async () => {
          if (!out) return
          await remove.mutateAsync([out.email])
          tell(`${out.email} is not in ${s.name} any more.`)
        }}>
        <p>The contact stays; only its place in the segment goes.{s.trackMembership && ' It makes an exit event.'}</p>
      </Confirm>
    </>
  )
}

function Nobody({ segment: s }: { segment: Segment }) {
  if (s.type === 'STATIC') return <Empty icon={<Users />} title="Nobody is in it yet">Add contacts above: paste their addresses, or name them to POST /segments/{s.id}/members.</Empty>
  if (s.trackMembership && !s.computedAt) return <Empty icon={<Users />} title="Its members are being computed">They appear here as soon as that is done.</Empty>
  return <Empty icon={<Users />} title="The condition selects nobody now">Choose a contact under “Why somebody is in it or not” who should be, to see which filter keeps them out.</Empty>
}

function Moves({ segment: s }: { segment: Segment }) {
  const list = useInfiniteQuery(segmentMoves(s.slug))
  const [shown, show] = useState<Event>()
  const events = useMemo(() => list.data?.pages.flatMap((p) => p.events) ?? [], [list.data])
  return (
    <Card>
      <Timeline list={list} events={events} open={show} aside={(e) => <ContactLink id={e.contactId} address={e.recipient} />}
        empty={<Empty icon={<History />} title="Nobody came or went since it is tracked">Whoever comes or goes from now on appears here, and makes an event. Those who were in it when tracking began made none.</Empty>} />
      <EventPanel event={shown} close={() => show(undefined)} />
    </Card>
  )
}

function Reasons({ id }: { id: string }) {
  const { contact = '' } = route.useSearch()
  const navigate = route.useNavigate()
  const answer = useQuery({ ...explanation(id, contact), enabled: contact !== '' })
  return (
    <Card>
      <div className="flex max-w-3xl flex-col gap-4">
        <div className="max-w-sm"><ContactSearch contact={contact} choose={(contact) => void navigate({ search: { tab: 'why', ...(contact ? { contact } : {}) }, replace: true, resetScroll: false })} /></div>
        {contact === '' ? <p className="text-sm text-soft">Choose a contact, in it or not: each filter then says what is true of them, and why.</p>
          : answer.error ? <Problem error={answer.error} retry={() => void answer.refetch()} />
          : answer.data ? <Why of={answer.data} /> : <Loading lines={3} />}
      </div>
    </Card>
  )
}
