import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Filter, Mail } from 'lucide-react'
import { useMemo, useState } from 'react'
import { type MessageFilters, messageList } from '../api/mail'
import { sources } from '../api/queries'
import { Time } from '../components/bits'
import { ContactLink } from '../components/event'
import { Chip } from '../components/filters'
import { PagedList } from '../components/list'
import { Dialog } from '../components/overlay'
import { Status } from '../components/status'
import type { Column } from '../components/table'
import { Button, Card, Empty, Field, Heading, Input, Select } from '../components/ui'
import { latest, type Message } from '../lib/message'

const route = getRouteApi('/inside/messages')

type Search = ReturnType<typeof route.useSearch>

const columns: Column<Message>[] = [
  { id: 'status', head: <span title="The event that tells most of it">Status</span>, width: 110, cell: (m) => <Status of={m} /> },
  {
    id: 'subject', head: 'Subject', width: 200, grow: true,
    cell: (m) => (
      <Link to="/messages/$id" params={{ id: m.id }} className="hover:underline" title={m.message.subject}>
        {m.message.subject || <span className="text-soft">without a subject</span>}
      </Link>
    ),
  },
  { id: 'recipient', head: 'Recipient', width: 200, grow: true, cell: (m) => <ContactLink id={m.contactId} address={m.recipient} /> },
  { id: 'template', head: 'Template', width: 160, grow: true, cell: (m) => <span title={m.message.template}>{m.message.template}</span> },
  { id: 'from', head: 'From', width: 140, grow: true, cell: (m) => <span title={m.message.from}>{m.message.from}</span> },
  { id: 'sent', head: 'Sent', width: 150, cell: (m) => (m.message.sentAt ? <Time at={m.message.sentAt} form="short" /> : <span className="text-soft" title="No event said when it was sent">not told</span>) },
  { id: 'latest', head: <span title="The newest thing that happened for the first time">Latest</span>, width: 120, cell: (m) => <Time at={latest(m)} form="ago" /> },
]

const filters = [
  ['contact', 'Recipient', 'address or con_…'],
  ['template', 'Template', 'onboarding/welcome'],
  ['source', 'Source', ''],
  ['from', 'From', ''],
  ['to', 'Before', ''],
] as const

export function Messages() {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const asked: MessageFilters = search
  const list = useInfiniteQuery(messageList(asked))
  const rows = useMemo(() => list.data?.pages.flatMap((p) => p.messages) ?? [], [list.data])
  const choose = (to: Search) => void navigate({ search: to })
  const any = Object.keys(search).length > 0
  return (
    <>
      <Heading title="Messages" about="Emails and what became of them, one line for each recipient, by the newest of their events.">
        <Button onClick={() => void list.refetch()} busy={list.isRefetching}>Refresh</Button>
      </Heading>
      <MessageFilterBar search={search} choose={choose} />
      <Card flush>
        <PagedList list={list} rows={rows} columns={columns} rowKey={(m) => m.id} label="Messages" noun={['message', 'messages']}
          open={(m) => void navigate({ to: '/messages/$id', params: { id: m.id } })}
          empty={any ? (
            <Empty icon={<Mail />} title="No message is like that" action={<Button onClick={() => choose({})}>Clear the filters</Button>}>
              Recipients and templates are matched as a whole. A part of an address is searched among the <Link to="/contacts" className="text-accent underline">contacts</Link>.
            </Empty>
          ) : (
            <Empty icon={<Mail />} title="No email is known yet" action={<Link to="/sources/new" className="text-accent hover:underline">Add a source</Link>}>
              An email appears here with the first event that a provider tells of it.
            </Empty>
          )} />
      </Card>
    </>
  )
}

function MessageFilterBar({ search, choose }: { search: Search; choose: (to: Search) => void }) {
  const [open, setOpen] = useState(false)
  const known = useQuery(sources).data ?? []
  const without = (key: keyof Search) => {
    const rest = { ...search }
    delete rest[key]
    return rest
  }
  const shown = (key: keyof Search) => (key === 'source' ? known.find((s) => s.id === search.source)?.name : undefined) ?? search[key]
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Button onClick={() => setOpen(true)}><Filter aria-hidden className="size-3.5" /> Filter</Button>
      {filters.map(([key, label]) => search[key] && <Chip key={key} text={`${label}: ${shown(key)}`} remove={() => choose(without(key))} />)}
      {Object.keys(search).length > 0 && <Button kind="quiet" small onClick={() => choose({})}>Clear all</Button>}
      <Dialog open={open} close={() => setOpen(false)} title="Filter messages" about="Several filters narrow. An empty field is no filter.">
        <form
          className="flex flex-col gap-3"
          onSubmit={(e) => {
            e.preventDefault()
            const form = new FormData(e.currentTarget)
            const next: Search = {}
            for (const [key] of filters) {
              const v = String(form.get(key) ?? '').trim()
              if (v !== '') next[key] = v
            }
            choose(next)
            setOpen(false)
          }}
        >
          <div className="grid gap-3 sm:grid-cols-2">
            {filters.map(([key, label, example]) => (
              <Field key={key} label={label}>
                {(p) => key === 'source' ? (
                  <Select {...p} name={key} defaultValue={search.source}>
                    <option value="">Any</option>
                    {known.map((s) => <option key={s.id} value={s.id}>{s.name}</option>)}
                  </Select>
                ) : <Input {...p} name={key} defaultValue={search[key]} placeholder={example} type={key === 'from' || key === 'to' ? 'date' : 'text'} />}
              </Field>
            ))}
          </div>
          <Button type="submit" kind="main" className="self-end">Show</Button>
        </form>
      </Dialog>
    </div>
  )
}
