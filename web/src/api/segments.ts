import { infiniteQueryOptions, keepPreviousData, type QueryClient, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { attributesOf } from '../lib/attributes'
import { type Condition, whole } from '../lib/condition'
import { api, body, type Schemas } from './client'

export type Segment = Omit<Schemas['Segment'], 'condition'> & { condition: Condition | null }
export type Part = Schemas['ConditionPart']
export type Explanation = Schemas['SegmentExplanation']

/** What a person wants a segment to be. */
export interface Draft {
  name: string
  description: string
  type: 'DYNAMIC' | 'STATIC'
  trackMembership: boolean
  condition: Condition
}

// The document says of a condition that it is an object; what it holds is read by lib/condition.
const known = (s: Schemas['Segment']): Segment => ({ ...s, condition: s.condition ? whole(s.condition as unknown as Condition) : null })
const sent = (c: Condition) => c as unknown as Record<string, unknown>

export const segmentList = queryOptions({
  queryKey: ['segments'],
  queryFn: async ({ signal }) => ((await body(api.GET('/segments', { signal }))) ?? []).map(known),
})

/** One segment; whoever asks has it counted anew where its members are not kept. */
export const segment = (id: string) =>
  queryOptions({
    queryKey: ['segment', id],
    queryFn: async ({ signal }) => known(await body(api.GET('/segments/{id}', { params: { path: { id } }, signal }))),
  })

export const segmentMembers = (id: string) =>
  infiniteQueryOptions({
    queryKey: ['segment', id, 'members'],
    queryFn: ({ pageParam, signal }) => body(api.GET('/segments/{id}/contacts', { params: { path: { id }, query: { page: pageParam, pageSize: 100 } }, signal })),
    initialPageParam: 1,
    getNextPageParam: (last) => (last.page < last.totalPages ? last.page + 1 : undefined),
  })

/** Who came and who left, newest first. */
export const segmentMoves = (slug: string) =>
  infiniteQueryOptions({
    queryKey: ['events', 'moves', slug],
    queryFn: ({ pageParam, signal }) =>
      body(api.GET('/events', { params: { query: { name: [`segment.${slug}.entry`, `segment.${slug}.exit`], limit: 100, ...(pageParam ? { cursor: pageParam } : {}) } }, signal })),
    initialPageParam: '',
    getNextPageParam: (last) => (last.hasMore ? last.nextCursor : undefined),
  })

/** How many a condition selects, ten of them, and why one contact is among them or not. The answer before stays until the next is there. */
export const preview = (condition: Condition, contact?: string) =>
  queryOptions({
    queryKey: ['segment-preview', condition, contact ?? ''],
    queryFn: ({ signal }) => body(api.POST('/segments/preview', { body: { condition: sent(condition), ...(contact ? { contact } : {}) }, signal })),
    placeholderData: keepPreviousData,
    gcTime: 30_000,
  })

/** Members whose address holds a text: a condition of its own over the segment. */
export const membersLike = (id: string, text: string) =>
  preview({ logic: 'AND', groups: [{ filters: [{ field: 'segment', operator: 'memberOf', value: id }, { field: 'email', operator: 'contains', value: text }] }] })

export const explanation = (id: string, contact: string) =>
  queryOptions({
    queryKey: ['segment', id, 'explanation', contact],
    queryFn: ({ signal }) => body(api.GET('/segments/{id}/explanation', { params: { path: { id }, query: { contact } }, signal })),
    retry: false,
  })

/** Contacts whose address begins with a text, or holds it. */
export const contactsLike = (text: string) =>
  queryOptions({
    queryKey: ['contacts-like', text],
    queryFn: async ({ signal }) => (await body(api.GET('/contacts', { params: { query: { search: text, limit: 8 } }, signal }))).data.map((c) => c.email),
    enabled: text.length > 1,
    placeholderData: keepPreviousData,
    retry: false,
  })

/** How many contacts there are in all. */
export const contactTotal = queryOptions({
  queryKey: ['contacts', 'total'],
  queryFn: async ({ signal }) => (await body(api.GET('/contacts', { params: { query: { limit: 1 } }, signal }))).total ?? 0,
  staleTime: 60_000,
  retry: false,
})

const minute = { staleTime: 60_000, retry: false } as const

export const topics = queryOptions({
  queryKey: ['topics', 'known'],
  queryFn: async ({ signal }) => (await body(api.GET('/topics', { signal }))).topics,
  ...minute,
})

export const tags = queryOptions({
  queryKey: ['tags', 'known'],
  queryFn: async ({ signal }) => (await body(api.GET('/tags', { signal }))).tags,
  ...minute,
})

export const templateNames = queryOptions({
  queryKey: ['templates', 'known'],
  queryFn: async ({ signal }) =>
    ((await body(api.GET('/stats', { params: { query: { by: 'template', limit: 100 } }, signal }))).rows ?? []).flatMap((r) => (r.value ? [r.value] : [])),
  ...minute,
})

/** The attributes of the newest contacts: no list of all is kept. */
export const attributes = queryOptions({
  queryKey: ['attributes'],
  queryFn: async ({ signal }) => attributesOf((await body(api.GET('/contacts', { params: { query: { limit: 100 } }, signal }))).data.map((c) => c.data)),
  ...minute,
})

async function changed(queries: QueryClient, id?: string) {
  await Promise.all([
    queries.invalidateQueries({ queryKey: ['segments'] }), ...(id ? [queries.invalidateQueries({ queryKey: ['segment', id] })] : []),
  ])
}

/** Makes a segment, or changes one. */
export function useSave(id: string | undefined) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async (d: Draft) => {
      const texts = { name: d.name.trim(), description: d.description.trim(), trackMembership: d.trackMembership }
      const condition = d.type === 'DYNAMIC' ? { condition: sent(d.condition) } : {}
      return known(id
        ? await body(api.PATCH('/segments/{id}', { params: { path: { id } }, body: { ...texts, ...condition } }))
        : await body(api.POST('/segments', { body: { ...texts, type: d.type, ...condition } })))
    },
    onSuccess: (s) => changed(queries, s.id),
  })
}

export function useDelete(id: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => body(api.DELETE('/segments/{id}', { params: { path: { id } } })),
    onSuccess: async () => {
      queries.removeQueries({ queryKey: ['segment', id] })
      await changed(queries)
    },
  })
}

export function useCompute(id: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => body(api.POST('/segments/{id}/compute', { params: { path: { id } } })),
    onSuccess: () => changed(queries, id),
  })
}

/** How many addresses one request may name. */
const most = 500

const chunks = (list: string[]) => Array.from({ length: Math.ceil(list.length / most) }, (_, i) => list.slice(i * most, (i + 1) * most))

/** Puts contacts into a segment by address, and tells which addresses no contact has. */
export function useAddMembers(id: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async (emails: string[]) => {
      const report = { added: 0, notFound: [] as string[] }
      for (const part of chunks(emails)) {
        const done = await body(api.POST('/segments/{id}/members', { params: { path: { id } }, body: { emails: part } }))
        report.added += done.added
        report.notFound.push(...done.notFound)
      }
      return report
    },
    onSettled: () => changed(queries, id),
  })
}

export function useRemoveMembers(id: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async (emails: string[]) => {
      let removed = 0
      for (const part of chunks(emails)) removed += (await body(api.DELETE('/segments/{id}/members', { params: { path: { id } }, body: { emails: part } }))).removed
      return removed
    },
    onSettled: () => changed(queries, id),
  })
}

/** The newest events of a name. */
export const newestEvents = (name: string) =>
  queryOptions({
    queryKey: ['events', 'newest', name],
    queryFn: async ({ signal }) => (await body(api.GET('/events', { params: { query: { name: [name], limit: 100 } }, signal }))).events,
    staleTime: 30_000,
    retry: false,
  })

/** The newest event of a name, or null where none is kept. */
export const lastEvent = (name: string) =>
  queryOptions({
    queryKey: ['events', 'last', name],
    queryFn: async ({ signal }) => (await body(api.GET('/events', { params: { query: { name: [name], limit: 1 } }, signal }))).events[0] ?? null,
    staleTime: 30_000,
    retry: false,
  })
