import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Fragment } from 'react'
import { segmentList } from '../api/segments'
import { type Condition, type Filter, filterWords, kindOf, operatorLabel } from '../lib/condition'

/** The names of segments by id; one that is gone keeps its id. */
export function useSegmentNames(): (id: string) => string {
  const list = useQuery(segmentList).data
  return (id) => list?.find((s) => s.id === id)?.name ?? id
}

/** A condition as sentences, one below the other. */
export function ConditionWords({ of: c }: { of: Condition }) {
  const groups = c.groups
  return (
    <ul className="flex flex-col gap-1.5 text-sm">
      {groups.map((g, i) => (
        <Fragment key={i}>
          {i > 0 && <li className="text-xs font-semibold text-soft uppercase">{c.logic === 'AND' ? 'and' : 'or'}</li>}
          <li className={groups.length > 1 ? 'rounded-md border border-line px-3 py-2' : ''}>
            {g.filters.map((f, j) => (
              <p key={j} className="min-w-0 break-words">{j > 0 && <span className="text-soft">and </span>}<Sentence of={f} /></p>
            ))}
            {g.conditions && (
              <div className="mt-1.5">
                {g.filters.length > 0 && <p className="mb-1 text-soft">and {g.conditions.logic === 'AND' ? 'all of these' : 'at least one of these'}:</p>}
                <div className="border-l-2 border-line pl-3"><ConditionWords of={g.conditions} /></div>
              </div>
            )}
          </li>
        </Fragment>
      ))}
    </ul>
  )
}

function Sentence({ of: f }: { of: Filter }) {
  const name = useSegmentNames()
  if (kindOf(f.field) === 'segment' && typeof f.value === 'string') {
    return <>{operatorLabel(f.operator)} <Link to="/segments/$id" params={{ id: f.value }} className="text-accent hover:underline">{name(f.value)}</Link></>
  }
  return <>{filterWords(f, name)}</>
}
