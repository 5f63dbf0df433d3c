import { clsx } from 'clsx'
import type { ReactNode } from 'react'

/** Which part of a page is seen; it stands in the page's address. Left and right go from one to the next. */
export function Tabs({ tabs, at, choose, label }: { tabs: readonly (readonly [id: string, label: ReactNode])[]; at: string; choose: (id: string) => void; label: string }) {
  return (
    <div role="tablist" aria-label={label} className="flex gap-1 overflow-x-auto border-b border-line"
      onKeyDown={(e) => {
        const step = e.key === 'ArrowRight' ? 1 : e.key === 'ArrowLeft' ? -1 : 0
        if (step === 0) return
        const next = (tabs.findIndex(([id]) => id === at) + step + tabs.length) % tabs.length
        const id = tabs[next]?.[0]
        if (!id) return
        choose(id)
        e.currentTarget.querySelectorAll<HTMLElement>('[role=tab]')[next]?.focus()
      }}>
      {tabs.map(([id, text]) => (
        <button key={id} type="button" role="tab" id={`tab-${id}`} aria-selected={id === at} aria-controls="tab-panel" tabIndex={id === at ? 0 : -1} onClick={() => choose(id)}
          className={clsx('-mb-px h-9 border-b-2 px-3 text-sm font-medium whitespace-nowrap focus-visible:-outline-offset-2', id === at ? 'border-accent text-ink' : 'border-transparent text-soft hover:text-ink')}>
          {text}
        </button>
      ))}
    </div>
  )
}

export const TabPanel = ({ at, children }: { at: string; children: ReactNode }) => (
  <div role="tabpanel" id="tab-panel" aria-labelledby={`tab-${at}`} className="flex min-w-0 flex-col gap-5">{children}</div>
)

/** A tab's name with how many things wait behind it. */
export const Counted = ({ name, count }: { name: string; count: number | undefined }) => (
  <span className="inline-flex items-center gap-1.5">
    {name}
    {count !== undefined && count > 0 && <span className="numbers rounded bg-raised px-1.5 text-xs">{count}</span>}
  </span>
)
