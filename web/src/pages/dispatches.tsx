import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { MailX } from 'lucide-react'
import { useState } from 'react'
import { dispatchList, endpoints, givenUp } from '../api/endpoints'
import { DispatchList, StateFilter } from '../components/dispatch-list'
import { StartEndpointReplay } from '../components/endpoint-replays'
import { Button, Heading, Select } from '../components/ui'
import { isState } from '../lib/endpoints'
import { count } from '../lib/format'
import { useRefresh } from '../lib/refresh'
import { without } from '../lib/without'

const route = getRouteApi('/inside/dispatches')

/** What was sent to all endpoints, or waits. With state=dead these are the dead letters. */
export function Dispatches() {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const list = useQuery({ ...endpoints, retry: false }).data ?? []
  const [again, sendAgain] = useState(false)
  const chosen = list.find((e) => e.id === search.endpoint || e.name === search.endpoint)
  const filters = { ...(isState(search.state) ? { state: search.state } : {}), ...(search.endpoint ? { endpoint: search.endpoint } : {}) }
  const refresh = useRefresh(dispatchList(filters).queryKey)
  const set = (key: keyof typeof search, to: string | undefined) => void navigate({ search: to ? { ...search, [key]: to } : without(search, key) })
  return (
    <>
      <Heading title="Dispatches" about="What was sent to endpoints, with every try, newest first. What was given up, the dead letters, can be sent again or dropped.">
        <Button onClick={refresh}>Refresh</Button>
      </Heading>
      {search.state !== 'dead' && <GivenUp choose={() => void navigate({ search: { state: 'dead' } })} />}
      <div className="flex flex-wrap items-center gap-2">
        <StateFilter state={search.state} choose={(to) => set('state', to)} />
        <Select aria-label="Endpoint" className="max-w-64" value={chosen?.id ?? search.endpoint ?? ''} onChange={(e) => set('endpoint', e.target.value)}>
          <option value="">Every endpoint</option>
          {list.map((e) => <option key={e.id} value={e.id}>{e.name}</option>)}
          {search.endpoint && !chosen && <option value={search.endpoint}>{search.endpoint}</option>}
        </Select>
        {Object.keys(search).length > 0 && <Button kind="quiet" small onClick={() => void navigate({ search: {} })}>Clear all</Button>}
        {search.state === 'dead' && chosen && <Button className="ml-auto" onClick={() => sendAgain(true)}>Send all of {chosen.name} again…</Button>}
      </div>
      {search.state === 'dead' && !chosen && list.length > 1 && <p className="-mt-2 text-xs text-soft">Choose an endpoint to send all of it again.</p>}
      <DispatchList filters={filters} height="calc(100dvh - 18rem)" clear={() => void navigate({ search: {} })} />
      {chosen && <StartEndpointReplay endpoint={chosen} open={again} close={() => sendAgain(false)} dead started={() => void navigate({ to: '/endpoints/$id', params: { id: chosen.id }, search: { tab: 'replays' } })} />}
    </>
  )
}

/** What waits for a person is told on top. */
function GivenUp({ choose }: { choose: () => void }) {
  const n = useQuery({ ...givenUp, retry: false }).data
  if (!n || n.count === 0) return null
  const one = n.count === 1 && !n.more
  return (
    <div className="flex flex-wrap items-center gap-3 rounded-lg border border-bad/40 bg-bad/5 px-4 py-3 text-sm">
      <MailX aria-hidden className="size-4 shrink-0 text-bad" />
      <p className="min-w-0 flex-1 basis-60">{one ? 'One dispatch was given up. It is not sent' : `${n.more ? `More than ${count(n.count)}` : count(n.count)} dispatches were given up. They are not sent`} again unless somebody says so.</p>
      <Button small onClick={choose}>Look at {one ? 'it' : 'them'}</Button>
    </div>
  )
}
