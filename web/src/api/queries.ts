import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { Filters } from '../lib/filters'
import { api, body } from './client'
import type { paths } from './schema'

type Query<P extends keyof paths> = paths[P] extends { get: { parameters: { query?: infer Q } } } ? NonNullable<Q> : never

export const overview = (query: Query<'/stats/overview'>) =>
  queryOptions({
    queryKey: ['overview', query],
    queryFn: ({ signal }) => body(api.GET('/stats/overview', { params: { query }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
  })

export const stats = (query: Query<'/stats'>) =>
  queryOptions({
    queryKey: ['stats', query],
    queryFn: ({ signal }) => body(api.GET('/stats', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  })

export const sources = queryOptions({
  queryKey: ['sources'],
  queryFn: async ({ signal }) => (await body(api.GET('/sources', { signal }))).sources,
})

/** Pages of 100, newest first. */
export const eventList = (filters: Filters) =>
  infiniteQueryOptions({
    queryKey: ['events', filters],
    queryFn: ({ pageParam, signal }) =>
      body(api.GET('/events', { params: { query: { ...filters, limit: 100, ...(pageParam ? { cursor: pageParam } : {}) } }, signal })),
    initialPageParam: '',
    getNextPageParam: (last) => (last.hasMore ? last.nextCursor : undefined),
  })

export const eventNames = queryOptions({
  queryKey: ['event-names'],
  queryFn: async ({ signal }) => (await body(api.GET('/events/names', { signal }))).eventNames ?? [],
  staleTime: 60_000,
})

export const event = (id: string) =>
  queryOptions({
    queryKey: ['event', id],
    queryFn: ({ signal }) => body(api.GET('/events/{id}', { params: { path: { id } }, signal })),
  })

/** What the provider sent for an event, as text. */
export const eventRaw = (id: string) =>
  queryOptions({
    queryKey: ['event-raw', id],
    queryFn: ({ signal }) => body<unknown>(api.GET('/events/{id}/raw', { params: { path: { id } }, parseAs: 'text', signal })) as Promise<string>,
    retry: false,
  })
