import { Select } from './ui'

/** Which two versions are compared, to be chosen anew. */
export function VersionPair({ versions, now, version, against, choose }: { versions: number[]; now: number; version: number; against: number; choose: (version: number, against: number) => void }) {
  const pick = (label: string, at: number, set: (n: number) => void) => (
    <Select aria-label={label} value={at} onChange={(e) => set(Number(e.target.value))}>
      {versions.map((n) => <option key={n} value={n}>version {n}{n === now ? ' (now)' : ''}</option>)}
    </Select>
  )
  return (
    <span className="flex flex-wrap items-center gap-2">
      From {pick('The version before', against, (n) => choose(version, n))} to {pick('The version after', version, (n) => choose(n, against))}
    </span>
  )
}
