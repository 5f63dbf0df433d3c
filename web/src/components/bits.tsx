import { clsx } from 'clsx'
import { Check, Copy as CopyIcon } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { ago, local, localClock, localDay, localShort, splitURL, utc } from '../lib/format'
import { useNow } from '../lib/now'
import { Tooltip } from './overlay'
import { IconButton } from './ui'

/** A time in the viewer's zone; pointed at, it tells UTC. */
export function Time({ at, form = 'full' }: { at: string | undefined | null; form?: 'full' | 'short' | 'ago' | 'day' | 'clock' }) {
  const now = useNow()
  if (!at) return <span className="text-soft">never</span>
  const t = new Date(at)
  const text = { full: () => local(t), short: () => localShort(t, now), ago: () => ago(t, now), day: () => localDay(t), clock: () => localClock(t) }[form]()
  return (
    <Tooltip says={<>{form !== 'full' && <>{local(t)}<br /></>}{utc(t)}</>}>
      <time dateTime={at} tabIndex={0} className="numbers whitespace-nowrap">{text}</time>
    </Tooltip>
  )
}

/** Copies a text; says so. */
export function Copy({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [done, setDone] = useState(false)
  return (
    <IconButton
      label={done ? 'Copied' : label}
      small
      onClick={async () => {
        await navigator.clipboard.writeText(text)
        setDone(true)
        setTimeout(() => setDone(false), 1500)
      }}
    >
      {done ? <Check aria-hidden className="size-3.5 text-good" /> : <CopyIcon aria-hidden className="size-3.5" />}
    </IconButton>
  )
}

/** A line that one copies from, as it is. */
export function Code({ text, secret }: { text: string; secret?: boolean }) {
  return (
    <div className="flex items-center gap-1 rounded-md border border-line bg-raised py-1 pr-1 pl-2.5">
      <code className={clsx('min-w-0 flex-1 font-mono text-xs wrap-anywhere whitespace-pre-wrap', secret && 'select-all')}>{text}</code>
      <Copy text={text} />
    </div>
  )
}

export const Mono = ({ children, title }: { children: ReactNode; title?: string }) => (
  <code title={title} className="font-mono text-xs wrap-anywhere">{children}</code>
)

/** A web address as text. Its query may tell who somebody is, so it shows when it is asked for. In a row it keeps to one line. */
export function Address({ url, row }: { url: string; row?: boolean }) {
  const [shown, setShown] = useState(false)
  const { visible, hidden } = splitURL(url)
  return (
    <span className={clsx('font-mono text-xs', row ? 'flex min-w-0 items-center' : 'break-all')}>
      <span className={clsx(row && 'truncate')} title={row ? (shown ? url : visible) : undefined}>{visible}{shown && hidden}</span>
      {hidden &&
        !shown && (
          <button
            className="ml-1 shrink-0 rounded bg-raised px-1 text-soft hover:text-ink"
            title="The query may identify the recipient. Show it."
            aria-label="Show the query of this address"
            onClick={(e) => {
              e.stopPropagation()
              setShown(true)
            }}
          >
            ?…
          </button>
        )}
    </span>
  )
}

/** JSON as text, indented. */
export function JSONView({ value }: { value: unknown }) {
  const text = typeof value === 'string' ? pretty(value) : JSON.stringify(value, null, 2)
  return (
    <div className="relative">
      <pre tabIndex={0} className="max-h-[60vh] overflow-auto rounded-md border border-line bg-page p-3 pr-10 font-mono text-xs whitespace-pre-wrap wrap-anywhere">{text}</pre>
      <div className="absolute top-1 right-3"><Copy text={text} /></div>
    </div>
  )
}

/** A body is shown as it came where it is no JSON. */
function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
