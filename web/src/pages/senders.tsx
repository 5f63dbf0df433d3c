import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { Inbox, Plus } from 'lucide-react'
import { type Sender, senders } from '../api/senders'
import { Time } from '../components/bits'
import { SenderBadge } from '../components/sender'
import { Badge, Card, Heading, Loading, Problem } from '../components/ui'
import { count, sentence } from '../lib/format'
import { leadsTo, wayOf } from '../lib/senders'

export function Senders() {
  const list = useQuery(senders)
  const own = list.data?.filter((s) => !s.implicit) ?? []
  return (
    <>
      <Heading title="Senders" about="The ways out for mail. An email names one, or goes by the default.">
        <Link to="/senders/new" className="inline-flex h-8 items-center gap-1.5 rounded-md bg-accent px-3 text-sm font-medium text-on-accent hover:brightness-95">
          <Plus aria-hidden className="size-3.5" /> Add a sender
        </Link>
      </Heading>
      {list.error ? <Problem error={list.error} retry={() => void list.refetch()} />
        : !list.data ? <Card flush><Loading lines={4} /></Card>
        : (
          <>
            {own.length === 0 && (
              <div className="flex gap-3 rounded-lg border border-info/40 bg-info/5 px-4 py-3 text-sm">
                <Inbox aria-hidden className="mt-0.5 size-4 shrink-0 text-info" />
                <p>
                  Nothing leaves this machine yet: without a sender of your own all mail is written into the <Link to="/outbox" className="text-accent underline">outbox</Link>,
                  so that you can try everything before anybody gets mail. Add a sender when you are ready; it becomes the default.
                </p>
              </div>
            )}
            <ul className="grid grid-cols-1 gap-3 md:grid-cols-2 2xl:grid-cols-3">{list.data.map((s) => <SenderCard key={s.id} sender={s} />)}</ul>
            {own.length > 0 && <p className="text-xs text-soft">{count(own.length)} {own.length === 1 ? 'sender' : 'senders'}</p>}
          </>
        )}
    </>
  )
}

function SenderCard({ sender: s }: { sender: Sender }) {
  const h = s.health
  const resting = h?.pausedUntil && new Date(h.pausedUntil) > new Date()
  return (
    <li className={clsx('relative rounded-lg border border-line bg-panel p-4 hover:bg-raised', s.disabled && 'border-dashed')}>
      <div className="flex items-start justify-between gap-3">
        <div className="min-w-0">
          <h2 className={clsx('truncate font-semibold', s.disabled && 'text-soft')}>
            <Link to="/senders/$id" params={{ id: s.id }} className="after:absolute after:inset-0 after:rounded-lg">{s.name}</Link>
          </h2>
          <p className="truncate text-sm text-soft">{wayOf(s).title}, <span title={leadsTo(s)}>{leadsTo(s)}</span></p>
        </div>
        <span className="flex shrink-0 gap-1.5">
          {s.default && <Badge tone="accent" title="Mail that names no sender goes out by this one">Default</Badge>}
          <SenderBadge sender={s} />
        </span>
      </div>
      <dl className="mt-3 grid grid-cols-2 gap-3 text-sm [&_dt]:text-xs [&_dt]:text-soft">
        <div className="min-w-0">
          <dt>Mail is from</dt>
          <dd className="truncate" title={s.from?.email}>{s.from ? s.from.email : <span className="text-soft">as each email says</span>}</dd>
        </div>
        <div>
          <dt>Rate</dt>
          <dd className="numbers">{s.rate ? `${s.rate} a second` : <span className="text-soft">no limit</span>}</dd>
        </div>
      </dl>
      {h?.problem && !h.usable && <p className="mt-2 line-clamp-2 text-sm text-bad [overflow-wrap:anywhere]">{sentence(h.problem)}</p>}
      {h?.problem && h.usable && resting && <p className="relative mt-2 text-sm text-warn [overflow-wrap:anywhere]">Goes on <Time at={h.pausedUntil} form="ago" />: {sentence(h.problem)}</p>}
      {s.implicit && <p className="mt-2 text-sm text-soft">It is there until you add one of your own.</p>}
    </li>
  )
}
