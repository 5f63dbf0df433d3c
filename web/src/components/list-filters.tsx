import { X } from 'lucide-react'
import { Badge, Button } from './ui'

/** The filters of a list that are in force, each with a button that takes it away. */
export function Chips({ chips, clear }: { chips: { text: string; remove: () => void }[]; clear: () => void }) {
  if (chips.length === 0) return null
  return (
    <>
      {chips.map((c) => (
        <Badge key={c.text} tone="accent">
          <span className="max-w-60 truncate" title={c.text}>{c.text}</span>
          <button aria-label={`Remove the filter ${c.text}`} onClick={c.remove}><X aria-hidden className="size-3" /></button>
        </Badge>
      ))}
      <Button kind="quiet" small onClick={clear}>Clear all</Button>
    </>
  )
}

/** A record without one of its keys. */
export function without<T extends object, K extends keyof T>(record: T, key: K): Omit<T, K> {
  const rest = { ...record }
  delete rest[key]
  return rest
}
