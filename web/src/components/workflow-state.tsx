import { AlertTriangle } from 'lucide-react'
import type { Workflow } from '../api/workflows'
import { sentence } from '../lib/format'
import { Badge } from './ui'

export const WorkflowState = ({ on }: { on: boolean }) => (on ? <Badge tone="good" title="Contacts enter it">On</Badge> : <Badge title="Nobody enters it; who is in it goes on">Off</Badge>)

export const WorkflowTrouble = ({ of: w }: { of: Workflow }) => (w.problems.length === 0 ? null : (
  <span title={w.problems.map((p) => `${p.at} ${sentence(p.message)}`).join('\n')} className="shrink-0 text-bad">
    <AlertTriangle aria-hidden className="size-3.5" /><span className="sr-only">It can’t do all it should.</span>
  </span>
))

/** Switches something on and off at once. */
export function Switch({ on, busy, label, turn }: { on: boolean; busy?: boolean; label: string; turn: (on: boolean) => void }) {
  return (
    <button type="button" role="switch" aria-checked={on} aria-label={label} aria-busy={busy || undefined} disabled={busy} onClick={() => turn(!on)}
      className={`inline-flex h-5 w-9 items-center rounded-full border align-middle transition-colors disabled:opacity-50 ${on ? 'border-transparent bg-accent' : 'border-soft bg-raised'}`}>
      <span className={`block size-3.5 rounded-full transition-transform ${on ? 'translate-x-4.5 bg-on-accent' : 'translate-x-0.5 bg-soft'}`} />
    </button>
  )
}
