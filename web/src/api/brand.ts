import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { api, body, type Schemas } from './client'

export type Brand = Schemas['Brand']

/** How the pages look that contacts see. */
export const brand = queryOptions({
  queryKey: ['brand'],
  queryFn: ({ signal }) => body(api.GET('/brand', { signal })),
})

export function useSaveBrand() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (change: Schemas['BrandChange']) => body(api.PATCH('/brand', { body: change })),
    onSuccess: async (b) => {
      queries.setQueryData(['brand'], b)
      await queries.invalidateQueries({ queryKey: ['audit'] })
    },
  })
}
