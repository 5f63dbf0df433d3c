import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { RotateCcw, Send, Trash2 } from 'lucide-react'
import { Refusal } from '../api/client'
import { type DispatchDetail, oneDispatch } from '../api/endpoints'
import { Copy, Mono, Time } from '../components/bits'
import { DispatchBadge, Drop, Retry } from '../components/dispatch'
import { Answer, EndpointLink } from '../components/endpoint'
import { Badge, Button, Card, Empty, Fact, Facts, Heading, Loading, Problem } from '../components/ui'
import { mayDrop, mayRetry, states } from '../lib/endpoints'
import { count, duration, sentence } from '../lib/format'

const route = getRouteApi('/inside/dispatches/$id')

/** One dispatch with its tries. */
export function DispatchPage() {
  const { id } = route.useParams()
  const answer = useQuery(oneDispatch(id))
  if (answer.error && !answer.data) {
    return answer.error instanceof Refusal && answer.error.status === 404 ? (
      <>
        <Heading title={id} />
        <Card><Empty icon={<Send />} title="There is no such dispatch" action={<Link to="/dispatches" className="text-accent hover:underline">Look at all</Link>}>What was sent is kept for a time. It may be gone, or its endpoint was deleted.</Empty></Card>
      </>
    ) : <><Heading title={id} /><Problem error={answer.error} retry={() => void answer.refetch()} /></>
  }
  return answer.data ? <Known dispatch={answer.data} /> : <Loading />
}

/** How many ids of a batch stand on the page. */
const shownIDs = 100

function Known({ dispatch: d }: { dispatch: DispatchDetail }) {
  return (
    <>
      <Heading title={d.events > 1 ? `${count(d.events)} events to ${d.endpointName}` : `One event to ${d.endpointName}`} about={`${sentence(states[d.state].about)}`}>
        <DispatchBadge state={d.state} />
        <Retry dispatch={d} show={(press, busy) => mayRetry(d) && <Button onClick={press} busy={busy}><RotateCcw aria-hidden className="size-3.5" /> Send again now</Button>} />
        <Drop dispatch={d} show={(press) => mayDrop(d) && <Button onClick={press}><Trash2 aria-hidden className="size-3.5" /> Drop…</Button>} />
      </Heading>
      <div className="grid grid-cols-1 items-start gap-5 xl:grid-cols-[minmax(0,1fr)_24rem]">
        <Card flush title="Tries" action={<span className="numbers text-xs text-soft">{count(d.attempts.length)}</span>}>
          {d.attempts.length === 0 ? <p className="p-4 text-sm text-soft">None has ended yet.</p> : (
            <ol aria-label="Tries" className="divide-y divide-line">{[...d.attempts].reverse().map((a) => <Try key={`${a.try} ${a.at}`} attempt={a} />)}</ol>
          )}
        </Card>
        <div className="flex min-w-0 flex-col gap-5">
          <Card title="What is known">
            <Facts>
              <Fact name="Endpoint"><EndpointLink id={d.endpointId} name={d.endpointName} /></Fact>
              <Fact name="First to be sent"><Time at={d.firstAt} /></Fact>
              <Fact name="Next try">{d.dueAt && <Time at={d.dueAt} form="ago" />}</Fact>
              <Fact name="Asked for again">{d.againAt && <Time at={d.againAt} />}</Fact>
              <Fact name="webhook-id"><span className="flex items-center gap-1"><Mono>{d.webhookId}</Mono><Copy text={d.webhookId} label="Copy the webhook-id" /></span></Fact>
              <Fact name="Id"><Mono>{d.id}</Mono></Fact>
            </Facts>
          </Card>
          <Card title={d.eventIds.length === 1 ? 'Its event' : 'Its events'}>
            <ul className="flex max-h-80 flex-col gap-1 overflow-y-auto text-sm">
              {d.eventIds.slice(0, shownIDs).map((id) => <li key={id}><Link to="/events/$id" params={{ id }} className="font-mono text-xs wrap-anywhere text-accent hover:underline">{id}</Link></li>)}
              {d.eventIds.length > shownIDs && <li className="text-xs text-soft">and {count(d.eventIds.length - shownIDs)} others</li>}
            </ul>
          </Card>
        </div>
      </div>
    </>
  )
}

function Try({ attempt: a }: { attempt: DispatchDetail['attempts'][number] }) {
  const taken = !a.problem
  return (
    <li className="flex flex-col gap-2 px-4 py-3 text-sm">
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="numbers font-medium">Try {a.try}</span>
        <Badge tone={taken ? 'good' : 'bad'}>{a.status ?? 'No answer'}</Badge>
        <Time at={a.at} />
        <span className="numbers text-soft">{duration(a.tookMs)}</span>
      </p>
      {a.problem && <p className="wrap-anywhere">{sentence(a.problem)}</p>}
      {a.answer && (
        <details open={!taken}>
          <summary className="cursor-pointer text-xs text-soft hover:text-ink">What was answered</summary>
          <div className="mt-1.5"><Answer text={a.answer} /></div>
        </details>
      )}
    </li>
  )
}
