import { infiniteQueryOptions, keepPreviousData, type QueryClient, useMutation, useQueryClient } from '@tanstack/react-query'
import { api, body, Refusal, refusalOf, type Schemas, session, Unreachable } from './client'
import type { paths } from './schema'

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

/** Posts a list. How much of it is sent can only be told by XMLHttpRequest; 1 is all of it. */
function post(list: Blob, query: URLSearchParams, tell: (share: number) => void, signal: AbortSignal): Promise<Schemas['ImportReport']> {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest()
    request.open('POST', `/suppressions/import?${query}`)
    request.setRequestHeader('Content-Type', 'text/csv')
    request.setRequestHeader('Accept', 'application/json')
    request.upload.onprogress = (e) => e.lengthComputable && tell(e.loaded / e.total)
    request.upload.onload = () => tell(1)
    request.onload = () => {
      let answer: unknown
      try {
        answer = JSON.parse(request.responseText)
      } catch {
        answer = {}
      }
      if (request.status === 401) session.ended()
      if (request.status === 200) done(answer as Schemas['ImportReport'])
      else fail(new Refusal(request.status, answer as Partial<Schemas['Problem']>))
    }
    request.onerror = () => fail(new Unreachable())
    request.onabort = () => fail(new Error('The import was stopped. What was taken by then stays; it is known the next time.'))
    signal.addEventListener('abort', () => request.abort())
    request.send(list)
  })
}

export interface Import {
  list: Blob
  reason: Reason | undefined
  dryRun: boolean
  tell: (share: number) => void
  signal: AbortSignal
}

export function useImport() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ list, reason, dryRun, tell, signal }: Import) =>
      post(list, new URLSearchParams({ ...(dryRun ? { dryRun: 'true' } : {}), ...(reason ? { reason } : {}) }), tell, signal),
    onSettled: (_report, _problem, { dryRun }) => (dryRun ? undefined : changed(queries)),
  })
}

/** Fetches the list and hands it to the browser as a file. A refusal is told, which a plain link could not. */
export async function exportSuppressions(format: 'csv' | 'jsonl', tell: (bytes: number) => void): Promise<void> {
  let response: Response
  try {
    response = await fetch(`/suppressions/export?format=${format}`, { credentials: 'same-origin' })
  } catch {
    throw new Unreachable()
  }
  if (response.status === 401) session.ended()
  if (!response.ok) throw await refusalOf(response)
  const parts: Uint8Array<ArrayBuffer>[] = []
  let size = 0
  const reader = response.body?.getReader()
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    parts.push(part.value)
    tell((size += part.value.byteLength))
  }
  const url = URL.createObjectURL(new Blob(parts, { type: response.headers.get('Content-Type') ?? 'text/plain' }))
  const link = document.createElement('a')
  link.href = url
  link.download = `suppressions-${new Date().toISOString().slice(0, 10)}.${format}`
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
