import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { Plus, Webhook } from 'lucide-react'
import { type Endpoint, endpoints, givenUp } from '../api/endpoints'
import { Address, Code, Time } from '../components/bits'
import { EndpointBadge } from '../components/endpoint'
import { EndpointSpark } from '../components/endpoint-figures'
import { Badge, Card, Empty, Heading, linked, Loading, Problem } from '../components/ui'
import { wantsWords } from '../lib/endpoints'
import { count, sentence } from '../lib/format'

const make = (
  <Link to="/endpoints/new" className="inline-flex h-8 items-center gap-1.5 rounded-md bg-accent px-3 text-sm font-medium text-on-accent hover:brightness-95">
    <Plus aria-hidden className="size-3.5" /> New endpoint
  </Link>
)

/** With more of them figures are asked for on their own pages alone. */
const figuresUpTo = 30

export function Endpoints() {
  const list = useQuery(endpoints)
  const rows = list.data ?? []
  const dead = useQuery({ ...givenUp, enabled: rows.length > 0, retry: false }).data
  return (
    <>
      <Heading title="Endpoints" about="URLs of yours that want events. Each event goes there as a signed request, and is tried again until it is taken.">
        {rows.length > 0 && <><Link to="/dispatches" search={dead && dead.count > 0 ? { state: 'dead' } : {}} className={linked}>{dead && dead.count > 0 ? <>Given up <span className="numbers rounded bg-bad/10 px-1.5 text-xs text-bad">{count(dead.count)}{dead.more && '+'}</span></> : 'What was sent'}</Link>{make}</>}
      </Heading>
      {list.error && rows.length === 0 ? <Problem error={list.error} retry={() => void list.refetch()} />
        : list.isPending ? <Card flush><Loading lines={4} /></Card>
        : rows.length === 0 ? <Card flush><None /></Card>
        : (
          <>
            <ul className="grid grid-cols-1 gap-3 md:grid-cols-2 2xl:grid-cols-3">{rows.map((e) => <EndpointCard key={e.id} endpoint={e} figures={rows.length <= figuresUpTo} />)}</ul>
            <p className="text-xs text-soft">{count(rows.length)} {rows.length === 1 ? 'endpoint' : 'endpoints'}</p>
          </>
        )}
    </>
  )
}

function EndpointCard({ endpoint: e, figures }: { endpoint: Endpoint; figures: boolean }) {
  const h = e.health
  const problem = e.problems[0]?.message ?? (e.enabled ? h.problem : e.disabledReason)
  return (
    <li className={clsx('relative flex flex-col gap-3 rounded-lg border border-line bg-panel p-4 hover:bg-raised', !e.enabled && 'border-dashed')}>
      <div className="flex items-start justify-between gap-3">
        <div className="min-w-0">
          <h2 className={clsx('truncate font-semibold', !e.enabled && 'text-soft')}>
            <Link to="/endpoints/$id" params={{ id: e.id }} className="after:absolute after:inset-0 after:rounded-lg">{e.name}</Link>
          </h2>
          <div className="relative w-fit max-w-full text-soft"><Address url={e.url} row /></div>
        </div>
        <span className="flex shrink-0 gap-1.5">
          {e.problems.length > 0 && <Badge tone="bad" title="It can’t get all it should">Problem</Badge>}
          <EndpointBadge endpoint={e} />
        </span>
      </div>
      <dl className="grid grid-cols-2 gap-3 text-sm [&_dt]:text-xs [&_dt]:text-soft">
        <div className="min-w-0"><dt>Gets</dt><dd className="line-clamp-2 wrap-anywhere" title={wantsWords(e.on)}>{wantsWords(e.on)}</dd></div>
        <div className="relative min-w-0"><dt>Last success</dt><dd><Time at={h.lastSuccess} form="ago" /></dd></div>
        {figures && <div className="col-span-2"><dt>24 hours</dt><dd className="min-h-6"><EndpointSpark id={e.id} /></dd></div>}
      </dl>
      {problem && <p className={clsx('line-clamp-2 text-sm wrap-anywhere', e.problems.length > 0 || h.state === 'resting' ? 'text-bad' : e.enabled ? 'text-warn' : 'text-soft')}>{sentence(problem)}</p>}
    </li>
  )
}

const call = () => `curl -X POST ${location.origin}/endpoints -H 'Authorization: Bearer sk_…' -H 'Content-Type: application/json' \\
  -d '{"name":"crm","url":"https://acme.test/hooks/tidings","on":{"event":["email.bounce","email.complaint"]}}'`

const None = () => (
  <Empty icon={<Webhook />} title="There is no endpoint yet" action={make}>
    <p>An endpoint is a URL of yours that wants events: bounces for your CRM, opens for your data, orders for another service. Each goes there as a signed request of Standard Webhooks, is tried again for days until it is taken, and can be sent again.</p>
    <p className="mt-3">Make one here, or by the API:</p>
    <div className="mt-2 text-left"><Code text={call()} /></div>
  </Empty>
)
