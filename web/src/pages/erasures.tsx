import { useInfiniteQuery } from '@tanstack/react-query'
import { UserX } from 'lucide-react'
import { useMemo, useState } from 'react'
import { type Erasure, erasureList } from '../api/erasures'
import { Mono, Time } from '../components/bits'
import { EraseDialog } from '../components/contact-acts'
import { PagedList } from '../components/list'
import { Dialog } from '../components/overlay'
import { Who } from '../components/suppression'
import type { Column } from '../components/table'
import { Badge, Button, Card, Empty, Fact, Facts, Heading, Problem, type Tone } from '../components/ui'
import { capital, count } from '../lib/format'

const states: Record<Erasure['status'], { word: string; tone: Tone; title: string }> = {
  running: { word: 'Running', tone: 'info', title: 'Nothing of the person is shown or mailed any more; what is kept is being searched' },
  done: { word: 'Done', tone: 'good', title: 'Nothing is kept of the person any more' },
  failed: { word: 'Failed', tone: 'bad', title: 'It did not come to its end: erase the address once more, and it goes on' },
}

const State = ({ of: e }: { of: Erasure }) => <Badge tone={states[e.status].tone} title={states[e.status].title}>{states[e.status].word}</Badge>

/** What an erasure counts, with what it did to that. */
const counted: Record<string, [one: string, several: string, about: string]> = {
  contacts: ['contact', 'contacts', 'The person’s, those that were merged among them'],
  events: ['event', 'events', 'That lost what they said of the person'],
  messages: ['email', 'emails', 'That lost subject and metadata'],
  receipts: ['request', 'requests', 'Whose bodies were dropped, or written anew without the person'],
  audit: ['entry of the audit log', 'entries of the audit log', 'That lost what they said'],
  others: ['other row', 'other rows', 'Of anything else that named the person'],
}

const named = (what: string, n: number) => `${count(n)} ${counted[what]?.[n === 1 ? 0 : 1] ?? what}`

/** What was erased, in a few words. */
const summary = (e: Erasure) => Object.entries(e.counts).filter(([, n]) => n > 0).map(([what, n]) => named(what, n)).join(', ')

const columns: Column<Erasure>[] = [
  { id: 'at', head: 'Asked for', width: 190, cell: (e) => <Time at={e.requestedAt} /> },
  { id: 'status', head: 'State', width: 100, cell: (e) => <State of={e} /> },
  { id: 'by', head: 'By', width: 150, cell: (e) => <span title={e.by}><Who id={e.by} name={e.byName} /></span> },
  { id: 'counts', head: 'Erased', width: 280, grow: true, cell: (e) => <span title={summary(e)}>{summary(e) || <span className="text-soft">{e.status === 'running' ? 'not counted yet' : 'nothing was there'}</span>}</span> },
  { id: 'note', head: 'Note', width: 180, grow: true, cell: (e) => <span className="text-soft" title={e.note}>{e.note}</span> },
  { id: 'finished', head: 'Finished', width: 190, cell: (e) => (e.finishedAt ? <Time at={e.finishedAt} /> : <span className="text-soft">–</span>) },
]

export function Erasures() {
  const list = useInfiniteQuery(erasureList)
  const rows = useMemo(() => list.data?.pages.flatMap((p) => p.erasures) ?? [], [list.data])
  const [erasing, erase] = useState(false)
  const [shown, show] = useState<string>()
  const e = rows.find((x) => x.id === shown)
  return (
    <>
      <Heading title="Erasures" about="People who were forgotten. The list says when, by whom and how much; whom, it does not hold.">
        <Button kind="danger" onClick={() => erase(true)}>Erase an address…</Button>
      </Heading>
      <Card flush>
        <PagedList list={list} rows={rows} columns={columns} rowKey={(x) => x.id} label="Erasures" noun={['erasure', 'erasures']} open={(x) => show(x.id)}
          empty={
            <Empty icon={<UserX />} title="Nobody was erased yet" action={<Button onClick={() => erase(true)}>Erase an address…</Button>}>
              Whoever asks to be forgotten is erased here or from the page of the contact: the address goes everywhere, and a receipt without it stays in this list.
            </Empty>
          } />
      </Card>
      <Dialog open={e !== undefined} close={() => show(undefined)} title="An erasure">{e && <Details of={e} />}</Dialog>
      <EraseDialog open={erasing} close={() => erase(false)} />
    </>
  )
}

function Details({ of: e }: { of: Erasure }) {
  const counts = Object.entries(e.counts)
  return (
    <div className="flex flex-col gap-4 text-sm">
      <p className="flex items-center gap-2"><State of={e} /> {states[e.status].title}.</p>
      {e.problem && <Problem error={new Error(e.problem)} />}
      <Facts>
        <Fact name="Asked for"><Time at={e.requestedAt} /></Fact>
        <Fact name="Finished">{e.finishedAt ? <Time at={e.finishedAt} /> : 'not yet'}</Fact>
        <Fact name="By"><Who id={e.by} name={e.byName} /></Fact>
        <Fact name="Note">{e.note}</Fact>
        <Fact name="Suppression">{e.suppressed ? 'holds as before, by a keyed hash of the address' : 'none held'}</Fact>
        <Fact name="Contact">{e.contactId ? <Mono>{e.contactId}</Mono> : 'there was none'}</Fact>
        <Fact name="Erasure"><Mono>{e.id}</Mono></Fact>
      </Facts>
      {counts.length > 0 && (
        <div>
          <p className="mb-2 font-medium">What it came upon{e.status === 'running' && ' so far'}</p>
          <dl className="grid grid-cols-2 gap-3 sm:grid-cols-3">
            {counts.map(([what, n]) => <div key={what} title={counted[what]?.[2]}><dt className="text-xs text-soft">{capital(counted[what]?.[1] ?? what)}</dt><dd className="numbers text-lg font-semibold">{count(n)}</dd></div>)}
          </dl>
        </div>
      )}
    </div>
  )
}
