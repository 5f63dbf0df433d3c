import { queryOptions } from '@tanstack/react-query'
import { api, body, type Schemas } from './client'

export type KnownPerson = Schemas['KnownPerson']
export type InvitedPerson = Schemas['InvitedPerson']

/** Everybody who may sign in, oldest first. */
export const people = queryOptions({
  queryKey: ['people'],
  queryFn: async ({ signal }) => (await body(api.GET('/people', { signal }))).people,
})

export const invite = (name: string) => body(api.POST('/people', { body: { name } }))

const of = (id: string) => ({ params: { path: { id } } })

export const resetPerson = (id: string) => body(api.POST('/people/{id}/reset', of(id)))

export const disablePerson = (id: string) => body(api.POST('/people/{id}/disable', of(id)))

export const enablePerson = (id: string) => body(api.POST('/people/{id}/enable', of(id)))
