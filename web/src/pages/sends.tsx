import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { CircleHelp, Plus, Send as SendIcon } from 'lucide-react'
import { useMemo } from 'react'
import { type Send, type SendFilters, sendList, unsettled } from '../api/sends'
import { Time } from '../components/bits'
import { ContactLink } from '../components/event'
import { AddressSearch, Chip } from '../components/filters'
import { PagedList } from '../components/list'
import { SendBadge } from '../components/send'
import { SenderLink } from '../components/sender'
import type { Column } from '../components/table'
import { Button, Card, Empty, Heading, Select } from '../components/ui'
import { count, sentence } from '../lib/format'
import { useRefresh } from '../lib/refresh'
import { isStatus, originWords, reasonWords, statuses, statusNames, subjectOf } from '../lib/sends'

const route = getRouteApi('/inside/sends')

type Search = ReturnType<typeof route.useSearch>

const columns: Column<Send>[] = [
  { id: 'status', head: 'Status', width: 110, cell: (s) => <SendBadge status={s.status} /> },
  { id: 'recipient', head: 'Recipient', width: 160, grow: true, cell: (s) => (s.recipient && s.contactId ? <ContactLink id={s.contactId} address={s.recipient} /> : <span className="text-soft">erased</span>) },
  {
    id: 'subject', head: <span title="As it was asked for, before values were put in">Subject</span>, width: 170, grow: true,
    cell: (s) => <Link to="/sends/$id" params={{ id: s.id }} className={s.subject ? 'hover:underline' : 'text-soft hover:underline'} title={subjectOf(s)}>{subjectOf(s)}</Link>,
  },
  { id: 'template', head: 'Template', width: 110, grow: true, cell: (s) => <span title={s.template}>{s.template}</span> },
  { id: 'origin', head: <span title="Who asked for it">Origin</span>, width: 70, cell: (s) => <span title={`Asked for ${originWords(s.origin)}`}>{s.origin}</span> },
  { id: 'sender', head: 'Sender', width: 105, cell: (s) => s.sender && <SenderLink id={s.sender} /> },
  { id: 'asked', head: 'Asked for', width: 148, cell: (s) => <Time at={s.createdAt} form="short" /> },
  { id: 'next', head: 'What now', width: 170, grow: true, cell: (s) => <Now send={s} /> },
]

/** What is to be known of it beside its status. */
function Now({ send: s }: { send: Send }) {
  if (s.status === 'queued') return <span className="text-soft" title={s.problem}>{s.attempts > 0 ? 'next try ' : 'due '}<Time at={s.dueAt} form="ago" /></span>
  const why = s.reason ? sentence(reasonWords(s.reason, s.status)) : s.status === 'uncertain' ? s.problem : ''
  return why ? <span className="text-soft" title={s.problem ?? why}>{why}</span> : null
}

export function Sends() {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const asked: SendFilters = {
    ...(isStatus(search.status) ? { status: search.status } : {}), ...(search.contact ? { contact: search.contact } : {}), ...(search.origin ? { origin: search.origin } : {}),
    ...(search.broadcast ? { broadcast: search.broadcast } : {}),
  }
  const list = useInfiniteQuery(sendList(asked))
  const refresh = useRefresh(sendList(asked).queryKey)
  const rows = useMemo(() => list.data?.pages.flatMap((p) => p.sends) ?? [], [list.data])
  const choose = (to: Search) => void navigate({ search: to })
  const any = Object.keys(search).length > 0
  const add = (
    <Link to="/sends/new" search={search.contact?.includes('@') ? { to: search.contact } : {}} className="inline-flex h-8 items-center gap-1.5 rounded-md bg-accent px-3 text-sm font-medium text-on-accent hover:brightness-95">
      <Plus aria-hidden className="size-3.5" /> Send one email
    </Link>
  )
  return (
    <>
      <Heading title="Sends" about="What Tidings was asked to send, one line for each recipient, newest first. What became of an email after it was handed over stands among the messages.">
        <Button onClick={refresh} busy={list.isRefetching}>Refresh</Button>
        {add}
      </Heading>
      {search.status !== 'uncertain' && <Unsettled choose={() => choose({ status: 'uncertain' })} />}
      <FilterBar search={search} choose={choose} />
      <Card flush>
        <PagedList list={list} rows={rows} columns={columns} rowKey={(s) => s.id} label="Sends" noun={['email', 'emails']}
          open={(s) => void navigate({ to: '/sends/$id', params: { id: s.id } })}
          empty={search.status === 'uncertain' ? (
            <Empty icon={<SendIcon />} title="Nothing is uncertain" action={<Button onClick={() => choose({})}>Show all</Button>}>
              An email is uncertain where the server or the connection broke down while it was handed over. It is never sent again by itself.
            </Empty>
          ) : any ? (
            <Empty icon={<SendIcon />} title="No email is like that" action={<Button onClick={() => choose({})}>Clear the filters</Button>}>
              Recipients are matched by their whole address, or the id of their contact.
            </Empty>
          ) : (
            <Empty icon={<SendIcon />} title="Nothing was sent yet" action={add}>
              Your app sends with <code className="font-mono text-xs">POST /v1/send</code>, and you can send one email here. Until there is a <Link to="/senders" className="text-accent underline">sender</Link> all of it goes into the <Link to="/outbox" className="text-accent underline">outbox</Link>.
            </Empty>
          )} />
      </Card>
    </>
  )
}

/** What waits for a person is told on top. */
function Unsettled({ choose }: { choose: () => void }) {
  const n = useQuery({ ...unsettled, retry: false }).data
  if (!n || n.count === 0) return null
  const one = n.count === 1 && !n.more
  return (
    <div className="flex flex-wrap items-center gap-3 rounded-lg border border-warn/40 bg-warn/5 px-4 py-3 text-sm">
      <CircleHelp aria-hidden className="size-4 shrink-0 text-warn" />
      <p className="min-w-0 flex-1 basis-60">
        {one ? 'Of one email nobody knows whether it was sent. It is not sent again unless somebody decides so.'
          : `Of ${n.more ? `more than ${count(n.count)}` : count(n.count)} emails nobody knows whether they were sent. They are not sent again unless somebody decides so.`}
      </p>
      <Button small onClick={choose}>Look at {one ? 'it' : 'them'}</Button>
    </div>
  )
}

function FilterBar({ search, choose }: { search: Search; choose: (to: Search) => void }) {
  const without = (key: keyof Search) => {
    const rest = { ...search }
    delete rest[key]
    return rest
  }
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Select aria-label="Status" value={isStatus(search.status) ? search.status : ''} onChange={(e) => choose(e.target.value ? { ...search, status: e.target.value } : without('status'))}>
        <option value="">Every status</option>
        {statusNames.map((s) => <option key={s} value={s}>{statuses[s].word}</option>)}
      </Select>
      <Select aria-label="Origin" value={search.origin === 'api' || search.origin === 'test' ? search.origin : ''} onChange={(e) => choose(e.target.value ? { ...search, origin: e.target.value } : without('origin'))}>
        <option value="">Every origin</option>
        <option value="api">Asked for by API or person</option>
        <option value="test">Tests</option>
      </Select>
      <AddressSearch label="Recipient" find={(contact) => choose({ ...search, contact })} />
      {search.contact && <Chip text={`Recipient: ${search.contact}`} remove={() => choose(without('contact'))} />}
      {search.origin && search.origin !== 'api' && search.origin !== 'test' && <Chip text={`Origin: ${search.origin}`} remove={() => choose(without('origin'))} />}
      {search.broadcast && <Chip text={`Broadcast: ${search.broadcast}`} remove={() => choose(without('broadcast'))} />}
      {Object.keys(search).length > 0 && <Button kind="quiet" small onClick={() => choose({})}>Clear all</Button>}
    </div>
  )
}
