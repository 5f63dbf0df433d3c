import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { Plug, Plus } from 'lucide-react'
import type { Schemas } from '../api/client'
import { sources } from '../api/queries'
import { Time } from '../components/bits'
import { StateBadge } from '../components/source'
import { Card, Empty, Heading, Loading, Problem } from '../components/ui'
import { compact, count, sentence } from '../lib/format'
import { providerTitle } from '../lib/providers'

/** Where Tidings tells of its own sending. Nothing comes in by it, and nothing can be set. */
const own = (s: Schemas['Source']) => s.provider === 'send'

export function Sources() {
  const list = useQuery({ ...sources, refetchInterval: 30_000, select: (all) => all.filter((s) => !own(s)) })
  const add = (
    <Link to="/sources/new" className="inline-flex h-8 items-center gap-1.5 rounded-md bg-accent px-3 text-sm font-medium text-on-accent hover:brightness-95">
      <Plus aria-hidden className="size-3.5" /> Add a source
    </Link>
  )
  return (
    <>
      <Heading title="Sources" about="Where events come from: one for each provider, account or stream, with its own URL and secrets.">
        {list.data && list.data.length > 0 && add}
      </Heading>
      {list.error ? <Problem error={list.error} retry={() => void list.refetch()} />
        : !list.data ? <Card flush><Loading /></Card>
        : list.data.length === 0 ? (
          <Card>
            <Empty icon={<Plug />} title="No source yet" action={add}>
              A source is where your email provider posts what became of your mail. The set-up shows what to press at the provider and waits with
              you for the first event.
            </Empty>
          </Card>
        ) : (
          <>
            <ul className="grid grid-cols-1 gap-3 md:grid-cols-2 2xl:grid-cols-3">
              {list.data.map((s) => <SourceCard key={s.id} source={s} />)}
            </ul>
            <p className="text-xs text-soft">{count(list.data.length)} {list.data.length === 1 ? 'source' : 'sources'}</p>
          </>
        )}
    </>
  )
}

function SourceCard({ source: s }: { source: Schemas['Source'] }) {
  const h = s.health
  const bad = h?.findings.filter((f) => f.severity !== 'info') ?? []
  return (
    <li className={clsx('relative rounded-lg border border-line bg-panel p-4 hover:bg-raised', s.disabledAt && 'border-dashed')}>
      <div className="flex items-start justify-between gap-3">
        <div className="min-w-0">
          <h2 className={clsx('truncate font-semibold', s.disabledAt && 'text-soft')}>
            <Link to="/sources/$id" params={{ id: s.id }} className="after:absolute after:inset-0 after:rounded-lg">{s.name}</Link>
          </h2>
          <p className="text-sm text-soft">{providerTitle(s.provider)}</p>
        </div>
        {s.state && <StateBadge state={s.state} />}
      </div>
      {h && (
        <dl className="mt-3 grid grid-cols-3 gap-3 text-sm [&_dt]:text-xs [&_dt]:text-soft">
          <div>
            <dt>Last event</dt>
            <dd className="relative">{h.lastEventAt ? <Time at={h.lastEventAt} form="ago" /> : <span className="text-soft">none yet</span>}</dd>
          </div>
          <div title="Events that were stored in the last 24 hours">
            <dt>In 24 hours</dt>
            <dd className="numbers">{compact(h.events24h)} {h.events24h === 1 ? 'event' : 'events'}</dd>
          </div>
          <div>
            <dt>Findings</dt>
            <dd className={bad.length > 0 ? 'text-warn' : ''}>{bad.length === 0 ? 'none' : `${bad.length} to look at`}</dd>
          </div>
        </dl>
      )}
      {bad[0] && <p className="mt-2 text-sm text-soft [overflow-wrap:anywhere]">{sentence(bad[0].message)}</p>}
    </li>
  )
}
