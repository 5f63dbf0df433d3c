import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Ban, Plus } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { Schemas } from '../api/client'
import { type Active, exportSuppressions, patternList, type SuppressionFilters, suppressionList } from '../api/suppressions'
import { Acts } from '../components/acts'
import { Mono, Time } from '../components/bits'
import { ContactLink } from '../components/event'
import { Export } from '../components/export'
import { Chip } from '../components/filters'
import { ImportPanel } from '../components/import'
import { PagedList } from '../components/list'
import { Dialog } from '../components/overlay'
import { LiftDialog, LiftPatternDialog, Origins, ReasonBadge, Spell, SuppressDialog, Who } from '../components/suppression'
import type { Column } from '../components/table'
import { TabPanel, Tabs } from '../components/tabs'
import { Badge, Button, Card, Empty, Heading, Input, Select } from '../components/ui'
import { ofPattern, reasonNames, reasonOf, reasons, type Suppression } from '../lib/why'

const route = getRouteApi('/inside/suppressions')

type Search = ReturnType<typeof route.useSearch>
type Pattern = Schemas['Pattern']

const tabs = [['list', 'Addresses'], ['patterns', 'Domains (patterns)'], ['import', 'Import']] as const

/** Those that hold are shown unless others are asked for. */
const activeOf = (s: Search): Active | undefined => (s.active === 'all' ? undefined : s.active === 'false' ? 'false' : 'true')

export function Suppressions() {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const [adding, add] = useState(false)
  const tab = tabs.find(([id]) => id === search.tab)?.[0] ?? 'list'
  const choose = (to: Search) => void navigate({ search: to, replace: true })
  return (
    <>
      <Heading title="Suppressions" about="Standing reasons not to mail somebody. Bounces and complaints add to them by themselves; who unsubscribed is not among them.">
        <Export title="Export suppressions" fetch={exportSuppressions}
          about="All that hold now, patterns first. An import reads the CSV back; programs may prefer JSON lines. The file holds addresses of people." />
        <Button kind="main" onClick={() => add(true)}><Plus aria-hidden className="size-3.5" /> Suppress</Button>
      </Heading>
      <Tabs label="Suppressions" tabs={tabs} at={tab} choose={(id) => choose(id === 'list' ? {} : { tab: id })} />
      <TabPanel at={tab}>
        {tab === 'list' && <List search={search} choose={choose} add={() => add(true)} />}
        {tab === 'patterns' && <Patterns search={search} choose={choose} add={() => add(true)} />}
        {tab === 'import' && <ImportPanel />}
      </TabPanel>
      <SuppressDialog open={adding} close={() => add(false)} />
    </>
  )
}

const Held = ({ active }: { active: boolean }) => <Badge tone={active ? 'bad' : 'plain'}>{active ? 'Holds' : 'Ended'}</Badge>

function List({ search, choose, add }: { search: Search; choose: (to: Search) => void; add: () => void }) {
  const active = activeOf(search)
  const reason = reasonOf(search.reason)
  const asked: SuppressionFilters = { ...(active ? { active } : {}), ...(reason ? { reason } : {}), ...(search.contact ? { contact: search.contact } : {}) }
  const list = useInfiniteQuery(suppressionList(asked))
  const rows = useMemo(() => list.data?.pages.flatMap((p) => p.suppressions) ?? [], [list.data])
  const [shown, show] = useState<Suppression>()
  const [lifting, lift] = useState<Suppression>()
  const columns = useMemo<Column<Suppression>[]>(() => [
    { id: 'email', head: 'Address', width: 210, grow: true, cell: (s) => <ContactLink id={s.contactId} address={s.email} /> },
    { id: 'reason', head: 'Reason', width: 130, cell: (s) => <ReasonBadge reason={s.reason} active={s.active} /> },
    ...(active === 'true' ? [] : [{ id: 'holds', head: 'State', width: 90, cell: (s: Suppression) => <Held active={s.active} /> }]),
    { id: 'since', head: 'Since', width: 120, cell: (s) => <Time at={s.since} form="day" /> },
    { id: 'until', head: 'Until', width: 120, cell: (s) => (s.liftedAt ? <Time at={s.liftedAt} form="day" /> : s.until ? <Time at={s.until} form="day" /> : <span className="text-soft" title={reasons[s.reason].ends}>for good</span>) },
    {
      id: 'by', head: 'Because of', width: 110,
      cell: (s) => (s.eventId ? <Link to="/events/$id" params={{ id: s.eventId }} className="text-accent hover:underline">{s.reason === 'complaint' ? 'a complaint' : 'a bounce'}</Link> : <span className="text-soft" title={s.by}>{s.byName ?? (s.by === 'cli' ? 'command line' : s.by?.startsWith('key_') ? 'a key' : 'a person')}</span>),
    },
    { id: 'note', head: 'Note', width: 140, grow: true, cell: (s) => { const note = [s.note, s.liftNote && `lifted: ${s.liftNote}`].filter(Boolean).join('; '); return <span className="text-soft" title={note}>{note}</span> } },
    { id: 'lift', head: <span className="sr-only">Lift</span>, width: 75, end: true, cell: (s) => s.active && <Button small aria-label={`Lift… ${s.email}, ${reasons[s.reason].word}`} onClick={() => lift(s)}>Lift…</Button> },
  ], [active])
  const filtered = Boolean(reason || search.contact || search.active)
  return (
    <>
      <form
        className="flex flex-wrap items-center gap-2"
        onSubmit={(e) => {
          e.preventDefault()
          const contact = String(new FormData(e.currentTarget).get('contact') ?? '').trim()
          const { contact: _, ...rest } = search
          choose(contact ? { ...rest, contact } : rest)
          e.currentTarget.reset()
        }}
      >
        <Select aria-label="Reason" value={reason ?? ''} onChange={(e) => { const { reason: _, ...rest } = search; choose(e.target.value ? { ...rest, reason: e.target.value } : rest) }}>
          <option value="">All reasons</option>
          {reasonNames.map((r) => <option key={r} value={r}>{reasons[r].word}</option>)}
        </Select>
        <Holding search={search} choose={choose} />
        <Input name="contact" aria-label="Address, whole" placeholder="A whole address" className="w-56" autoComplete="off" spellCheck={false} />
        <Button type="submit">Find</Button>
        {search.contact && <Chip text={`Address: ${search.contact}`} remove={() => { const { contact: _, ...rest } = search; choose(rest) }} />}
        {filtered && <Button kind="quiet" small onClick={() => choose({})}>Clear all</Button>}
      </form>
      <Card flush>
        <PagedList list={list} rows={rows} columns={columns} rowKey={(s) => `${s.contactId} ${s.reason}`} open={show} label="Suppressions" noun={['suppression', 'suppressions']}
          height="calc(100dvh - 19rem)"
          empty={filtered ? (
            <Empty icon={<Ban />} title="No suppression is like that" action={<Button onClick={() => choose({})}>Show all that hold</Button>}>
              {search.contact ? 'The whole address is needed. It may still be suppressed by a pattern of its domain, see Domains.' : 'Those that ended are shown with “Ended”.'}
            </Empty>
          ) : (
            <Empty icon={<Ban />} title="Nobody is suppressed" action={<>
              <Button kind="main" onClick={add}>Suppress an address</Button>
              <Button onClick={() => choose({ tab: 'import' })}>Import a list</Button>
            </>}>
              Hard bounces and complaints suppress by themselves. Bring the list of your provider along, so that nobody is mailed again who must not be.
            </Empty>
          )} />
      </Card>
      <Dialog open={shown !== undefined} close={() => show(undefined)} title={shown?.email ?? ''} wide>
        {shown && <Detail s={shown} lift={() => { lift(shown); show(undefined) }} />}
      </Dialog>
      {lifting && <LiftDialog open close={() => lift(undefined)} contact={lifting.contactId} address={lifting.email} reason={lifting.reason} all={[lifting.reason]} />}
    </>
  )
}

function Holding({ search, choose }: { search: Search; choose: (to: Search) => void }) {
  return (
    <Select aria-label="State" value={search.active === 'all' || search.active === 'false' ? search.active : 'true'}
      onChange={(e) => { const { active: _, ...rest } = search; choose(e.target.value === 'true' ? rest : { ...rest, active: e.target.value }) }}>
      <option value="true">Hold now</option>
      <option value="false">Ended</option>
      <option value="all">Hold or ended</option>
    </Select>
  )
}

/** One suppression, why it is there and who did what. */
function Detail({ s, lift }: { s: Suppression; lift: () => void }) {
  return (
    <div className="flex flex-col gap-4 text-sm [overflow-wrap:anywhere]">
      <div className="flex flex-col gap-1.5">
        <p className="flex items-center gap-2"><ReasonBadge reason={s.reason} active={s.active} /> <Held active={s.active} /></p>
        <p>{reasons[s.reason].because.replace(/^./, (l) => l.toUpperCase())}.</p>
        <p className="text-soft"><Spell s={s} /></p>
        <Origins s={s} />
      </div>
      <div className="border-t border-line pt-3 empty:hidden"><Acts contact={s.contactId} /></div>
      <div className="flex flex-wrap justify-end gap-2">
        <Link to="/contacts/$id" params={{ id: s.contactId }} className="inline-flex h-8 items-center rounded-md border border-line bg-panel px-3 text-sm font-medium hover:bg-raised">Everything about this contact</Link>
        {s.active && <Button onClick={lift}>Lift…</Button>}
      </div>
    </div>
  )
}

function Patterns({ search, choose, add }: { search: Search; choose: (to: Search) => void; add: () => void }) {
  const list = useInfiniteQuery(patternList(activeOf(search)))
  const rows = useMemo(() => list.data?.pages.flatMap((p) => p.patterns) ?? [], [list.data])
  const [lifting, lift] = useState<Pattern>()
  const columns = useMemo<Column<Pattern>[]>(() => [
    { id: 'pattern', head: 'Pattern', width: 190, grow: true, cell: (p) => <Mono title={ofPattern(p.pattern)}>{p.pattern}</Mono> },
    { id: 'means', head: 'Means', width: 220, grow: true, cell: (p) => <span title={ofPattern(p.pattern)}>{ofPattern(p.pattern)}</span> },
    { id: 'holds', head: 'State', width: 90, cell: (p) => <Held active={p.active} /> },
    { id: 'since', head: 'Added', width: 120, cell: (p) => <Time at={p.createdAt} form="day" /> },
    { id: 'by', head: 'By', width: 150, cell: (p) => <span title={p.by}><Who id={p.by} name={p.byName} /></span> },
    {
      id: 'note', head: 'Note', width: 180, grow: true,
      cell: (p) => <span className="text-soft" title={[p.note, p.liftNote].filter(Boolean).join('; lifted: ')}>{p.liftedAt ? <>lifted <Time at={p.liftedAt} form="day" /> by <Who id={p.liftedBy} name={p.liftedByName} />{p.liftNote && `: ${p.liftNote}`}</> : p.note}</span>,
    },
    { id: 'lift', head: <span className="sr-only">Lift</span>, width: 75, end: true, cell: (p) => p.active && <Button small aria-label={`Lift… ${p.pattern}`} onClick={() => lift(p)}>Lift…</Button> },
  ], [])
  return (
    <>
      <div className="flex flex-wrap items-center gap-2">
        <Holding search={search} choose={choose} />
        <p className="text-sm text-soft">A pattern means all addresses of a domain, also those that were never seen.</p>
      </div>
      <Card flush>
        <PagedList list={list} rows={rows} columns={columns} rowKey={(p) => p.id} label="Patterns" noun={['pattern', 'patterns']} height="calc(100dvh - 19rem)"
          empty={
            <Empty icon={<Ban />} title={search.active === 'false' ? 'No pattern has ended' : 'No domain is suppressed'} action={<Button onClick={add}>Suppress a domain</Button>}>
              <Mono>*@bad.test</Mono> means all addresses of that domain, <Mono>*@*.bad.test</Mono> those of every domain below it.
            </Empty>
          } />
      </Card>
      <LiftPatternDialog pattern={lifting} close={() => lift(undefined)} />
    </>
  )
}
