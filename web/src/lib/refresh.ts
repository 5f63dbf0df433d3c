import { type InfiniteData, type QueryKey, useQueryClient } from '@tanstack/react-query'

/**
 * Whether a query may be asked again by itself, when its page is looked at again. A list that somebody scrolled down may not: all of its pages
 * would be asked for, one after the other, and of a hundred thousand rows that is a thousand.
 */
export function isShort(query: { state: { data: unknown } }): boolean {
  const data = query.state.data as { pages?: unknown } | undefined
  return !(Array.isArray(data?.pages) && data.pages.length > 3)
}

/** Asks for a list from its top, and lets go of the pages below. */
export function useRefresh(queryKey: QueryKey): () => void {
  const queries = useQueryClient()
  return () => {
    queries.setQueryData<InfiniteData<unknown>>(queryKey, (list) => list && { pages: list.pages.slice(0, 1), pageParams: list.pageParams.slice(0, 1) })
    void queries.invalidateQueries({ queryKey, exact: true })
  }
}
