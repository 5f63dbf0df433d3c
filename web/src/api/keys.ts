import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, body, type Schemas } from './client'
import type { paths } from './schema'

export const keys = queryOptions({
  queryKey: ['keys'],
  queryFn: async ({ signal }) => (await body(api.GET('/keys', { signal }))).keys,
})

export const createKey = (key: Schemas['NewKey']) => body(api.POST('/keys', { body: key }))

export const revokeKey = (id: string) => body(api.DELETE('/keys/{id}', { params: { path: { id } } }))

export interface ActFilters {
  operation?: string
  by?: string
  door?: string
  target?: string
  from?: string
  to?: string
}

type ActQuery = NonNullable<paths['/audit']['get']['parameters']['query']>

/** Pages of 100, newest first. */
export const actList = (filters: ActFilters) =>
  infiniteQueryOptions({
    queryKey: ['audit', filters],
    queryFn: ({ pageParam, signal }) => {
      // A door that this page does not know of is for the server to refuse.
      const query = { ...filters, limit: 100, ...(pageParam ? { cursor: pageParam } : {}) } as ActQuery
      return body(api.GET('/audit', { params: { query }, signal }))
    },
    initialPageParam: '',
    getNextPageParam: (last) => (last.hasMore ? last.nextCursor : undefined),
  })
