import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { ScrollText } from 'lucide-react'
import { useState } from 'react'
import type { Schemas } from '../api/client'
import { type ActFilters, actList, keys } from '../api/keys'
import { sources } from '../api/queries'
import { Mono, Time } from '../components/bits'
import { Dialog } from '../components/overlay'
import { type Column, VirtualTable } from '../components/table'
import { Button, Card, Empty, Fact, Facts, Heading, Input, Loading, Problem, Select } from '../components/ui'
import { actWords, doors, fieldWords, operationCodes, operationWords } from '../lib/acts'
import { count } from '../lib/format'
import { without } from '../lib/without'

const route = getRouteApi('/inside/audit')

type Act = Schemas['Act']

export function Audit() {
  const filters = route.useSearch()
  const navigate = route.useNavigate()
  const choose = (to: ActFilters) => void navigate({ search: to })
  const set = (key: keyof ActFilters, v: string) => choose(v ? { ...filters, [key]: v } : without(filters, key))
  const list = useInfiniteQuery(actList(filters))
  const rows = list.data?.pages.flatMap((p) => p.acts) ?? []
  const [shown, show] = useState<Act>()
  const more = list.hasNextPage && !list.isFetchingNextPage ? { near: () => void list.fetchNextPage() } : {}
  const some = Object.keys(filters).length > 0
  return (
    <>
      <Heading title="Audit" about="Who changed what, through any door, newest first. Each row was written together with the change itself." />
      <div className="flex flex-wrap items-center gap-2">
        <Select aria-label="What was done" className="max-w-64" value={filters.operation ?? ''} onChange={(e) => set('operation', e.target.value)}>
          <option value="">Everything that was done</option>
          {[...new Set([...operationCodes, ...(filters.operation ? [filters.operation] : [])])].map((o) => <option key={o} value={o}>{operationWords(o)}</option>)}
        </Select>
        <Select aria-label="Through which door" value={filters.door ?? ''} onChange={(e) => set('door', e.target.value)}>
          <option value="">Through any door</option>
          {Object.entries(doors).map(([d, words]) => <option key={d} value={d}>{words}</option>)}
        </Select>
        <Words key={`by ${filters.by}`} label="Who: a key, a person, cli or server" placeholder="Who: key_…, cli" value={filters.by} set={(v) => set('by', v)} />
        <Words key={`target ${filters.target}`} label="To what: an id or an address" placeholder="To what: id or address" value={filters.target} set={(v) => set('target', v)} />
        <span className="inline-flex flex-wrap items-center gap-2">
          <label className="inline-flex items-center gap-1.5 text-sm text-soft">From
            <Input type="date" className="text-ink" value={filters.from?.slice(0, 10) ?? ''} onChange={(e) => set('from', e.target.value)} />
          </label>
          <label className="inline-flex items-center gap-1.5 text-sm text-soft">before
            <Input type="date" className="text-ink" value={filters.to?.slice(0, 10) ?? ''} onChange={(e) => set('to', e.target.value)} />
          </label>
        </span>
        {some && <Button kind="quiet" small onClick={() => choose({})}>Clear all</Button>}
      </div>
      <Card flush>
        {list.error ? <div className="p-4"><Problem error={list.error} retry={() => void list.refetch()} /></div>
          : list.isPending ? <Loading lines={10} />
          : rows.length === 0 && !list.hasNextPage ? (
            some
              ? <Empty icon={<ScrollText />} title="Nobody did such a thing" action={<Button onClick={() => choose({})}>Clear the filters</Button>}>Ids and names are matched as a whole.</Empty>
              : <Empty icon={<ScrollText />} title="Nothing was changed yet">Every change leaves a row here, whoever makes it: in this page, by the API or on the command line.</Empty>
          ) : (
            <VirtualTable label="Audit log" rows={rows} columns={columns} rowKey={(a) => a.id} open={show} {...more}
              foot={<p className="px-3 py-2 text-xs text-soft">{list.hasNextPage ? 'Fetching more…' : `${count(rows.length)} ${rows.length === 1 ? 'act' : 'acts'}`}</p>} />
          )}
      </Card>
      <Dialog open={shown !== undefined} close={() => show(undefined)} title={shown ? actWords(shown) : ''} wide>
        {shown && <Whole act={shown} />}
      </Dialog>
    </>
  )
}

/** A text that is asked for when one is done typing. */
function Words({ label, placeholder, value, set }: { label: string; placeholder: string; value: string | undefined; set: (v: string) => void }) {
  const [text, setText] = useState(value ?? '')
  return (
    <form onSubmit={(e) => { e.preventDefault(); set(text.trim()) }}>
      <Input aria-label={label} title={label} placeholder={placeholder} className="w-48" value={text} onChange={(e) => setText(e.target.value)}
        onBlur={() => text.trim() !== (value ?? '') && set(text.trim())} />
    </form>
  )
}

const columns: Column<Act>[] = [
  { id: 'at', head: 'When', width: 165, cell: (a) => <Time at={a.at} form="short" /> },
  { id: 'by', head: 'Who', width: 140, cell: (a) => <Who act={a} /> },
  { id: 'door', head: 'Through', width: 135, cell: (a) => <span className="text-soft">{doors[a.door] ?? a.door}</span> },
  { id: 'operation', head: 'What', width: 225, cell: (a) => <span title={a.operation}>{actWords(a)}</span> },
  { id: 'target', head: 'To', width: 160, grow: true, cell: (a) => <Target id={a.target} /> },
  { id: 'changes', head: 'Changes', width: 260, grow: true, cell: (a) => <Short act={a} /> },
]

function Who({ act: a }: { act: Act }) {
  const name = useQuery({ ...keys, enabled: a.by.startsWith('key_'), staleTime: 60_000 }).data?.find((k) => k.id === a.by)?.name
  if (a.by === 'cli') return <span title="Whoever could run commands on the server">an operator</span>
  if (a.by === 'server') return <>the server</>
  if (a.byName) return <span title={a.by}>{a.byName}</span>
  if (!a.by.startsWith('key_')) return <Mono>{a.by}</Mono>
  return <Link to="/keys" title={a.by} className="hover:underline">{name ? `key ${name}` : <Mono>{a.by}</Mono>}</Link>
}

function Target({ id }: { id: string }) {
  const name = useQuery({ ...sources, enabled: id.startsWith('src_'), staleTime: 60_000 }).data?.find((s) => s.id === id)?.name
  const look = 'hover:underline'
  if (id === '') return <span className="text-soft">the whole project</span>
  if (id.startsWith('src_')) return <Link to="/sources/$id" params={{ id }} title={id} className={look}>{name ?? <Mono>{id}</Mono>}</Link>
  if (id.startsWith('con_')) return <Link to="/contacts/$id" params={{ id }} className={look}><Mono>{id}</Mono></Link>
  if (id.startsWith('rcp_')) return <Link to="/receipts/$id" params={{ id }} className={look}><Mono>{id}</Mono></Link>
  if (id.startsWith('key_')) return <Link to="/keys" className={look}><Mono>{id}</Mono></Link>
  if (id.startsWith('rpl_')) return <Link to="/receipts" search={{ tab: 'replays' }} className={look}><Mono>{id}</Mono></Link>
  return <Mono>{id}</Mono>
}

const quoted = (c: Schemas['ActChange']) => [c.from, c.to].filter((v) => v !== undefined).join(' → ')

/** The changes on one line, and the note. Of a secret it is said only that it changed. */
function Short({ act: a }: { act: Act }) {
  const parts = a.changes.map((c) => (quoted(c) ? `${fieldWords(c.field)}: ${quoted(c)}` : fieldWords(c.field)))
  const text = [parts.join(', '), a.note].filter(Boolean).join('; ')
  return <span title={text}>{text}</span>
}

function Whole({ act: a }: { act: Act }) {
  return (
    <div className="flex flex-col gap-4 text-sm">
      <Facts>
        <Fact name="When"><Time at={a.at} /></Fact>
        <Fact name="Who"><Who act={a} /></Fact>
        <Fact name="Through">{doors[a.door] ?? a.door}</Fact>
        <Fact name="To"><Target id={a.target} /></Fact>
        <Fact name="Note">{a.note}</Fact>
        <Fact name="Id"><Mono>{a.id}</Mono></Fact>
      </Facts>
      {a.changes.length > 0 && (
        <ul className="flex flex-col gap-2 border-t border-line pt-3">
          {a.changes.map((c) => (
            <li key={c.field}>
              <p className="text-xs text-soft" title={c.field}>{fieldWords(c.field)}</p>
              {c.from === undefined && c.to === undefined ? <p className="text-soft">was set or changed; a secret is not written down</p> : (
                <p className="break-words">
                  {c.from !== undefined && <span className="text-soft line-through">{c.from}</span>}
                  {c.from !== undefined && ' → '}
                  {c.to === undefined ? <span className="text-soft">nothing</span> : <span className="whitespace-pre-wrap">{c.to}</span>}
                </p>
              )}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
