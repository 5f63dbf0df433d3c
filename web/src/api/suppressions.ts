import { infiniteQueryOptions, keepPreviousData, type QueryClient, useMutation, useQueryClient } from '@tanstack/react-query'
import { download, today } from '../lib/download'
import { api, body, type Schemas } from './client'
import type { paths } from './schema'
import { upload } from './upload'

type Query<P extends keyof paths> = paths[P] extends { get: { parameters: { query?: infer Q } } } ? NonNullable<Q> : never

export type SuppressionFilters = Omit<Query<'/suppressions'>, 'cursor' | 'limit'>
export type Reason = Schemas['Suppression']['reason']
export type Active = NonNullable<SuppressionFilters['active']>

const at = (cursor: string) => (cursor ? { cursor } : {})

export const suppressionList = (filters: SuppressionFilters) =>
  infiniteQueryOptions({
    queryKey: ['suppressions', filters],
    queryFn: ({ pageParam, signal }) => body(api.GET('/suppressions', { params: { query: { ...filters, limit: 100, ...at(pageParam) } }, signal })),
    initialPageParam: '',
    getNextPageParam: (last) => (last.hasMore ? last.nextCursor : undefined),
    placeholderData: keepPreviousData,
  })

export const patternList = (active: Active | undefined) =>
  infiniteQueryOptions({
    queryKey: ['suppressions', 'patterns', active ?? ''],
    queryFn: ({ pageParam, signal }) =>
      body(api.GET('/suppressions/patterns', { params: { query: { limit: 100, ...(active ? { active } : {}), ...at(pageParam) } }, signal })),
    initialPageParam: '',
    getNextPageParam: (last) => (last.hasMore ? last.nextCursor : undefined),
    placeholderData: keepPreviousData,
  })

/** Whom a suppression concerns stands on many pages. */
const changed = (queries: QueryClient) =>
  Promise.all([['suppressions'], ['contacts'], ['contact'], ['audit']].map((queryKey) => queries.invalidateQueries({ queryKey })))

export function useSuppress() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (sent: Schemas['NewSuppression']) => body(api.POST('/suppressions', { body: sent })),
    onSuccess: () => changed(queries),
  })
}

export function useLift() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ contact, ...sent }: { contact: string } & Schemas['Lift']) =>
      body(api.POST('/suppressions/{contact}/lift', { params: { path: { contact } }, body: sent })),
    onSuccess: () => changed(queries),
  })
}

export function useLiftPattern() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ id, note }: { id: string; note: string }) =>
      body(api.POST('/suppressions/patterns/{id}/lift', { params: { path: { id } }, body: { note } })),
    onSuccess: () => changed(queries),
  })
}

export interface Import {
  list: Blob
  dryRun: boolean
  tell: (share: number) => void
  signal: AbortSignal
}

/** Imports a list, or tries it; reason is that of lines which say none. */
export function useImport(reason: Reason | undefined) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ list, dryRun, tell, signal }: Import) =>
      upload<Schemas['ImportReport']>('/suppressions/import', new URLSearchParams({ ...(dryRun ? { dryRun: 'true' } : {}), ...(reason ? { reason } : {}) }), list, tell, signal),
    onSettled: (_report, _problem, { dryRun }) => (dryRun ? undefined : changed(queries)),
  })
}

export const exportSuppressions = (format: 'csv' | 'jsonl', tell: (bytes: number) => void) =>
  download(`/suppressions/export?format=${format}`, `suppressions-${today()}.${format}`, tell)
