import { infiniteQueryOptions, keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { isShort } from '../lib/refresh'
import { api, body, type Schemas } from './client'

export type Run = Schemas['Execution']
export type RunStatus = Run['status']
export type RunDetails = Schemas['ExecutionDetails']
export type RunVisit = Schemas['ExecutionStep']
export type WorkflowVersion = Schemas['WorkflowVersion']
export type WorkflowTrial = Schemas['WorkflowTrial']
export type WorkflowWould = Schemas['WorkflowWould']
export type RunsMoved = Schemas['ExecutionsMoved']

export interface RunFilters {
  workflow?: string
  status?: RunStatus[]
  contact?: string
  step?: string
  version?: number
}

const goesOn = (r: Run | undefined) => r?.status === 'RUNNING' || r?.status === 'WAITING'

/** Pages of 100, newest first. While something on them goes on they are asked for again. */
export const runList = (filters: RunFilters) =>
  infiniteQueryOptions({
    queryKey: ['runs', 'list', filters],
    queryFn: ({ pageParam, signal }) => body(api.GET('/executions', { params: { query: { ...filters, pageSize: 100, ...(pageParam ? { cursor: pageParam } : {}) } }, signal })),
    initialPageParam: '',
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: keepPreviousData,
    refetchInterval: (query) => (!isShort(query) ? false : query.state.data?.pages.some((p) => p.executions.some((r) => r.status === 'RUNNING')) ? 3000 : 15_000),
  })

/** How many there are by workflow and status. */
export const runCounts = (filters: RunFilters) =>
  queryOptions({
    queryKey: ['runs', 'counts', filters],
    queryFn: async ({ signal }) => (await body(api.GET('/executions/counts', { params: { query: { ...filters } }, signal }))).counts,
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
  })

export const oneRun = (id: string) =>
  queryOptions({
    queryKey: ['runs', 'one', id],
    queryFn: ({ signal }) => body(api.GET('/executions/{execution}', { params: { path: { execution: id } }, signal })),
    refetchInterval: (query) => (query.state.data?.status === 'RUNNING' ? 2000 : goesOn(query.state.data) ? 10_000 : false),
  })

/** The workflow of runs, for the names of its steps and whether anybody enters it. */
export const workflowOf = (workflow: string) =>
  queryOptions({
    queryKey: ['runs', 'workflow', workflow],
    queryFn: ({ signal }) => body(api.GET('/workflows/{id}', { params: { path: { id: workflow } }, signal })),
    staleTime: 10_000,
  })

/** What a workflow says and said, newest first, with how many runs are on each. */
export const workflowVersions = (workflow: string) =>
  queryOptions({
    queryKey: ['runs', 'versions', workflow],
    queryFn: async ({ signal }) => (await body(api.GET('/workflows/{id}/versions', { params: { path: { id: workflow } }, signal }))).versions,
    refetchInterval: 15_000,
  })

/** After it all that tells of runs and of what they do is asked for anew. */
function useRunsChanged() {
  const queries = useQueryClient()
  return () => Promise.all([['runs'], ['workflows'], ['workflow'], ['contact'], ['sends'], ['audit']].map((queryKey) => queries.invalidateQueries({ queryKey })))
}

/** Lets a contact enter. The key keeps a start that was repeated from beginning two runs. */
export function useStartRun(workflow: string) {
  const changed = useRunsChanged()
  return useMutation({
    mutationFn: ({ contact, context, key }: { contact: string; context: Record<string, unknown>; key: string }) =>
      body(api.POST('/workflows/{id}/executions', {
        params: { path: { id: workflow }, header: { 'Idempotency-Key': key } },
        body: { contactId: contact, ...(Object.keys(context).length > 0 ? { context } : {}) },
      })),
    onSuccess: changed,
  })
}

export type RunDeed = 'retry' | 'skip' | 'cancel'

/** How many runs are decided about at the same time. */
const atOnce = 4

export interface Decided {
  done: number
  /** Why some were not, each reason once with how many */
  refused: [why: string, number][]
}

/** Decides about runs, one after the other. What can't be done with one keeps nobody from the others. */
export function useDecideRuns() {
  const changed = useRunsChanged()
  return useMutation({
    mutationFn: async ({ runs, deed, note, outcome }: { runs: Run[]; deed: RunDeed; note: string; outcome?: string }): Promise<Decided> => {
      const rest = [...runs]
      const refused = new Map<string, number>()
      let done = 0
      const work = async () => {
        for (let r = rest.shift(); r; r = rest.shift()) {
          const params = { path: { id: r.workflowId, execution: r.id } }
          const sent = note ? { note } : {}
          try {
            if (deed === 'retry') await api.POST('/workflows/{id}/executions/{execution}/retry', { params, body: sent })
            else if (deed === 'cancel') await api.POST('/workflows/{id}/executions/{execution}/cancel', { params, body: sent })
            else await api.POST('/workflows/{id}/executions/{execution}/skip', { params, body: { ...sent, ...(outcome ? { outcome } : {}) } })
            done++
          } catch (error) {
            if (runs.length === 1) throw error
            const why = error instanceof Error ? error.message : String(error)
            refused.set(why, (refused.get(why) ?? 0) + 1)
          }
        }
      }
      await Promise.all(Array.from({ length: atOnce }, work))
      return { done, refused: [...refused] }
    },
    onSettled: changed,
  })
}

export interface RunMove {
  version: number
  from?: number
  steps: Record<string, string>
}

/** What would become of runs that are moved. */
export const moveTrial = (workflow: string, move: RunMove) =>
  queryOptions({
    queryKey: ['runs', 'move', workflow, move],
    queryFn: ({ signal }) => body(api.POST('/workflows/{id}/executions/move', { params: { path: { id: workflow } }, body: { ...move, dryRun: true }, signal })),
    placeholderData: keepPreviousData,
    gcTime: 10_000,
    retry: false,
  })

export function useMoveRuns(workflow: string) {
  const changed = useRunsChanged()
  return useMutation({
    mutationFn: ({ move, note }: { move: RunMove; note: string }) =>
      body(api.POST('/workflows/{id}/executions/move', { params: { path: { id: workflow } }, body: { ...move, ...(note ? { note } : {}) } })),
    onSuccess: changed,
  })
}

/** What a workflow, or a draft that is not stored, would have done with the events of the last days. */
export const workflowTrial = (workflow: string, draft: string | undefined, days: number) =>
  queryOptions({
    queryKey: ['workflow-trial', workflow, draft ?? '', days],
    queryFn: ({ signal }) =>
      draft === undefined
        ? body(api.POST('/workflows/{id}/dry-run', { params: { path: { id: workflow } }, body: { days }, signal }))
        : body(api.POST('/workflows/dry-run', { body: { workflow: { text: draft }, days }, signal })),
    gcTime: 60_000,
    staleTime: Infinity,
    retry: false,
  })
