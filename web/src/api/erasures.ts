import { infiniteQueryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { door } from './client'

/** What became of a wish to be forgotten. It never holds the address. */
export interface Erasure {
  id: string
  status: 'running' | 'done' | 'failed'
  contactId?: string
  requestedAt: string
  finishedAt?: string
  by: string
  byName?: string
  note: string
  /** What it came upon so far, by what it is */
  counts: Record<string, number>
  /** Mail to the address was suppressed: then it is, as before */
  suppressed: boolean
  problem?: string
}

interface Page {
  erasures: Erasure[]
  nextCursor?: string
  hasMore: boolean
}

/** Newest first. While one runs it is asked again. */
export const erasureList = infiniteQueryOptions({
  queryKey: ['erasures'],
  queryFn: ({ pageParam }) => door<Page>('GET', `/erasures?${new URLSearchParams({ limit: '100', ...(pageParam ? { cursor: pageParam } : {}) })}`),
  initialPageParam: '',
  getNextPageParam: (last) => (last.hasMore ? last.nextCursor : undefined),
  refetchInterval: (query) => (query.state.data?.pages.some((p) => p.erasures.some((e) => e.status === 'running')) ? 2000 : false),
})

export function useErase() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (sent: { email: string; note: string }) => door<Erasure>('POST', '/erasures', sent),
    onSuccess: () => Promise.all([['erasures'], ['contacts'], ['audit']].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  })
}
