import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Send } from 'lucide-react'
import { useMemo } from 'react'
import { type DispatchFilters, dispatchList } from '../api/endpoints'
import { isState, stateNames, states } from '../lib/endpoints'
import { dispatchColumns, endpointDispatchColumns } from './dispatch'
import { PagedList } from './list'
import { Button, Card, Empty, Select } from './ui'

/** A choice among the states. */
export function StateFilter({ state, choose }: { state: string | undefined; choose: (to: string | undefined) => void }) {
  return (
    <Select aria-label="State" value={isState(state) ? state : ''} onChange={(e) => choose(e.target.value || undefined)}>
      <option value="">Every state</option>
      {stateNames.map((s) => <option key={s} value={s}>{states[s].word}</option>)}
    </Select>
  )
}

/** What was sent to endpoints, or to one of them. */
export function DispatchList({ filters, height, clear }: { filters: DispatchFilters; height?: string; clear?: (() => void) | undefined }) {
  const navigate = useNavigate()
  const list = useInfiniteQuery(dispatchList(filters))
  const rows = useMemo(() => list.data?.pages.flatMap((p) => p.dispatches) ?? [], [list.data])
  return (
    <Card flush>
      <PagedList list={list} rows={rows} columns={filters.endpoint ? endpointDispatchColumns : dispatchColumns} rowKey={(d) => d.id} label="Dispatches" noun={['dispatch', 'dispatches']}
        open={(d) => void navigate({ to: '/dispatches/$id', params: { id: d.id } })} {...(height ? { height } : {})}
        empty={filters.state === 'dead' ? (
          <Empty icon={<Send />} title="Nothing was given up" {...(clear ? { action: <Button onClick={clear}>Show all</Button> } : {})}>
            That is as it should be. What an endpoint does not take is tried again for as long as it says, three days as a rule, and stands here then.
          </Empty>
        ) : filters.state ? (
          <Empty icon={<Send />} title="Nothing is like that" {...(clear ? { action: <Button onClick={clear}>Show all</Button> } : {})}>What was sent is kept for a time, with every try.</Empty>
        ) : (
          <Empty icon={<Send />} title="Nothing was sent yet">Once an event is stored that an endpoint wants, it stands here with every try and what was answered.</Empty>
        )} />
    </Card>
  )
}
