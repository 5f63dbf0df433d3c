import { type QueryClient, queryOptions } from '@tanstack/react-query'
import { api, body, type Schemas } from './client'

/** How a source does. While something is awaited it is asked for again and again. */
export const sourceHealth = (id: string, every: number | false = 30_000) =>
  queryOptions({
    queryKey: ['source', id, 'health'],
    queryFn: ({ signal }) => body(api.GET('/sources/{id}/health', { params: { path: { id } }, signal })),
    refetchInterval: every,
  })

/** A source and the tag of this version of it: a change that carries the tag is refused where somebody else was first. */
export const source = (id: string) =>
  queryOptions({
    queryKey: ['source', id, 'settings'],
    queryFn: async ({ signal }) => {
      const answer = await api.GET('/sources/{id}', { params: { path: { id } }, signal })
      return { source: answer.data as Schemas['Source'], tag: answer.response.headers.get('ETag') ?? undefined }
    },
  })

export const confirmations = (id: string) =>
  queryOptions({
    queryKey: ['source', id, 'confirmations'],
    queryFn: async ({ signal }) => (await body(api.GET('/sources/{id}/confirmations', { params: { path: { id } }, signal }))).confirmations,
  })

export const createSource = (source: Schemas['NewSource']) => body(api.POST('/sources', { body: source }))

export const changeSource = (id: string, change: Schemas['SourceChange'], tag?: string) =>
  body(api.PATCH('/sources/{id}', { params: { path: { id }, ...(tag ? { header: { 'If-Match': tag } } : {}) }, body: change }))

export const rotateSource = (id: string, graceSeconds: number) =>
  body(api.POST('/sources/{id}/rotate', { params: { path: { id } }, body: { graceSeconds } }))

export const disableSource = (id: string) => body(api.POST('/sources/{id}/disable', { params: { path: { id } } }))

export const enableSource = (id: string) => body(api.POST('/sources/{id}/enable', { params: { path: { id } } }))

export const confirmSubscription = (id: string, confirmation: string) =>
  body(api.POST('/sources/{id}/confirmations/{confirmation}/confirm', { params: { path: { id, confirmation } } }))

export const testSource = (id: string) => body(api.POST('/sources/{id}/test', { params: { path: { id } } }))

/** After a change of a source everything that tells of it is asked for anew. */
export const sourceChanged = (queries: QueryClient, id: string) =>
  Promise.all([queries.invalidateQueries({ queryKey: ['sources'] }), queries.invalidateQueries({ queryKey: ['source', id] })])
