import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Broadcast, BroadcastStatus } from '../api/broadcasts'
import { segmentList } from '../api/segments'
import { count } from '../lib/format'
import { statuses } from '../lib/broadcasts'
import { reasonWords } from '../lib/sends'
import { Badge } from './ui'

export const BroadcastBadge = ({ status }: { status: BroadcastStatus }) => <Badge tone={statuses[status].tone} title={statuses[status].about}>{statuses[status].word}</Badge>

/** Who it goes to, in words. */
export function AudienceWords({ of: b, link }: { of: Broadcast; link?: boolean }) {
  const name = useQuery({ ...segmentList, enabled: b.audienceType === 'SEGMENT', staleTime: 30_000 }).data?.find((s) => s.id === b.segmentId)?.name
  if (b.audienceType === 'ALL') return <>everybody</>
  if (b.audienceType === 'SEGMENT') return link && b.segmentId ? <Link to="/segments/$id" params={{ id: b.segmentId }} className="text-accent hover:underline">{name ?? b.segmentId}</Link> : <>{name ?? 'a segment'}</>
  const tags = b.tags ?? []
  return <>{[tags.length > 0 ? `tagged ${tags.join(' and ')}` : '', b.audienceCondition ? 'by a condition' : ''].filter(Boolean).join(', ') || 'by filters'}</>
}

/** Reasons with how many each, most first. Nothing where there are none. */
export function Reasons({ of, status = 'skipped', label }: { of: Record<string, number> | undefined; status?: 'skipped' | 'failed'; label: string }) {
  const list = Object.entries(of ?? {}).filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1])
  if (list.length === 0) return null
  return (
    <ul aria-label={label} className="flex flex-col gap-1 text-sm">
      {list.map(([reason, n]) => (
        <li key={reason} className="flex items-baseline justify-between gap-3">
          <span className="min-w-0 text-soft wrap-anywhere">{reasonWords(reason, status)}</span>
          <span className="numbers">{count(n)}</span>
        </li>
      ))}
    </ul>
  )
}

/** How far something is. */
export function Progress({ share, label }: { share: number; label: string }) {
  const whole = Math.floor(share * 100)
  return (
    <div role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={whole} className="h-1.5 w-full overflow-hidden rounded-full bg-raised">
      <div className="h-full rounded-full bg-accent transition-[width]" style={{ width: `${share * 100}%` }} />
    </div>
  )
}
