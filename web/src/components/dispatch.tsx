import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { RotateCcw, Trash2 } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { type Dispatch, endpoints, eventDispatches, useDropDispatch, useReplayEndpoint, useRetryDispatch } from '../api/endpoints'
import { mayDrop, mayRetry, states } from '../lib/endpoints'
import { count, sentence } from '../lib/format'
import { useNow } from '../lib/now'
import { Time } from './bits'
import { EndpointLink } from './endpoint'
import { Confirm, Dialog } from './overlay'
import type { Column } from './table'
import { tell } from './toast'
import { Badge, Button, Field, IconButton, Problem, Select } from './ui'

export function DispatchBadge({ state }: { state: Dispatch['state'] }) {
  const s = states[state]
  return <Badge tone={s.tone} title={s.about}>{s.word}</Badge>
}

/** What is to be known beside its state. */
function Now({ dispatch: d }: { dispatch: Dispatch }) {
  const now = useNow()
  if (d.state === 'waiting') {
    // One that is due waits for its endpoint, which rests or has no room.
    return <span className="text-soft" title={d.problem}>{d.dueAt && new Date(d.dueAt) > now ? <>next try <Time at={d.dueAt} form="ago" /></> : 'due'}{d.problem && `: ${d.problem}`}</span>
  }
  return d.problem ? <span className="text-soft" title={d.problem}>{d.problem}</span> : null
}

const column: Record<'state' | 'endpoint' | 'event' | 'tries' | 'first' | 'tried' | 'next' | 'acts', Column<Dispatch>> = {
  state: { id: 'state', head: 'State', width: 100, cell: (d) => <DispatchBadge state={d.state} /> },
  endpoint: { id: 'endpoint', head: 'Endpoint', width: 130, cell: (d) => <EndpointLink id={d.endpointId} name={d.endpointName} /> },
  event: {
    id: 'event', head: <span title="The end of its id">Event</span>, width: 145,
    cell: (d) => <Link to="/dispatches/$id" params={{ id: d.id }} className="font-mono text-xs hover:underline" title={d.eventId}>{d.events > 1 ? `${count(d.events)} events` : `…${d.eventId.slice(-12)}`}</Link>,
  },
  tries: { id: 'tries', head: 'Tries', width: 65, end: true, cell: (d) => count(d.tries) },
  first: { id: 'first', head: 'First sent', width: 148, cell: (d) => <Time at={d.firstAt} form="short" /> },
  tried: { id: 'tried', head: 'Last try', width: 115, cell: (d) => (d.triedAt ? <Time at={d.triedAt} form="ago" /> : <span className="text-soft">none</span>) },
  next: { id: 'next', head: 'What of it', width: 170, grow: true, cell: (d) => <Now dispatch={d} /> },
  acts: { id: 'acts', head: <span className="sr-only">What can be done</span>, width: 92, end: true, cell: (d) => <RowActs dispatch={d} /> },
}

export const dispatchColumns: Column<Dispatch>[] = [column.state, column.endpoint, column.event, column.tries, column.first, column.tried, column.next, column.acts]
export const endpointDispatchColumns = dispatchColumns.filter((c) => c.id !== 'endpoint')

function RowActs({ dispatch: d }: { dispatch: Dispatch }) {
  return (
    <span className="inline-flex gap-1">
      <Retry dispatch={d} show={(press, busy) => mayRetry(d) && d.state !== 'delivered' && <IconButton label="Send it again now" busy={busy} small onClick={press}>{!busy && <RotateCcw aria-hidden className="size-3.5" />}</IconButton>} />
      <Drop dispatch={d} show={(press) => mayDrop(d) && <IconButton label="Drop it…" small onClick={press}><Trash2 aria-hidden className="size-3.5" /></IconButton>} />
    </span>
  )
}

/** Sends one again. What the server refuses is told in a window: in a row there is no room for it. */
export function Retry({ dispatch: d, show }: { dispatch: Dispatch; show: (press: () => void, busy: boolean) => ReactNode }) {
  const retry = useRetryDispatch()
  return (
    <>
      {show(() => retry.mutate(d.id, { onSuccess: () => tell(`It is sent to ${d.endpointName} again.`) }), retry.isPending)}
      <Dialog open={retry.error !== null} close={() => retry.reset()} title="It was not sent again"><Problem error={retry.error} /></Dialog>
    </>
  )
}

/** Drops one, once that was asked for. */
export function Drop({ dispatch: d, show }: { dispatch: Dispatch; show: (press: () => void) => ReactNode }) {
  const [asked, ask] = useState(false)
  const drop = useDropDispatch()
  return (
    <>
      {show(() => ask(true))}
      <Confirm open={asked} close={() => ask(false)} title="Drop it?" verb="Drop it" danger act={async () => { await drop.mutateAsync(d.id); tell('It is dropped.') }}>
        <p>{d.events > 1 ? `${count(d.events)} events are` : 'The event is'} not sent to {d.endpointName} any more, unless somebody sends {d.events > 1 ? 'them' : 'it'} again. {d.state === 'dead' && 'It leaves the list of what was given up.'}</p>
      </Confirm>
    </>
  )
}

/** What became of an event at endpoints. Nothing where there are none. */
export function EventDispatches({ id }: { id: string }) {
  const list = useQuery(eventDispatches(id)).data
  const known = useQuery({ ...endpoints, retry: false, refetchInterval: false }).data ?? []
  const [asked, ask] = useState(false)
  if (!list || (list.length === 0 && known.length === 0)) return null
  return (
    <section aria-label="At endpoints" className="flex min-w-0 flex-col gap-2 rounded-lg border border-line bg-panel p-4 text-sm">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h2 className="font-semibold">At endpoints</h2>
        {known.length > 0 && <Button small onClick={() => ask(true)}>Send it to one…</Button>}
      </div>
      {list.length === 0 ? <p className="text-soft">It went to no endpoint: none asked for it, or what was sent is no longer kept.</p> : (
        <ul className="divide-y divide-line">
          {list.map((d) => (
            <li key={d.id} className="flex flex-wrap items-center gap-x-3 gap-y-1 py-1.5">
              <EndpointLink id={d.endpointId} name={d.endpointName} />
              <DispatchBadge state={d.state} />
              <span className="min-w-0 flex-1 truncate text-soft" title={d.problem}>{d.problem ? sentence(d.problem) : d.triedAt && <Time at={d.triedAt} form="ago" />}</span>
              <Link to="/dispatches/$id" params={{ id: d.id }} className="text-accent hover:underline">{d.tries === 1 ? 'one try' : `${count(d.tries)} tries`}</Link>
            </li>
          ))}
        </ul>
      )}
      <SendEvent id={id} open={asked} close={() => ask(false)} choices={known.map((e) => [e.id, e.name])} />
    </section>
  )
}

function SendEvent({ id, open, close, choices }: { id: string; open: boolean; close: () => void; choices: [id: string, name: string][] }) {
  const [to, choose] = useState('')
  const start = useReplayEndpoint()
  const at = to || (choices[0]?.[0] ?? '')
  return (
    <Dialog open={open} close={close} title="Send this event to an endpoint" about="Under the id that it has, whether the endpoint asks for such events or not.">
      <form className="flex flex-col gap-4" onSubmit={(e) => { e.preventDefault(); start.mutate({ id: at, wish: { events: [id] } }, { onSuccess: () => { tell('It is on its way.'); close() } }) }}>
        <Field label="Endpoint">{(p) => <Select {...p} value={at} onChange={(e) => choose(e.target.value)}>{choices.map(([v, name]) => <option key={v} value={v}>{name}</option>)}</Select>}</Field>
        {start.error && <Problem error={start.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={close}>Cancel</Button>
          <Button type="submit" kind="main" busy={start.isPending}>Send it</Button>
        </div>
      </form>
    </Dialog>
  )
}
