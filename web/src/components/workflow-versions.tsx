import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { MoveRight } from 'lucide-react'
import { useMemo, useState } from 'react'
import { type WorkflowVersion, workflowVersions } from '../api/runs'
import { count } from '../lib/format'
import { type Change, changes } from '../lib/workflow-changes'
import { Mono, Time } from './bits'
import { Changed, Lines } from './changes'
import { Badge, Button, Card, Loading, Problem } from './ui'
import { VersionPair } from './version-pair'
import { MoveRuns } from './workflow-move'

interface VersionSearch {
  tab?: string
  version?: string
  against?: string
}

/** What a workflow says and said: who changed it when, the runs that are still on each version, and what differs between two. */
export function WorkflowVersions({ workflow }: { workflow: string }) {
  const search: VersionSearch = useSearch({ strict: false })
  const navigate = useNavigate()
  const list = useQuery(workflowVersions(workflow))
  const [moving, move] = useState<number>()
  if (list.error && !list.data) return <Problem error={list.error} retry={() => void list.refetch()} />
  const versions = list.data
  const now = versions?.[0]
  if (!versions || !now) return <Card><Loading lines={4} /></Card>
  const known = (n: number) => versions.some((v) => v.version === n)
  const at = known(Number(search.version)) ? Number(search.version) : now.version
  const against = known(Number(search.against)) ? Number(search.against) : Math.max(at - 1, 1)
  const choose = (version: number, other: number) =>
    void navigate({ to: '.', search: { ...(search.tab ? { tab: search.tab } : {}), version: String(version), against: String(other) }, replace: true, resetScroll: false })
  const behind = versions.filter((v) => v !== now && v.openExecutions > 0)
  const left = behind.reduce((sum, v) => sum + v.openExecutions, 0)
  return (
    <>
      <p className="flex flex-wrap items-center justify-between gap-x-3 gap-y-2 text-sm text-soft">
        <span className="max-w-3xl flex-1 basis-80">
          What a workflow says is never changed: another definition is another version. Who enters is on version {now.version}; runs stay on theirs until they end, or are moved.
          {left > 0 && <> <span className="text-ink">{count(left)} {left === 1 ? 'run goes' : 'runs go'} on under {behind.length === 1 ? `version ${behind[0]?.version}` : 'older versions'}.</span></>}
        </span>
        {versions.length > 1 && <Button onClick={() => move(0)}><MoveRight aria-hidden className="size-3.5" /> Move runs…</Button>}
      </p>
      <div className="grid grid-cols-1 items-start gap-5 xl:grid-cols-[20rem_minmax(0,1fr)]">
        <Card title="Versions" flush action={<span className="numbers text-xs text-soft">{count(versions.length)} in all</span>}>
          <ol aria-label="Versions" className="max-h-[60dvh] overflow-y-auto" tabIndex={0}>
            {versions.map((v) => (
              <li key={v.version} className={clsx('flex items-start gap-2 border-b border-line px-3 py-2 last:border-b-0', v.version === at && 'bg-raised')}>
                <div className="min-w-0 flex-1 text-sm">
                  <button type="button" aria-pressed={v.version === at} className="flex w-full flex-wrap items-center gap-2 text-left font-medium" onClick={() => choose(v.version, Math.max(v.version - 1, 1))}>
                    Version {v.version} {v === now && <Badge tone="good">now</Badge>}
                  </button>
                  <Link to="." search={{ tab: 'runs', version: String(v.version), status: 'open' }} className="text-xs text-soft hover:underline">
                    {v.openExecutions === 0 ? 'no run goes on' : `${count(v.openExecutions)} ${v.openExecutions === 1 ? 'run goes' : 'runs go'} on`}
                  </Link>
                  {v !== now && v.openExecutions > 0 && <> <button type="button" className="text-xs text-accent hover:underline" aria-label={`Move the runs of version ${v.version}…`} onClick={() => move(v.version)}>Move…</button></>}
                </div>
                <span className="text-right text-xs text-soft">
                  <Time at={v.createdAt} form="short" />
                  <span className="block max-w-32 truncate" title={v.createdBy}>{v.createdByName ?? (v.createdBy === 'cli' ? 'command line' : v.createdBy ? <Mono>{v.createdBy}</Mono> : 'the server')}</span>
                </span>
              </li>
            ))}
          </ol>
        </Card>
        <Between versions={versions} now={now.version} version={at} against={against} choose={choose} />
      </div>
      {moving !== undefined && <MoveRuns workflow={workflow} versions={versions} from={moving} close={() => move(undefined)} />}
    </>
  )
}

function Between({ versions, now, version, against, choose }: { versions: WorkflowVersion[]; now: number; version: number; against: number; choose: (version: number, against: number) => void }) {
  const [before, after] = [versions.find((v) => v.version === against), versions.find((v) => v.version === version)]
  return (
    <Card flush
      title={<VersionPair versions={versions.map((v) => v.version)} now={now} version={version} against={against} choose={choose} />}>
      {before && after && <Differences before={before} after={after} />}
    </Card>
  )
}

function Differences({ before, after }: { before: WorkflowVersion; after: WorkflowVersion }) {
  const found = useMemo(() => changes(before.definition, after.definition), [before, after])
  if (before.version === after.version) {
    return <pre tabIndex={0} role="region" aria-label={`Version ${after.version} in YAML`} className="max-h-[70dvh] overflow-auto p-4 font-mono text-xs whitespace-pre-wrap wrap-anywhere">{after.text}</pre>
  }
  if (before.text === after.text) return <p className="px-4 py-10 text-center text-sm text-soft">They say the same.</p>
  return (
    <>
      {found.length > 0 && (
        <ul aria-label="What changed, in words" className="divide-y divide-line border-b border-line text-sm">
          {found.map((c) => <Told key={`${c.kind} ${c.step ?? ''} ${c.what}`} change={c} />)}
        </ul>
      )}
      <Lines label="YAML" before={before.text} after={after.text} />
    </>
  )
}

const tones = { new: 'good', gone: 'bad', changed: 'info' } as const
const kinds = { new: 'New', gone: 'Gone', changed: 'Changed' }

function Told({ change: c }: { change: Change }) {
  return (
    <li className="flex gap-3 px-4 py-2">
      <span className="w-18 shrink-0"><Badge tone={tones[c.kind]}>{kinds[c.kind]}</Badge></span>
      <div className="min-w-0 flex-1">
        <p className="font-medium wrap-anywhere">{c.what} {c.step && <span className="font-normal text-soft"><Mono>{c.step}</Mono></span>}</p>
        <dl className="mt-0.5 flex flex-col gap-1">{c.parts.map((p) => <Changed key={p.name} label={p.name} before={p.before} after={p.after} />)}</dl>
      </div>
    </li>
  )
}
