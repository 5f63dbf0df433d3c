import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { isShort } from '../lib/refresh'
import { api, body, type Schemas } from './client'

export type OutboxRow = Schemas['OutboxRow']
export type OutboxMail = Schemas['OutboxMail']

/** Pages of 100, newest first. New mail shows by itself. */
export const outbox = (search: string | undefined) =>
  infiniteQueryOptions({
    queryKey: ['outbox', { search }],
    queryFn: ({ pageParam, signal }) =>
      body(api.GET('/outbox', { params: { query: { limit: 100, ...(search ? { search } : {}), ...(pageParam ? { cursor: pageParam } : {}) } }, signal })),
    initialPageParam: '',
    getNextPageParam: (last) => (last.hasMore ? last.nextCursor : undefined),
    placeholderData: keepPreviousData,
    refetchInterval: (query) => (isShort(query) ? 10_000 : false),
  })

/** A mail never changes. */
export const outboxMail = (id: string) =>
  queryOptions({
    queryKey: ['outbox', id],
    queryFn: ({ signal }) => body(api.GET('/outbox/{id}', { params: { path: { id } }, signal })),
    staleTime: Infinity,
  })

/** A mail as its file has it. */
export const outboxRaw = (id: string) =>
  queryOptions({
    queryKey: ['outbox', id, 'raw'],
    queryFn: ({ signal }) => body<unknown>(api.GET('/outbox/{id}/raw', { params: { path: { id } }, parseAs: 'text', signal })) as Promise<string>,
    staleTime: Infinity,
  })
