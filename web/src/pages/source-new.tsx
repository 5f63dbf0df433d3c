import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { ArrowLeft, Check, LoaderCircle, PartyPopper, RotateCw } from 'lucide-react'
import { useState } from 'react'
import { Refusal, type Schemas } from '../api/client'
import { eventList } from '../api/queries'
import { receiptList } from '../api/receipts'
import { changeSource, createSource, source, sourceChanged, sourceHealth } from '../api/sources'
import { Code, Mono, Time } from '../components/bits'
import { ContactLink, EventName, Summary } from '../components/event'
import { kindWords, problemWords } from '../components/receipt'
import { Confirmations, Findings, OnceURL, Rich, Rotate, SelfTest, StateBadge } from '../components/source'
import { type Draft, fieldProblem, otherProblem, SettingFields, settingsOf } from '../components/source-settings'
import { tell } from '../components/toast'
import { Badge, Button, Card, Empty, Field, Heading, Input, Loading, Problem } from '../components/ui'
import { word } from '../lib/events'
import { duration } from '../lib/format'
import { useNow } from '../lib/now'
import { filled, type Known, made, type Provider, providerOf, providers, type Step } from '../lib/providers'
import { keepURL, shownURL } from '../lib/sources'

const route = getRouteApi('/inside/sources/new')

/** Three steps, which stand in the address: without a provider one chooses; with one its settings; with a source one connects it. */
export function NewSource() {
  const { provider: slug, source: id } = route.useSearch()
  const provider = providerOf(slug)
  const at = id ? 2 : provider ? 1 : 0
  return (
    <>
      <Heading title={provider ? `Add ${provider.title}` : 'Add a source'} />
      <Progress at={at} />
      {id ? <Connect id={id} /> : provider ? <Settings key={provider.slug} provider={provider} /> : <Choose wrong={slug} />}
    </>
  )
}

function Progress({ at }: { at: number }) {
  return (
    <ol aria-label="Steps" className="flex flex-wrap gap-x-6 gap-y-2 text-sm">
      {['Choose the provider', 'Its settings', 'Connect, and wait for the first event'].map((name, i) => (
        <li key={name} aria-current={i === at ? 'step' : undefined} className={clsx('flex items-center gap-2', i === at ? 'font-medium' : 'text-soft')}>
          <span className={clsx('inline-flex size-5 items-center justify-center rounded-full text-xs', i < at ? 'bg-good/15 text-good' : i === at ? 'bg-accent text-on-accent' : 'bg-raised')}>
            {i < at ? <Check aria-label="done" className="size-3" /> : i + 1}
          </span>
          {name}
        </li>
      ))}
    </ol>
  )
}

function Choose({ wrong }: { wrong: string | undefined }) {
  return (
    <>
      {wrong && <p className="text-sm text-warn">There is no provider “{wrong}”. These are supported:</p>}
      <ul className="grid grid-cols-1 gap-3 sm:grid-cols-2 xl:grid-cols-3">
        {providers.map((p) => (
          <li key={p.slug} className="relative rounded-lg border border-line bg-panel p-4 hover:bg-raised">
            <h2 className="font-semibold">
              <Link to="/sources/new" search={{ provider: p.slug }} className="after:absolute after:inset-0 after:rounded-lg">{p.title}</Link>
            </h2>
            <p className="mt-0.5 text-sm text-soft">{p.about}</p>
          </li>
        ))}
      </ul>
      <p className="text-sm text-soft">
        Yours is not here? <Link to="/sources/new" search={{ provider: 'generic' }} className="text-accent underline">Anything that can post JSON</Link> can be a source;
        who sends by SMTP can have <Link to="/sources/new" search={{ provider: 'dsn' }} className="text-accent underline">reports by mail</Link> read.
      </p>
    </>
  )
}

/** What can't be shown again, in words: nobody should copy a stand-in. */
function missing(code: string, k: Known): string | undefined {
  if (/^\{(url|address)\}$/.test(code) && !k.url) return 'The URL as it was shown, or a new one'
  if (code === '{password}' && !k.basic) return 'The password as it was shown'
  if (code === '{secret}' && !k.secret) return 'The secret that you gave the source'
  return undefined
}

function Steps({ list, known }: { list: Step[]; known: Known }) {
  return (
    <ol className="flex flex-col gap-4">
      {list.map((s, i) => (
        <li key={i} className="flex gap-3 text-sm">
          <span aria-hidden className="numbers mt-px inline-flex size-5 shrink-0 items-center justify-center rounded-full bg-raised text-xs">{i + 1}</span>
          <div className="flex min-w-0 flex-1 flex-col gap-1.5 text-soft">
            <p><Rich text={filled(s.text, known)} /></p>
            {s.code && (missing(s.code, known) ? <p className="rounded-md border border-dashed border-line px-2.5 py-1.5">{missing(s.code, known)}</p> : <Code text={filled(s.code, known)} />)}
          </div>
        </li>
      ))}
    </ol>
  )
}

const nothing: Known = { url: undefined, topic: undefined, secret: undefined, basic: undefined }

/** What is made up beforehand: where nothing else proves a request, a secret is better than none. */
function begin(p: Provider): Draft {
  const first = p.settings.find((s) => s.make && !s.seldom)
  return first?.make ? { [first.key]: made(first.make, p.slug) } : {}
}

function Settings({ provider: p }: { provider: Provider }) {
  const navigate = route.useNavigate()
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const [path, setPath] = useState('')
  const [draft, setDraft] = useState<Draft>(() => begin(p))
  const create = useMutation({
    mutationFn: () =>
      createSource({ name: name.trim() || p.title, provider: p.slug, settings: settingsOf(p, draft), ...(path.trim() ? { path: path.trim() } : {}) }),
    onSuccess: async (made) => {
      const settings = settingsOf(p, draft)
      keepURL(made.id, { url: made.url, secret: settings.secrets?.[0], basic: settings.basicAuth?.[0] })
      await queries.invalidateQueries({ queryKey: ['sources'] })
      tell(`${made.name} is made.`)
      await navigate({ search: { provider: p.slug, source: made.id } })
    },
  })
  const other = otherProblem(create.error, ['name', 'path', ...p.settings.map((s) => `settings.${s.key}`)])
  return (
    <div className="grid grid-cols-1 items-start gap-5 xl:grid-cols-[minmax(0,1fr)_24rem]">
      <div className="flex flex-col gap-5">
        {p.slug === 'ses' && <OneCommand />}
        {p.before && <Card title="First, at the provider"><Steps list={p.before} known={nothing} /></Card>}
        <Card title="Settings">
          <form className="flex max-w-2xl flex-col gap-4" onSubmit={(e) => { e.preventDefault(); create.mutate() }}>
            <Field label="Name" help="For people, as in “Production” or “Newsletter”." problem={fieldProblem(create.error, 'name')}>
              {(f) => <Input {...f} value={name} placeholder={p.title} onChange={(e) => setName(e.target.value)} />}
            </Field>
            <SettingFields provider={p} draft={draft} set={setDraft} error={create.error} />
            <details open={fieldProblem(create.error, 'path') !== undefined}>
              <summary className="cursor-pointer text-sm text-soft">A fixed address</summary>
              <div className="mt-3">
                <Field label="Path (optional)" problem={fieldProblem(create.error, 'path')}
                  help="A word that works in the URL in place of the token, where signature or password prove a request: /in/…/main.">
                  {(f) => <Input {...f} value={path} placeholder="main" onChange={(e) => setPath(e.target.value)} />}
                </Field>
              </div>
            </details>
            {other !== undefined && <Problem error={other} />}
            <div className="flex justify-between gap-2">
              <Link to="/sources/new" search={{}} className="inline-flex h-8 items-center gap-1.5 rounded-md px-3 text-sm text-soft hover:bg-raised hover:text-ink">
                <ArrowLeft aria-hidden className="size-3.5" /> Another provider
              </Link>
              <Button type="submit" kind="main" busy={create.isPending}>Make the source</Button>
            </div>
          </form>
        </Card>
      </div>
      <Card title="Good to know">
        <dl className="flex flex-col gap-3 text-sm [&_dt]:text-xs [&_dt]:text-soft">
          <div><dt>A request is proved by</dt><dd>{p.proof}</dd></div>
          <div><dt>What comes after this</dt><dd>The source’s URL, and what to press at the provider. Then this page waits with you for the first event.</dd></div>
          <div><dt>All of it in detail</dt><dd><Mono>{p.docs}</Mono> in the documentation</dd></div>
        </dl>
      </Card>
    </div>
  )
}

/** Amazon's side has many parts: a command makes them all. */
function OneCommand() {
  return (
    <Card title="The short way: one command">
      <div className="flex flex-col gap-2 text-sm text-soft">
        <p>On the server, with credentials of AWS, this makes topic, subscription, dead-letter queue, configuration set and the source, and tests it:</p>
        <Code text={`tidings setup ses --region eu-west-1 --url ${location.origin}`} />
        <p>Run it with <code className="font-mono text-xs">--plan</code> first to see every call that it would make. The source then shows up under <Link to="/sources" className="text-accent underline">Sources</Link>. By hand it goes as below.</p>
      </div>
    </Card>
  )
}

/** The source is there: its URL goes to the provider, and the first event is waited for. */
function Connect({ id }: { id: string }) {
  const found = useQuery(source(id))
  const health = useQuery(sourceHealth(id, 3000))
  const [rotating, rotate] = useState(false)
  if (found.error) {
    return found.error instanceof Refusal && found.error.status === 404
      ? <Card><Empty title="This source is not there" action={<Link to="/sources/new" search={{}} className="text-accent hover:underline">Begin again</Link>}>The address names a source that this server does not have.</Empty></Card>
      : <Problem error={found.error} retry={() => void found.refetch()} />
  }
  if (!found.data) return <Card flush><Loading /></Card>
  const s = found.data.source
  const p = providerOf(s.provider)
  const shown = shownURL(id)
  const known: Known = { url: shown?.url, topic: s.settings.topics[0], secret: shown?.secret, basic: shown?.basic }
  return (
    <div className="grid grid-cols-1 items-start gap-5 xl:grid-cols-2">
      <div className="flex min-w-0 flex-col gap-5">
        {shown ? (
          <OnceURL url={shown.url} extra={
            <>
              {shown.basic && <><p className="mt-1 text-sm font-medium">User and password</p><Code text={shown.basic} secret /></>}
              {shown.secret && providerMakes(p) && <><p className="mt-1 text-sm font-medium">Secret</p><Code text={shown.secret} secret /></>}
            </>
          } />
        ) : (
          <div className="flex flex-wrap items-center justify-between gap-3 rounded-lg border border-line bg-panel p-4">
            <p className="min-w-0 flex-1 text-sm text-soft">The URL of {s.name} was shown when it was made, and can’t be shown again. If you did not copy it, make a new one.</p>
            <Button onClick={() => rotate(true)}><RotateCw aria-hidden className="size-3.5" /> Make a new URL</Button>
          </div>
        )}
        {s.fixedUrl && <div className="flex flex-col gap-1 text-sm"><p className="text-soft">Its fixed address works too:</p><Code text={s.fixedUrl} /></div>}
        {p && <Card title={p.where ?? `At ${p.title}`}><Steps list={p.steps} known={known} /></Card>}
        {p?.later && <Later source={s} provider={p} />}
      </div>
      <div className="flex min-w-0 flex-col gap-5">
        {health.error ? <Problem error={health.error} retry={() => void health.refetch()} /> : <Waiting source={s} provider={p} health={health.data} />}
      </div>
      <Rotate source={s} open={rotating} close={() => rotate(false)} />
    </div>
  )
}

const providerMakes = (p: Provider | undefined) => p?.settings.some((s) => s.key === 'secrets' && s.make) ?? false

/** Mandrill makes its key when it gets the URL. */
function Later({ source: s, provider: p }: { source: Schemas['Source']; provider: Provider }) {
  const setting = p.settings.find((x) => x.key === p.later)
  const queries = useQueryClient()
  const [text, setText] = useState('')
  const change = useMutation({
    mutationFn: () => changeSource(s.id, { settings: { secrets: [text.trim()] } }),
    onSuccess: async () => {
      setText('')
      await sourceChanged(queries, s.id)
      tell('The source has the key.')
    },
  })
  if (!setting) return null
  return (
    <Card title={setting.label} action={s.settings.secrets > 0 ? <Badge tone="good">Set</Badge> : <Badge tone="warn">Missing</Badge>}>
      <form className="flex flex-col gap-3" onSubmit={(e) => { e.preventDefault(); change.mutate() }}>
        <Field label={setting.label} help="From the column Key of the list of webhooks." problem={fieldProblem(change.error, 'settings.secrets')}>
          {(f) => <Input {...f} value={text} placeholder={setting.placeholder} required autoComplete="off" className="font-mono" onChange={(e) => setText(e.target.value)} />}
        </Field>
        {otherProblem(change.error, ['settings.secrets']) !== undefined && <Problem error={change.error} />}
        <Button type="submit" className="self-end" busy={change.isPending}>Give it to the source</Button>
      </form>
    </Card>
  )
}

/** Looks every three seconds whether something came, and says what is wrong if it did not get through. */
function Waiting({ source: s, provider: p, health: h }: { source: Schemas['Source']; provider: Provider | undefined; health: Schemas['SourceHealth'] | undefined }) {
  const [began] = useState(() => Date.now())
  const now = useNow()
  if (!h) return <Card flush><Loading /></Card>
  const arrived = h.lastEventAt !== undefined
  // That nothing came yet is what the card says already; that a source still waits is no finding here.
  const wrong = h.findings.filter((f) => f.code !== 'nothing_yet' && f.code !== 'pending_confirmation' && !(arrived && f.severity !== 'critical'))
  const waited = Math.max(0, now.getTime() - began)
  return (
    <>
      {arrived ? <Arrived source={s} /> : (
        <Card title={<span className="flex items-center gap-2"><LoaderCircle aria-hidden className="size-4 animate-spin text-accent" /> Waiting for the first event</span>} action={<StateBadge state={h.state} />}>
          <div className="flex flex-col gap-2 text-sm text-soft" role="status">
            <p>{p?.soon}</p>
            <p>This page looks every three seconds. You can leave it: the source goes on, and its page shows the same.</p>
            {h.lastReceiptAt && <CameAlready source={s} />}
          </div>
          {!h.lastReceiptAt && h.refusals.length === 0 && h.pending.length === 0 && waited > 60_000 && (
            <div className="mt-4 border-t border-line pt-3 text-sm">
              <p className="font-medium">Nothing has reached this source for {duration(waited)}. Mostly it is one of these:</p>
              <ul className="mt-1 list-disc pl-5 text-soft">
                <li>The provider has another URL, or an old one. Compare its end with the one above.</li>
                <li>The provider can’t reach this server: the name, a firewall, a certificate. The test below tells which.</li>
                <li>Nothing was sent since, or what was sent does not report to this webhook{s.provider === 'ses' ? ' (no configuration set)' : ''}.</li>
              </ul>
            </div>
          )}
        </Card>
      )}
      {h.pending.length > 0 && <Card title="A subscription waits for you"><Confirmations source={s} list={h.pending} /></Card>}
      {wrong.length > 0 && (
        <Card title={arrived ? 'Something is wrong all the same' : 'This is wrong'} action={<Link to="/sources/$id" params={{ id: s.id }} search={{ tab: 'settings' }} className="text-sm text-accent hover:underline">Its settings</Link>}>
          <Findings source={s} findings={wrong} />
        </Card>
      )}
      <Card title="Test it from here"><SelfTest source={s} /></Card>
    </>
  )
}

const arrivals: Record<string, string> = {
  setup_notice: 'SES says that it can publish to the topic. The road works; send an email now',
  subscription_confirmation: 'SNS asked to confirm the subscription',
  unsubscribe_confirmation: 'the subscription was ended; subscribe again',
  probe: 'the provider looked whether the URL is there, and it is. Send an email now',
}

/** Requests came that hold no event: a probe, a confirmation, or something that could not be read. */
function CameAlready({ source: s }: { source: Schemas['Source'] }) {
  const list = useInfiniteQuery({ ...receiptList({ source: s.id }), refetchInterval: 3000 })
  const r = list.data?.pages[0]?.receipts[0]
  if (!r) return null
  return (
    <p className="text-ink">
      Something has come (<Time at={r.receivedAt} form="ago" />), but no event: {arrivals[r.kind] ?? kindWords(r.kind).toLowerCase()}.{' '}
      {r.problems[0] && <>It {problemWords(r.problems[0].code)}. </>}
      <Link to="/receipts/$id" params={{ id: r.id }} className="text-accent underline">Look at it</Link>
    </p>
  )
}

function Arrived({ source: s }: { source: Schemas['Source'] }) {
  const list = useInfiniteQuery({ ...eventList({ source: s.id }), refetchInterval: 5000 })
  const events = list.data?.pages[0]?.events.slice(0, 5) ?? []
  const links = 'inline-flex h-8 items-center rounded-md border border-line bg-panel px-3 text-sm font-medium hover:bg-raised'
  return (
    <Card title={<span role="status" className="flex items-center gap-2 text-good"><PartyPopper aria-hidden className="size-4" /> It works: events come in</span>}>
      {list.error && <Problem error={list.error} />}
      <ul className="flex flex-col gap-2 text-sm">
        {events.map((e) => (
          <li key={e.id} className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1">
            <Link to="/events/$id" params={{ id: e.id }} aria-label={`${word(e.name)}, open the event`}><EventName name={e.name} /></Link>
            <ContactLink id={e.contactId} address={e.recipient} />
            <span className="min-w-0 flex-1 truncate text-soft"><Summary event={e} /></span>
            <span className="text-soft"><Time at={e.receivedAt} form="ago" /></span>
          </li>
        ))}
      </ul>
      <div className="mt-4 flex flex-wrap gap-2">
        <Link to="/live" search={{ source: s.id }} className={links}>Watch live</Link>
        <Link to="/events" search={{ source: s.id }} className={links}>All its events</Link>
        <Link to="/sources/$id" params={{ id: s.id }} className={links}>The source’s health</Link>
      </div>
    </Card>
  )
}
