import { infiniteQueryOptions, keepPreviousData, type QueryClient, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { api, body, type Schemas } from './client'

export type Broadcast = Schemas['Broadcast']
export type BroadcastStatus = Broadcast['status']
export type BroadcastStats = Schemas['BroadcastStats']
export type BroadcastAudience = Schemas['BroadcastAudience']
export type BroadcastWish = Schemas['BroadcastWish']

/** What changes by itself is looked at again. */
const moving = (list: (Broadcast | undefined)[]) => list.some((b) => b?.status === 'SENDING')

/** Newest first, page by page. While one of them is being sent they are asked for again. */
export const broadcastList = (status: BroadcastStatus | undefined) =>
  infiniteQueryOptions({
    queryKey: ['broadcasts', 'list', status ?? ''],
    queryFn: ({ pageParam, signal }) => body(api.GET('/campaigns', { params: { query: { page: pageParam, pageSize: 50, ...(status ? { status } : {}) } }, signal })),
    initialPageParam: 1,
    getNextPageParam: (last) => (last.page < last.totalPages ? last.page + 1 : undefined),
    placeholderData: keepPreviousData,
    refetchInterval: (query) => (moving(query.state.data?.pages.flatMap((p) => p.data) ?? []) ? 3000 : 20_000),
  })

export const oneBroadcast = (id: string) =>
  queryOptions({
    queryKey: ['broadcasts', 'one', id],
    queryFn: async ({ signal }) => (await body(api.GET('/campaigns/{id}', { params: { path: { id } }, signal }))).data,
    refetchInterval: (query) => (moving([query.state.data]) ? 2000 : query.state.data?.status === 'SCHEDULED' ? 5000 : 15_000),
  })

/** What became of it. */
export const broadcastStats = (id: string, sending: boolean) =>
  queryOptions({
    queryKey: ['broadcasts', 'stats', id],
    queryFn: async ({ signal }) => (await body(api.GET('/campaigns/{id}/stats', { params: { path: { id } }, signal }))).data,
    refetchInterval: sending ? 2000 : 15_000,
  })

/** Who would get it now, and what. Nothing is stored by that. */
export const broadcastAudience = (id: string, updatedAt: string) =>
  queryOptions({
    queryKey: ['broadcasts', 'audience', id, updatedAt],
    queryFn: async ({ signal }) => (await body(api.POST('/campaigns/{id}/audience', { params: { path: { id } }, signal }))).data,
    gcTime: 30_000,
    retry: false,
  })

const changed = (queries: QueryClient) =>
  Promise.all([
    queries.invalidateQueries({ queryKey: ['broadcasts', 'list'] }), queries.invalidateQueries({ queryKey: ['broadcasts', 'stats'] }),
    queries.invalidateQueries({ queryKey: ['sends'] }), queries.invalidateQueries({ queryKey: ['audit'] }),
  ])

export function useSaveBroadcast(id: string | undefined) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async (wish: BroadcastWish) =>
      (id ? await body(api.PUT('/campaigns/{id}', { params: { path: { id } }, body: wish })) : await body(api.POST('/campaigns', { body: wish }))).data,
    onSuccess: (b) => {
      queries.setQueryData(['broadcasts', 'one', b.id], b)
      return changed(queries)
    },
  })
}

export type BroadcastAct = { act: 'send'; at?: string } | { act: 'pause'; note: string } | { act: 'resume' } | { act: 'cancel' }

/** Sends, pauses, resumes or cancels one. */
export function useActOnBroadcast(id: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async (to: BroadcastAct) => {
      const params = { path: { id } }
      switch (to.act) {
        case 'send': return body(api.POST('/campaigns/{id}/send', { params, body: to.at ? { scheduledFor: to.at } : {} }))
        case 'pause': return body(api.POST('/campaigns/{id}/pause', { params, body: to.note ? { note: to.note } : {} }))
        case 'resume': return body(api.POST('/campaigns/{id}/resume', { params }))
        case 'cancel': return body(api.POST('/campaigns/{id}/cancel', { params }))
      }
    },
    onSuccess: (answer) => {
      queries.setQueryData(['broadcasts', 'one', id], answer.data)
      return changed(queries)
    },
  })
}

export const useTestBroadcast = (id: string) =>
  useMutation({ mutationFn: (email: string) => body(api.POST('/campaigns/{id}/test', { params: { path: { id } }, body: { email } })) })

/** One that is gone is not asked for again while its page is still open. */
export function useDeleteBroadcast(id: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => api.DELETE('/campaigns/{id}', { params: { path: { id } } }),
    onSuccess: () => changed(queries),
  })
}
