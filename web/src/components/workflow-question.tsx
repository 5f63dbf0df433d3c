import type { Condition } from '../lib/condition'
import { newCondition, whole } from '../lib/condition'
import { ConditionEditor } from './condition-editor'

const nothing = new Map<string, never>()

/** A condition on the contact, which may be there or not. */
export function Question({ value, change, problems, at, label }: {
  value: Condition | undefined
  change: (to: Condition | undefined) => void
  problems: { at: string; message: string }[]
  /** Where the condition stands in the draft */
  at: string
  label: string
}) {
  const own = problems.flatMap((p) => (p.at === at || p.at.startsWith(`${at}.`) ? [{ at: p.at.slice(at.length + 1), says: p.message }] : []))
  return (
    <fieldset className="flex min-w-0 flex-col gap-2">
      <label className="flex items-center gap-2 text-sm font-medium">
        <input type="checkbox" className="accent-accent" checked={value !== undefined} onChange={(e) => change(e.target.checked ? newCondition() : undefined)} /> {label}
      </label>
      {value && <ConditionEditor condition={whole(value)} change={change} problems={own} truths={nothing} old={false} />}
    </fieldset>
  )
}
