import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Inbox, RotateCcw } from 'lucide-react'
import { useState } from 'react'
import type { Schemas } from '../api/client'
import { sources } from '../api/queries'
import { type ReceiptFilters, receiptList, replayList, running, startReplay } from '../api/receipts'
import { kindCodes, kindWords, problemCodes, problemWords, receiptColumns } from '../components/receipt'
import { ReplayRow, StartReplay } from '../components/replay'
import { VirtualTable } from '../components/table'
import { Counted, TabPanel, Tabs } from '../components/tabs'
import { tell } from '../components/toast'
import { Button, Card, Empty, Heading, Input, Loading, Problem, Select } from '../components/ui'
import { count } from '../lib/format'
import { without } from '../lib/without'

const route = getRouteApi('/inside/receipts')

export function Receipts() {
  const { tab = 'list', ...filters } = route.useSearch()
  const navigate = route.useNavigate()
  const [open, setOpen] = useState(false)
  const replays = useInfiniteQuery(replayList)
  const going = replays.data?.pages.flatMap((p) => p.replays).filter(running).length
  return (
    <>
      <Heading title="Receipts" about="Requests as they came in, kept whole. What could not be understood is here with its problem, and can be read again.">
        <Button onClick={() => setOpen(true)}><RotateCcw aria-hidden className="size-3.5" /> Read again…</Button>
      </Heading>
      <Tabs label="Parts of this page" at={tab} choose={(id) => void navigate({ search: id === 'list' ? filters : { ...filters, tab: id } })}
        tabs={[['list', 'Requests'], ['replays', <Counted key="replays" name="Read again" count={going} />]]} />
      <TabPanel at={tab}>{tab === 'replays' ? <Replays begin={() => setOpen(true)} /> : <List filters={filters} />}</TabPanel>
      <StartReplay open={open} close={() => setOpen(false)} filters={filters} started={() => void navigate({ search: { ...filters, tab: 'replays' } })} />
    </>
  )
}

function List({ filters }: { filters: ReceiptFilters }) {
  const navigate = route.useNavigate()
  const choose = (to: ReceiptFilters) => void navigate({ search: to })
  const set = (key: keyof ReceiptFilters, v: string) => choose(v ? { ...filters, [key]: v } : without(filters, key))
  const names = useQuery(sources).data ?? []
  const list = useInfiniteQuery(receiptList(filters))
  const rows = list.data?.pages.flatMap((p) => p.receipts) ?? []
  const more = list.hasNextPage && !list.isFetchingNextPage ? { near: () => void list.fetchNextPage() } : {}
  const some = Object.keys(filters).length > 0
  return (
    <>
      <div className="flex flex-wrap items-center gap-2">
        <Select aria-label="Source" value={filters.source ?? ''} onChange={(e) => set('source', e.target.value)}>
          <option value="">Every source</option>
          {names.map((s) => <option key={s.id} value={s.id}>{s.name}</option>)}
        </Select>
        <Select aria-label="Problem" className="max-w-64" value={filters.problem ?? ''} onChange={(e) => set('problem', e.target.value)}>
          <option value="">With and without problems</option>
          <option value="any">Any problem</option>
          {[...new Set([...problemCodes, ...(filters.problem && filters.problem !== 'any' ? [filters.problem] : [])])].map((c) => <option key={c} value={c}>{problemWords(c)}</option>)}
        </Select>
        <Select aria-label="Kind" value={filters.kind ?? ''} onChange={(e) => set('kind', e.target.value)}>
          <option value="">Every kind</option>
          {[...new Set([...kindCodes, ...(filters.kind ? [filters.kind] : [])])].map((k) => <option key={k} value={k}>{kindWords(k)}</option>)}
        </Select>
        <span className="inline-flex flex-wrap items-center gap-2">
          <label className="inline-flex items-center gap-1.5 text-sm text-soft">Came from
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
          : list.isPending ? <Loading lines={12} />
          : rows.length === 0 && !list.hasNextPage ? (
            some ? (
              <Empty icon={<Inbox />} title={filters.problem ? 'No request has such a problem' : 'No request is like that'} action={<Button onClick={() => choose({})}>Clear the filters</Button>}>
                {filters.problem ? 'That is as it should be: what was accepted was understood.' : 'Requests are kept for a time; what is older is removed, its events stay.'}
              </Empty>
            ) : (
              <Empty icon={<Inbox />} title="No request has come yet" action={<Link to="/sources/new" className="text-accent hover:underline">Add a source</Link>}>
                Each request of a provider is kept here as it came, for 30 days unless the server is told otherwise.
              </Empty>
            )
          ) : (
            <VirtualTable label="Receipts" rows={rows} columns={receiptColumns} rowKey={(r) => r.id} height="calc(100dvh - 20rem)"
              open={(r) => void navigate({ to: '/receipts/$id', params: { id: r.id } })} {...more}
              foot={<p className="px-3 py-2 text-xs text-soft">{list.hasNextPage ? 'Fetching more…' : `${count(rows.length)} ${rows.length === 1 ? 'request' : 'requests'}`}</p>} />
          )}
      </Card>
    </>
  )
}

function Replays({ begin }: { begin: () => void }) {
  const queries = useQueryClient()
  const list = useInfiniteQuery(replayList)
  const rows = list.data?.pages.flatMap((p) => p.replays) ?? []
  const again = useMutation({
    mutationFn: (r: Schemas['Replay']) =>
      startReplay({ onlyProblems: r.onlyProblems, ...(r.source ? { source: r.source } : {}), ...(r.from ? { from: r.from } : {}), ...(r.to ? { to: r.to } : {}) }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['replays'] })
      tell('Reading again is under way.')
    },
  })
  return (
    <>
      {again.error && <Problem error={again.error} />}
      <Card flush>
        {list.error ? <div className="p-4"><Problem error={list.error} retry={() => void list.refetch()} /></div>
          : list.isPending ? <Loading />
          : rows.length === 0 ? (
            <Empty icon={<RotateCcw />} title="Nothing was read again yet" action={<Button kind="main" onClick={begin}>Read again…</Button>}>
              After an upgrade that understands more, or after a mistake in a rule, kept requests are read again: it adds only what is missing.
              A trial tells beforehand what that would be.
            </Empty>
          ) : (
            <>
              <ul>{rows.map((r) => <ReplayRow key={r.id} replay={r} again={(x) => again.mutate(x)} />)}</ul>
              {list.hasNextPage && <div className="p-3"><Button onClick={() => void list.fetchNextPage()} busy={list.isFetchingNextPage}>Show older ones</Button></div>}
            </>
          )}
      </Card>
    </>
  )
}
