import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { clsx } from 'clsx'
import { LoaderCircle, X } from 'lucide-react'
import { useState } from 'react'
import { contactsLike, contactTotal, type Explanation } from '../api/segments'
import { count, percent } from '../lib/format'
import { useDebounced } from '../lib/debounced'
import { Suggest } from './suggest'
import { Why } from './truth'
import { Card, IconButton, Problem } from './ui'

type Answer = { count: number; sample: { id: string; email: string }[]; explanation?: Explanation }

/** How many a condition selects, some of them, and why one of them is in it or not. */
export function Preview({ answer, resting, unfinished, contact, choose, problem }: {
  answer: UseQueryResult<Answer>
  /** Whether the condition was asked for as it stands, and not as it was a moment ago */
  resting: boolean
  /** How many filters nobody can judge yet */
  unfinished: number
  contact: string
  choose: (contact: string) => void
  /** What is wrong and is not told beside a filter */
  problem: unknown
}) {
  const all = useQuery(contactTotal).data
  const a = answer.data
  const old = unfinished > 0 || answer.error !== null
  const dim = !resting || answer.isPlaceholderData
  return (
    <>
      <Card title="Who it selects now" action={(answer.isFetching || !resting) && <LoaderCircle aria-hidden className="size-4 animate-spin text-soft" />}>
        <div className="flex flex-col gap-3">
          <p role="status" aria-live="polite" aria-busy={dim || undefined} className={clsx('flex flex-wrap items-baseline gap-x-2', (old || dim) && 'text-soft')}>
            {a && !old && <><span className="numbers text-2xl font-semibold">{count(a.count)}</span> <span>{a.count === 1 ? 'contact' : 'contacts'}</span></>}
            {a && !old && all !== undefined && all > 0 && <span className="text-sm text-soft">{percent(Math.min(1, a.count / all))} of {count(all)}</span>}
            {unfinished > 0 && <span className="text-sm">{unfinished === 1 ? 'One filter is' : `${unfinished} filters are`} not finished: choose what to look at, and a value.</span>}
            {unfinished === 0 && answer.error && <span className="text-sm">Something is wrong with the condition.</span>}
            {unfinished === 0 && !a && !answer.error && <span className="text-sm">Counting…</span>}
          </p>
          {problem !== undefined && <Problem error={problem} retry={() => void answer.refetch()} />}
          {a && !old && a.sample.length > 0 && (
            <div>
              <p className="mb-1 text-xs text-soft">{a.count > a.sample.length ? `The first ${a.sample.length}. ` : ''}Choose one to see why.</p>
              <ul className="-mx-2 flex flex-col">
                {a.sample.map((c) => (
                  <li key={c.id}>
                    <button type="button" aria-pressed={contact === c.email} onClick={() => choose(contact === c.email ? '' : c.email)} title={c.email}
                      className={clsx('w-full truncate rounded px-2 py-1 text-left text-sm hover:bg-raised', contact === c.email && 'bg-raised font-medium')}>
                      {c.email}
                    </button>
                  </li>
                ))}
              </ul>
            </div>
          )}
          {a && !old && a.count === 0 && <p className="text-sm text-soft">Nobody, as it stands. Choose a contact below who should be in it, to see which filter keeps them out.</p>}
        </div>
      </Card>
      <Card title="Why somebody is in it or not" action={contact && <IconButton small label="Choose nobody" onClick={() => choose('')}><X aria-hidden className="size-4" /></IconButton>}>
        <div className="flex flex-col gap-3">
          <ContactSearch contact={contact} choose={choose} />
          {contact === '' ? <p className="text-sm text-soft">Choose a contact: each filter then says what is true of them, and why.</p>
            : old ? <p className="text-sm text-soft">{unfinished > 0 ? 'As soon as the condition is finished.' : 'As soon as the condition is right.'}</p>
            : a?.explanation && <div className={clsx(dim && 'opacity-60')}><Why of={a.explanation} /></div>}
        </div>
      </Card>
    </>
  )
}

/** Finds a contact by the beginning of the address. */
export function ContactSearch({ contact, choose }: { contact: string; choose: (contact: string) => void }) {
  const [text, setText] = useState('')
  const found = useQuery(contactsLike(useDebounced(text.trim(), 200))).data ?? []
  const options = text.trim() === '' ? [] : found.map((email) => ({ value: email, label: email }))
  const whole = (text: string) => (/^[^@\s]+@[^@\s]+$/.test(text) || /^(con_|ext:)./.test(text) ? [{ value: text, label: text, about: 'as written' }] : [])
  return <Suggest label="Find a contact" value={contact} options={options} free={whole} choose={choose} typed={setText} placeholder="Address of a contact" />
}
