import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Footprints } from 'lucide-react'
import { useMemo } from 'react'
import { type Run, runList } from '../api/runs'
import { count } from '../lib/format'
import { Time } from './bits'
import { PagedList } from './list'
import { RunBadge, RunNow, StepLink } from './run'
import type { Column } from './table'
import { Card, Empty } from './ui'

const columns: Column<Run>[] = [
  { id: 'workflow', head: 'Workflow', width: 110, grow: true, cell: (r) => <Link to="/workflows/$id" params={{ id: r.workflow }} className="hover:underline" title={r.workflow}>{r.workflow}</Link> },
  { id: 'status', head: 'Status', width: 95, cell: (r) => <RunBadge status={r.status} /> },
  { id: 'step', head: 'Step', width: 120, grow: true, cell: (r) => <StepLink workflow={r.workflow} step={r.step} /> },
  { id: 'now', head: 'What now', width: 140, grow: true, cell: (r) => <RunNow run={r} /> },
  { id: 'started', head: 'Entered', width: 110, cell: (r) => <Time at={r.startedAt} form="ago" /> },
  { id: 'emails', head: 'Emails', width: 70, end: true, cell: (r) => count(r.emails) },
]

/** The workflows that a contact is or was in. */
export function ContactRuns({ id }: { id: string }) {
  const navigate = useNavigate()
  const list = useInfiniteQuery(runList({ contact: id }))
  const rows = useMemo(() => list.data?.pages.flatMap((p) => p.executions) ?? [], [list.data])
  return (
    <Card flush title="Workflows">
      <PagedList list={list} rows={rows} columns={columns} rowKey={(r) => r.id} label="Runs of this contact" noun={['run', 'runs']} total={list.data?.pages[0]?.total} height="30rem"
        open={(r) => void navigate({ to: '/runs/$id', params: { id: r.id } })}
        empty={<Empty icon={<Footprints />} title="In no workflow">A contact enters a workflow by its trigger, or is started by hand on the workflow’s page.</Empty>} />
    </Card>
  )
}
