import { useQuery } from '@tanstack/react-query'
import { RotateCcw } from 'lucide-react'
import { useState } from 'react'
import { type Endpoint, type EndpointReplay, endpointReplays, running, useCancelEndpointReplay, useReplayEndpoint } from '../api/endpoints'
import { replayStates } from '../lib/endpoints'
import { count, sentence } from '../lib/format'
import { Mono, Time } from './bits'
import { Confirm, Dialog } from './overlay'
import { fieldProblem, otherProblem } from './source-settings'
import { tell } from './toast'
import { Badge, Button, Card, Empty, Field, Input, Loading, Problem } from './ui'

/** What was sent to an endpoint again, newest first. */
export function EndpointReplays({ endpoint: e, begin }: { endpoint: Endpoint; begin: () => void }) {
  const list = useQuery(endpointReplays(e.id))
  return (
    <Card flush title="Sent again" action={<Button small onClick={begin}>Send again…</Button>}>
      {list.error ? <div className="p-4"><Problem error={list.error} retry={() => void list.refetch()} /></div>
        : !list.data ? <Loading />
        : list.data.length === 0 ? (
          <Empty icon={<RotateCcw />} title="Nothing was sent again yet">
            After a fault of the receiver events go to it once more: what was given up, or all of a span. They have the ids that they had, so that it knows what it has already.
          </Empty>
        ) : <ul>{list.data.map((r) => <Row key={r.id} endpoint={e} replay={r} />)}</ul>}
    </Card>
  )
}

function Row({ endpoint: e, replay: r }: { endpoint: Endpoint; replay: EndpointReplay }) {
  const [asked, ask] = useState(false)
  const cancel = useCancelEndpointReplay(e.id)
  const [word, tone] = replayStates[r.state]
  // Events that were named have no span.
  const spanned = r.since !== r.until
  return (
    <li className="flex flex-col gap-1.5 border-b border-line px-4 py-3 text-sm last:border-b-0">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1">
          <Badge tone={tone}>{word}</Badge>
          <span>
            {r.onlyDead ? 'What was given up' : spanned ? 'What was stored' : 'Some events'}
            {spanned && <> from <Time at={r.since} form="short" /> to <Time at={r.until} form="short" /></>}
          </span>
        </p>
        {running(r) && <Button small onClick={() => ask(true)}>Cancel</Button>}
      </div>
      <p className="flex flex-wrap gap-x-3 text-xs text-soft">
        <span><span className="numbers">{count(r.queued)}</span> sent again{spanned && <>, of <span className="numbers">{count(r.seen)}</span> looked at</>}</span>
        <span>{r.perSecond > 0 ? `${count(r.perSecond)} a second` : 'as fast as the endpoint lets it'}</span>
        {r.lastAt && <span>the last <Time at={r.lastAt} form="ago" /></span>}
        <span>by <Mono>{r.createdBy}</Mono>, <Time at={r.createdAt} form="ago" /></span>
      </p>
      {r.problem && <p className="text-bad wrap-anywhere">{sentence(r.problem)}</p>}
      <Confirm open={asked} close={() => ask(false)} title="Cancel it where it is?" verb="Cancel it" act={async () => { await cancel.mutateAsync(r.id); tell('It is cancelled.') }}>
        <p>{count(r.queued)} {r.queued === 1 ? 'is' : 'are'} queued already, and {r.queued === 1 ? 'goes' : 'go'} there. The others don’t.</p>
      </Confirm>
    </li>
  )
}

/** Asks what is to be sent to an endpoint again. */
export function StartEndpointReplay({ endpoint: e, open, close, started, dead }: { endpoint: Endpoint; open: boolean; close: () => void; started: () => void; dead?: boolean }) {
  return (
    <Dialog open={open} close={close} title={`Send to ${e.name} again`} about="Events go under the ids that they had: a receiver knows by them what it has already.">
      {open && <Wish endpoint={e} close={close} started={started} dead={dead ?? false} />}
    </Dialog>
  )
}

/** A time of a field, in the viewer's zone, as the API takes it. */
const time = (text: string) => new Date(text).toISOString()

function Wish({ endpoint: e, close, started, dead }: { endpoint: Endpoint; close: () => void; started: () => void; dead: boolean }) {
  const [only, setOnly] = useState(dead)
  const [since, setSince] = useState('')
  const [until, setUntil] = useState('')
  const [rate, setRate] = useState('50')
  const start = useReplayEndpoint()
  const go = () => start.mutate({
    id: e.id,
    wish: {
      // Without a time, all that was ever given up.
      ...(since ? { since: time(since) } : only ? { since: e.createdAt } : {}), ...(until ? { until: time(until) } : {}), ...(only ? { onlyDead: true } : {}), perSecond: Number(rate) || 0,
    },
  }, { onSuccess: () => { tell('It is sent again.'); started(); close() } })
  const problem = (field: string) => fieldProblem(start.error, field)
  const other = otherProblem(start.error, ['since', 'until', 'perSecond'])
  return (
    <form className="flex flex-col gap-4" onSubmit={(ev) => { ev.preventDefault(); go() }}>
      <fieldset className="flex flex-col gap-2">
        <legend className="mb-1 text-sm font-medium">What?</legend>
        <label className="flex items-start gap-2 text-sm">
          <input type="radio" name="what" className="mt-0.5 size-4 accent-accent" checked={!only} onChange={() => setOnly(false)} />
          <span>What was stored in a span<span className="block text-xs text-soft">all that it wants of it, whether it took it before or not</span></span>
        </label>
        <label className="flex items-start gap-2 text-sm">
          <input type="radio" name="what" className="mt-0.5 size-4 accent-accent" checked={only} onChange={() => setOnly(true)} />
          <span>What was given up<span className="block text-xs text-soft">and nothing else</span></span>
        </label>
      </fieldset>
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label={only ? 'First sent since (optional)' : 'Stored since'} problem={problem('since')} help={only ? 'Empty: all of it.' : undefined}>
          {(p) => <Input {...p} type="datetime-local" required={!only} value={since} onChange={(ev) => setSince(ev.target.value)} />}
        </Field>
        <Field label="Until (optional)" problem={problem('until')} help="Empty: up to now.">
          {(p) => <Input {...p} type="datetime-local" value={until} onChange={(ev) => setUntil(ev.target.value)} />}
        </Field>
      </div>
      <Field label="How many a second" problem={problem('perSecond')} help="0: as fast as the endpoint lets it. What is new has half of the room meanwhile.">
        {(p) => <Input {...p} type="number" min={0} max={10_000} step="any" className="w-32" value={rate} onChange={(ev) => setRate(ev.target.value)} />}
      </Field>
      {other !== undefined && <Problem error={other} />}
      <div className="flex justify-end gap-2">
        <Button onClick={close}>Cancel</Button>
        <Button type="submit" kind="main" busy={start.isPending}>Send again</Button>
      </div>
    </form>
  )
}
