import { infiniteQueryOptions, keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { isShort } from '../lib/refresh'
import { api, body, type Schemas } from './client'

export type Endpoint = Schemas['Endpoint']
export type EndpointFigures = Schemas['EndpointFigures']
export type EndpointReplay = Schemas['EndpointReplay']
export type EndpointTest = Schemas['EndpointTest']
export type Dispatch = Schemas['Dispatch']
export type DispatchDetail = Schemas['DispatchDetail']
export type DispatchState = Dispatch['state']

export interface DispatchFilters {
  state?: DispatchState
  endpoint?: string
}

/** All endpoints by name. */
export const endpoints = queryOptions({
  queryKey: ['endpoints'],
  queryFn: async ({ signal }) => (await body(api.GET('/endpoints', { signal }))).endpoints,
  refetchInterval: 10_000,
})

/** An endpoint by its id or its name. How it does is asked for again and again. */
export const endpoint = (id: string) =>
  queryOptions({
    queryKey: ['endpoints', id],
    queryFn: ({ signal }) => body(api.GET('/endpoints/{id}', { params: { path: { id } }, signal })),
    refetchInterval: 5000,
  })

/** How an endpoint did in the last hours, and what waits. */
export const endpointFigures = (id: string, hours: number) =>
  queryOptions({
    queryKey: ['endpoint-figures', id, hours],
    queryFn: ({ signal }) => body(api.GET('/endpoints/{id}/figures', { params: { path: { id }, query: { hours } }, signal })),
    placeholderData: keepPreviousData,
    staleTime: 5000,
  })

/** A replay that has not ended. */
export const running = (r: EndpointReplay) => r.state === 'waiting' || r.state === 'running'

/** The newest replays of an endpoint. While one runs it is looked at every second and a half. */
export const endpointReplays = (id: string) =>
  queryOptions({
    queryKey: ['endpoint-replays', id],
    queryFn: async ({ signal }) => (await body(api.GET('/endpoints/{id}/replays', { params: { path: { id } }, signal }))).replays,
    refetchInterval: (query) => (query.state.data?.some(running) ? 1500 : 30_000),
  })

/** What changes by itself within seconds. */
const moving = (list: (Dispatch | undefined)[]) => list.some((d) => d && (d.state === 'sending' || d.state === 'waiting' || d.state === 'behind'))

/** Pages of 100, newest first. While something on them waits they are asked for again. */
export const dispatchList = ({ state, endpoint }: DispatchFilters) =>
  infiniteQueryOptions({
    queryKey: ['dispatches', { state, endpoint }],
    queryFn: ({ pageParam, signal }) =>
      body(api.GET('/dispatches', {
        params: { query: { ...(state ? { state: [state] } : {}), ...(endpoint ? { endpoint } : {}), limit: 100, ...(pageParam ? { cursor: pageParam } : {}) } }, signal,
      })),
    initialPageParam: '',
    getNextPageParam: (last) => (last.hasMore ? last.nextCursor : undefined),
    placeholderData: keepPreviousData,
    refetchInterval: (query) => (!isShort(query) ? false : moving(query.state.data?.pages.flatMap((p) => p.dispatches) ?? []) ? 4000 : 15_000),
  })

export const oneDispatch = (id: string) =>
  queryOptions({
    queryKey: ['dispatches', id],
    queryFn: ({ signal }) => body(api.GET('/dispatches/{id}', { params: { path: { id } }, signal })),
    refetchInterval: (query) => (moving([query.state.data]) ? 1500 : false),
  })

/** What became of an event at every endpoint. */
export const eventDispatches = (event: string) =>
  queryOptions({
    queryKey: ['dispatches', 'event', event],
    queryFn: async ({ signal }) => (await body(api.GET('/dispatches', { params: { query: { event } }, signal }))).dispatches,
    refetchInterval: (query) => (moving(query.state.data ?? []) ? 3000 : false),
    retry: false,
  })

/** How many were given up, up to a page of them. */
export const givenUp = queryOptions({
  queryKey: ['dispatches', 'given-up'],
  queryFn: async ({ signal }) => {
    const page = await body(api.GET('/dispatches', { params: { query: { state: ['dead'], limit: 100 } }, signal }))
    return { count: page.dispatches.length, more: page.hasMore }
  },
  refetchInterval: 30_000,
})

/** After it all that tells of endpoints is asked for anew. */
function useEndpointsChanged() {
  const queries = useQueryClient()
  return () =>
    Promise.all([['endpoints'], ['endpoint-figures'], ['endpoint-replays'], ['dispatches'], ['audit']].map((queryKey) => queries.invalidateQueries({ queryKey })))
}

export function useCreateEndpoint() {
  const changed = useEndpointsChanged()
  return useMutation({ mutationFn: (wish: Schemas['NewEndpoint']) => body(api.POST('/endpoints', { body: wish })), onSuccess: changed })
}

export function useChangeEndpoint(id: string) {
  const changed = useEndpointsChanged()
  return useMutation({
    mutationFn: (wish: Schemas['EndpointChange']) => body(api.PATCH('/endpoints/{id}', { params: { path: { id } }, body: wish })), onSuccess: changed,
  })
}

/** One that is gone is not asked for again while its page is still open. */
export function useDeleteEndpoint() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => api.DELETE('/endpoints/{id}', { params: { path: { id } } }),
    onSuccess: () => Promise.all([queries.invalidateQueries({ queryKey: ['endpoints'], exact: true }), queries.invalidateQueries({ queryKey: ['audit'] })]),
  })
}

/** The new secret is in the answer, and in no other one. */
export function useRotateSecret(id: string) {
  const changed = useEndpointsChanged()
  return useMutation({
    mutationFn: (wish: Schemas['SecretWish']) => body(api.POST('/endpoints/{id}/secret', { params: { path: { id } }, body: wish })), onSuccess: changed,
  })
}

export function useEnableEndpoint(id: string) {
  const changed = useEndpointsChanged()
  return useMutation({
    mutationFn: (from: 'stopped' | 'now') => body(api.POST('/endpoints/{id}/enable', { params: { path: { id } }, body: { from } })), onSuccess: changed,
  })
}

export function useDisableEndpoint(id: string) {
  const changed = useEndpointsChanged()
  return useMutation({
    mutationFn: (note: string) => body(api.POST('/endpoints/{id}/disable', { params: { path: { id } }, body: note ? { note } : {} })), onSuccess: changed,
  })
}

/** Sends a test event now, and tells what came of it. */
export function useTestEndpoint(id: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => body(api.POST('/endpoints/{id}/test', { params: { path: { id } } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ['audit'] }),
  })
}

export function useReplayEndpoint() {
  const changed = useEndpointsChanged()
  return useMutation({
    mutationFn: ({ id, wish }: { id: string; wish: Schemas['EndpointReplayWish'] }) => body(api.POST('/endpoints/{id}/replays', { params: { path: { id } }, body: wish })),
    onSuccess: changed,
  })
}

export function useCancelEndpointReplay(id: string) {
  const changed = useEndpointsChanged()
  return useMutation({
    mutationFn: (replay: string) => body(api.POST('/endpoints/{id}/replays/{replay}/cancel', { params: { path: { id, replay } } })), onSuccess: changed,
  })
}

export function useRetryDispatch() {
  const changed = useEndpointsChanged()
  return useMutation({ mutationFn: (id: string) => body(api.POST('/dispatches/{id}/retry', { params: { path: { id } } })), onSuccess: changed })
}

export function useDropDispatch() {
  const changed = useEndpointsChanged()
  return useMutation({ mutationFn: (id: string) => body(api.POST('/dispatches/{id}/drop', { params: { path: { id } } })), onSuccess: changed })
}
