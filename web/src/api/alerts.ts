import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { door, type Schemas } from './client'

export type Alert = Schemas['Alert']
export type AlertTold = Schemas['AlertTold']
export type AlertRule = Schemas['AlertRule']
export type AlertChannel = Schemas['AlertChannel']

/** What a rule may be changed to. What is not said stays, or has the default of its kind. */
export interface AlertRuleWish {
  name?: string
  kind?: string
  by?: string
  window?: string
  least?: number
  warn?: number
  severe?: number
  hold?: string
  enabled?: boolean
  channels?: string[]
}

export interface AlertChannelWish {
  name?: string
  kind?: string
  to?: string[]
  sender?: string
  url?: string
  level?: string
  enabled?: boolean
}

/** The alerts that hold now. */
export const raised = queryOptions({
  queryKey: ['alerts', 'raised'],
  queryFn: () => door<Schemas['AlertList']>('GET', '/alerts?state=raised'),
  refetchInterval: 30_000,
})

/** All alerts, newest first. */
export const alertHistory = infiniteQueryOptions({
  queryKey: ['alerts', 'history'],
  queryFn: ({ pageParam }) => door<Schemas['AlertList']>('GET', `/alerts?limit=50${pageParam ? `&cursor=${encodeURIComponent(pageParam)}` : ''}`),
  initialPageParam: '',
  getNextPageParam: (last) => last.nextCursor || undefined,
})

/** One alert, with who was told of it. */
export const alertOf = (id: string) => queryOptions({
  queryKey: ['alerts', 'one', id],
  queryFn: () => door<AlertTold>('GET', `/alerts/${encodeURIComponent(id)}`),
})

export const alertRules = queryOptions({
  queryKey: ['alert-rules'],
  queryFn: async () => (await door<Schemas['AlertRuleList']>('GET', '/alert-rules')).rules,
})

export const alertChannels = queryOptions({
  queryKey: ['alert-channels'],
  queryFn: async () => (await door<Schemas['AlertChannelList']>('GET', '/alert-channels')).channels,
})

/** A change of alerts, after which what is shown of them is asked for anew. */
function useAct<In, Out>(act: (x: In) => Promise<Out>) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: act,
    onSuccess: () => Promise.all(['alerts', 'alert-rules', 'alert-channels', 'audit'].map((key) => queries.invalidateQueries({ queryKey: [key] }))),
  })
}

const path = (list: string, id: string, deed = '') => `/${list}/${encodeURIComponent(id)}${deed}`

export const useAcknowledge = () => useAct((x: { id: string; note: string }) => door<Alert>('POST', path('alerts', x.id, '/acknowledge'), { note: x.note }))

/** Mutes an alert until a time; without one it is told again. */
export const useMute = () => useAct((x: { id: string; until?: string }) => door<Alert>('POST', path('alerts', x.id, '/mute'), x.until ? { until: x.until } : {}))

/** Makes a rule, or changes the one with the id. */
export const useSaveAlertRule = () =>
  useAct((x: { id?: string; wish: AlertRuleWish }) => (x.id ? door<AlertRule>('PATCH', path('alert-rules', x.id), x.wish) : door<AlertRule>('POST', '/alert-rules', x.wish)))

export const useDeleteAlertRule = () => useAct((id: string) => door<void>('DELETE', path('alert-rules', id)))

/** Which alerts a rule would have raised in the last 30 days. */
export const useTryAlertRule = () => useMutation({ mutationFn: (wish: AlertRuleWish) => door<Schemas['AlertRuleTrial']>('POST', '/alert-rules/try', wish) })

export const useSaveAlertChannel = () =>
  useAct((x: { id?: string; wish: AlertChannelWish }) => (x.id ? door<AlertChannel>('PATCH', path('alert-channels', x.id), x.wish) : door<AlertChannel>('POST', '/alert-channels', x.wish)))

export const useDeleteAlertChannel = () => useAct((id: string) => door<void>('DELETE', path('alert-channels', id)))

export const useTestAlertChannel = () => useAct((id: string) => door<Schemas['AlertChannelTest']>('POST', path('alert-channels', id, '/test')))
