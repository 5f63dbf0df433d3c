import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { api, body, type Schemas } from './client'

export type Approval = Schemas['Approval']

/** What assistants asked for. It is asked for again by itself: a request ends after fifteen minutes. */
export const approvals = queryOptions({
  queryKey: ['approvals'],
  queryFn: async ({ signal }) => (await body(api.GET('/approvals', { signal }))).approvals,
  refetchInterval: 20_000,
})

/** What nobody decided on yet. */
export const waiting = (list: Approval[] | undefined) => (list ?? []).filter((a) => a.state === 'waits')

export function useDecide() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ code, approve, note }: { code: string; approve: boolean; note: string }) => {
      const path = { code }
      return approve
        ? body(api.POST('/approvals/{code}/approve', { params: { path }, body: { note } }))
        : body(api.POST('/approvals/{code}/refuse', { params: { path }, body: note ? { note } : {} }))
    },
    // Also where it failed: then somebody else decided, or its time is over.
    onSettled: () => Promise.all([['approvals'], ['audit']].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  })
}
