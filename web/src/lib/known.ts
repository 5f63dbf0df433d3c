import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { eventNames } from '../api/queries'
import { attributes, newestEvents, tags, templateNames, topics } from '../api/segments'
import type { Option } from '../components/suggest'
import { attributesOf, type Key } from './attributes'
import { activities, fieldLabel, fixed, kindOf, whereFields } from './condition'

/** What the fields of events are called in lists of names of events. */
const isEmail = (name: string) => name.startsWith('email.')

/** Every field that a filter may have, as far as it is known: attributes of the newest contacts, names that events have had, topics. */
export function useFields(): Option[] {
  const keys = useQuery(attributes).data
  const names = useQuery(eventNames).data
  const list = useQuery(topics).data
  return useMemo(() => [
    ...(keys ?? []).map((k) => ({ value: `data.${k.path}`, label: fieldLabel(`data.${k.path}`), about: k.types.join(', ') })),
    ...(names ?? []).filter((n) => !isEmail(n)).map((n) => ({ value: `event.${n}`, label: fieldLabel(`event.${n}`), about: 'event' })),
    ...activities.map((a) => ({ value: `email.${a}`, label: fieldLabel(`email.${a}`), about: 'email' })),
    ...(list ?? []).map((t) => ({ value: `topics.${t.slug}`, label: fieldLabel(`topics.${t.slug}`), about: t.name })),
    ...Object.entries(fixed).map(([value, f]) => ({ value, label: f.label, about: value === 'segment' || value === 'events' ? '' : 'contact' })),
  ], [keys, names, list])
}

/** What a text that is no known field may mean. */
export function freeFields(text: string): Option[] {
  if (kindOf(text)) return [{ value: text, label: fieldLabel(text), about: text }]
  return [
    { value: `data.${text}`, label: `Attribute ${text}`, about: 'not seen yet' },
    { value: `event.${text}`, label: `Event ${text}`, about: 'not seen yet' },
  ]
}

/** Names of events, as steps of a sequence name them. */
export function useEventNames(): Option[] {
  const names = useQuery(eventNames).data
  return useMemo(() => [
    ...(names ?? []).filter((n) => !isEmail(n)).map((n) => ({ value: n, label: n, about: 'event' })),
    ...activities.map((a) => ({ value: `email.${a}`, label: fieldLabel(`email.${a}`), about: 'email' })),
  ], [names])
}

/** The keys in the data of the newest events of a name. */
function useEventKeys(name: string): Key[] | undefined {
  const events = useQuery({ ...newestEvents(name), enabled: name !== '' && !isEmail(name) }).data
  return useMemo(() => events && attributesOf(events.map((e) => e.data)), [events])
}

/** What may be asked of an event of a name. */
export function useWhereFields(name: string): Option[] {
  const keys = useEventKeys(name)
  return useMemo(() => [
    ...(keys ?? []).map((k) => ({ value: `data.${k.path}`, label: fieldLabel(`data.${k.path}`), about: k.types.join(', ') })),
    ...Object.entries(whereFields).map(([value, label]) => ({ value, label })),
  ], [keys])
}

export const freeWhere = (text: string): Option[] => {
  const path = text.replace(/^data\./, '')
  return path === '' ? [] : [{ value: `data.${path}`, label: `Attribute ${path}`, about: 'not seen yet' }]
}

const offers = (values: readonly unknown[] | undefined): Option[] => (values ?? []).filter((v) => typeof v === 'string' && v !== '').map((v) => ({ value: String(v), label: String(v) }))

/** Values that a field of a contact has had, and which type most of them are of. */
export function useValues(field: string): { options: Option[]; type: string | undefined } {
  const keys = useQuery({ ...attributes, enabled: field.startsWith('data.') }).data
  const list = useQuery({ ...tags, enabled: field === 'tags' }).data
  const key = keys?.find((k) => `data.${k.path}` === field)
  return useMemo(() => ({ options: field === 'tags' ? offers(list?.map((t) => t.tag)) : offers(key?.values), type: key?.types[0] }), [field, list, key])
}

/** The same of a field of an event. */
export function useWhereValues(name: string, field: string): { options: Option[]; type: string | undefined } {
  const keys = useEventKeys(field.startsWith('data.') ? name : '')
  const templates = useQuery({ ...templateNames, enabled: field === 'template' }).data
  const key = keys?.find((k) => `data.${k.path}` === field)
  return useMemo(() => ({ options: field === 'template' ? offers(templates) : offers(key?.values), type: key?.types[0] }), [field, templates, key])
}
