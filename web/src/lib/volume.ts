import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { stats } from '../api/queries'
import { type Span, useDates, zone } from './range'

/** How often something happened in each day of a span, or in each hour of a short one. */
export interface Volume {
  total: number
  values: number[]
}

const sizes = { hour: 3_600_000, day: 86_400_000 }

/** How often each event happened, by name, or one alone. times are where the days or hours begin, in seconds since 1970. */
export function useVolumes(span: Span, name?: string) {
  const { from, to } = useDates(span, 'local')
  const days = Math.round((Date.parse(to) - Date.parse(from)) / sizes.day)
  const unit = days <= 2 ? 'hour' : 'day'
  const answer = useQuery(stats({ by: 'name', unit, zone, from, to, limit: 1000, ...(name === undefined ? {} : { name: [name] }) }))
  const { data, error, refetch } = answer
  return useMemo(() => {
    const begin = Date.parse(data?.from ?? from)
    const slots = days * (unit === 'hour' ? 24 : 1)
    const volumes = new Map<string, Volume>()
    for (const row of data?.rows ?? []) {
      // A day of the change of clocks is an hour longer or shorter.
      const at = row.at ? Math.round((Date.parse(row.at) - begin) / sizes[unit]) : -1
      for (const c of row.counts) {
        const v = volumes.get(c.name) ?? { total: 0, values: new Array<number>(slots).fill(0) }
        volumes.set(c.name, v)
        v.total += c.count
        if (at >= 0 && at < slots) v.values[at] = (v.values[at] ?? 0) + c.count
      }
    }
    const times = Array.from({ length: slots }, (_, i) => (begin + i * sizes[unit]) / 1000)
    return { volumes, times, unit, loaded: data !== undefined, error, again: () => void refetch() }
  }, [data, error, refetch, from, days, unit])
}
