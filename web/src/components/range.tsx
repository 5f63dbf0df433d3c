import { clsx } from 'clsx'
import { CalendarDays } from 'lucide-react'
import { useState } from 'react'
import { dayText, presets, type Span, usual } from '../lib/range'
import { Dialog } from './overlay'
import { Button, Field, Input } from './ui'

/** Chooses a span. What is chosen stands in the page's address. */
export function RangePicker({ span, choose }: { span: Span; choose: (to: Span) => void }) {
  const [open, setOpen] = useState(false)
  const [from, setFrom] = useState(span.from ?? dayText(new Date(Date.now() - 6 * 86_400_000)))
  const [to, setTo] = useState(span.to ?? dayText(new Date()))
  const own = span.from && span.to
  return (
    <>
      <div role="group" aria-label="Span of time" className="inline-flex rounded-md border border-line bg-panel p-0.5">
        {Object.entries(presets).map(([range, p]) => {
          const on = !own && (span.range ?? usual) === range
          return (
            <button
              key={range}
              aria-pressed={on}
              onClick={() => choose({ range })}
              className={clsx('h-6.5 rounded px-2 text-xs font-medium', on ? 'bg-raised text-ink' : 'text-soft hover:text-ink')}
            >
              {p.label}
            </button>
          )
        })}
        <button
          aria-pressed={Boolean(own)}
          onClick={() => setOpen(true)}
          className={clsx('inline-flex h-6.5 items-center gap-1 rounded px-2 text-xs font-medium', own ? 'bg-raised text-ink' : 'text-soft hover:text-ink')}
        >
          <CalendarDays aria-hidden className="size-3.5" />
          {own ? `${span.from} – ${span.to}` : 'Other'}
        </button>
      </div>
      <Dialog open={open} close={() => setOpen(false)} title="Span of time" about="Both days are part of it.">
        <form
          className="flex flex-col gap-3"
          onSubmit={(e) => {
            e.preventDefault()
            choose(from <= to ? { from, to } : { from: to, to: from })
            setOpen(false)
          }}
        >
          <div className="grid grid-cols-2 gap-3">
            <Field label="From">{(p) => <Input {...p} type="date" required value={from} onChange={(e) => setFrom(e.target.value)} />}</Field>
            <Field label="To">{(p) => <Input {...p} type="date" required value={to} onChange={(e) => setTo(e.target.value)} />}</Field>
          </div>
          <Button type="submit" kind="main" className="self-end">Show</Button>
        </form>
      </Dialog>
    </>
  )
}
