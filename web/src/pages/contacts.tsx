import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Filter, Plus, Search, Upload, Users } from 'lucide-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { Schemas } from '../api/client'
import { exportContacts } from '../api/contacts'
import { type ContactFilters, contactList } from '../api/mail'
import { Time } from '../components/bits'
import { NewContactDialog } from '../components/contact-edit'
import { Limit } from '../components/contact-limit'
import { Export } from '../components/export'
import { Chip } from '../components/filters'
import { PagedList } from '../components/list'
import { Dialog } from '../components/overlay'
import { SuppressDialog } from '../components/suppression'
import type { Column } from '../components/table'
import { Badge, Button, Card, Empty, Field, Heading, Input, Select } from '../components/ui'
import { compact, count } from '../lib/format'
import { reasons, standing } from '../lib/why'

const route = getRouteApi('/inside/contacts')

type Contact = Schemas['Contact']
type Search = ReturnType<typeof route.useSearch>

/** What may be chosen as state, and what it is in the API's words. */
const states: Record<string, { label: string; subscribed?: 'true' | 'false'; suppressed?: 'true' | 'false' }> = {
  all: { label: 'Everybody' },
  may: { label: 'May be mailed', subscribed: 'true' },
  maynot: { label: 'May not be mailed', subscribed: 'false' },
  suppressed: { label: 'Suppressed', suppressed: 'true' },
  unsubscribed: { label: 'Unsubscribed only', subscribed: 'false', suppressed: 'false' },
}

const stateOf = (s: Search) => Object.keys(states).find((k) => states[k]?.subscribed === s.subscribed && states[k]?.suppressed === s.suppressed) ?? 'all'

const flag = (text: string | undefined) => (text === 'true' || text === 'false' ? text : undefined)

function asked(s: Search): ContactFilters {
  const subscribed = flag(s.subscribed)
  const suppressed = flag(s.suppressed)
  return {
    ...(s.search ? { search: s.search } : {}),
    ...(s.domain ? { domain: s.domain } : {}),
    ...(subscribed ? { subscribed } : {}),
    ...(suppressed ? { suppressed } : {}),
    ...(s.seenAfter ? { seenAfter: s.seenAfter } : {}),
    ...(s.seenBefore ? { seenBefore: s.seenBefore } : {}),
  }
}

/** Why somebody may not be mailed, in a few words. */
function Why({ of: c }: { of: Contact }) {
  const words = [...new Set(c.suppressions.filter((s) => s.active).map((s) => reasons[s.reason].word)), ...c.patterns.map((p) => p.pattern)].join(', ')
  return <span className="text-soft" title={words}>{words}</span>
}

const Times = ({ n }: { n: number | undefined }) => (n ? <span title={count(n)}>{compact(n)}</span> : <span className="text-soft">–</span>)

const columns: Column<Contact>[] = [
  { id: 'email', head: 'Address', width: 230, grow: true, cell: (c) => <Link to="/contacts/$id" params={{ id: c.id }} className="hover:underline" title={c.email}>{c.email}</Link> },
  { id: 'state', head: 'State', width: 125, cell: (c) => { const s = standing(c); return c.status === 'PENDING' && c.subscribed ? <Badge tone="info" title="Waits for room among the active contacts">Pending</Badge> : <Badge tone={s.tone} title={s.title}>{c.suppressed ? 'Suppressed' : s.word}</Badge> } },
  { id: 'why', head: 'Why', width: 115, cell: (c) => <Why of={c} /> },
  { id: 'last', head: 'Last seen', width: 120, cell: (c) => <Time at={c.lastSeenAt} form="day" /> },
  { id: 'tags', head: 'Tags', width: 110, cell: (c) => <span className="text-soft" title={(c.tags ?? []).join(', ')}>{(c.tags ?? []).join(', ')}</span> },
  { id: 'sent', head: <span title="Events of sending">Sent</span>, width: 60, end: true, cell: (c) => <Times n={c.counts['email.sent']} /> },
  { id: 'delivered', head: 'Delivered', width: 85, end: true, cell: (c) => <Times n={c.counts['email.delivery']} /> },
  { id: 'opened', head: <span title="Events of opening">Opened</span>, width: 75, end: true, cell: (c) => <Times n={c.counts['email.open']} /> },
  { id: 'clicked', head: <span title="Events of clicking">Clicked</span>, width: 75, end: true, cell: (c) => <Times n={c.counts['email.click']} /> },
  { id: 'bounced', head: 'Bounced', width: 80, end: true, cell: (c) => <Times n={c.counts['email.bounce']} /> },
]

export function Contacts() {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const list = useInfiniteQuery(contactList(asked(search)))
  const rows = useMemo(() => list.data?.pages.flatMap((p) => p.data) ?? [], [list.data])
  const [adding, add] = useState(false)
  const [making, make] = useState(false)
  const choose = (to: Search) => void navigate({ search: to, replace: true })
  return (
    <>
      <Heading title="Contacts" about="Everybody who is known, and whether they may be mailed.">
        <Button onClick={() => add(true)}>Suppress an address</Button>
        <Link to="/contacts/import" className="inline-flex h-8 items-center gap-1.5 rounded-md border border-line bg-panel px-3 text-sm font-medium hover:bg-raised"><Upload aria-hidden className="size-3.5" /> Import</Link>
        <ExportContacts search={search} />
        <Button kind="main" onClick={() => make(true)}><Plus aria-hidden className="size-3.5" /> New contact</Button>
      </Heading>
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <ContactFilterBar search={search} choose={choose} />
        <Limit />
      </div>
      <Card flush>
        <PagedList list={list} rows={rows} columns={columns} rowKey={(c) => c.id} label="Contacts" noun={['contact', 'contacts']}
          total={list.data?.pages[0]?.total} open={(c) => void navigate({ to: '/contacts/$id', params: { id: c.id } })}
          empty={<None search={search} clear={() => choose({})} />} />
      </Card>
      <SuppressDialog open={adding} close={() => add(false)} />
      <NewContactDialog open={making} close={() => make(false)} />
    </>
  )
}

/** Those that the filters leave, as a file. */
function ExportContacts({ search }: { search: Search }) {
  const { search: text, domain, subscribed, suppressed } = asked(search)
  const filters = { ...(text ? { search: text } : {}), ...(domain ? { domain } : {}), ...(subscribed ? { subscribed } : {}), ...(suppressed ? { suppressed } : {}) }
  const filtered = Object.keys(filters).length > 0
  const passed = search.seenAfter !== undefined || search.seenBefore !== undefined
  return (
    <Export title="Export contacts" fetch={(format, tell) => exportContacts(filters, format, tell)}
      about={`${filtered ? 'Those that your filters leave' : 'All contacts'}, with attributes, tags and topics. ${passed ? 'When they were last seen does not filter an export. ' : ''}An import reads the CSV back; programs may prefer JSON lines. The file holds addresses of people.`} />
  )
}

function ContactFilterBar({ search, choose }: { search: Search; choose: (to: Search) => void }) {
  const [open, setOpen] = useState(false)
  const without = (...keys: (keyof Search)[]) => {
    const rest = { ...search }
    for (const key of keys) delete rest[key]
    return rest
  }
  return (
    <div className="flex flex-wrap items-center gap-2">
      <SearchBox text={search.search ?? ''} choose={(text) => choose(text ? { ...search, search: text } : without('search'))} />
      <Select aria-label="State" value={stateOf(search)}
        onChange={(e) => {
          const s = states[e.target.value] ?? {}
          choose({
            ...without('subscribed', 'suppressed'),
            ...('subscribed' in s ? { subscribed: s.subscribed } : {}), ...('suppressed' in s ? { suppressed: s.suppressed } : {}),
          })
        }}>
        {Object.entries(states).map(([value, s]) => <option key={value} value={value}>{s.label}</option>)}
      </Select>
      <Button onClick={() => setOpen(true)}><Filter aria-hidden className="size-3.5" /> Filter</Button>
      {search.domain && <Chip text={`Domain: ${search.domain}`} remove={() => choose(without('domain'))} />}
      {search.seenAfter && <Chip text={`Seen from ${search.seenAfter}`} remove={() => choose(without('seenAfter'))} />}
      {search.seenBefore && <Chip text={`Not seen since ${search.seenBefore}`} remove={() => choose(without('seenBefore'))} />}
      {Object.keys(search).length > 0 && <Button kind="quiet" small onClick={() => choose({})}>Clear all</Button>}
      <Dialog open={open} close={() => setOpen(false)} title="Filter contacts" about="Several filters narrow. An empty field is no filter.">
        <form
          className="flex flex-col gap-3"
          onSubmit={(e) => {
            e.preventDefault()
            const form = new FormData(e.currentTarget)
            const next = without('domain', 'seenAfter', 'seenBefore')
            for (const key of ['domain', 'seenAfter', 'seenBefore'] as const) {
              const v = String(form.get(key) ?? '').trim()
              if (v !== '') next[key] = v
            }
            choose(next)
            setOpen(false)
          }}
        >
          <Field label="Domain" help="That domain exactly, not those below it">
            {(p) => <Input {...p} name="domain" defaultValue={search.domain} placeholder="acme.test" />}
          </Field>
          <div className="grid gap-3 sm:grid-cols-2">
            <Field label="Last seen on or after" help="Their latest event">{(p) => <Input {...p} type="date" name="seenAfter" defaultValue={search.seenAfter} />}</Field>
            <Field label="Last seen before" help="Or never">{(p) => <Input {...p} type="date" name="seenBefore" defaultValue={search.seenBefore} />}</Field>
          </div>
          <Button type="submit" kind="main" className="self-end">Show</Button>
        </form>
      </Dialog>
    </div>
  )
}

/** Searches while one types, after a short rest. */
function SearchBox({ text, choose }: { text: string; choose: (text: string) => void }) {
  const [now, setNow] = useState(text)
  const latest = useRef(choose)
  latest.current = choose
  // The address may change from elsewhere: a link, the way back, the search above.
  useEffect(() => setNow(text), [text])
  useEffect(() => {
    if (now.trim() === text) return
    const timer = setTimeout(() => latest.current(now.trim()), 300)
    return () => clearTimeout(timer)
  }, [now, text])
  return (
    <div className="relative w-full sm:w-80">
      <Search aria-hidden className="pointer-events-none absolute top-2 left-2.5 size-4 text-soft" />
      <Input type="search" aria-label="Search contacts" placeholder="Address, part of one, or @domain" title="Addresses that begin with it come first. @acme.test means a domain."
        className="w-full pl-8.5!" value={now} onChange={(e) => setNow(e.target.value)} autoComplete="off" spellCheck={false} />
    </div>
  )
}

function None({ search, clear }: { search: Search; clear: () => void }) {
  if (Object.keys(search).length === 0) {
    return (
      <Empty icon={<Users />} title="Nobody is known yet" action={<><Link to="/sources/new" className="text-accent hover:underline">Add a source</Link> <span className="text-soft">or</span> <Link to="/contacts/import" className="text-accent hover:underline">import a list</Link></>}>
        Contacts appear with the first event of an email to them or of your app. Those who must not be mailed can be{' '}
        <Link to="/suppressions" search={{ tab: 'import' }} className="text-accent underline">imported</Link> before.
      </Empty>
    )
  }
  return (
    <Empty icon={<Users />} title="Nobody is like that" action={<Button onClick={clear}>Clear the search and filters</Button>}>
      {search.search?.includes('@') && !search.search.startsWith('@') ? (
        <>No email to {search.search} has been seen. It may still be suppressed by a pattern of its domain:{' '}
          <Link to="/suppressions" search={{ tab: 'patterns' }} className="text-accent underline">look at the patterns</Link>.</>
      ) : 'A part of an address is enough. A domain is searched as @acme.test.'}
    </Empty>
  )
}
