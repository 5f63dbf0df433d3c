import { Link } from '@tanstack/react-router'
import { clsx } from 'clsx'

/** Parts of a page, of which one is shown. Which one stands in the address, so each is a link. */
export function Tabs({ label, at, tabs }: { label: string; at: string; tabs: { key: string; name: string; count?: number | undefined }[] }) {
  return (
    <nav aria-label={label} className="flex gap-1 overflow-x-auto border-b border-line">
      {tabs.map((t, i) => (
        <Link key={t.key} to="." search={(s) => ({ ...s, tab: i === 0 ? undefined : t.key })}
          aria-current={t.key === at ? 'page' : undefined}
          className={clsx('-mb-px inline-flex h-9 items-center gap-1.5 border-b-2 px-3 text-sm whitespace-nowrap', t.key === at ? 'border-accent font-medium' : 'border-transparent text-soft hover:text-ink')}>
          {t.name}
          {t.count !== undefined && t.count > 0 && <span className="numbers rounded bg-raised px-1.5 text-xs">{t.count}</span>}
        </Link>
      ))}
    </nav>
  )
}
