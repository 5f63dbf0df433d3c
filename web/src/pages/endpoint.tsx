import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Pencil, Webhook } from 'lucide-react'
import { useState } from 'react'
import { Refusal } from '../api/client'
import { type Endpoint, endpoint, endpointReplays, running } from '../api/endpoints'
import { contactActs } from '../api/mail'
import { Acts } from '../components/acts'
import { Address, Mono, Time } from '../components/bits'
import { ConditionWords } from '../components/condition-words'
import { DispatchList, StateFilter } from '../components/dispatch-list'
import { EndpointBadge, EndpointProblems, TryEndpoint } from '../components/endpoint'
import { EndpointActs } from '../components/endpoint-acts'
import { EndpointFigures } from '../components/endpoint-figures'
import { EndpointReplays, StartEndpointReplay } from '../components/endpoint-replays'
import { Counted, TabPanel, Tabs } from '../components/tabs'
import { Badge, Button, Card, Empty, Fact, Facts, Heading, ink, linked, Loading, Problem } from '../components/ui'
import { type Condition, whole, whereWords, type Where } from '../lib/condition'
import { eventsOf, filterNames, formats, isState, standing, wordsOf } from '../lib/endpoints'
import { count, sentence } from '../lib/format'

const route = getRouteApi('/inside/endpoints/$id')

export function EndpointPage() {
  const { id } = route.useParams()
  const answer = useQuery(endpoint(id))
  if (answer.error && !answer.data) {
    return answer.error instanceof Refusal && answer.error.status === 404 ? (
      <>
        <Heading title={id} />
        <Card><Empty icon={<Webhook />} title="There is no such endpoint" action={<Link to="/endpoints" className="text-accent hover:underline">Look at the endpoints</Link>}>It was deleted, or its name was changed.</Empty></Card>
      </>
    ) : <><Heading title={id} /><Problem error={answer.error} retry={() => void answer.refetch()} /></>
  }
  return answer.data ? <Known key={answer.data.id} endpoint={answer.data} /> : <Loading />
}

function Known({ endpoint: e }: { endpoint: Endpoint }) {
  const { tab = 'overview', state } = route.useSearch()
  const navigate = route.useNavigate()
  const [again, sendAgain] = useState<'span' | 'dead'>()
  const going = useQuery(endpointReplays(e.id)).data?.filter(running).length
  const choose = (id: string) => void navigate({ search: id === 'overview' ? {} : { tab: id } })
  return (
    <>
      <Heading title={e.name} about={<Address url={e.url} />}>
        <EndpointBadge endpoint={e} />
        <Link to="/endpoints/$id/edit" params={{ id: e.id }} className={linked}><Pencil aria-hidden className="size-3.5" /> Edit</Link>
        <EndpointActs endpoint={e} gone={() => void navigate({ to: '/endpoints' })} replaying={() => choose('replays')} />
      </Heading>
      <EndpointProblems list={e.problems} />
      <Tabs label="Parts of this endpoint" at={tab} choose={choose} tabs={[['overview', 'Overview'], ['dispatches', 'Dispatches'], ['replays', <Counted key="replays" name="Sent again" count={going} />]]} />
      <TabPanel at={tab}>
        {tab === 'dispatches' ? (
          <>
            <div className="flex flex-wrap items-center gap-2">
              <StateFilter state={state} choose={(to) => void navigate({ search: { tab, ...(to ? { state: to } : {}) } })} />
              {state === 'dead' && <Button onClick={() => sendAgain('dead')}>Send all of these again…</Button>}
            </div>
            <DispatchList filters={{ endpoint: e.id, ...(isState(state) ? { state } : {}) }} height="calc(100dvh - 20rem)" clear={() => void navigate({ search: { tab } })} />
          </>
        ) : tab === 'replays' ? <EndpointReplays endpoint={e} begin={() => sendAgain('span')} /> : <Overview endpoint={e} />}
      </TabPanel>
      <StartEndpointReplay endpoint={e} open={again !== undefined} close={() => sendAgain(undefined)} started={() => choose('replays')} dead={again === 'dead'} />
    </>
  )
}

function Overview({ endpoint: e }: { endpoint: Endpoint }) {
  return (
    <div className="grid grid-cols-1 items-start gap-5 xl:grid-cols-2">
      <div className="flex min-w-0 flex-col gap-5">
        <Card title="How it does"><Health endpoint={e} /></Card>
        <EndpointFigures endpoint={e} />
      </div>
      <div className="flex min-w-0 flex-col gap-5">
        <Card title="Try it"><TryEndpoint endpoint={e} /></Card>
        <Card title="Which events" action={<Link to="/endpoints/$id/edit" params={{ id: e.id }} className="text-sm text-accent hover:underline">Edit</Link>}><Wants endpoint={e} /></Card>
        <Card title="How they are sent"><Settings endpoint={e} /></Card>
        <ActsCard id={e.id} />
      </div>
    </div>
  )
}

function Health({ endpoint: e }: { endpoint: Endpoint }) {
  const s = standing(e)
  const h = e.health
  return (
    <div className="flex flex-col gap-3 text-sm">
      <p className="wrap-anywhere"><span className={`font-medium ${ink(s.tone)}`}>{s.word}.</span> {s.about}</p>
      <Facts>
        <Fact name="Last success"><Time at={h.lastSuccess} form="ago" /></Fact>
        <Fact name="Last failure">{h.lastFailure ? <Time at={h.lastFailure} form="ago" /> : undefined}</Fact>
        <Fact name="Every try failed since">{h.failingSince && <Time at={h.failingSince} />}</Fact>
        <Fact name="Is asked again">{h.restsUntil && e.enabled && <Time at={h.restsUntil} form="ago" />}</Fact>
        <Fact name="Disabled">{e.disabledAt && <Time at={e.disabledAt} />}</Fact>
        <Fact name="Why">{e.disabledReason && sentence(e.disabledReason)}</Fact>
      </Facts>
    </div>
  )
}

function Wants({ endpoint: e }: { endpoint: Endpoint }) {
  const names = eventsOf(e.on)
  const tests = (Array.isArray(e.on['where']) ? e.on['where'] : []) as Where[]
  return (
    <div className="flex flex-col gap-3 text-sm">
      {names.length === 0 ? <p>Every event.</p> : <ul className="flex flex-wrap gap-1.5">{names.map((n) => <li key={n}><Badge tone="accent"><span className="font-mono wrap-anywhere whitespace-normal">{n}</span></Badge></li>)}</ul>}
      <Facts>
        {Object.entries(filterNames).map(([key, name]) => <Fact key={key} name={name}>{wordsOf(e.on[key]).join(' or ')}</Fact>)}
        <Fact name="Its data">{tests.length > 0 && whereWords(tests).trim().replace(/^\(|\)$/g, '')}</Fact>
      </Facts>
      {e.if && (
        <div>
          <p className="mb-1 text-xs text-soft">Only those of contacts for whom this holds</p>
          <ConditionWords of={whole(e.if as unknown as Condition)} />
        </div>
      )}
    </div>
  )
}

function Settings({ endpoint: e }: { endpoint: Endpoint }) {
  const old = e.secrets.slice(1).filter((s) => s.until)
  return (
    <Facts>
      <Fact name="Format">{formats[e.format].label}{e.raw && ', with what the provider told'}</Fact>
      <Fact name="Events in a request">{e.batch ? `up to ${count(e.batch.max)}, or what came in ${e.batch.wait ?? '1s'}` : 'one'}</Fact>
      <Fact name="Headers">{e.headers.length > 0 && e.headers.map((h) => <span key={h} className="mr-2 inline-block"><Mono>{h}</Mono></span>)}</Fact>
      <Fact name="Requests at once">{count(e.concurrency)}</Fact>
      <Fact name="Requests a second">{e.perSecond ? `${count(e.perSecond)} at most` : 'no bound'}</Fact>
      <Fact name="Order">{e.ordered ? 'strict for each email' : 'as they were stored, several at once'}</Fact>
      <Fact name="Tried again for">{e.for}</Fact>
      <Fact name="Secrets">{e.secrets.length === 0 ? <span className="text-bad">can’t be opened</span> : old.length === 0 ? 'one' : <>a new one; the old one holds until <Time at={old[0]?.until} form="short" /></>}</Fact>
      <Fact name="Made"><Time at={e.createdAt} /></Fact>
      <Fact name="Last changed"><Time at={e.updatedAt} /></Fact>
      <Fact name="Id"><Mono>{e.id}</Mono></Fact>
    </Facts>
  )
}

function ActsCard({ id }: { id: string }) {
  const acts = useQuery(contactActs(id)).data
  if (!acts || acts.length === 0) return null
  return <Card title="Acts of people" action={<Link to="/audit" search={{ target: id }} className="text-sm text-accent hover:underline">In the audit log</Link>}><Acts contact={id} /></Card>
}
