import { clsx } from 'clsx'
import { Check, CircleHelp, X } from 'lucide-react'
import type { Explanation, Part } from '../api/segments'
import { ContactLink } from './event'

const truths = {
  true: { word: 'true', icon: Check, look: 'border-good bg-good/10 text-good', means: 'It holds.' },
  false: { word: 'false', icon: X, look: 'border-bad bg-bad/10 text-bad', means: 'It does not hold.' },
  unknown: { word: 'unknown', icon: CircleHelp, look: 'border-dashed border-warn bg-warn/5 text-warn', means: 'The contact has nothing that could be compared. Unknown selects nobody.' },
}

/** True, false or unknown: by its word, its sign and its border, and only then by its colour. */
export function Truth({ of }: { of: Part['holds'] }) {
  const { word, icon: Icon, look, means } = truths[of]
  return (
    <span title={means} className={clsx('inline-flex h-5 shrink-0 items-center gap-1 rounded border px-1.5 text-xs font-medium', look)}>
      <Icon aria-hidden className="size-3" />{word}
    </span>
  )
}

/** Whether a contact is in, and why: the condition part by part. */
export function Why({ of: e }: { of: Explanation }) {
  return (
    <div className="flex min-w-0 flex-col gap-3">
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1 text-[15px] font-semibold">
        {e.in ? <Check aria-hidden className="size-5 text-good" /> : <X aria-hidden className="size-5 text-bad" />}
        <span className="min-w-0 break-all"><ContactLink id={e.contactId} address={e.email} /></span> {e.in ? 'is in it.' : 'is not in it.'}
      </p>
      {e.static && <p className="text-sm text-soft">{e.in ? 'Somebody put them there.' : 'Nobody put them there.'}</p>}
      {!e.in && e.why?.holds === 'true' && <p className="text-sm text-soft">The condition holds, but the contact is pending: it came when there was no room for more, and is in no segment.</p>}
      {e.why && <ul aria-label="Why, part by part" className="text-sm"><Reason part={e.why} /></ul>}
    </div>
  )
}

function Reason({ part: p }: { part: Part }) {
  const parts = p.parts ?? []
  // A part that joins one other says nothing of its own.
  const only = parts.length === 1 ? parts[0] : undefined
  if (only) return <Reason part={only} />
  if (!p.logic) {
    return (
      <li className="flex gap-2 py-1.5" aria-label={`${p.holds}: ${p.asks ?? ''}`}>
        <Truth of={p.holds} />
        <span className="min-w-0">
          <span className="block break-words">{p.asks}</span>
          {p.because && <span className="block text-xs wrap-anywhere text-soft">{p.because}</span>}
        </span>
      </li>
    )
  }
  return (
    <li className="py-1">
      <p className="flex items-center gap-2 py-0.5">
        <Truth of={p.holds} />
        <span className="font-medium">{p.logic === 'AND' ? 'All of these' : 'At least one of these'}</span>
      </p>
      <ul className="ml-1.5 border-l-2 border-line pl-2.5">{parts.map((one) => <Reason key={one.at} part={one} />)}</ul>
    </li>
  )
}
