import { Filter, Search, X } from 'lucide-react'
import { useState } from 'react'
import { useQuery } from '@tanstack/react-query'
import { eventNames } from '../api/queries'
import { anyFilter, type Filters, textFilters } from '../lib/filters'
import { emailNames, word } from '../lib/events'
import { Dialog } from './overlay'
import { Badge, Button, Field, Input, Select } from './ui'

/** The filters of a list of events. What is chosen stands in the page's address. */
export function EventFilters({ filters, choose }: { filters: Filters; choose: (to: Filters) => void }) {
  const [open, setOpen] = useState(false)
  const seen = useQuery(eventNames).data ?? []
  const names = [...emailNames, ...seen.filter((n) => !emailNames.includes(n))]
  const without = (key: keyof Filters, name?: string) => {
    const rest = { ...filters }
    const names = key === 'name' ? (rest.name ?? []).filter((n) => n !== name) : []
    delete rest[key]
    choose(names.length > 0 ? { ...rest, name: names } : rest)
  }
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Select aria-label="What happened" value="" onChange={(e) => e.target.value && choose({ ...filters, name: [...new Set([...(filters.name ?? []), e.target.value])] })}>
        <option value="">{filters.name ? 'or another…' : 'Everything'}</option>
        {names.map((n) => <option key={n} value={n}>{word(n)}{word(n) === n ? '' : seen.includes(n) ? '' : ' (none yet)'}</option>)}
      </Select>
      <Button onClick={() => setOpen(true)}><Filter aria-hidden className="size-3.5" /> Filter</Button>
      {filters.name?.map((n) => <Chip key={n} text={word(n)} remove={() => without('name', n)} />)}
      {textFilters.map(([key, label]) => filters[key] && <Chip key={key} text={`${label}: ${filters[key]}`} remove={() => without(key)} />)}
      {anyFilter(filters) && <Button kind="quiet" small onClick={() => choose({})}>Clear all</Button>}
      <Dialog open={open} close={() => setOpen(false)} title="Filter events" about="Several filters narrow. An empty field is no filter.">
        <form
          className="flex flex-col gap-3"
          onSubmit={(e) => {
            e.preventDefault()
            const form = new FormData(e.currentTarget)
            const next: Filters = filters.name ? { name: filters.name } : {}
            for (const [key] of textFilters) {
              const v = String(form.get(key) ?? '').trim()
              if (v !== '') next[key] = v
            }
            choose(next)
            setOpen(false)
          }}
        >
          <div className="grid gap-3 sm:grid-cols-2">
            {textFilters.map(([key, label, example]) => (
              <Field key={key} label={label}>
                {(p) => <Input {...p} name={key} defaultValue={filters[key]} placeholder={key === 'from' || key === 'to' ? undefined : example} type={key === 'from' || key === 'to' ? 'date' : 'text'} />}
              </Field>
            ))}
          </div>
          <Button type="submit" kind="main" className="self-end">Show</Button>
        </form>
      </Dialog>
    </div>
  )
}

/** One filter that is chosen. */
export function Chip({ text, remove }: { text: string; remove: () => void }) {
  return (
    <Badge tone="accent">
      <span className="max-w-60 truncate" title={text}>{text}</span>
      <button aria-label={`Remove the filter ${text}`} onClick={remove}><X aria-hidden className="size-3" /></button>
    </Badge>
  )
}

/** Finds what is of one address, which has to be known whole. */
export function AddressSearch({ label, find }: { label: string; find: (address: string) => void }) {
  const [text, setText] = useState('')
  return (
    <form role="search" aria-label={label} className="flex gap-2" onSubmit={(e) => {
      e.preventDefault()
      if (text.trim()) find(text.trim())
      setText('')
    }}>
      <div className="relative">
        <Search aria-hidden className="pointer-events-none absolute top-2 left-2.5 size-4 text-soft" />
        <Input aria-label={label} placeholder={`${label}’s whole address`} className="w-60 pl-8.5!" value={text} onChange={(e) => setText(e.target.value)} />
      </div>
      <Button type="submit">Find</Button>
    </form>
  )
}
