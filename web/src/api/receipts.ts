import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, body, type Schemas } from './client'

export interface ReceiptFilters {
  source?: string
  problem?: string
  kind?: string
  from?: string
  to?: string
}

/** Pages of 100, newest first. */
export const receiptList = (filters: ReceiptFilters) =>
  infiniteQueryOptions({
    queryKey: ['receipts', filters],
    queryFn: ({ pageParam, signal }) =>
      body(api.GET('/receipts', { params: { query: { ...filters, limit: 100, ...(pageParam ? { cursor: pageParam } : {}) } }, signal })),
    initialPageParam: '',
    getNextPageParam: (last) => (last.hasMore ? last.nextCursor : undefined),
  })

export const receipt = (id: string) =>
  queryOptions({
    queryKey: ['receipt', id],
    queryFn: ({ signal }) => body(api.GET('/receipts/{id}', { params: { path: { id } }, signal })),
  })

/** What a request was the first to tell, newest first. */
export const receiptEvents = (id: string) =>
  infiniteQueryOptions({
    queryKey: ['receipt', id, 'events'],
    queryFn: ({ pageParam, signal }) =>
      body(api.GET('/events', { params: { query: { receipt: id, limit: 100, ...(pageParam ? { cursor: pageParam } : {}) } }, signal })),
    initialPageParam: '',
    getNextPageParam: (last) => (last.hasMore ? last.nextCursor : undefined),
  })

/** The request as it came, as text. */
export const receiptRaw = (id: string) =>
  queryOptions({
    queryKey: ['receipt-raw', id],
    queryFn: ({ signal }) => body<unknown>(api.GET('/receipts/{id}/raw', { params: { path: { id } }, parseAs: 'text', signal })) as Promise<string>,
    retry: false,
  })

export const replayReceipt = (id: string) => body(api.POST('/receipts/{id}/replay', { params: { path: { id } } }))

export const running = (r: Schemas['Replay']) => r.state === 'waiting' || r.state === 'running'

/** Replays, newest first. While one runs it is looked at every second and a half. */
export const replayList = infiniteQueryOptions({
  queryKey: ['replays'],
  queryFn: ({ pageParam, signal }) => body(api.GET('/replays', { params: { query: { limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } }, signal })),
  initialPageParam: '',
  getNextPageParam: (last) => (last.hasMore ? last.nextCursor : undefined),
  refetchInterval: (query) => (query.state.data?.pages.some((p) => p.replays.some(running)) ? 1500 : 30_000),
})

export const startReplay = (wish: Schemas['NewReplay']) => body(api.POST('/replays', { body: wish }))

export const cancelReplay = (id: string) => body(api.POST('/replays/{id}/cancel', { params: { path: { id } } }))
