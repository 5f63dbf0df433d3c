import { type QueryClient, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { download, today } from '../lib/download'
import { api, body, type Schemas } from './client'
import type { ContactFilters } from './mail'
import { upload } from './upload'

export type Contact = Schemas['Contact']
export type ContactChange = Schemas['ContactChange']
export type NewContact = Schemas['NewContact']
export type Consent = Schemas['Consent']
export type Topic = Schemas['Topic']
export type Report = Schemas['ContactImport']

/** The most rows that the history of a contact's consent shows. */
export const mostConsents = 1000

/** What was said of mail to a contact, newest first. */
export const contactConsents = (id: string) =>
  queryOptions({
    queryKey: ['contact', id, 'consents'],
    queryFn: async ({ signal }) => (await body(api.GET('/contacts/{id}/consents', { params: { path: { id }, query: { limit: mostConsents } }, signal }))).consents,
  })

/** All kinds of mail, by name. */
export const topics = queryOptions({
  queryKey: ['topics'],
  queryFn: async ({ signal }) => (await body(api.GET('/topics', { signal }))).topics,
  staleTime: 30_000,
})

/** The tags that contacts have, with how many have each. */
export const tags = queryOptions({
  queryKey: ['tags'],
  queryFn: async ({ signal }) => (await body(api.GET('/tags', { signal }))).tags,
  staleTime: 30_000,
})

/** How many contacts may be active, are, and wait. */
export const contactLimit = queryOptions({
  queryKey: ['contacts', 'limit'],
  queryFn: ({ signal }) => body(api.GET('/contacts/limit', { signal })),
})

/** A contact stands on many pages, and in what is counted of all. */
const changed = (queries: QueryClient) =>
  Promise.all([['contacts'], ['contact'], ['tags'], ['audit'], ['suppressions']].map((queryKey) => queries.invalidateQueries({ queryKey })))

export function useChangeContact(id: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (change: ContactChange) => body(api.PATCH('/contacts/{id}', { params: { path: { id } }, body: change })),
    onSuccess: () => changed(queries),
  })
}

export function useMakeContact() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (made: NewContact) => body(api.POST('/contacts', { body: made })),
    onSuccess: () => changed(queries),
  })
}

export function useDeleteContact() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => api.DELETE('/contacts/{id}', { params: { path: { id } } }),
    // The contact's own page is left first: asked again, it would be missing.
    onSuccess: () => Promise.all([['contacts'], ['tags'], ['audit']].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  })
}

/** from goes, into stays. */
export function useMerge() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ into, from }: { into: string; from: string }) => body(api.POST('/contacts/{id}/merge', { params: { path: { id: into } }, body: { from } })),
    onSuccess: (_stays, { from }) => {
      queries.removeQueries({ queryKey: ['contact', from] })
      return changed(queries)
    },
  })
}

export function useSetLimit() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (limit: number) => body(api.PUT('/contacts/limit', { body: { limit } })),
    onSuccess: () => changed(queries),
  })
}

/** What contacts said of a topic stands on their pages. */
const topicChanged = (queries: QueryClient) => Promise.all([['topics'], ['contact'], ['audit']].map((queryKey) => queries.invalidateQueries({ queryKey })))

export function useMakeTopic() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (made: Schemas['NewTopic']) => body(api.POST('/topics', { body: made })),
    onSuccess: () => topicChanged(queries),
  })
}

export function useChangeTopic(id: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (change: Schemas['TopicChange']) => body(api.PATCH('/topics/{id}', { params: { path: { id } }, body: change })),
    onSuccess: () => topicChanged(queries),
  })
}

export function useDeleteTopic() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => api.DELETE('/topics/{id}', { params: { path: { id } } }),
    onSuccess: () => topicChanged(queries),
  })
}

export interface Import {
  list: Blob
  dryRun: boolean
  tell: (share: number) => void
  signal: AbortSignal
}

export function useImportContacts() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ list, dryRun, tell, signal }: Import) =>
      upload<Report>('/contacts/import', new URLSearchParams(dryRun ? { dryRun: 'true' } : {}), list, tell, signal),
    onSettled: (_report, _problem, { dryRun }) => (dryRun ? undefined : changed(queries)),
  })
}

/** Every bad line of a list as a file. The list is read again for it, and nothing changes. */
export const downloadReport = (list: Blob, name: string) =>
  download('/contacts/import?dryRun=true&report=csv', name, undefined, { method: 'POST', headers: { 'Content-Type': 'text/csv', Accept: 'text/csv' }, body: list })

/** The filters that an export takes. */
export type ExportFilters = Pick<ContactFilters, 'search' | 'domain' | 'subscribed' | 'suppressed'>

export const exportContacts = (filters: ExportFilters, format: 'csv' | 'jsonl', tell: (bytes: number) => void) =>
  download(`/contacts/export?${new URLSearchParams({ ...filters, format })}`, `contacts-${today()}.${format}`, tell)

/** All that is kept of a person, as a file for them. */
export const downloadAccess = (id: string, format: 'json' | 'csv') =>
  download(`/contacts/${encodeURIComponent(id)}/access?format=${format}`, `kept-${id}-${today()}.${format}`)
