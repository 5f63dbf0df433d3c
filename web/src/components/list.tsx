import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query'
import type { RowData } from '@tanstack/react-table'
import { LoaderCircle } from 'lucide-react'
import { type ReactNode, useEffect } from 'react'
import { count } from '../lib/format'
import { type Column, VirtualTable } from './table'
import { Button, Loading, Problem } from './ui'

/**
 * A list that comes page by page. A page may be empty although there is more, because the server looks at so many rows for
 * each: then the next one is asked for, and the reader is told.
 */
export function PagedList<T extends RowData, P>({ list, rows, columns, rowKey, open, label, noun, empty, total, height }: {
  list: UseInfiniteQueryResult<InfiniteData<P>>
  rows: T[]
  columns: Column<T>[]
  rowKey: (row: T) => string
  open?: (row: T) => void
  label: string
  /** One and several of them */
  noun: [string, string]
  empty: ReactNode
  total?: number | undefined
  height?: string
}) {
  const { hasNextPage, isFetchingNextPage, fetchNextPage, isFetchNextPageError } = list
  const more = hasNextPage && !isFetchingNextPage && !isFetchNextPageError ? () => void fetchNextPage() : undefined
  const pages = list.data?.pages.length ?? 0
  const seeking = rows.length === 0 && hasNextPage && pages < 50 && !list.isPlaceholderData
  useEffect(() => {
    if (seeking && more) more()
  })
  if (list.error && rows.length === 0) return <div className="p-4"><Problem error={list.error} retry={() => void list.refetch()} /></div>
  if (list.isPending) return <Loading lines={12} />
  if (rows.length === 0 && hasNextPage) {
    return (
      <p role="status" className="flex items-center gap-2 px-4 py-12 text-sm text-soft">
        {seeking && <LoaderCircle aria-hidden className="size-4 animate-spin" />}
        {seeking ? 'Nothing yet; still looking…' : 'Nothing was found so far.'}
        {!seeking && <Button small onClick={() => void fetchNextPage()}>Look further</Button>}
      </p>
    )
  }
  if (rows.length === 0) return <>{empty}</>
  const word = noun[rows.length === 1 ? 0 : 1]
  return (
    <VirtualTable label={label} rows={rows} columns={columns} rowKey={rowKey} {...(open ? { open } : {})} {...(more ? { near: more } : {})} {...(height ? { height } : {})}
      foot={
        list.error ? <div className="p-3"><Problem error={list.error} retry={() => void fetchNextPage()} /></div>
          : (
            <p className="sticky left-0 w-fit px-3 py-2 text-xs text-soft">
              {isFetchingNextPage ? 'Fetching more…' : hasNextPage ? `${count(rows.length)} ${word} so far; more come as you scroll` : `${count(total ?? rows.length)} ${word}`}
            </p>
          )
      } />
  )
}
