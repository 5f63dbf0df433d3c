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

/** The newest bounces of a span, at most a thousand of them; the counters know reasons of everything alone. */
export const bounces = (query: { senderDomain?: string; from: string; to: string }) =>
  queryOptions({
    queryKey: ['bounces', query],
    queryFn: ({ signal }) => body(api.GET('/events', { params: { query: { ...query, name: ['email.bounce'], limit: 1000 } }, signal })),
    staleTime: 60_000,
  })
