import { clsx } from 'clsx'
import { type KeyboardEvent, useId, useMemo, useRef, useState } from 'react'
import { Input } from './ui'

export interface Option {
  value: string
  label: string
  /** What it is, beside it */
  about?: string
}

/** How many are offered at once. */
const most = 60

/**
 * A field that offers what is known and takes what is not. With live, every letter counts; else what is typed only searches, and
 * one of the offers is taken with Enter, Tab or a click. free makes offers of what was typed.
 */
export function Suggest({ id, label, value, shown, options, choose, free, live, typed, placeholder, invalid, describedBy, className }: {
  id?: string
  label: string
  value: string
  /** What stands in the field where it is not searched in; the value, if nothing */
  shown?: string
  options: Option[]
  choose: (value: string) => void
  free?: (text: string) => Option[]
  live?: boolean
  /** Told of every letter */
  typed?: (text: string) => void
  placeholder?: string
  invalid?: boolean | undefined
  describedBy?: string | undefined
  className?: string
}) {
  const list = useId()
  const place = useRef<HTMLUListElement>(null)
  // What is typed live is taken as it is until somebody goes into the list.
  const none = live ? -1 : 0
  const [text, setText] = useState<string>()
  const [open, setOpen] = useState(false)
  const [at, setAt] = useState(none)
  const searched = live ? (text === undefined ? '' : value) : (text ?? '')
  const found = useMemo(() => {
    const t = searched.trim().toLowerCase()
    const rank = (o: Option) => {
      const [l, v] = [o.label.toLowerCase(), o.value.toLowerCase()]
      return l === t || v === t ? 0 : l.startsWith(t) ? 1 : l.includes(t) || v.includes(t) ? 2 : 3
    }
    const hits = t === '' ? options : options.map((o) => [rank(o), o] as const).filter(([r]) => r < 3).sort(([a], [b]) => a - b).map(([, o]) => o)
    const made = t === '' || !free ? [] : free(searched.trim()).filter((o) => !hits.some((h) => h.value === o.value))
    return [...hits.slice(0, most), ...made]
  }, [options, searched, free])
  const active = open ? found[Math.min(at, found.length - 1)] : undefined
  const close = () => {
    setOpen(false)
    setText(undefined)
    setAt(none)
  }
  const take = (o: Option) => {
    choose(o.value)
    typed?.('')
    close()
  }
  const go = (to: number) => {
    setOpen(true)
    setAt(to)
    place.current?.children[to]?.scrollIntoView({ block: 'nearest' })
  }
  const press = (e: KeyboardEvent) => {
    if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
      e.preventDefault()
      if (open && found.length > 0) go(e.key === 'ArrowDown' ? (at + 1) % found.length : (at <= 0 ? found.length : at) - 1)
      else go(0)
    } else if (e.key === 'Enter') {
      // A form is not sent by choosing, and what was typed live stands already.
      e.preventDefault()
      if (active) take(active)
      else close()
    } else if (e.key === 'Tab') {
      // Once the focus has gone on: what is chosen may give it to another place.
      if (active && !live && text !== undefined && text.trim() !== '') setTimeout(() => take(active))
    } else if (e.key === 'Escape' && open) {
      e.preventDefault()
      e.stopPropagation()
      close()
    }
  }
  return (
    <div className={clsx('relative min-w-0', className)} onBlur={(e) => !e.currentTarget.contains(e.relatedTarget) && close()}>
      <Input id={id} role="combobox" aria-label={label} aria-expanded={open && found.length > 0} aria-controls={list} aria-autocomplete="list"
        aria-activedescendant={active ? `${list}-${found.indexOf(active)}` : undefined} aria-invalid={invalid || undefined} aria-describedby={describedBy}
        className="w-full" placeholder={placeholder} autoComplete="off" spellCheck={false} title={shown ?? value}
        value={live ? value : (text ?? shown ?? value)}
        onChange={(e) => {
          setText(e.target.value)
          setAt(none)
          setOpen(true)
          if (live) choose(e.target.value)
          typed?.(e.target.value)
        }}
        onClick={(e) => {
          setOpen(true)
          if (!live) e.currentTarget.select()
        }}
        onFocus={(e) => !live && e.currentTarget.select()}
        onKeyDown={press} />
      <ul ref={place} id={list} role="listbox" aria-label="Offers" hidden={!open || found.length === 0}
        className="absolute top-full left-0 z-30 mt-1 max-h-72 w-max max-w-[min(26rem,80vw)] min-w-full overflow-y-auto rounded-md border border-line bg-panel py-1 shadow-lg">
        {open && found.map((o, i) => (
          <li key={o.value} id={`${list}-${i}`} role="option" aria-selected={o === active}
            className={clsx('flex cursor-pointer items-baseline justify-between gap-4 px-2.5 py-1 text-sm', o === active && 'bg-raised')}
            // Before the field loses the focus and closes the list.
            onMouseDown={(e) => e.preventDefault()} onClick={() => take(o)} onMouseMove={() => setAt(i)}>
            <span className="min-w-0 truncate" title={o.label}>{o.label}</span>
            {o.about && <span className="shrink-0 text-xs text-soft">{o.about}</span>}
          </li>
        ))}
      </ul>
    </div>
  )
}
