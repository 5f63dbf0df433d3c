import { clsx } from 'clsx'
import { useMemo } from 'react'
import { around, diff, type Line } from '../lib/diff'
import { count } from '../lib/format'

/** One field before and after. */
export const Changed = ({ label, before, after }: { label: string; before: string; after: string }) => (
  <div className="min-w-0">
    <dt className="text-xs text-soft">{label}</dt>
    <dd className="wrap-anywhere"><del className="rounded bg-bad/10 px-1 text-bad">{before || 'nothing'}</del> <ins className="rounded bg-good/10 px-1 text-good no-underline">{after || 'nothing'}</ins></dd>
  </div>
)

const marks = { same: ' ', gone: '−', new: '+' }
const grounds = { same: '', gone: 'bg-bad/10', new: 'bg-good/10' }

/** A text before and after, line by line. */
export function Lines({ label, before, after }: { label: string; before: string; after: string }) {
  const rows = useMemo(() => around(diff(before, after)), [before, after])
  const n = (kind: Line['kind']) => rows.filter((r) => typeof r !== 'number' && r.kind === kind).length
  return (
    <section aria-label={`Changes of ${label}`}>
      <h3 className="flex items-center gap-2 px-4 pt-3 pb-2 text-xs font-medium text-soft">{label} <span className="text-good">+{n('new')}</span> <span className="text-bad">−{n('gone')}</span></h3>
      <div className="max-h-[60dvh] overflow-auto border-t border-line py-1 font-mono text-xs" tabIndex={0} role="region" aria-label={`Lines of ${label}`}>
        {rows.map((r, i) => (typeof r === 'number'
          ? <p key={i} className="bg-raised px-4 py-1 text-soft">{count(r)} {r === 1 ? 'line' : 'lines'} the same</p>
          : (
            <div key={i} className={clsx('flex px-2', grounds[r.kind])}>
              <span aria-hidden className="numbers w-18 shrink-0 text-soft select-none"><span className="inline-block w-8 text-right">{r.before}</span> <span className="inline-block w-8 text-right">{r.after}</span></span>
              <span className="w-4 shrink-0 text-center" aria-label={{ same: 'same', gone: 'gone', new: 'new' }[r.kind]} role="img">{marks[r.kind]}</span>
              <span className="min-w-0 flex-1 whitespace-pre-wrap wrap-anywhere">{r.text || ' '}</span>
            </div>
          )))}
      </div>
    </section>
  )
}
