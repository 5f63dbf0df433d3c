import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { type ReactNode, useEffect, useRef } from 'react'
import { type Event, tone } from '../lib/events'
import { count, localDay } from '../lib/format'
import { Time } from './bits'
import { EventName, Summary } from './event'
import { Button, Loading, Problem, type Tone } from './ui'

const dots: Record<Tone, string> = {
  plain: 'bg-soft', good: 'bg-good', warn: 'bg-warn', bad: 'bg-bad', info: 'bg-info', violet: 'bg-violet', accent: 'bg-accent',
}

/** Events one under the other, by days of the viewer's zone. More are fetched when the end comes into sight. */
export function Timeline<P>({ list, events, open, empty, aside }: {
  list: UseInfiniteQueryResult<InfiniteData<P>>
  events: Event[]
  open: (event: Event) => void
  empty: ReactNode
  /** What is said beside the summary; the email, if nothing */
  aside?: (event: Event) => ReactNode
}) {
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list
  const end = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const mark = end.current
    if (!mark || !hasNextPage || isFetchingNextPage || list.isFetchNextPageError) return
    const watch = new IntersectionObserver((seen) => seen.some((s) => s.isIntersecting) && void fetchNextPage(), { rootMargin: '400px' })
    watch.observe(mark)
    return () => watch.disconnect()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, list.isFetchNextPageError, events.length])
  if (list.error && events.length === 0) return <Problem error={list.error} retry={() => void list.refetch()} />
  if (list.isPending) return <Loading />
  if (events.length === 0 && !hasNextPage) return <>{empty}</>
  const days: { day: string; events: Event[] }[] = []
  for (const e of events) {
    const day = localDay(new Date(e.occurredAt))
    const last = days.at(-1)
    if (last?.day === day) last.events.push(e)
    else days.push({ day, events: [e] })
  }
  return (
    <div className="flex flex-col gap-4">
      {days.map((d) => (
        <section key={`${d.day} ${d.events[0]?.id}`} aria-label={d.day}>
          <h3 className="mb-1 text-xs font-semibold text-soft">{d.day}</h3>
          <ol className="relative ml-1.5 border-l border-line">
            {d.events.map((e) => (
              <li key={e.id} className="relative py-1.5 pl-5">
                <span aria-hidden className={clsx('absolute top-3.5 -left-[4.5px] size-2 rounded-full ring-4 ring-panel', dots[tone(e.name)])} />
                <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
                  <span className="w-14 shrink-0 text-xs text-soft"><Time at={e.occurredAt} form="clock" /></span>
                  <button onClick={() => open(e)} className="w-24 shrink-0 rounded text-left hover:opacity-80" title="Show all that is known"><EventName name={e.name} /></button>
                  <span className="min-w-0 max-w-full flex-1 basis-52 text-sm">
                    {aside ? aside(e) : e.emailId && (
                      <Link to="/messages/$id" params={{ id: e.emailId }} className="block truncate hover:underline" title={e.message?.subject}>
                        {e.message?.subject || 'without a subject'}
                      </Link>
                    )}
                    <span className="block text-xs text-soft [&:not(:has(*:not(:empty)))]:hidden"><Summary event={e} /></span>
                  </span>
                </div>
              </li>
            ))}
          </ol>
        </section>
      ))}
      <div ref={end} className="text-xs text-soft">
        {list.error ? <Problem error={list.error} retry={() => void fetchNextPage()} />
          : isFetchingNextPage ? <Loading lines={2} />
          : hasNextPage ? <Button small onClick={() => void fetchNextPage()}>Show more</Button>
          : `${count(events.length)} ${events.length === 1 ? 'event' : 'events'}`}
      </div>
    </div>
  )
}
