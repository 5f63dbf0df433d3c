import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { api, body, type Schemas } from './client'

export type Export = Schemas['Export']
export type ExportRun = Schemas['ExportRun']
export type ExportWish = Pick<Export, 'name' | 'description' | 'every' | 'on' | 'format' | 'columns' | 'raw' | 'gzip' | 'folder' | 's3'>

/** All scheduled exports by name, each with its newest run. */
export const exports = queryOptions({
  queryKey: ['exports'],
  queryFn: async ({ signal }) => (await body(api.GET('/exports', { signal }))).exports,
  refetchInterval: 5000,
})

/** The newest runs of an export. */
export const exportRuns = (id: string) =>
  queryOptions({
    queryKey: ['exports', id, 'runs'],
    queryFn: async ({ signal }) => (await body(api.GET('/exports/{id}/runs', { params: { path: { id }, query: { limit: 50 } }, signal }))).runs,
    refetchInterval: 3000,
  })

/** Makes an export, or changes one: with a version only where nobody else changed it meanwhile. */
export function useSaveExport(old: Export | undefined) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ wish, all }: { wish: ExportWish; all: boolean }) =>
      old
        ? body(api.PUT('/exports/{id}', { params: { path: { id: old.id } }, body: { ...wish, version: old.version } }))
        : body(api.POST('/exports', { body: { ...wish, ...(all ? { all } : {}) } })),
    onSuccess: () => Promise.all([['exports'], ['audit']].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  })
}

export type ExportAct = 'run' | 'enable' | 'disable' | 'delete'

/** What one does with an export beside changing it. */
export function useExportAct() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async ({ id, act }: { id: string; act: ExportAct }): Promise<unknown> => {
      const params = { params: { path: { id } } }
      switch (act) {
        case 'run': return body(api.POST('/exports/{id}/run', params))
        case 'enable': return body(api.POST('/exports/{id}/enable', params))
        case 'disable': return body(api.POST('/exports/{id}/disable', params))
        case 'delete': return body(api.DELETE('/exports/{id}', params))
      }
    },
    onSuccess: () => Promise.all([['exports'], ['audit']].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  })
}
