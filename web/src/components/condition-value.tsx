import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { segmentList } from '../api/segments'
import type { Kind, Value } from '../lib/condition'
import { Suggest, type Option } from './suggest'
import { Input, Select } from './ui'

interface Editor {
  value: Value | undefined
  set: (value: Value | undefined) => void
  invalid?: boolean
  describedBy?: string | undefined
}

const types = { text: 'text', number: 'number', truth: 'true or false', date: 'date' } as const

type Type = keyof typeof types

const day = /^\d{4}-\d\d-\d\d$/
const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z$/

/** Of which type a value is; an empty one may be of any. */
function typeOf(value: Value | undefined): Type | undefined {
  if (typeof value === 'number') return 'number'
  if (typeof value === 'boolean') return 'truth'
  return value === undefined || value === '' ? undefined : day.test(value) || moment.test(value) ? 'date' : 'text'
}

/** The type that an attribute was seen to be of. */
const seenAs = (type: string | undefined): Type => (type?.includes('number') ? 'number' : type === 'true or false' ? 'truth' : type === 'date' ? 'date' : 'text')

/** The value that a filter compares with, by what its field holds. */
export function ValueEditor({ kind, operator, options, type: seen, ...rest }: Editor & { kind: Kind; operator: string; options: Option[]; type: string | undefined }) {
  const [chosen, choose] = useState<Type>()
  if (kind === 'truth') return <TruthValue {...rest} />
  if (kind === 'date') return <DateValue {...rest} />
  if (kind === 'text' || operator === 'contains' || operator === 'notContains') return <TextValue {...rest} options={options} />
  const type = typeOf(rest.value) ?? chosen ?? seenAs(seen)
  return (
    <span className="flex min-w-0 flex-wrap items-start gap-1">
      <Select aria-label="Type of the value" title="Values of another type are never equal, and can’t be compared" className="field-sizing-content text-soft" value={type}
        onChange={(e) => {
          const to = e.target.value as Type
          choose(to)
          rest.set(converted(rest.value, to))
        }}>
        {Object.entries(types).map(([t, words]) => <option key={t} value={t}>{words}</option>)}
      </Select>
      {type === 'number' ? <NumberValue {...rest} /> : type === 'truth' ? <TruthValue {...rest} /> : type === 'date' ? <DateValue {...rest} /> : <TextValue {...rest} options={options} />}
    </span>
  )
}

/** The same value as another type; nothing where there is none such. */
function converted(value: Value | undefined, to: Type): Value | undefined {
  if (to === 'truth') return value === 'false' ? false : true
  if (value === undefined || value === '') return undefined
  if (to === 'text') return String(value)
  if (to === 'number') return typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : undefined
  return undefined
}

const TextValue = ({ value, set, options, invalid, describedBy }: Editor & { options: Option[] }) => (
  <Suggest live label="Value" value={value === undefined ? '' : String(value)} options={options} choose={set} placeholder="Value" className="w-full sm:w-48" invalid={invalid} describedBy={describedBy} />
)

const NumberValue = ({ value, set, invalid, describedBy }: Editor) => (
  <Input type="number" step="any" aria-label="Value" className="w-28" value={value === undefined ? '' : String(value)} aria-invalid={invalid || undefined} aria-describedby={describedBy}
    onChange={(e) => set(e.target.value === '' ? undefined : Number(e.target.value))} />
)

const TruthValue = ({ value, set, invalid, describedBy }: Editor) => (
  <Select aria-label="Value" className="field-sizing-content" value={String(value ?? '')} onChange={(e) => set(e.target.value === 'true')} aria-invalid={invalid || undefined} aria-describedby={describedBy}>
    {typeof value !== 'boolean' && <option value={String(value ?? '')}>{String(value ?? 'choose…')}</option>}
    <option value="true">yes</option>
    <option value="false">no</option>
  </Select>
)

/** A day, or a moment of UTC. What is written in another way stays as it is. */
function DateValue({ value, set, invalid, describedBy }: Editor) {
  const [chosen, choose] = useState<'day' | 'moment'>('day')
  const text = typeof value === 'string' ? value : ''
  const form = day.test(text) ? 'day' : moment.test(text) ? 'moment' : text === '' ? chosen : 'other'
  const marks = { 'aria-label': 'Value', 'aria-invalid': invalid || undefined, 'aria-describedby': describedBy }
  return (
    <span className="flex flex-wrap items-center gap-1">
      {form === 'day' && <Input type="date" {...marks} value={text} onChange={(e) => set(e.target.value || undefined)} />}
      {form === 'moment' && <Input type="datetime-local" {...marks} value={text.replace('Z', '')} onChange={(e) => set(e.target.value ? `${e.target.value}Z` : undefined)} />}
      {form === 'other' && <Input {...marks} value={text} onChange={(e) => set(e.target.value)} />}
      <Select aria-label="How exact" className="field-sizing-content text-soft" value={form}
        onChange={(e) => {
          const to = e.target.value
          if (to === 'day') set(text.slice(0, 10) || undefined)
          else if (day.test(text)) set(`${text}T00:00Z`)
          choose(to === 'day' ? 'day' : 'moment')
        }}>
        <option value="day">day (UTC)</option>
        <option value="moment">time (UTC)</option>
        {form === 'other' && <option value="other">as written</option>}
      </Select>
    </span>
  )
}

/** Another segment, by its name. */
export function SegmentValue({ value, set, self, invalid, describedBy }: Editor & { self: string | undefined }) {
  const list = (useQuery(segmentList).data ?? []).filter((s) => s.id !== self)
  const known = list.some((s) => s.id === value)
  return (
    <Select aria-label="Segment" className="max-w-full sm:max-w-72" value={String(value ?? '')} aria-invalid={invalid || undefined} aria-describedby={describedBy}
      onChange={(e) => set(e.target.value || undefined)}>
      {!known && <option value={String(value ?? '')}>{value === undefined ? (list.length > 0 ? 'choose…' : 'there is no other') : String(value)}</option>}
      {list.map((s) => <option key={s.id} value={s.id}>{s.name}</option>)}
    </Select>
  )
}
