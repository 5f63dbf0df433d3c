import { infiniteQueryOptions, keepPreviousData, type QueryClient, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { type Draft, type Parts, wishOf } from '../lib/template-draft'
import { api, body, type Schemas } from './client'

export type Template = Schemas['Template']
export type Finding = Schemas['TemplateProblem']
export type Preview = Schemas['TemplatePreview']
export type Verdict = Schemas['TemplateVerdict']
export type Trouble = Schemas['TemplateTrouble']

/** Templates that are kept, newest first, page by page; of the first page what is wrong with files of the folder, too. */
export const templateList = (search: string, type: string) =>
  infiniteQueryOptions({
    queryKey: ['templates', 'list', search, type],
    queryFn: ({ pageParam, signal }) =>
      body(api.GET('/templates', {
        params: {
          query: {
            limit: 100, ...(pageParam ? { cursor: pageParam } : {}), ...(search ? { search } : {}),
            ...(type === 'MARKETING' || type === 'TRANSACTIONAL' ? { type } : {}),
          },
        },
        signal,
      })),
    initialPageParam: '',
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: keepPreviousData,
  })

/** One template as it is now. */
export const template = (id: string) =>
  queryOptions({
    queryKey: ['template', id],
    queryFn: ({ signal }) => body(api.GET('/templates/{id}', { params: { path: { id } }, signal })),
  })

/** The template that is kept under a key or id, or null: what events name need not be kept here. */
export const keptAs = (key: string) =>
  queryOptions({
    queryKey: ['templates', 'kept', key],
    queryFn: async ({ signal }) => {
      const { data } = await body(api.GET('/templates', { params: { query: { search: key.slice(0, 1000), limit: 100 } }, signal }))
      return data.find((t) => t.key === key || t.id === key) ?? null
    },
    staleTime: 60_000,
    retry: false,
  })

/** What a template was, newest first. */
export const templateVersions = (id: string) =>
  infiniteQueryOptions({
    queryKey: ['template', id, 'versions'],
    queryFn: ({ pageParam, signal }) =>
      body(api.GET('/templates/{id}/versions', { params: { path: { id }, query: { limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } }, signal })),
    initialPageParam: '',
    getNextPageParam: (last) => last.nextCursor,
  })

export const templateVersion = (id: string, version: number) =>
  queryOptions({
    queryKey: ['template', id, 'version', version],
    queryFn: ({ signal }) => body(api.GET('/templates/{id}/versions/{version}', { params: { path: { id, version } }, signal })),
    staleTime: Infinity,
  })

/** Whom a preview is for, and what would come with the send. */
export interface Audience {
  contact: string
  data: Record<string, unknown>
  event: Record<string, unknown>
}

/** What becomes of a template that is being written. The answer before stays until the next is there. */
export const templatePreview = (parts: Parts, to: Audience) =>
  queryOptions({
    queryKey: ['template-preview', parts, to],
    queryFn: ({ signal }) => body(api.POST('/templates/preview', {
      body: { ...parts, ...(to.contact ? { contact: to.contact } : {}), data: to.data, event: to.event }, signal,
    })),
    placeholderData: keepPreviousData,
    gcTime: 30_000,
    retry: false,
  })

/** What is wrong with it and what is doubtful, for whomever it will be rendered. */
export const templateVerdict = (parts: Parts, known: string[]) =>
  queryOptions({
    queryKey: ['template-verdict', parts, known],
    queryFn: ({ signal }) => body(api.POST('/templates/validate', { body: { ...parts, known }, signal })),
    placeholderData: keepPreviousData,
    gcTime: 30_000,
    retry: false,
  })

const changed = (queries: QueryClient, id: string) =>
  Promise.all([['templates'], ['template', id], ['audit']].map((queryKey) => queries.invalidateQueries({ queryKey })))

/** The ETag of a version. The number that leads it is all that the server compares: the rest tells bytes apart. */
const tagOf = (version: number) => `"${version}-page"`

/** Makes a template, or a new version of one. With a version, only where nobody else made one meanwhile. */
export function useSaveTemplate(id: string | undefined) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ draft, version }: { draft: Draft; version?: number | undefined }) =>
      id
        ? body(api.PATCH('/templates/{id}', {
          params: { path: { id }, header: version === undefined ? {} : { 'If-Match': tagOf(version) } }, body: wishOf(draft),
        }))
        : body(api.POST('/templates', { body: wishOf(draft) })),
    onSuccess: (t) => {
      queries.setQueryData(['template', t.id], t)
      return changed(queries, t.id)
    },
  })
}

export function useRestoreTemplate(id: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (version: number) => body(api.POST('/templates/{id}/versions/{version}/restore', { params: { path: { id, version } } })),
    onSuccess: (t) => {
      queries.setQueryData(['template', id], t)
      return changed(queries, id)
    },
  })
}

export function useDeleteTemplate(id: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => body(api.DELETE('/templates/{id}', { params: { path: { id } } })),
    onSuccess: async () => {
      queries.removeQueries({ queryKey: ['template', id] })
      await Promise.all([['templates'], ['audit']].map((queryKey) => queries.invalidateQueries({ queryKey })))
    },
  })
}

export type Tested = Schemas['TestedTemplate']

/** Sends a template, as it is stored, to one address. */
export const useTestSend = (id: string) =>
  useMutation({ mutationFn: (send: Schemas['TemplateTest'] & { to: string }) => body(api.POST('/templates/{id}/test', { params: { path: { id } }, body: send })) })
