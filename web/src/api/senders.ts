import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { api, body, type Schemas } from './client'

export type Sender = Schemas['Sender']
export type SenderChange = Schemas['SenderChange']

/** All ways out for mail, oldest first. */
export const senders = queryOptions({
  queryKey: ['senders'],
  queryFn: async ({ signal }) => (await body(api.GET('/senders', { signal }))).senders,
  refetchInterval: 15_000,
})

/** A sender by its id or its name. How it does is asked for again and again. */
export const sender = (id: string) =>
  queryOptions({
    queryKey: ['senders', id],
    queryFn: ({ signal }) => body(api.GET('/senders/{id}', { params: { path: { id } }, signal })),
    refetchInterval: 10_000,
  })

/** A change of one may change another: there is one default. */
function useSendersChanged() {
  const queries = useQueryClient()
  return () => Promise.all([['senders'], ['audit']].map((queryKey) => queries.invalidateQueries({ queryKey })))
}

export function useCreateSender() {
  const changed = useSendersChanged()
  return useMutation({ mutationFn: (wish: Schemas['NewSender']) => body(api.POST('/senders', { body: wish })), onSuccess: changed })
}

export function useChangeSender(id: string) {
  const changed = useSendersChanged()
  return useMutation({ mutationFn: (change: SenderChange) => body(api.PATCH('/senders/{id}', { params: { path: { id } }, body: change })), onSuccess: changed })
}

/** One that is gone is not asked for again while its page is still open. */
export function useDeleteSender() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => api.DELETE('/senders/{id}', { params: { path: { id } } }),
    onSuccess: () => Promise.all([queries.invalidateQueries({ queryKey: ['senders'], exact: true }), queries.invalidateQueries({ queryKey: ['audit'] })]),
  })
}

/** Connects and says who it is; with an address it sends a mail there. */
export function useTestSender(id: string) {
  const changed = useSendersChanged()
  return useMutation({
    mutationFn: (to: string) => body(api.POST('/senders/{id}/test', { params: { path: { id } }, body: to ? { to } : {} })),
    onSettled: changed,
  })
}
