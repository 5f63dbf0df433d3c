import { useQueries, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { Plug, Plus } from 'lucide-react'
import type { Schemas } from '../api/client'
import { sources } from '../api/queries'
import { sourceHealth } from '../api/sources'
import { Time } from '../components/bits'
import { StateBadge } from '../components/source'
import { Card, Empty, Heading, Loading, Problem, Skeleton } from '../components/ui'
import { compact, count } from '../lib/format'
import { providerTitle } from '../lib/providers'

export function Sources() {
  const list = useQuery({ ...sources, refetchInterval: 30_000 })
  const health = useQueries({ queries: (list.data ?? []).map((s) => sourceHealth(s.id)) })
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
              {list.data.map((s, i) => <SourceCard key={s.id} source={s} health={health[i]?.data} error={health[i]?.error} />)}
            </ul>
            <p className="text-xs text-soft">{count(list.data.length)} {list.data.length === 1 ? 'source' : 'sources'}</p>
          </>
        )}
    </>
  )
}

function SourceCard({ source: s, health: h, error }: { source: Schemas['Source']; health: Schemas['SourceHealth'] | undefined; error: unknown }) {
  const bad = h?.findings.filter((f) => f.severity !== 'info').length ?? 0
  const state = h?.state ?? s.state
  return (
    <li className={clsx('relative rounded-lg border border-line bg-panel p-4 hover:bg-raised', s.disabledAt && 'border-dashed')}>
      <div className="flex items-start justify-between gap-3">
        <div className="min-w-0">
          <h2 className={clsx('truncate font-semibold', s.disabledAt && 'text-soft')}>
            <Link to="/sources/$id" params={{ id: s.id }} className="after:absolute after:inset-0 after:rounded-lg">{s.name}</Link>
          </h2>
          <p className="text-sm text-soft">{providerTitle(s.provider)}</p>
        </div>
        {state && <StateBadge state={state} />}
      </div>
      {error ? <p className="mt-3 text-sm text-bad">Its health could not be fetched.</p> : (
        <dl className="mt-3 grid grid-cols-3 gap-3 text-sm [&_dt]:text-xs [&_dt]:text-soft">
          <div>
            <dt>Last event</dt>
            <dd className="relative">{h ? <Time at={h.lastEventAt} form="ago" /> : <Skeleton className="h-5" />}</dd>
          </div>
          <div title="Events that were stored in the last 24 hours">
            <dt>In 24 hours</dt>
            <dd className="numbers">{h ? `${compact(h.events24h)} ${h.events24h === 1 ? 'event' : 'events'}` : <Skeleton className="h-5" />}</dd>
          </div>
          <div title={h?.findings.map((f) => f.message).join('\n')}>
            <dt>Findings</dt>
            <dd className={bad > 0 ? 'text-warn' : ''}>{h ? (bad === 0 ? 'none' : `${bad} to look at`) : <Skeleton className="h-5" />}</dd>
          </div>
        </dl>
      )}
    </li>
  )
}
