import { infiniteQueryOptions, keepPreviousData, type QueryClient, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { api, body, type Schemas } from './client'

export type Rule = Schemas['Rule']
export type RuleAct = Schemas['RuleAct']
export type RuleTrial = Schemas['RuleTrial']
export type RuleMatch = Schemas['RuleMatch']

/** All rules by name, with what they did in 30 days. */
export const rules = queryOptions({
  queryKey: ['rules'],
  queryFn: async ({ signal }) => (await body(api.GET('/rules', { signal }))).rules,
  refetchInterval: 15_000,
})

export const oneRule = (id: string) =>
  queryOptions({
    queryKey: ['rule', id],
    queryFn: ({ signal }) => body(api.GET('/rules/{id}', { params: { path: { id } }, signal })),
  })

/** What a rule did, newest first. */
export const ruleActs = (id: string) =>
  infiniteQueryOptions({
    queryKey: ['rule', id, 'acts'],
    queryFn: ({ pageParam, signal }) =>
      body(api.GET('/rules/{id}/acts', { params: { path: { id }, query: { limit: 100, ...(pageParam ? { cursor: pageParam } : {}) } }, signal })),
    initialPageParam: '',
    getNextPageParam: (last) => last.nextCursor,
    refetchInterval: 4000,
  })

/** What a rule that is being written would have done with stored events. The answer before stays until the next is there. */
export const ruleTrial = (rule: string, since: string) =>
  queryOptions({
    queryKey: ['rule-trial', rule, since],
    queryFn: ({ signal }) => body(api.POST('/rules/try', { body: { rule, limit: 50, ...(since ? { since } : {}) }, signal })),
    placeholderData: keepPreviousData,
    gcTime: 30_000,
    retry: false,
  })

const changed = (queries: QueryClient, id: string) =>
  Promise.all([queries.invalidateQueries({ queryKey: ['rules'] }), queries.invalidateQueries({ queryKey: ['rule', id], exact: true }), queries.invalidateQueries({ queryKey: ['audit'] })])

/** Makes a rule or changes one. With a version, only where nobody else changed it meanwhile. */
export function useSaveRule(id: string | undefined) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ rule, version }: { rule: string; version?: number | undefined }) =>
      id ? body(api.PATCH('/rules/{id}', { params: { path: { id } }, body: { rule, ...(version ? { version } : {}) } })) : body(api.POST('/rules', { body: { rule } })),
    onSuccess: (r) => {
      queries.setQueryData(['rule', r.id], r)
      return changed(queries, r.id)
    },
  })
}

/** One that is gone is not asked for again while its page is still open. */
export function useDeleteRule(id: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => api.DELETE('/rules/{id}', { params: { path: { id } } }),
    onSuccess: () => Promise.all([['rules'], ['audit']].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  })
}
