import { getRouteApi, Link } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { ArrowUp, Eraser, Pause, Play, Radio } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { EventPanel } from '../components/event-panel'
import { EventFilters } from '../components/filters'
import { VirtualTable } from '../components/table'
import { Button, Card, Empty, Heading } from '../components/ui'
import type { Event } from '../lib/events'
import { type Connection, type Feed, kept, useFeed } from '../lib/feed'
import { anyFilter } from '../lib/filters'
import { count } from '../lib/format'
import { eventColumns } from './events'

const route = getRouteApi('/inside/live')

const columns = eventColumns.map((c) => (c.id === 'at' ? { ...c, width: 165 } : c))

export function Live() {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const { from: _from, to: _to, ...filters } = search
  const feed = useFeed(search)
  const [shown, show] = useState<Event>()
  const place = useRef<HTMLDivElement>(null)
  const { pause, paused } = feed
  // The space bar pauses, unless it is meant for a control.
  useEffect(() => {
    const press = (e: KeyboardEvent) => {
      if (e.key !== ' ' || (e.target as HTMLElement).closest('button,input,select,textarea,a,[role="dialog"],[role="row"]')) return
      e.preventDefault()
      pause(!paused)
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  }, [pause, paused])
  const resume = () => {
    pause(false)
    place.current?.querySelector('[role="table"]')?.scrollTo({ top: 0 })
  }
  return (
    <>
      <Heading title="Live" about="Events as they are stored. Nothing of the past: that is under Events.">
        <Link to="/events" search={search} className="inline-flex h-8 items-center rounded-md px-3 text-sm text-soft hover:bg-raised hover:text-ink">Search the past</Link>
        <Button onClick={feed.clear} disabled={feed.events.length === 0}><Eraser aria-hidden className="size-3.5" /> Clear</Button>
        <Button kind={paused ? 'main' : 'plain'} onClick={() => (paused ? resume() : pause(true))} title="The space bar does the same" aria-pressed={paused}>
          {paused ? <><Play aria-hidden className="size-3.5" /> Go on</> : <><Pause aria-hidden className="size-3.5" /> Pause</>}
        </Button>
      </Heading>
      <EventFilters filters={filters} choose={({ from: _f, to: _t, ...to }) => void navigate({ search: to })} />
      <Gauge feed={feed} resume={resume} />
      <div ref={place}
        onScrollCapture={(e) => {
          // Who reads further down must not have the rows move away.
          if ((e.target as HTMLElement).scrollTop > 60 && !paused) pause(true)
        }}>
        <Card flush>
          {feed.events.length === 0 ? <Quiet feed={feed} filtered={anyFilter(filters)} clear={() => void navigate({ search: {} })} /> : (
            <VirtualTable label="Live events, newest first" rows={feed.events} columns={columns} rowKey={(e) => e.id}
              open={(e) => {
                pause(true)
                show(e)
              }}
              height="calc(100dvh - 20rem)" />
          )}
        </Card>
      </div>
      <EventPanel event={shown} close={() => show(undefined)} />
    </>
  )
}

const connections: Record<Connection, [words: string, dot: string]> = {
  connecting: ['Connecting…', 'bg-warn'],
  open: ['Connected', 'bg-good'],
  away: ['Connection lost; trying again', 'bg-bad'],
}

/** Whether it is connected, and how much comes. */
function Gauge({ feed, resume }: { feed: Feed; resume: () => void }) {
  const [words, dot] = connections[feed.connection]
  const five = feed.seconds.slice(-5).reduce((a, b) => a + b, 0) / 5
  const top = Math.max(1, ...feed.seconds)
  return (
    <div className="flex flex-wrap items-center gap-x-5 gap-y-2 text-sm">
      <p role="status" className="flex items-center gap-2">
        <span aria-hidden className={clsx('size-2 rounded-full', dot, feed.connection === 'open' && !feed.paused && 'animate-pulse')} />
        {words}
        {feed.lost && <span className="text-warn">Events may be missing here: {feed.lost}.</span>}
      </p>
      <p className="numbers text-soft" title="Over the last five seconds">
        <span className="font-medium text-ink">{five < 10 ? five.toFixed(1) : Math.round(five)}</span> a second
      </p>
      <svg aria-hidden viewBox="0 0 120 20" className="h-5 w-30" preserveAspectRatio="none">
        {feed.seconds.map((n, i) => <rect key={i} x={i * 2} width={1.5} y={20 - (n / top) * 20} height={(n / top) * 20} className="fill-accent/60" />)}
      </svg>
      <p className="numbers text-soft">
        {count(feed.total)} since you came{feed.total > feed.events.length && feed.events.length >= kept && `; the newest ${count(kept)} are kept`}
      </p>
      {feed.paused && (
        <Button kind="main" small className="ml-auto" onClick={resume}>
          <ArrowUp aria-hidden className="size-3.5" />
          {feed.held === 0 ? 'Paused' : feed.held > kept ? `Show the newest ${count(kept)} of ${count(feed.held)} new` : `Show ${count(feed.held)} new`}
        </Button>
      )}
    </div>
  )
}

function Quiet({ feed, filtered, clear }: { feed: Feed; filtered: boolean; clear: () => void }) {
  if (feed.connection !== 'open') {
    return <Empty icon={<Radio />} title={feed.connection === 'away' ? 'The server does not answer' : 'Connecting'}>{feed.connection === 'away' && 'It is tried again by itself, after a little longer each time.'}</Empty>
  }
  return filtered ? (
    <Empty icon={<Radio />} title="Nothing like that has happened since you came" action={<Button onClick={clear}>Clear the filters</Button>}>
      Names of templates, tags and sources are matched as a whole.
    </Empty>
  ) : (
    <Empty icon={<Radio />} title="Listening" action={<Link to="/sources" className="text-accent hover:underline">See whether the sources are healthy</Link>}>
      Events appear here the moment they are stored. Send an email and watch.
    </Empty>
  )
}
