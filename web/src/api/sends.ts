import { infiniteQueryOptions, keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { isShort } from '../lib/refresh'
import { api, body, type Schemas } from './client'

export type Send = Schemas['Send']
export type SendStatus = Send['status']

export interface SendFilters {
  status?: SendStatus
  contact?: string
  origin?: string
  broadcast?: string
}

/** What changes by itself is looked at again. */
const moving = (list: (Send | undefined)[]) => list.some((s) => s?.status === 'queued' || s?.status === 'handing')

/** Pages of 100, newest first. While something on them waits they are asked for again. */
export const sendList = ({ status, ...rest }: SendFilters) =>
  infiniteQueryOptions({
    queryKey: ['sends', { status, ...rest }],
    queryFn: ({ pageParam, signal }) =>
      body(api.GET('/sends', { params: { query: { ...rest, ...(status ? { status: [status] } : {}), limit: 100, ...(pageParam ? { cursor: pageParam } : {}) } }, signal })),
    initialPageParam: '',
    getNextPageParam: (last) => (last.hasMore ? last.nextCursor : undefined),
    placeholderData: keepPreviousData,
    refetchInterval: (query) => (!isShort(query) ? false : moving(query.state.data?.pages.flatMap((p) => p.sends) ?? []) ? 5000 : 30_000),
  })

export const oneSend = (id: string) =>
  queryOptions({
    queryKey: ['sends', id],
    queryFn: ({ signal }) => body(api.GET('/sends/{id}', { params: { path: { id } }, signal })),
    refetchInterval: (query) => (moving([query.state.data]) ? 2000 : false),
  })

/** How many nobody but a person can settle, up to a page of them. */
export const unsettled = queryOptions({
  queryKey: ['sends', 'unsettled'],
  queryFn: async ({ signal }) => {
    const page = await body(api.GET('/sends', { params: { query: { status: ['uncertain'], limit: 100 } }, signal }))
    return { count: page.sends.length, more: page.hasMore }
  },
  refetchInterval: 60_000,
})

/** After it all that tells of sends is asked for anew. */
function useSendsChanged() {
  const queries = useQueryClient()
  return () => Promise.all([['sends'], ['messages'], ['message'], ['events'], ['outbox'], ['audit']].map((queryKey) => queries.invalidateQueries({ queryKey })))
}

export function useDecideSend(id: string) {
  const changed = useSendsChanged()
  return useMutation({
    mutationFn: (decision: Schemas['SendDecision']) => body(api.POST('/sends/{id}/decision', { params: { path: { id } }, body: decision })),
    onSuccess: changed,
  })
}

export type SendWish = Schemas['SendEmail']
export type SentEmail = Schemas['SentEmail']

/** Sends, or with dryRun shows what would be sent. The key keeps a request that was repeated from sending twice. */
export function useSendEmail() {
  const changed = useSendsChanged()
  return useMutation({
    mutationFn: async ({ wish, key }: { wish: SendWish; key?: string }) =>
      (await body(api.POST('/v1/send', { body: wish, ...(key ? { params: { header: { 'Idempotency-Key': key } } } : {}) }))).data,
    onSuccess: (_, { wish }) => (wish.dryRun ? undefined : changed()),
  })
}

/** Templates by what they are called, for choosing one. */
export const templateNames = queryOptions({
  queryKey: ['template-names'],
  queryFn: async ({ signal }) => (await body(api.GET('/templates', { params: { query: { limit: 100 } }, signal }))).data,
  staleTime: 30_000,
})
