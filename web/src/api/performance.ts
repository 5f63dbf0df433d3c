import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, body } from './client'

/** Of one template, or of everything; from and to are days of UTC. */
export interface Of {
  template?: string
  from: string
  to: string
}

export const funnel = (query: Of) =>
  queryOptions({
    queryKey: ['funnel', query],
    queryFn: ({ signal }) => body(api.GET('/stats/funnel', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  })

export const delays = (query: Of) =>
  queryOptions({
    queryKey: ['delays', query],
    queryFn: ({ signal }) => body(api.GET('/stats/delays', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  })

export const links = (query: Of & { limit?: number }) =>
  queryOptions({
    queryKey: ['links', query],
    queryFn: ({ signal }) => body(api.GET('/stats/links', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  })

/** Why mail bounced at a domain. The counters know reasons of everything alone, so it is of the newest bounces of the span. */
export const bounceReasons = (query: { domain?: string; senderDomain?: string; from: string; to: string }) =>
  queryOptions({
    queryKey: ['bounce-reasons', query],
    queryFn: ({ signal }) => body(api.GET('/stats/reasons', { params: { query }, signal })),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  })
