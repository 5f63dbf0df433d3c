import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { TriangleAlert } from 'lucide-react'
import { useMemo, useState } from 'react'
import { sources } from '../api/queries'
import { receipt, receiptEvents, receiptRaw, replayReceipt } from '../api/receipts'
import { JSONView, Mono, Time } from '../components/bits'
import { EventPanel } from '../components/event-panel'
import { PagedList } from '../components/list'
import { kindWords, problemRemedy, problemWords } from '../components/receipt'
import { Came } from '../components/replay'
import { tell } from '../components/toast'
import { Badge, Button, Card, Fact, Facts, Heading, Loading, Problem } from '../components/ui'
import type { Event } from '../lib/events'
import { bytes, sentence } from '../lib/format'
import { providerTitle } from '../lib/providers'
import { eventColumns } from './events'

const route = getRouteApi('/inside/receipts/$id')

export function ReceiptPage() {
  const { id } = route.useParams()
  const queries = useQueryClient()
  const answer = useQuery(receipt(id))
  const names = useQuery(sources).data
  const replay = useMutation({
    mutationFn: () => replayReceipt(id),
    onSuccess: async () => {
      await Promise.all([['receipt', id], ['receipts'], ['events']].map((queryKey) => queries.invalidateQueries({ queryKey })))
      tell('The request was read again.')
    },
  })
  if (answer.error) {
    return (
      <>
        <Heading title="Request" about="Requests are kept for a time; their events stay." />
        <Problem error={answer.error} retry={() => void answer.refetch()} />
        <Link to="/receipts" className="self-start text-sm text-accent hover:underline">All receipts</Link>
      </>
    )
  }
  if (!answer.data) return <Loading />
  const r = answer.data
  return (
    <>
      <Heading title={<span className="flex flex-wrap items-center gap-3">Request <Mono>{r.id}</Mono></span>}
        about={<>{providerTitle(r.provider)}, <Time at={r.receivedAt} /></>}>
        <Button onClick={() => replay.mutate()} busy={replay.isPending}>Read it again</Button>
      </Heading>
      {replay.error && <Problem error={replay.error} />}
      {replay.data && <Card title="Read again"><Came of={replay.data} /></Card>}
      <div className="grid grid-cols-1 items-start gap-5 xl:grid-cols-2">
        <Card title="What could not be understood" action={<span className="text-xs text-soft">{r.problems.length === 0 ? 'nothing' : r.problems.length}</span>}>
          {r.problems.length === 0 ? <p className="text-sm text-soft">All of it was understood.</p> : (
            <ul className="flex flex-col gap-3">
              {r.problems.map((p, i) => (
                <li key={i} className="flex gap-3 text-sm">
                  <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-warn" />
                  <div className="min-w-0">
                    <p>Element {p.element + 1} {problemWords(p.code)} <Badge>{p.code}</Badge></p>
                    <p className="break-words text-soft">{sentence(p.message)}</p>
                    <p className="text-soft"><span className="font-medium">What to do:</span> {problemRemedy(p.code)}</p>
                  </div>
                </li>
              ))}
            </ul>
          )}
        </Card>
        <Card title="What is known">
          <Facts>
            <Fact name="Source"><Link to="/sources/$id" params={{ id: r.sourceId }} className="text-accent hover:underline">{names?.find((s) => s.id === r.sourceId)?.name ?? r.sourceId}</Link></Fact>
            <Fact name="What it was"><span title={r.kind}>{kindWords(r.kind)}</span></Fact>
            <Fact name="Came for the first time"><Time at={r.receivedAt} /></Fact>
            <Fact name="How often it came">{r.count === 1 ? 'once' : `${r.count} times; the same request counts once`}</Fact>
            <Fact name="Size of what is kept">{bytes(r.size)}</Fact>
            <Fact name="SHA-256 as it came"><Mono>{r.sha256}</Mono></Fact>
          </Facts>
        </Card>
      </div>
      <Told id={r.id} problems={r.problems.length > 0} />
      <Card title="As it came"><Body id={r.id} /></Card>
    </>
  )
}

/** The events of a request: what another one had told before is that one's. */
function Told({ id, problems }: { id: string; problems: boolean }) {
  const list = useInfiniteQuery(receiptEvents(id))
  const rows = useMemo(() => list.data?.pages.flatMap((p) => p.events) ?? [], [list.data])
  const [shown, show] = useState<Event>()
  return (
    <Card title="What it told" flush action={<span className="text-xs text-soft">events that no request had told before</span>}>
      <PagedList list={list} rows={rows} columns={eventColumns} rowKey={(e) => e.id} label="Events of this request" noun={['event', 'events']} open={show} height="26rem"
        empty={
          <p className="px-4 py-6 text-sm text-soft">
            {problems ? 'No event came of it: what could not be understood is above.' : 'No new event came of it: all that it says was known from a request before it, or is no event.'}
          </p>
        } />
      <EventPanel event={shown} close={() => show(undefined)} />
    </Card>
  )
}

/** It holds addresses of people: it is fetched when somebody asks for it. */
function Body({ id }: { id: string }) {
  const [asked, ask] = useState(false)
  const raw = useQuery({ ...receiptRaw(id), enabled: asked })
  if (!asked) {
    return (
      <div className="flex flex-wrap items-center gap-3">
        <Button onClick={() => ask(true)}>Show what came</Button>
        <span className="text-sm text-soft">It may name every recipient of a message. What proves the sender was not kept.</span>
      </div>
    )
  }
  if (raw.error) return <Problem error={raw.error} retry={() => void raw.refetch()} />
  return raw.data === undefined ? <Loading lines={4} /> : <JSONView value={raw.data} />
}
