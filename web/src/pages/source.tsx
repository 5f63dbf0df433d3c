import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { CheckCircle2, Power, RotateCw } from 'lucide-react'
import { useState } from 'react'
import { Refusal, type Schemas } from '../api/client'
import { eventList } from '../api/queries'
import { receiptList } from '../api/receipts'
import { changeSource, confirmations, source, sourceChanged, sourceHealth } from '../api/sources'
import { Code, Mono, Time } from '../components/bits'
import { EventName } from '../components/event'
import { EventPanel } from '../components/event-panel'
import { receiptColumns } from '../components/receipt'
import { Confirmations, Disable, Enable, Findings, Rotate, SelfTest, StateBadge } from '../components/source'
import { type Draft, fieldProblem, otherProblem, SettingFields, settingsOf } from '../components/source-settings'
import { Table, VirtualTable } from '../components/table'
import { Counted, TabPanel, Tabs } from '../components/tabs'
import { tell } from '../components/toast'
import { Button, Card, Empty, Fact, Facts, Field, Heading, Input, Loading, Problem } from '../components/ui'
import type { Event } from '../lib/events'
import { count, duration } from '../lib/format'
import { type Provider, providerOf, providerTitle } from '../lib/providers'
import { eventColumns } from './events'

const route = getRouteApi('/inside/sources/$id')

export function SourcePage() {
  const { id } = route.useParams()
  const { tab = 'health' } = route.useSearch()
  const navigate = route.useNavigate()
  const found = useQuery(source(id))
  const health = useQuery(sourceHealth(id, 10_000))
  const [open, setOpen] = useState<'rotate' | 'disable'>()
  if (found.error) {
    return (
      <>
        <Heading title="Source" />
        <Problem error={found.error} retry={() => void found.refetch()} />
        <Link to="/sources" className="self-start text-sm text-accent hover:underline">All sources</Link>
      </>
    )
  }
  if (!found.data) return <Loading />
  const s = found.data.source
  return (
    <>
      <Heading title={<span className="flex flex-wrap items-center gap-3">{s.name} {health.data && <StateBadge state={health.data.state} />}</span>}
        about={<>{providerTitle(s.provider)} · <Mono>{s.id}</Mono></>}>
        {s.disabledAt ? <Enable source={s} /> : (
          <>
            <Button onClick={() => setOpen('rotate')}><RotateCw aria-hidden className="size-3.5" /> New URL</Button>
            <Button onClick={() => setOpen('disable')}><Power aria-hidden className="size-3.5" /> Switch off</Button>
          </>
        )}
      </Heading>
      <Tabs label="Parts of this source" at={tab} choose={(id) => void navigate({ search: id === 'health' ? {} : { tab: id } })} tabs={[
        ['health', <Counted key="health" name="Health" count={health.data?.findings.filter((f) => f.severity !== 'info').length} />],
        ['settings', 'Settings'],
        ['events', 'Events'],
        ['receipts', 'Receipts'],
      ]} />
      <TabPanel at={tab}>
        {tab === 'settings' ? <Settings key={found.data.tag} source={s} tag={found.data.tag} />
          : tab === 'events' ? <ItsEvents source={s} />
          : tab === 'receipts' ? <ItsReceipts source={s} />
          : health.error ? <Problem error={health.error} retry={() => void health.refetch()} />
          : !health.data ? <Loading />
          : <Health source={s} health={health.data} />}
      </TabPanel>
      <Rotate source={s} open={open === 'rotate'} close={() => setOpen(undefined)} />
      <Disable source={s} open={open === 'disable'} close={() => setOpen(undefined)} />
    </>
  )
}

function Health({ source: s, health: h }: { source: Schemas['Source']; health: Schemas['SourceHealth'] }) {
  const navigate = route.useNavigate()
  const [tests, test] = useState(0)
  const all = useQuery(confirmations(s.id)).data ?? []
  const done = all.filter((c) => c.confirmedAt)
  const names = Object.entries(h.lastByName).sort(([, a], [, b]) => b.localeCompare(a))
  const findings = h.findings.filter((f) => f.code !== 'pending_confirmation')
  return (
    <div className="grid grid-cols-1 items-start gap-5 xl:grid-cols-2">
      <div className="flex min-w-0 flex-col gap-5">
        {h.pending.length > 0 && <Card title="A subscription waits for you"><Confirmations source={s} list={h.pending} /></Card>}
        <Card title="What there is to know">
          {findings.length > 0 ? <Findings source={s} findings={findings} test={() => test(tests + 1)} edit={() => void navigate({ search: { tab: 'settings' } })} />
            : h.pending.length > 0 ? <p className="text-sm text-soft">Nothing else.</p>
            : <p className="flex items-center gap-2 text-sm"><CheckCircle2 aria-hidden className="size-4 text-good" /> All is well: requests come and are accepted.</p>}
        </Card>
        <Card title="The last 24 hours">
          <Facts>
            <Fact name="Requests">{count(h.receipts24h)}{h.repeats24h > 0 && <span className="text-soft"> and {count(h.repeats24h)} that had come before</span>}</Fact>
            <Fact name="Events stored">{count(h.events24h)}</Fact>
            <Fact name="Last request"><Time at={h.lastReceiptAt} form="ago" /></Fact>
            <Fact name="Last event came in"><Time at={h.lastEventAt} form="ago" /></Fact>
            {h.lastEventAt && (
              <Fact name="From happening to here">
                <span title="Of the newest 1,000 events: half came within the first time, 19 in 20 within the second, all within the third">
                  {duration(h.lagP50Ms)} <span className="text-soft">for half, {duration(h.lagP95Ms)} for 19 in 20, {duration(h.lagMaxMs)} at most</span>
                </span>
              </Fact>
            )}
            <Fact name="Usual silence">
              {h.silence.known
                ? <>up to {duration(h.silence.usualSeconds * 1000)}; an alarm after {duration(h.silence.limitSeconds * 1000)}</>
                : <span className="text-soft" title="It has to send for a week, on three days, before its habits are known">not known yet</span>}
            </Fact>
            {h.expired24h > 0 && <Fact name="Too old to count">{count(h.expired24h)}</Fact>}
          </Facts>
        </Card>
        <Card title="Test it"><SelfTest source={s} asked={tests} /></Card>
      </div>
      <div className="flex min-w-0 flex-col gap-5">
        <Refusals list={h.refusals} />
        <Card title="The newest event of each name" flush>
          {names.length === 0 ? (
            <Empty title="No event yet" action={<Link to="/sources/new" search={{ provider: s.provider, source: s.id }} className="text-accent hover:underline">Go on with the set-up</Link>}>
              Events show here as soon as {providerTitle(s.provider)} has this source’s URL and something happens.
            </Empty>
          ) : (
            <Table label="The newest event of each name" head={<tr><th scope="col">Event</th><th scope="col" className="text-right">Happened</th></tr>}>
              {names.map(([name, at]) => (
                <tr key={name}>
                  <td><Link to="/events" search={{ source: s.id, name: [name] }} className="hover:underline"><EventName name={name} /></Link></td>
                  <td className="text-right"><Time at={at} form="ago" /></td>
                </tr>
              ))}
            </Table>
          )}
        </Card>
        {done.length > 0 && <Card title="Confirmed subscriptions"><Confirmations source={s} list={done} /></Card>}
      </div>
    </div>
  )
}

/** Refusals by cause. What to do about each stands among the findings. */
function Refusals({ list }: { list: Schemas['Refusals'][] }) {
  return (
    <Card title="Refused in the last 7 days" flush>
      {list.length === 0 ? <p className="p-4 text-sm text-soft">No request was refused.</p> : (
        <Table label="Refusals by cause" head={<tr><th scope="col">Why</th><th scope="col" className="text-right">24 h</th><th scope="col" className="text-right">7 days</th><th scope="col" className="text-right">Last</th></tr>}>
          {list.map((r) => (
            <tr key={r.code} className="align-top">
              <td>
                <Mono>{r.code}</Mono>
                <p className="text-xs break-words text-soft">{r.lastMessage}</p>
              </td>
              <td className="numbers text-right">{count(r.count24h)}</td>
              <td className="numbers text-right">{count(r.count)}</td>
              <td className="text-right"><Time at={r.lastAt} form="ago" /></td>
            </tr>
          ))}
        </Table>
      )}
    </Card>
  )
}

/** What stands in the form for what the source has. Secrets are not told: they are kept unless one says otherwise. */
function draftOf(p: Provider, set: Schemas['SourceSettings']): Draft {
  const draft: Draft = {}
  for (const s of p.settings) {
    if (s.kind === 'secrets') continue
    const v = set[s.key as keyof Schemas['SourceSettings']]
    draft[s.key] = Array.isArray(v) ? v.join('\n') : typeof v === 'boolean' ? (v ? 'yes' : '') : v === undefined ? '' : String(v)
  }
  return draft
}

function Settings({ source: s, tag }: { source: Schemas['Source']; tag: string | undefined }) {
  const p = providerOf(s.provider)
  const queries = useQueryClient()
  const [name, setName] = useState(s.name)
  const [path, setPath] = useState(s.path ?? '')
  const first = p ? draftOf(p, s.settings) : {}
  const [draft, setDraft] = useState<Draft>(first)
  const change = useMutation({
    mutationFn: () => {
      // Only what was changed is sent: what somebody else changed meanwhile is theirs.
      const changed: Draft = {}
      for (const key of Object.keys(draft) as (keyof Draft)[]) if (draft[key] !== first[key]) changed[key] = draft[key] ?? ''
      const settings = p ? settingsOf(p, changed) : {}
      return changeSource(s.id, {
        ...(name.trim() === s.name ? {} : { name: name.trim() }),
        ...(path.trim() === (s.path ?? '') ? {} : { path: path.trim() }),
        ...(Object.keys(settings).length > 0 ? { settings } : {}),
      }, tag)
    },
    onSuccess: async () => {
      await sourceChanged(queries, s.id)
      tell(`The settings of ${name.trim()} are stored. They hold from now on.`)
    },
  })
  const conflict = change.error instanceof Refusal && change.error.status === 412
  const other = conflict ? undefined : otherProblem(change.error, ['name', 'path', ...(p?.settings ?? []).map((x) => `settings.${x.key}`)])
  return (
    <Card title="Settings" className="max-w-3xl">
      <form className="flex flex-col gap-4" onSubmit={(e) => { e.preventDefault(); change.mutate() }}>
        <Field label="Name" problem={fieldProblem(change.error, 'name')}>{(f) => <Input {...f} value={name} onChange={(e) => setName(e.target.value)} />}</Field>
        {p && (
          <SettingFields provider={p} draft={draft} set={setDraft} error={change.error}
            kept={{ secrets: s.settings.secrets, basicAuth: s.settings.basicAuth, signedUrls: s.settings.signedUrls ?? 0 }} />
        )}
        <Field label="Path (optional)" problem={fieldProblem(change.error, 'path')} help="A word that works in the URL in place of the token, where signature or password prove a request.">
          {(f) => <Input {...f} value={path} onChange={(e) => setPath(e.target.value)} />}
        </Field>
        {s.fixedUrl && <Code text={s.fixedUrl} />}
        {s.settings.certificateUntil && <p className="text-sm text-soft">The signing certificate ends at <Time at={s.settings.certificateUntil} form="day" />.</p>}
        {s.previousTokenUntil && <p className="text-sm text-soft">The URL before the newest works until <Time at={s.previousTokenUntil} />.</p>}
        {conflict && (
          <div role="alert" className="flex flex-wrap items-center gap-3 rounded-lg border border-warn/40 bg-warn/5 px-4 py-3 text-sm">
            <p className="min-w-0 flex-1">
              <span className="font-medium">Somebody else changed this source since you opened it.</span> Nothing of yours was stored. Load what is there now and make your change again.
            </p>
            <Button small onClick={() => void sourceChanged(queries, s.id)}>Load what is there now</Button>
          </div>
        )}
        {other !== undefined && <Problem error={other} />}
        <div className="flex items-center justify-between gap-3">
          <p className="text-xs text-soft">{p && <>Proved by {p.proof}. More in <Mono>{p.docs}</Mono>.</>}</p>
          <Button type="submit" kind="main" busy={change.isPending}>Store</Button>
        </div>
      </form>
    </Card>
  )
}

function ItsEvents({ source: s }: { source: Schemas['Source'] }) {
  const list = useInfiniteQuery(eventList({ source: s.id }))
  const [shown, show] = useState<Event>()
  const rows = list.data?.pages.flatMap((p) => p.events) ?? []
  const more = list.hasNextPage && !list.isFetchingNextPage ? { near: () => void list.fetchNextPage() } : {}
  return (
    <Card flush>
      {list.error ? <div className="p-4"><Problem error={list.error} retry={() => void list.refetch()} /></div>
        : list.isPending ? <Loading />
        : rows.length === 0 ? <Empty title="No event yet">Events show here as soon as the provider posts the first one.</Empty>
        : <VirtualTable label="Events of this source" rows={rows} columns={eventColumns} rowKey={(e) => e.id} open={show} {...more}
            foot={<p className="px-3 py-2 text-xs text-soft">{list.hasNextPage ? 'Fetching more…' : `${count(rows.length)} ${rows.length === 1 ? 'event' : 'events'}`}</p>} />}
      <EventPanel event={shown} close={() => show(undefined)} />
    </Card>
  )
}

function ItsReceipts({ source: s }: { source: Schemas['Source'] }) {
  const list = useInfiniteQuery(receiptList({ source: s.id }))
  const navigate = route.useNavigate()
  const rows = list.data?.pages.flatMap((p) => p.receipts) ?? []
  const more = list.hasNextPage && !list.isFetchingNextPage ? { near: () => void list.fetchNextPage() } : {}
  return (
    <Card flush>
      {list.error ? <div className="p-4"><Problem error={list.error} retry={() => void list.refetch()} /></div>
        : list.isPending ? <Loading />
        : rows.length === 0 ? <Empty title="No request yet">Requests show here as they came, for as long as they are kept.</Empty>
        : <VirtualTable label="Requests to this source" rows={rows} columns={receiptColumns} rowKey={(r) => r.id}
            open={(r) => void navigate({ to: '/receipts/$id', params: { id: r.id } })} {...more}
            foot={<p className="px-3 py-2 text-xs text-soft">{list.hasNextPage ? 'Fetching more…' : `${count(rows.length)} ${rows.length === 1 ? 'request' : 'requests'}`}</p>} />}
    </Card>
  )
}
