import { infiniteQueryOptions, keepPreviousData, type QueryClient, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { Draft } from '../lib/workflow-draft'
import { api, body, type Schemas } from './client'

export type Workflow = Schemas['Workflow']
export type WorkflowFigures = Schemas['WorkflowFigures']
export type StepFigures = Schemas['StepFigures']
export type WorkflowSettings = Schemas['WorkflowSettings']
export type DraftProblem = Schemas['WorkflowDraftProblem']

/** A workflow with its steps, and the tag that a change names so as not to overwrite another one. */
export type WorkflowDetails = Schemas['WorkflowDetails'] & { etag: string }

/** What is sent: a text in YAML, or what stands in one as an object. */
export type Wish = { text: string } | Draft

const sent = (wish: Wish) => wish as unknown as Record<string, unknown>

/** The body of an answer with its ETag. */
async function tagged<T>(answer: Promise<{ data?: T; response: Response }>): Promise<T & { etag: string }> {
  const { data, response } = await answer
  return { ...(data as T), etag: response.headers.get('ETag') ?? '' }
}

/** Pages of 100 by key: those that have a text in their key, name or description. */
export const workflowList = (search: string) =>
  infiniteQueryOptions({
    queryKey: ['workflows', { search }],
    queryFn: ({ pageParam, signal }) => body(api.GET('/workflows', { params: { query: { page: pageParam, pageSize: 100, ...(search ? { search } : {}) } }, signal })),
    initialPageParam: 1,
    getNextPageParam: (last) => (last.page < last.totalPages ? last.page + 1 : undefined),
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
  })

/** One workflow by its id or key. */
export const workflow = (id: string) =>
  queryOptions({
    queryKey: ['workflow', id],
    queryFn: ({ signal }) => tagged(api.GET('/workflows/{id}', { params: { path: { id } }, signal })),
  })

/** Who is where, and what came of the emails; of one version or of all. */
export const workflowFigures = (id: string, version?: number) =>
  queryOptions({
    queryKey: ['workflow', id, 'figures', version ?? 0],
    queryFn: ({ signal }) => body(api.GET('/workflows/{id}/figures', { params: { path: { id }, query: version ? { version } : {} }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: 10_000,
  })

/** A drawing in the language of Mermaid, for those who put it elsewhere. */
export const workflowDiagram = (id: string) =>
  queryOptions({
    queryKey: ['workflow', id, 'diagram'],
    queryFn: ({ signal }) => body(api.GET('/workflows/{id}/diagram', { params: { path: { id } }, signal })),
  })

/** A draft checked: what is wrong with it, as a text and as an object. The answer before stays until the next is there. */
export const workflowCheck = (wish: Wish) =>
  queryOptions({
    queryKey: ['workflow-check', wish],
    queryFn: async ({ signal }) => ({ of: wish, ...(await body(api.POST('/workflows/validate', { body: sent(wish), signal }))) }),
    placeholderData: keepPreviousData,
    gcTime: 30_000,
    retry: false,
  })

export const workflowSettings = queryOptions({
  queryKey: ['workflow-settings'],
  queryFn: ({ signal }) => body(api.GET('/workflows/settings', { signal })),
})

/** All that tells of workflows is asked for anew, but one that is gone: it may be called by its id or its key. */
const changed = (queries: QueryClient, gone?: boolean) => Promise.all([['workflows'], ['audit'], ...(gone ? [] : [['workflow']])].map((queryKey) => queries.invalidateQueries({ queryKey })))

/** Makes a workflow, which nobody enters yet, or a new version of one. With a tag, only where nobody else changed it meanwhile. */
export function useSaveWorkflow(id: string | undefined) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ wish, etag }: { wish: Wish; etag?: string | undefined }) =>
      tagged(id
        ? api.PUT('/workflows/{id}', { params: { path: { id }, header: etag ? { 'If-Match': etag } : {} }, body: sent(wish) })
        : api.POST('/workflows', { body: sent(wish) })),
    onSuccess: (w) => {
      queries.setQueryData(['workflow', w.id], w)
      return changed(queries)
    },
  })
}

/** Lets contacts enter, or no more. */
export function useEnableWorkflow() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ id, on }: { id: string; on: boolean }) =>
      on ? body(api.POST('/workflows/{id}/enable', { params: { path: { id } } })) : body(api.POST('/workflows/{id}/disable', { params: { path: { id } } })),
    onSuccess: () => changed(queries),
  })
}

export function useDuplicateWorkflow(id: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => body(api.POST('/workflows/{id}/duplicate', { params: { path: { id } } })),
    onSuccess: () => changed(queries),
  })
}

/** One that is gone is not asked for again while its page is still open. */
export function useDeleteWorkflow(id: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => api.DELETE('/workflows/{id}', { params: { path: { id } } }),
    onSuccess: () => changed(queries, true),
  })
}

export function useSetWorkflowSettings() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (settings: WorkflowSettings) => body(api.PUT('/workflows/settings', { body: settings })),
    onSuccess: (s) => {
      queries.setQueryData(workflowSettings.queryKey, s)
      return changed(queries)
    },
  })
}
