import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { ArrowLeft, Globe } from 'lucide-react'
import { useMemo } from 'react'
import { bounceReasons } from '../api/performance'
import { stats } from '../api/queries'
import { Mono, Time } from '../components/bits'
import { Days, Figures, Rate, SortHead, Split } from '../components/figures'
import { RangePicker } from '../components/range'
import { type Column, Table, VirtualTable } from '../components/table'
import { TabPanel, Tabs } from '../components/tabs'
import { Badge, Card, Empty, Heading, Loading, Problem, type Tone } from '../components/ui'
import { compact, count, percent } from '../lib/format'
import { spanOf, useDates } from '../lib/range'
import { rateValue, type Row, sorted, spanBefore, usualSort } from '../lib/rates'
import { realBounces, total } from '../lib/stats'

const route = getRouteApi('/inside/domains')

type By = 'domain' | 'senderDomain'

const tabs = [['domain', 'Mailbox providers'], ['senderDomain', 'Senders']] as const

const delayed = { name: 'email.delay' }
const sent = (r: Row) => total(r.counts, { name: 'email.sent' })

/** Of the messages sent, or where nobody said that they were, of those that came to an end. */
const delayRate = (r: Row) => {
  const of = sent(r) || total(r.counts, { name: 'email.delivery' }) + total(r.counts, realBounces)
  return of > 0 ? total(r.counts, delayed, true) / of : -1
}

const sorts: Record<string, (row: Row) => number | string> = {
  domain: (r) => r.value ?? '',
  sent,
  delivery: (r) => rateValue(r, 'delivery'),
  delay: delayRate,
  bounce: (r) => rateValue(r, 'bounce'),
  soft: (r) => total(r.counts, { name: 'email.bounce', classes: ['soft'] }),
  complaint: (r) => rateValue(r, 'complaint'),
  open: (r) => rateValue(r, 'open'),
  click: (r) => rateValue(r, 'click'),
  unsubscribe: (r) => rateValue(r, 'unsubscribe'),
}

export function Domains() {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const by: By = search.by === 'senderDomain' ? 'senderDomain' : 'domain'
  const span = spanOf({ ...search })
  const { from, to } = useDates(span, 'utc')
  const kept = { ...(search.by ? { by: search.by } : {}), ...(search.sort ? { sort: search.sort } : {}) }
  const picker = (
    <RangePicker span={span} choose={(to) => void navigate({ search: { ...to, ...kept, ...(search.domain ? { domain: search.domain } : {}) } })} />
  )
  if (search.domain) {
    return (
      <>
        <Heading title={search.domain} about={by === 'domain' ? 'How mail to this domain is received. Days of UTC, beside the span before.' : 'How mail from this domain is received. Days of UTC, beside the span before.'}>
          <Link to="/domains" search={{ ...span, ...kept }} className="inline-flex h-8 items-center gap-1.5 rounded-md border border-line bg-panel px-3 text-sm font-medium hover:bg-raised">
            <ArrowLeft aria-hidden className="size-3.5" /> All domains
          </Link>
          {picker}
        </Heading>
        <Opened by={by} domain={search.domain} from={from} to={to} />
      </>
    )
  }
  return (
    <>
      <Heading title="Domains" about="How mail is received. A rate is coloured from where providers act, judged by its lower bound; point at it to see what it is made of. Days of UTC.">
        {picker}
      </Heading>
      <Tabs label="By" tabs={tabs} at={by} choose={(id) => void navigate({ search: { ...span, ...(id === 'domain' ? {} : { by: id }), ...(search.sort ? { sort: search.sort } : {}) }, replace: true })} />
      <TabPanel at={by}>
        <DomainTable by={by} from={from} to={to} />
        {by === 'domain' && <Reasons from={from} to={to} />}
      </TabPanel>
    </>
  )
}

function DomainTable({ by, from, to }: { by: By; from: string; to: string }) {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const answer = useQuery(stats({ by, from, to, limit: 1000 }))
  const sort = search.sort ?? usualSort
  const rows = useMemo(() => sorted(answer.data?.rows ?? [], sort, sorts), [answer.data, sort])
  const columns = useMemo<Column<Row>[]>(() => {
    const head = (id: string, text: string, title: string) => (
      <SortHead id={id} sort={sort} title={title} choose={(to) => void navigate({ search: (s) => ({ ...s, sort: to }), replace: true })}>{text}</SortHead>
    )
    return [
      {
        id: 'domain', head: head('domain', by === 'domain' ? 'Domain of the recipients' : 'Domain of the sender', 'Sort by name'), width: 200, grow: true,
        cell: (r) => r.value
          ? <Link to="/domains" search={(s) => ({ ...s, domain: r.value })} className="hover:underline" title={r.value}>{r.value}</Link>
          : <span className="text-soft">none</span>,
      },
      { id: 'sent', head: head('sent', 'Sent', 'Messages sent'), width: 80, end: true, cell: (r) => <span title={count(sent(r))}>{compact(sent(r))}</span> },
      { id: 'delivery', head: head('delivery', 'Delivered', 'Messages delivered, of those sent'), width: 105, end: true, cell: (r) => <Rate row={r} name="delivery" /> },
      { id: 'delay', head: head('delay', 'Delayed', 'Messages that were delayed at least once, of those sent'), width: 95, end: true, cell: (r) => <Delayed row={r} /> },
      { id: 'bounce', head: head('bounce', 'Hard bounces', 'Messages that bounced hard, of those sent; warn from 5%, severe from 10%'), width: 125, end: true, cell: (r) => <Rate row={r} name="bounce" /> },
      { id: 'soft', head: head('soft', 'Soft', 'Soft bounces'), width: 75, end: true, cell: (r) => compact(total(r.counts, { name: 'email.bounce', classes: ['soft'] })) },
      { id: 'complaint', head: head('complaint', 'Complaints', 'Messages complained of, of those delivered; warn from 0.1%, severe from 0.3%'), width: 115, end: true, cell: (r) => <Rate row={r} name="complaint" /> },
      { id: 'open', head: head('open', 'Opened', 'Messages that a person opened, of those delivered'), width: 90, end: true, cell: (r) => <Rate row={r} name="open" /> },
      { id: 'click', head: head('click', 'Clicked', 'Messages that a person clicked in, of those delivered'), width: 90, end: true, cell: (r) => <Rate row={r} name="click" /> },
    ]
  }, [by, sort, navigate])
  return (
    <Card flush>
      {answer.error ? <div className="p-4"><Problem error={answer.error} retry={() => void answer.refetch()} /></div>
        : !answer.data ? <Loading lines={8} />
        : rows.length === 0 ? (
          <Empty icon={<Globe />} title="No mail in this span" action={<Link to="/sources" className="text-accent hover:underline">Look at the sources</Link>}>
            Choose a longer span above, or see whether your sources are healthy.
          </Empty>
        ) : (
          <VirtualTable label="Domains" rows={rows} columns={columns} rowKey={(r) => r.value ?? ''} height="60dvh"
            open={(r) => r.value && void navigate({ search: (s) => ({ ...s, domain: r.value }) })}
            foot={<p className="sticky left-0 w-fit px-3 py-2 text-xs text-soft">{count(rows.length)} {rows.length === 1 ? 'domain' : 'domains'}{answer.data.hasMore && ', those with most events; there are more'}</p>} />
        )}
    </Card>
  )
}

function Delayed({ row }: { row: Row }) {
  const rate = delayRate(row)
  if (rate < 0) return <span className="text-soft">–</span>
  return <span title={`${count(total(row.counts, delayed, true))} delayed at least once; ${count(total(row.counts, delayed))} delays in all`}>{percent(rate)}</span>
}

const classes: Record<string, Tone> = { hard: 'bad', soft: 'warn', block: 'violet', suppressed: 'plain' }

const spoken = (text: string) => text.replaceAll('_', ' ')

/** Why mail of the whole project bounced: the counters know reasons of everything alone. */
function Reasons({ from, to }: { from: string; to: string }) {
  const answer = useQuery(stats({ by: 'reason', from, to, limit: 50 }))
  const rows = (answer.data?.rows ?? []).map((r) => ({ value: r.value ?? '', n: r.counts.reduce((n, c) => n + (c.name === 'email.bounce' ? c.count : 0), 0) })).filter((r) => r.n > 0)
  return (
    <Card title="Why it bounced, at all domains" flush>
      {answer.error ? <div className="p-4"><Problem error={answer.error} retry={() => void answer.refetch()} /></div>
        : !answer.data ? <Loading lines={3} />
        : <ReasonTable rows={rows.map((r) => { const [kind = '', reason = ''] = r.value.split('/'); return { kind, reason, n: r.n } })} />}
    </Card>
  )
}

interface Reason {
  kind: string
  reason: string
  n: number
  said?: string | undefined
  /** The newest of them */
  event?: string
}

function ReasonTable({ rows }: { rows: Reason[] }) {
  if (rows.length === 0) return <p className="p-4 text-sm text-soft">Nothing bounced in this span.</p>
  const all = rows.reduce((n, r) => n + r.n, 0)
  const said = rows.some((r) => r.said)
  return (
    <Table label="Reasons of bounces"
      head={
        <tr>
          <th scope="col">Class</th>
          <th scope="col">Reason</th>
          <th scope="col" className="text-right">Bounces</th>
          <th scope="col" className="text-right">Share</th>
          {said && <th scope="col">The remote server’s words, the newest</th>}
        </tr>
      }>
      {rows.map((r) => (
        <tr key={`${r.kind}/${r.reason}`}>
          <td><Badge tone={classes[r.kind] ?? 'plain'}>{spoken(r.kind)}</Badge></td>
          <td className="whitespace-nowrap">
            {r.event
              ? <Link to="/events/$id" params={{ id: r.event }} className="hover:underline" title="Look at the newest of them">{spoken(r.reason) || 'none given'}</Link>
              : spoken(r.reason) || 'none given'}
          </td>
          <td className="numbers text-right">{count(r.n)}</td>
          <td className="numbers text-right">{percent(r.n / all)}</td>
          {said && <td className="min-w-64 text-soft"><Mono>{r.said}</Mono></td>}
        </tr>
      ))}
    </Table>
  )
}

function Opened({ by, domain, from, to }: { by: By; domain: string; from: string; to: string }) {
  const now = useQuery(stats({ by, value: domain, from, to }))
  const before = useQuery(stats({ by, value: domain, ...spanBefore(from, to) }))
  const row = now.data?.rows[0]
  if (now.error) return <Problem error={now.error} retry={() => void now.refetch()} />
  if (!now.data) return <Loading />
  if (!row) {
    return (
      <Card>
        <Empty icon={<Globe />} title="No mail in this span">Choose a longer span above. {by === 'domain' ? 'A domain is that of the recipients, not of those below it.' : 'A domain is that of the sender’s address.'}</Empty>
      </Card>
    )
  }
  const n = (kind: string) => total(row.counts, { name: 'email.bounce', classes: [kind] })
  return (
    <>
      <Figures now={row} before={before.data?.rows[0]} />
      <Days by={by} value={domain} from={from} to={to} />
      <Card title="Bounces by class">
        <Split parts={[
          { label: 'Hard', n: n('hard'), colour: 'bg-bad', title: 'The address takes no mail, for good' },
          { label: 'Soft', n: n('soft'), colour: 'bg-warn', title: 'A passing reason' },
          { label: 'Blocked', n: n('block'), colour: 'bg-violet', title: 'The mailbox provider refused the sender or the content' },
          { label: 'Other', n: n('other'), colour: 'bg-soft', title: 'Automatic replies, and what the provider could not tell' },
          { label: 'Not counted', n: n('aside'), colour: 'bg-line', title: 'Echoes of a list of the provider, and mail to its simulator' },
        ]} />
      </Card>
      <OwnReasons by={by} domain={domain} from={from} to={to} />
    </>
  )
}

/** Why mail of one domain bounced. */
function OwnReasons({ by, domain, from, to }: { by: By; domain: string; from: string; to: string }) {
  const answer = useQuery(bounceReasons({ from, to, [by]: domain }))
  const r = answer.data
  const rows = (r?.reasons ?? []).map((x) => ({ kind: x.class, reason: x.reason ?? '', n: x.count, said: x.said, event: x.event }))
  return (
    <Card title="Why it bounced" flush
      action={r && (
        <span className="text-xs text-soft" title={r.bounded ? 'There were more in this span: choose a shorter one to see them' : ''}>
          {count(r.bounces)} {r.bounces === 1 ? 'bounce' : 'bounces'}{r.since && <>, all since <Time at={r.since} form="short" /></>}
        </span>
      )}>
      {answer.error ? <div className="p-4"><Problem error={answer.error} retry={() => void answer.refetch()} /></div>
        : !r ? <Loading lines={3} />
        : <ReasonTable rows={rows} />}
    </Card>
  )
}
