import { type ColumnDef, columnSizingFeature, type Row, type RowData, tableFeatures, useTable } from '@tanstack/react-table'
import { useVirtualizer } from '@tanstack/react-virtual'
import { clsx } from 'clsx'
import { memo, type ReactNode, useEffect, useMemo, useRef } from 'react'

const features = tableFeatures({ columnSizingFeature })

/** A column: its head, what its cells show, and how wide it is. Columns without grow keep their width. */
export interface Column<T extends RowData> {
  id: string
  head: ReactNode
  cell: (row: T) => ReactNode
  width: number
  grow?: boolean
  end?: boolean
}

/** The height of a row, in pixels. */
const rowHeight = () => 38

/**
 * Rows in a window of their own: only what is seen is drawn, so that a hundred thousand are no more work than fifty.
 * near is called when the end comes into sight. A row is opened by a click or by Enter.
 */
export function VirtualTable<T extends RowData>({ rows, columns, rowKey, open, near, foot, label, height = 'calc(100dvh - 16rem)' }: {
  rows: T[]
  columns: Column<T>[]
  rowKey: (row: T) => string
  open?: (row: T) => void
  near?: () => void
  foot?: ReactNode
  label: string
  height?: string
}) {
  const place = useRef<HTMLDivElement>(null)
  const defs = useMemo<ColumnDef<typeof features, T>[]>(
    () => columns.map((c) => ({ id: c.id, header: () => c.head, cell: ({ row }) => c.cell(row.original), size: c.width })),
    [columns],
  )
  // Without keys of its own: with them it measures all rows anew at each drawing.
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => place.current, estimateSize: rowHeight, overscan: 8 })
  const items = virtual.getVirtualItems()
  const first = items[0]?.index ?? 0
  const last = items.at(-1)?.index ?? -1
  const seen = useMemo(() => rows.slice(first, last + 1), [rows, first, last])
  const table = useTable({ features, data: seen, columns: defs, getRowId: rowKey })
  const model = table.getRowModel().rows
  useEffect(() => {
    if (near && last >= rows.length - 20) near()
  }, [near, last, rows.length])
  const grid = columns.map((c) => (c.grow ? `minmax(${c.width}px, 1fr)` : `${c.width}px`)).join(' ')
  const wide = columns.reduce((n, c) => n + c.width, 0)
  return (
    <div ref={place} role="table" aria-label={label} aria-rowcount={rows.length} tabIndex={0} className="overflow-auto rounded-[7px]" style={{ maxHeight: height }}>
      <div role="rowgroup" className="sticky top-0 z-10" style={{ minWidth: wide }}>
        {table.getHeaderGroups().map((group) => (
          <div key={group.id} role="row" className="grid border-b border-line bg-panel" style={{ gridTemplateColumns: grid }}>
            {group.headers.map((h, i) => (
              <div key={h.id} role="columnheader" className={clsx('px-3 py-2 text-xs font-medium text-soft', columns[i]?.end && 'text-right')}>
                <table.FlexRender header={h} />
              </div>
            ))}
          </div>
        ))}
      </div>
      <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize(), minWidth: wide }}>
        {items.map((item) => {
          const row = model[item.index - first]
          if (!row) return null
          return (
            <div
              key={row.id}
              role="row"
              aria-rowindex={item.index + 1}
              tabIndex={open ? 0 : undefined}
              className={clsx('absolute inset-x-0 grid h-9.5 items-center border-b border-line', open && 'cursor-pointer hover:bg-raised focus-visible:-outline-offset-2')}
              style={{ gridTemplateColumns: grid, transform: `translateY(${item.start}px)` }}
              onClick={(e) => {
                if (open && !(e.target as HTMLElement).closest('a,button,input')) open(row.original)
              }}
              onKeyDown={(e) => {
                if (!open || e.key !== 'Enter' || e.target !== e.currentTarget) return
                // Else the same key presses the button that what opens gives the focus to.
                e.preventDefault()
                open(row.original)
              }}
            >
              <Cells row={row} columns={columns} />
            </div>
          )
        })}
      </div>
      {foot}
    </div>
  )
}

/** The cells of a row, which are drawn again only for another row or other columns: while rows come in, they only move. */
const Cells = memo(
  function Cells<T extends RowData>({ row, columns }: { row: Row<typeof features, T>; columns: Column<T>[] }) {
    return columns.map((c) => (
      <div key={c.id} role="cell" className={clsx('min-w-0 truncate px-3', c.end && 'numbers text-right')}>{c.cell(row.original)}</div>
    ))
  },
  (a, b) => a.row.original === b.row.original && a.columns === b.columns,
) as <T extends RowData>(props: { row: Row<typeof features, T>; columns: Column<T>[] }) => ReactNode

/** A table of few rows, as it stands. */
export function Table({ head, children, label }: { head: ReactNode; children: ReactNode; label: string }) {
  return (
    <div className="overflow-x-auto" role="region" aria-label={label} tabIndex={0}>
      <table aria-label={label} className="w-full text-left [&_td]:px-3 [&_td]:py-2 [&_th]:px-3 [&_th]:py-2">
        <thead className="border-b border-line text-xs whitespace-nowrap text-soft [&_th]:font-medium">{head}</thead>
        <tbody className="[&>tr]:border-b [&>tr]:border-line last:[&>tr]:border-b-0">{children}</tbody>
      </table>
    </div>
  )
}
