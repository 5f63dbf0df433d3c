import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Megaphone } from 'lucide-react'
import { useMemo } from 'react'
import { type Broadcast, broadcastList } from '../api/broadcasts'
import { Code, Time } from '../components/bits'
import { AudienceWords, BroadcastBadge, Progress } from '../components/broadcast'
import { PagedList } from '../components/list'
import type { Column } from '../components/table'
import { Button, Card, Empty, Heading, Select } from '../components/ui'
import { isStatus, statuses, statusNames } from '../lib/broadcasts'
import { compact, count } from '../lib/format'

const route = getRouteApi('/inside/broadcasts')

const make = <Link to="/broadcasts/new" className="inline-flex h-8 items-center rounded-md bg-accent px-3 text-sm font-medium text-on-accent hover:brightness-95">New broadcast</Link>

const figure = (b: Broadcast, n: number, title: string) => (b.startedAt ? <span title={`${count(n)} ${title}`}>{compact(n)}</span> : <span className="text-soft">–</span>)

const columns: Column<Broadcast>[] = [
  { id: 'name', head: 'Name', width: 190, grow: true, cell: (b) => <Link to="/broadcasts/$id" params={{ id: b.id }} className="font-medium hover:underline" title={b.description ?? b.name}>{b.name}</Link> },
  { id: 'status', head: 'Status', width: 105, cell: (b) => <BroadcastBadge status={b.status} /> },
  { id: 'audience', head: 'Who gets it', width: 150, grow: true, cell: (b) => <AudienceWords of={b} /> },
  { id: 'when', head: 'When', width: 148, cell: (b) => <When of={b} /> },
  {
    id: 'progress', head: 'Progress', width: 150,
    cell: (b) => b.startedAt && (
      <span className="flex w-full items-center gap-2" title={`${count(b.sentCount)} of ${count(b.totalRecipients)} emails were handed over`}>
        <Progress share={b.totalRecipients === 0 ? (b.status === 'SENT' ? 1 : 0) : Math.min(b.sentCount / b.totalRecipients, 1)} label={`Progress of ${b.name}`} /><span className="numbers text-xs text-soft">{compact(b.sentCount)}</span>
      </span>
    ),
  },
  { id: 'delivered', head: <span title="Emails that the recipient’s provider took">Delivered</span>, width: 85, end: true, cell: (b) => figure(b, b.deliveredCount, 'delivered') },
  { id: 'opened', head: <span title="Emails that were opened by anybody, machines too; its page tells people apart">Opened</span>, width: 80, end: true, cell: (b) => figure(b, b.openedCount, 'opened, by machines too') },
  { id: 'clicked', head: <span title="Emails in which anybody clicked, machines too">Clicked</span>, width: 80, end: true, cell: (b) => figure(b, b.clickedCount, 'clicked, by machines too') },
  { id: 'bounced', head: <span title="Emails that came back">Bounced</span>, width: 85, end: true, cell: (b) => figure(b, b.bouncedCount, 'bounced') },
]

/** The time that matters where it is now. */
function When({ of: b }: { of: Broadcast }) {
  if (b.status === 'SCHEDULED') return <span title="It begins then"><Time at={b.scheduledFor} form="short" /></span>
  if (b.startedAt) return <span title="It began then"><Time at={b.startedAt} form="short" /></span>
  return <span className="text-soft" title="Changed last"><Time at={b.updatedAt} form="ago" /></span>
}

export function Broadcasts() {
  const { status } = route.useSearch()
  const navigate = route.useNavigate()
  const asked = isStatus(status) ? status : undefined
  const list = useInfiniteQuery(broadcastList(asked))
  const rows = useMemo(() => list.data?.pages.flatMap((p) => p.data) ?? [], [list.data])
  return (
    <>
      <Heading title="Broadcasts" about="One email to an audience. It leaves out whoever may not be mailed, and nobody gets it twice.">
        <Select aria-label="Status" value={asked ?? ''} onChange={(e) => void navigate({ search: e.target.value ? { status: e.target.value } : {} })}>
          <option value="">Every status</option>
          {statusNames.map((s) => <option key={s} value={s}>{statuses[s].word}</option>)}
        </Select>
        {make}
      </Heading>
      <Card flush>
        <PagedList list={list} rows={rows} columns={columns} rowKey={(b) => b.id} label="Broadcasts" noun={['broadcast', 'broadcasts']} total={list.data?.pages[0]?.total}
          open={(b) => void navigate({ to: '/broadcasts/$id', params: { id: b.id } })}
          empty={asked ? <Empty icon={<Megaphone />} title={`No broadcast is ${statuses[asked].word.toLowerCase()}`} action={<Button onClick={() => void navigate({ search: {} })}>Show all</Button>} /> : <None />} />
      </Card>
    </>
  )
}

const example = () => `curl -s ${location.origin}/campaigns -H 'Authorization: Bearer sk_…' -H 'Content-Type: application/json' -d '{
  "name": "May news", "template": "news/may", "audienceType": "FILTERED", "tags": ["beta"]
}'`

const None = () => (
  <Empty icon={<Megaphone />} title="There is no broadcast yet" action={make}>
    <p>News, an invitation, a change of terms: one email to all who want it, to a <Link to="/segments" className="text-accent underline">segment</Link>, or to those with a tag. You see who would get it, and what, before anything is sent.</p>
    <p className="mt-3 mb-1">The same over the API, as a campaign of MailGlyph:</p>
    <div className="text-left"><Code text={example()} /></div>
  </Empty>
)
