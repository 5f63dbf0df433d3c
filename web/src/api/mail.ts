import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, body } from './client'
import type { paths } from './schema'

type Query<P extends keyof paths> = paths[P] extends { get: { parameters: { query?: infer Q } } } ? NonNullable<Q> : never

export type ContactFilters = Omit<Query<'/contacts'>, 'cursor' | 'limit'>
export type MessageFilters = Omit<Query<'/messages'>, 'cursor' | 'limit'>

const at = (cursor: string) => (cursor ? { cursor } : {})

/** Pages of 100, newest first, or by address where one is searched. */
export const contactList = (filters: ContactFilters) =>
  infiniteQueryOptions({
    queryKey: ['contacts', filters],
    queryFn: ({ pageParam, signal }) => body(api.GET('/contacts', { params: { query: { ...filters, limit: 100, ...at(pageParam) } }, signal })),
    initialPageParam: '',
    getNextPageParam: (last) => (last.hasMore ? last.nextCursor : undefined),
    placeholderData: keepPreviousData,
  })

/** A contact by its id or its address. */
export const contact = (id: string) =>
  queryOptions({
    queryKey: ['contact', id],
    queryFn: ({ signal }) => body(api.GET('/contacts/{id}', { params: { path: { id } }, signal })),
  })

export const contactEvents = (id: string, name: string | undefined) =>
  infiniteQueryOptions({
    queryKey: ['contact', id, 'events', name ?? ''],
    queryFn: ({ pageParam, signal }) =>
      body(api.GET('/contacts/{id}/events', { params: { path: { id }, query: { limit: 50, ...(name ? { name: [name] } : {}), ...at(pageParam) } }, signal })),
    initialPageParam: '',
    getNextPageParam: (last) => (last.hasMore ? last.nextCursor : undefined),
  })

/** What people did with a contact, newest first. */
export const contactActs = (id: string) =>
  queryOptions({
    queryKey: ['contact', id, 'acts'],
    queryFn: async ({ signal }) => (await body(api.GET('/audit', { params: { query: { target: id, limit: 20 } }, signal }))).acts,
    retry: false,
  })

export const messageList = (filters: MessageFilters) =>
  infiniteQueryOptions({
    queryKey: ['messages', filters],
    queryFn: ({ pageParam, signal }) => body(api.GET('/messages', { params: { query: { ...filters, limit: 100, ...at(pageParam) } }, signal })),
    initialPageParam: '',
    getNextPageParam: (last) => (last.hasMore ? last.nextCursor : undefined),
    placeholderData: keepPreviousData,
  })

/** Why a contact got no mail, or what became of it. */
export const contactExplanation = (id: string) =>
  queryOptions({
    queryKey: ['contact', id, 'explanation'],
    queryFn: ({ signal }) => body(api.GET('/contacts/{id}/explanation', { params: { path: { id } }, signal })),
  })

/** What became of an email, and what stands against more. */
export const messageExplanation = (id: string) =>
  queryOptions({
    queryKey: ['message', id, 'explanation'],
    queryFn: ({ signal }) => body(api.GET('/messages/{id}/explanation', { params: { path: { id } }, signal })),
  })

/** The email that somebody got last. */
export const lastMessage = (contact: string) =>
  queryOptions({
    queryKey: ['contact', contact, 'last-message'],
    queryFn: async ({ signal }) => (await body(api.GET('/messages', { params: { query: { contact, limit: 1 } }, signal }))).messages[0] ?? null,
  })

/** An email: by our id its part for one recipient, by the provider's all parts. */
export const message = (id: string) =>
  queryOptions({
    queryKey: ['message', id],
    queryFn: ({ signal }) => body(api.GET('/messages/{id}', { params: { path: { id } }, signal })),
  })

export const messageEvents = (id: string) =>
  infiniteQueryOptions({
    queryKey: ['message', id, 'events'],
    queryFn: ({ pageParam, signal }) =>
      body(api.GET('/messages/{id}/events', { params: { path: { id }, query: { limit: 200, ...at(pageParam) } }, signal })),
    initialPageParam: '',
    getNextPageParam: (last) => (last.hasMore ? last.nextCursor : undefined),
  })
