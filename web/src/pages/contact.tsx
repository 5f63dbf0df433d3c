import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { Ban, CheckCircle2, FileDown, History, MailX, Merge, Pencil, Trash2, UserX } from 'lucide-react'
import { type ReactNode, useMemo, useState } from 'react'
import { Refusal, type Schemas } from '../api/client'
import { contact, contactActs, contactEvents, contactExplanation, lastMessage } from '../api/mail'
import { eventNames } from '../api/queries'
import type { Reason } from '../api/suppressions'
import { Acts } from '../components/acts'
import { Copy, Mono, Time } from '../components/bits'
import { ConsentCard, ConsentHistory } from '../components/consent'
import { AccessDialog, DeleteDialog, EraseDialog, MergeDialog } from '../components/contact-acts'
import { EditDialog } from '../components/contact-edit'
import { ContactRuns } from '../components/contact-runs'
import { EventPanel } from '../components/event-panel'
import { More } from '../components/menu'
import { Reasons } from '../components/reasons'
import { LiftDialog, LiftPatternDialog, Origins, ReasonBadge, Spell, SuppressDialog, Who } from '../components/suppression'
import { TabPanel, Tabs } from '../components/tabs'
import { Timeline } from '../components/timeline'
import { Badge, Button, Card, Empty, Fact, Facts, Heading, ink, Loading, Problem, Select } from '../components/ui'
import { emailNames, type Event, word } from '../lib/events'
import { count } from '../lib/format'
import { ofPattern, reasons, standing } from '../lib/why'

const route = getRouteApi('/inside/contacts/$id')

type Contact = Schemas['Contact']
type Pattern = Schemas['Pattern']

export function ContactPage() {
  const { id } = route.useParams()
  const answer = useQuery(contact(id))
  const [suppressing, suppress] = useState(false)
  const [lifting, lift] = useState<Reason | 'all'>()
  const [pattern, liftPattern] = useState<Pattern>()
  const [open, setOpen] = useState<'edit' | 'merge' | 'access' | 'delete' | 'erase'>()
  const { tab } = route.useSearch()
  const navigate = route.useNavigate()
  const close = () => setOpen(undefined)
  const c = answer.data
  if (answer.error && !c) return <Missing id={id} error={answer.error} retry={() => void answer.refetch()} />
  if (!c) return <Loading />
  const active = c.suppressions.filter((s) => s.active).map((s) => s.reason)
  const s = standing(c)
  const at = tab === 'consent' || tab === 'workflows' ? tab : 'timeline'
  return (
    <>
      <Heading title={<span className="flex items-center gap-2"><span className="truncate">{c.email}</span> <Copy text={c.email} label="Copy the address" /></span>}>
        {c.status === 'PENDING' && <Badge tone="info" title="It came when there was no room for more active contacts: it is in no segment">Pending</Badge>}
        <Badge tone={s.tone} title={s.title}>{s.word}</Badge>
        {active.length > 0 && <Button onClick={() => lift(active.length === 1 ? active[0] : 'all')}>{active.length === 1 ? 'Lift…' : 'Lift all…'}</Button>}
        {!active.includes('manual') && <Button onClick={() => suppress(true)}><Ban aria-hidden className="size-3.5" /> Suppress…</Button>}
        <Button kind="main" onClick={() => setOpen('edit')}><Pencil aria-hidden className="size-3.5" /> Edit</Button>
        <More label="More about this contact" items={[
          { label: 'Merge with another…', icon: <Merge aria-hidden />, act: () => setOpen('merge') },
          { label: 'Export what is kept…', icon: <FileDown aria-hidden />, act: () => setOpen('access') },
          { label: 'Delete…', icon: <Trash2 aria-hidden />, act: () => setOpen('delete'), danger: true, apart: true },
          { label: 'Erase…', icon: <UserX aria-hidden />, act: () => setOpen('erase'), danger: true },
        ]} />
      </Heading>
      <Why contact={c} />
      {c.status === 'PENDING' && <Pending contact={c} />}
      {(c.suppressions.length > 0 || c.patterns.length > 0) && <Suppressions contact={c} lift={lift} liftPattern={liftPattern} />}
      <div className="grid grid-cols-1 items-start gap-5 xl:grid-cols-[minmax(0,1fr)_24rem]">
        <div className="flex min-w-0 flex-col gap-5">
          <Tabs label="This contact" at={at} tabs={[['timeline', 'Timeline'], ['consent', 'History of consent'], ['workflows', 'Workflows']]}
            choose={(id) => void navigate({ search: id === 'timeline' ? {} : { tab: id }, replace: true, resetScroll: false })} />
          <TabPanel at={at}>{at === 'consent' ? <ConsentHistory id={c.id} /> : at === 'workflows' ? <ContactRuns id={c.id} /> : <PastEvents id={c.id} />}</TabPanel>
        </div>
        <div className="flex min-w-0 flex-col gap-5 max-xl:order-first">
          <ConsentCard contact={c} />
          <Attributes contact={c} edit={() => setOpen('edit')} />
          <Counts contact={c} />
          <Card title="What is known">
            <Facts>
              <Fact name="First seen"><Time at={c.firstSeenAt} /></Fact>
              <Fact name="Last seen"><Time at={c.lastSeenAt} /></Fact>
              <Fact name="Last opened by a person"><Time at={c.lastOpenAt} /></Fact>
              <Fact name="Last clicked by a person"><Time at={c.lastClickAt} /></Fact>
              <Fact name="Made"><Time at={c.createdAt} /></Fact>
              <Fact name="Last changed"><Time at={c.updatedAt} /></Fact>
              <Fact name="Contact id"><Mono>{c.id}</Mono></Fact>
            </Facts>
          </Card>
          <ActsCard id={c.id} />
        </div>
      </div>
      <SuppressDialog open={suppressing} close={() => suppress(false)} address={c.email} />
      <LiftDialog open={lifting !== undefined} close={() => lift(undefined)} contact={c.id} address={c.email} reason={lifting === 'all' ? undefined : lifting} all={active}
        beside={[
          ...c.patterns.map((p) => `The pattern ${p.pattern} goes on holding: they still get no mail.`),
          ...(c.unsubscribed ? ['They opted out: that is not changed by a lift.'] : []),
        ]} />
      <LiftPatternDialog pattern={pattern} close={() => liftPattern(undefined)} />
      <EditDialog open={open === 'edit'} close={close} contact={c} />
      <MergeDialog open={open === 'merge'} close={close} contact={c} />
      <AccessDialog open={open === 'access'} close={close} contact={c} />
      <DeleteDialog open={open === 'delete'} close={close} contact={c} />
      <EraseDialog open={open === 'erase'} close={close} address={c.email} />
    </>
  )
}

/** What it means that there was no room for a contact. */
function Pending({ contact: c }: { contact: Contact }) {
  return (
    <p className="rounded-lg border border-info/40 bg-info/5 px-4 py-3 text-sm">
      There was no room for it among the active contacts: it gets mail and has events, and is in no segment.
      {c.expiresAt && <> It becomes active when there is room, or is removed <Time at={c.expiresAt} form="ago" />.</>} The limit stands on the page <Link to="/contacts" className="text-accent underline">Contacts</Link>.
    </p>
  )
}

/** What your app or a person told of them. */
function Attributes({ contact: c, edit }: { contact: Contact; edit: () => void }) {
  const keys = Object.keys(c.data).sort((a, b) => a.localeCompare(b))
  const tags = c.tags ?? []
  return (
    <Card title="Attributes and tags" action={<Button small onClick={edit}>Edit…</Button>}>
      <div className="flex flex-col gap-3 text-sm">
        {tags.length > 0 && <ul aria-label="Tags" className="flex flex-wrap gap-1.5">{tags.map((t) => <li key={t} className="min-w-0"><Badge><span className="max-w-60 truncate" title={t}>{t}</span></Badge></li>)}</ul>}
        {keys.length > 0 && (
          <dl className="flex max-h-96 flex-col gap-2 overflow-y-auto" tabIndex={0} aria-label="Attributes">
            {keys.map((key) => (
              <div key={key} className="grid grid-cols-[minmax(0,2fr)_minmax(0,3fr)] gap-3">
                <dt className="text-soft [overflow-wrap:anywhere]">{key}</dt>
                <dd className="[overflow-wrap:anywhere]"><Value of={c.data[key]} /></dd>
              </div>
            ))}
          </dl>
        )}
        {c.externalId && <p className="[overflow-wrap:anywhere]"><span className="text-soft">External id: </span><Mono>{c.externalId}</Mono></p>}
        {keys.length === 0 && tags.length === 0 && !c.externalId && <p className="text-soft">None yet. Templates and segments can use what stands here; your app tells it with events, or you write it.</p>}
      </div>
    </Card>
  )
}

/** An attribute as one reads it: texts as they are, all else as JSON. */
function Value({ of: value }: { of: unknown }) {
  if (typeof value === 'string') return value === '' ? <span className="text-soft">an empty text</span> : <>{value}</>
  if (Array.isArray(value) && value.length > 0 && value.every((v) => typeof v === 'string')) return <>{value.join(', ')}</>
  return <Mono>{JSON.stringify(value)}</Mono>
}

function Missing({ id, error, retry }: { id: string; error: unknown; retry: () => void }) {
  const [suppressing, suppress] = useState(false)
  if (!(error instanceof Refusal) || error.status !== 404) return <><Heading title={id} /><Problem error={error} retry={retry} /></>
  return (
    <>
      <Heading title={id} />
      <Card>
        <Empty icon={<MailX />} title="Nothing is known of them"
          action={<>
            <Link to="/contacts" search={{ search: id }} className="inline-flex h-8 items-center rounded-md border border-line bg-panel px-3 text-sm font-medium hover:bg-raised">Search for it</Link>
            {id.includes('@') && <Button onClick={() => suppress(true)}>Suppress it…</Button>}
          </>}>
          No event of an email to it ever came in. It may have gone through a provider that is not connected, or never have been sent.
        </Empty>
      </Card>
      <SuppressDialog open={suppressing} close={() => suppress(false)} address={id} />
    </>
  )
}

/** The answer to "why did they not get it?", as it stands now. */
function Why({ contact: c }: { contact: Contact }) {
  const last = useQuery(lastMessage(c.id)).data
  const answer = useQuery(contactExplanation(c.id))
  const told = answer.data?.reasons ?? []
  const ofLast = told.filter((r) => last && r.messageId === last.id)
  const s = standing(c)
  const Icon = c.suppressed ? Ban : c.unsubscribed ? MailX : CheckCircle2
  return (
    <section aria-label="Why they do or do not get mail" className="flex gap-3 rounded-lg border border-line bg-panel p-4">
      <Icon aria-hidden className={clsx('mt-0.5 size-5 shrink-0', ink(s.tone))} />
      <div className="flex min-w-0 flex-col gap-2 text-[15px]">
        <p className="font-semibold">{c.suppressed ? 'They get no mail.' : c.unsubscribed ? 'They get no mail that needs consent.' : 'They may be mailed.'}</p>
        {answer.error ? <Problem error={answer.error} retry={() => void answer.refetch()} /> : <Reasons of={told.filter((r) => !r.messageId)} />}
        {last && ofLast.length > 0 && (
          <>
            <p className="text-sm text-soft">
              The last email was{' '}
              <Link to="/messages/$id" params={{ id: last.id }} className="text-accent underline">{last.message.subject || 'without a subject'}</Link>
              {last.message.sentAt && <>, of <Time at={last.message.sentAt} form="day" /></>}:
            </p>
            <Reasons of={ofLast} />
          </>
        )}
      </div>
    </section>
  )
}

function Suppressions({ contact: c, lift, liftPattern }: { contact: Contact; lift: (reason: Reason) => void; liftPattern: (p: Pattern) => void }) {
  return (
    <Card title={c.suppressed ? 'Why suppressed' : 'What once held'} flush>
      <ul className="divide-y divide-line">
        {c.suppressions.map((s) => (
          <Item key={s.reason} badge={<ReasonBadge reason={s.reason} active={s.active} />} holds={s.active}
            action={s.active && <Button small onClick={() => lift(s.reason)}>Lift…</Button>}>
            <p>{reasons[s.reason].because.replace(/^./, (l) => l.toUpperCase())}.</p>
            <p className="text-soft"><Spell s={s} /></p>
            <Origins s={s} />
          </Item>
        ))}
        {c.patterns.map((p) => (
          <Item key={p.id} badge={<Badge tone="violet">Pattern</Badge>} holds={p.active}
            action={<Button small onClick={() => liftPattern(p)}>Lift for all…</Button>}>
            <p><Mono>{p.pattern}</Mono> suppresses {ofPattern(p.pattern)}.</p>
            <p className="text-soft">since <Time at={p.createdAt} form="day" />, added by <Who id={p.by} name={p.byName} />, until a person lifts it</p>
            {p.note && <p><span className="text-soft">Note: </span>{p.note}</p>}
          </Item>
        ))}
      </ul>
    </Card>
  )
}

function Item({ badge, holds, action, children }: { badge: ReactNode; holds: boolean; action: ReactNode; children: ReactNode }) {
  return (
    <li className="flex flex-wrap items-start gap-x-3 gap-y-2 px-4 py-3">
      <span className="flex w-32 shrink-0 flex-col items-start gap-1">
        {badge}
        <span className="text-xs text-soft">{holds ? 'holds' : 'ended'}</span>
      </span>
      <div className="min-w-52 flex-1 text-sm [overflow-wrap:anywhere]">{children}</div>
      {action}
    </li>
  )
}

const counted: [name: string, label: string, about: string][] = [
  ['email.sent', 'Sent', 'Emails handed to the provider'],
  ['email.delivery', 'Delivered', 'Emails that the mailbox provider took'],
  ['email.open', 'Opened', 'Events of opening, people and machines together'],
  ['email.click', 'Clicked', 'Events of clicking, people and machines together'],
  ['email.bounce', 'Bounced', 'Events of bouncing of every class'],
  ['email.complaint', 'Complained', 'Reports of spam'],
]

function Counts({ contact: c }: { contact: Contact }) {
  const others = Object.entries(c.counts).filter(([name]) => !counted.some(([known]) => known === name)).sort()
  return (
    <Card title="Counts" action={<Link to="/sends" search={{ contact: c.id }} className="text-sm text-accent hover:underline">Sends to them</Link>}>
      <dl className="grid grid-cols-3 gap-3">
        {counted.map(([name, label, about]) => (
          <div key={name} title={about}>
            <dt className="text-xs text-soft">{label}</dt>
            <dd className="numbers text-lg font-semibold">{count(c.counts[name] ?? 0)}</dd>
          </div>
        ))}
        {others.map(([name, n]) => (
          <div key={name} className="min-w-0" title={name}>
            <dt className="truncate text-xs text-soft">{word(name)}</dt>
            <dd className="numbers text-lg font-semibold">{count(n)}</dd>
          </div>
        ))}
      </dl>
    </Card>
  )
}

/** What people did with this contact, with who and when. */
function ActsCard({ id }: { id: string }) {
  const acts = useQuery(contactActs(id)).data
  if (!acts || acts.length === 0) return null
  return (
    <Card title="Acts of people" action={<Link to="/audit" search={{ target: id }} className="text-sm text-accent hover:underline">In the audit log</Link>}>
      <Acts contact={id} />
    </Card>
  )
}

function PastEvents({ id }: { id: string }) {
  const { name } = route.useSearch()
  const navigate = route.useNavigate()
  const list = useInfiniteQuery(contactEvents(id, name))
  const seen = useQuery(eventNames).data ?? []
  const [shown, show] = useState<Event>()
  const events = useMemo(() => list.data?.pages.flatMap((p) => p.events) ?? [], [list.data])
  const names = [...emailNames, ...seen.filter((n) => !emailNames.includes(n))]
  return (
    <Card title="Timeline"
      action={
        <Select aria-label="What happened" value={name ?? ''} onChange={(e) => void navigate({ search: e.target.value ? { name: e.target.value } : {}, replace: true, resetScroll: false })}>
          <option value="">Everything</option>
          {names.map((n) => <option key={n} value={n}>{word(n)}</option>)}
        </Select>
      }>
      <Timeline list={list} events={events} open={show}
        empty={name ? (
          <Empty icon={<History />} title={`Never ${word(name).toLowerCase()}`} action={<Button onClick={() => void navigate({ search: {}, replace: true })}>Show everything</Button>} />
        ) : (
          <Empty icon={<History />} title="Nothing has happened yet">What becomes of emails to them appears here. A suppression holds also for somebody who never got one.</Empty>
        )} />
      <EventPanel event={shown} close={() => show(undefined)} />
    </Card>
  )
}
