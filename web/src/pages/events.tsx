import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Activity } from 'lucide-react'
import { useMemo, useState } from 'react'
import { eventList } from '../api/queries'
import { Time } from '../components/bits'
import { ContactLink, EventName, Summary } from '../components/event'
import { EventPanel } from '../components/event-panel'
import { EventFilters } from '../components/filters'
import { type Column, VirtualTable } from '../components/table'
import { Button, Card, Empty, Heading, Loading, Problem } from '../components/ui'
import type { Event } from '../lib/events'
import { anyFilter } from '../lib/filters'
import { count } from '../lib/format'
import { useRefresh } from '../lib/refresh'

const route = getRouteApi('/inside/events')

export const eventColumns: Column<Event>[] = [
  { id: 'name', head: 'What', width: 120, cell: (e) => <EventName name={e.name} /> },
  { id: 'at', head: 'When', width: 165, cell: (e) => <Time at={e.occurredAt} form="short" /> },
  { id: 'recipient', head: 'Recipient', width: 210, grow: true, cell: (e) => <ContactLink id={e.contactId} address={e.recipient} /> },
  { id: 'message', head: 'Subject', width: 180, grow: true, cell: (e) => <span title={e.message?.subject}>{e.message?.subject}</span> },
  { id: 'template', head: 'Template', width: 160, grow: true, cell: (e) => <span title={e.message?.template}>{e.message?.template}</span> },
  { id: 'detail', head: 'Detail', width: 200, grow: true, cell: (e) => <Summary event={e} /> },
]

export function Events() {
  const filters = route.useSearch()
  const navigate = route.useNavigate()
  const list = useInfiniteQuery(eventList(filters))
  const refresh = useRefresh(eventList(filters).queryKey)
  const rows = useMemo(() => list.data?.pages.flatMap((p) => p.events) ?? [], [list.data])
  const [shown, show] = useState<Event>()
  const more = list.hasNextPage && !list.isFetchingNextPage ? () => void list.fetchNextPage() : undefined
  return (
    <>
      <Heading title="Events" about="Everything that happened, newest first.">
        <Button onClick={refresh} busy={list.isRefetching}>Refresh</Button>
        <Link to="/live" search={filters} className="inline-flex h-8 items-center rounded-md border border-line bg-panel px-3 text-sm font-medium hover:bg-raised">Watch live</Link>
      </Heading>
      <EventFilters filters={filters} choose={(to) => void navigate({ search: to })} />
      <Card flush>
        {list.error ? <div className="p-4"><Problem error={list.error} retry={() => void list.refetch()} /></div>
          : list.isPending ? <Loading lines={12} />
          : rows.length === 0 ? <None filtered={anyFilter(filters)} clear={() => void navigate({ search: {} })} />
          : (
            <VirtualTable label="Events" rows={rows} columns={eventColumns} rowKey={(e) => e.id} open={show} {...(more ? { near: more } : {})}
              foot={<p className="px-3 py-2 text-xs text-soft">{list.hasNextPage ? 'Fetching more…' : `${count(rows.length)} ${rows.length === 1 ? 'event' : 'events'}`}</p>} />
          )}
      </Card>
      <EventPanel event={shown} close={() => show(undefined)} />
    </>
  )
}

function None({ filtered, clear }: { filtered: boolean; clear: () => void }) {
  return filtered ? (
    <Empty icon={<Activity />} title="No event is like that" action={<Button onClick={clear}>Clear the filters</Button>}>
      Names of templates, tags and sources are matched as a whole.
    </Empty>
  ) : (
    <Empty icon={<Activity />} title="Nothing has happened yet" action={<Link to="/sources/new" className="text-accent hover:underline">Add a source</Link>}>
      Events appear here as soon as a provider sends the first one.
    </Empty>
  )
}
