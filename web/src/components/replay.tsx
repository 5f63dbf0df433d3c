import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Refusal, type Schemas } from '../api/client'
import { sources } from '../api/queries'
import { cancelReplay, type ReceiptFilters, running, startReplay } from '../api/receipts'
import { count } from '../lib/format'
import { Time } from './bits'
import { Confirm, Dialog } from './overlay'
import { tell } from './toast'
import { Badge, Button, Field, Input, Problem, Select, type Tone } from './ui'

type Replay = Schemas['Replay']

const states: Record<Replay['state'], [word: string, tone: Tone]> = {
  waiting: ['Waits', 'info'], running: ['Runs', 'info'], done: ['Done', 'good'], cancelled: ['Cancelled', 'plain'], failed: ['Failed', 'bad'],
}

const results = [
  ['new', 'missing, now stored', 'would be stored', 'good'],
  ['upgraded', 'understood now', 'would be understood now', 'good'],
  ['known', 'there already', 'there already', 'plain'],
  ['problems', 'requests with problems still', 'requests with problems still', 'warn'],
  ['unreadable', 'requests that can’t be read', 'requests that can’t be read', 'warn'],
  ['conflicts', 'there with another content', 'there with another content', 'warn'],
  ['expired', 'too old to keep', 'too old to keep', 'plain'],
] as const

/** What came of reading requests again. Zeros are left out, but for what one wants to know. */
export function Came({ of: r, dry = false }: { of: Schemas['Replayed']; dry?: boolean }) {
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1 text-sm">
      {results.filter(([key]) => key === 'new' || key === 'known' || r[key] > 0).map(([key, words, dryWords, tone]) => (
        <li key={key} className={r[key] > 0 && tone === 'good' ? 'text-good' : r[key] > 0 && tone === 'warn' ? 'text-warn' : 'text-soft'}>
          <span className="numbers font-medium">{count(r[key])}</span> {dry ? dryWords : words}
        </li>
      ))}
    </ul>
  )
}

/** Which requests it is of, in words. */
function Which({ replay: r }: { replay: Replay }) {
  const names = useQuery(sources).data
  return (
    <>
      {r.onlyProblems ? 'Requests with problems' : 'All requests'}
      {r.source && <> of {names?.find((s) => s.id === r.source)?.name ?? r.source}</>}
      {r.from && <> from <Time at={r.from} form="day" /></>}
      {r.to && <> before <Time at={r.to} form="day" /></>}
    </>
  )
}

export function ReplayRow({ replay: r, again }: { replay: Replay; again: (r: Replay) => void }) {
  const queries = useQueryClient()
  const [asked, ask] = useState(false)
  const [word, tone] = states[r.state]
  const live = running(r)
  return (
    <li className="flex flex-col gap-2 border-b border-line px-4 py-3 last:border-b-0">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="flex min-w-0 flex-wrap items-center gap-2 text-sm">
          <Badge tone={tone}>{word}</Badge>
          {r.dryRun && <Badge tone="violet" title="Nothing is stored">Trial</Badge>}
          <span><Which replay={r} /></span>
          <span className="text-soft"><Time at={r.createdAt} form="ago" /></span>
        </p>
        {live && <Button small onClick={() => ask(true)}>Cancel</Button>}
        {r.state === 'done' && r.dryRun && r.new + r.upgraded > 0 && <Button small kind="main" onClick={() => again(r)}>Store them now</Button>}
      </div>
      {live && (
        <div className="flex items-center gap-3">
          <div role="progressbar" aria-label="Requests read again" aria-valuemin={0} aria-valuemax={r.total} aria-valuenow={r.done} className="h-1.5 flex-1 overflow-hidden rounded bg-raised">
            <div className="h-full bg-accent transition-all" style={{ width: `${r.total > 0 ? (r.done / r.total) * 100 : 0}%` }} />
          </div>
          <span className="numbers text-xs text-soft">{count(r.done)} of {count(r.total)} requests</span>
        </div>
      )}
      {!live && <p className="numbers text-xs text-soft">{count(r.done)} of {count(r.total)} requests read</p>}
      <Came of={r} dry={r.dryRun} />
      {r.error && <p className="text-sm text-bad">{r.error}</p>}
      <Confirm open={asked} close={() => ask(false)} title="Cancel it where it is?" verb="Cancel it"
        act={async () => {
          await cancelReplay(r.id)
          await queries.invalidateQueries({ queryKey: ['replays'] })
          tell('It is cancelled.')
        }}>
        <p>{count(r.done)} of {count(r.total)} requests were read. What was stored of them stays; the others are left as they are.</p>
      </Confirm>
    </li>
  )
}

/** Asks what to read again, and whether to store it. */
export function StartReplay({ open, close, filters, started }: { open: boolean; close: () => void; filters: ReceiptFilters; started: () => void }) {
  return (
    <Dialog open={open} close={close} title="Read requests again"
      about="With this version’s rules: what was not understood may be now. The same fact has the same id, so what is there stays as it is.">
      {open && <Wish filters={filters} close={close} started={started} />}
    </Dialog>
  )
}

function Wish({ filters, close, started }: { filters: ReceiptFilters; close: () => void; started: () => void }) {
  const queries = useQueryClient()
  const list = useQuery(sources).data ?? []
  const [source, setSource] = useState(filters.source ?? '')
  const [only, setOnly] = useState(true)
  const [from, setFrom] = useState(filters.from ?? '')
  const [to, setTo] = useState(filters.to ?? '')
  const start = useMutation({
    mutationFn: (dryRun: boolean) => startReplay({ dryRun, onlyProblems: only, ...(source ? { source } : {}), ...(from ? { from } : {}), ...(to ? { to } : {}) }),
    onSuccess: async (_, dryRun) => {
      await queries.invalidateQueries({ queryKey: ['replays'] })
      tell(dryRun ? 'The trial is under way.' : 'Reading again is under way.')
      started()
      close()
    },
  })
  return (
    <form className="flex flex-col gap-4" onSubmit={(e) => { e.preventDefault(); start.mutate(true) }}>
      <Field label="Source">
        {(p) => (
          <Select {...p} value={source} onChange={(e) => setSource(e.target.value)}>
            <option value="">All of them</option>
            {list.map((s) => <option key={s.id} value={s.id}>{s.name}</option>)}
          </Select>
        )}
      </Field>
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label="Came from this day on">{(p) => <Input {...p} type="date" value={from.slice(0, 10)} onChange={(e) => setFrom(e.target.value)} />}</Field>
        <Field label="Came before">{(p) => <Input {...p} type="date" value={to.slice(0, 10)} onChange={(e) => setTo(e.target.value)} />}</Field>
      </div>
      <label className="flex items-center gap-2 text-sm">
        <input type="checkbox" className="size-4 accent-accent" checked={only} onChange={(e) => setOnly(e.target.checked)} />
        Only requests that had a problem
      </label>
      {start.error && <Problem error={start.error} />}
      {start.error instanceof Refusal && start.error.status === 409 && <p className="text-sm text-soft">One at a time runs: wait for it, or cancel it.</p>}
      <div className="flex flex-wrap justify-end gap-2">
        <Button busy={start.isPending && start.variables === false} onClick={() => start.mutate(false)}>Read and store</Button>
        <Button type="submit" kind="main" busy={start.isPending && start.variables === true}>Try it, store nothing</Button>
      </div>
    </form>
  )
}
