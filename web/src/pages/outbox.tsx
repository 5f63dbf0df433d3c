import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { MailOpen, Search } from 'lucide-react'
import { useMemo, useState } from 'react'
import { outbox, type OutboxRow } from '../api/outbox'
import { Code, Time } from '../components/bits'
import { PagedList } from '../components/list'
import type { Column } from '../components/table'
import { Button, Card, Empty, Heading, Input } from '../components/ui'
import { bytes } from '../lib/format'
import { useRefresh } from '../lib/refresh'

const route = getRouteApi('/inside/outbox')

const columns: Column<OutboxRow>[] = [
  { id: 'to', head: 'To', width: 180, grow: true, cell: (m) => <span title={m.to}>{m.to}</span> },
  {
    id: 'subject', head: 'Subject', width: 240, grow: true,
    cell: (m) => <Link to="/outbox/$id" params={{ id: m.id }} className="hover:underline" title={m.subject}>{m.subject || <span className="text-soft">without a subject</span>}</Link>,
  },
  { id: 'from', head: 'From', width: 170, grow: true, cell: (m) => <span className="text-soft" title={m.from}>{m.from}</span> },
  { id: 'size', head: 'Size', width: 90, end: true, cell: (m) => bytes(m.size) },
  { id: 'at', head: 'Written', width: 160, cell: (m) => <Time at={m.at} form="short" /> },
]

/** What sends an email from a terminal. The key stands in the environment, as it belongs nowhere else. */
const example = () => `curl ${location.origin}/v1/send \\
  -H "Authorization: Bearer $TIDINGS_KEY" -H 'Content-Type: application/json' \\
  -d '{"to":"you@acme.test","from":"App <app@acme.test>","subject":"Hello {{ firstName }}","body":"<p>It works.</p>","data":{"firstName":"Lea"}}'`

export function Outbox() {
  const { search } = route.useSearch()
  const navigate = route.useNavigate()
  const list = useInfiniteQuery(outbox(search))
  const refresh = useRefresh(outbox(search).queryKey)
  const rows = useMemo(() => list.data?.pages.flatMap((p) => p.mails) ?? [], [list.data])
  const [text, setText] = useState(search ?? '')
  const find = (words: string) => void navigate({ search: words.trim() ? { search: words.trim() } : {} })
  return (
    <>
      <Heading title="Outbox" about="Mail that senders of the kind Outbox wrote into files instead of sending it. Nothing of it left this machine, and nobody got it. The newest 10,000 are kept.">
        <Button onClick={refresh} busy={list.isRefetching}>Refresh</Button>
      </Heading>
      <form role="search" aria-label="Outbox" className="flex flex-wrap items-center gap-2" onSubmit={(e) => { e.preventDefault(); find(text) }}>
        <div className="relative w-full max-w-sm">
          <Search aria-hidden className="pointer-events-none absolute top-2 left-2.5 size-4 text-soft" />
          <Input aria-label="Search sender, recipient or subject" placeholder="Sender, recipient or subject" className="w-full pl-8.5!" value={text} onChange={(e) => setText(e.target.value)} />
        </div>
        <Button type="submit">Search</Button>
        {search && <Button kind="quiet" small onClick={() => { setText(''); find('') }}>Clear</Button>}
      </form>
      <Card flush>
        <PagedList list={list} rows={rows} columns={columns} rowKey={(m) => m.id} label="Outbox" noun={['email', 'emails']}
          open={(m) => void navigate({ to: '/outbox/$id', params: { id: m.id } })}
          empty={search ? (
            <Empty icon={<MailOpen />} title="No email is like that" action={<Button onClick={() => { setText(''); find('') }}>Show all</Button>}>
              Sender, recipient and subject are searched, and not what is written in them.
            </Empty>
          ) : (
            <div className="flex flex-col items-center pb-8">
              <Empty icon={<MailOpen />} title="Nothing was written here yet"
                action={<Link to="/sends/new" className="inline-flex h-8 items-center rounded-md bg-accent px-3 text-sm font-medium text-on-accent hover:brightness-95">Send one email</Link>}>
                While a project has no <Link to="/senders" className="text-accent underline">sender</Link> of its own, all mail comes here. Send one from this page or from a terminal; it shows within seconds.
              </Empty>
              <div className="w-full max-w-2xl px-4"><Code text={example()} /></div>
            </div>
          )} />
      </Card>
    </>
  )
}
