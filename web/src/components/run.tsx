import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { type Decided, type Run, type RunDeed, useDecideRuns } from '../api/runs'
import { count, sentence } from '../lib/format'
import { mayCancel, mayRetry, maySkip, statuses, wayWords, whyEnded } from '../lib/runs'
import { Mono, Time } from './bits'
import { Confirm } from './overlay'
import { tell } from './toast'
import { Badge, Field, Select } from './ui'

/** Where a run is in its life, in a word. */
export function RunBadge({ status }: { status: Run['status'] }) {
  const s = statuses[status]
  return <Badge tone={s.tone} title={s.about}>{s.word}</Badge>
}

/** A step, which leads to its place in the graph. */
export function StepLink({ workflow, step, name }: { workflow: string; step: string; name?: string | undefined }) {
  if (!step) return <span className="text-soft">not begun yet</span>
  return (
    <Link to="/workflows/$id" params={{ id: workflow }} search={{ step }} className="hover:underline" title={name ? `${name} (${step})` : step}>
      {name || <Mono>{step}</Mono>}
    </Link>
  )
}

/** When a run goes on, what it waits for, or why it ended. */
export function RunNow({ run: r, type }: { run: Run; type?: string | undefined }) {
  if (r.status === 'RUNNING') return <span className="text-soft">goes on at once</span>
  if (r.status === 'WAITING' && !r.dueAt) return <span className="text-soft">waits for an event</span>
  if (r.status === 'WAITING') return <span className="text-soft">{r.tries ? 'next try ' : type === 'waitFor' ? 'an event, or ' : 'goes on '}<Time at={r.dueAt} form="ago" /></span>
  const why = whyEnded(r.status, r.reason)
  return <span className="text-soft" title={why}>{why}</span>
}

interface Words {
  label: string
  title: (n: number) => string
  verb: string
  says: (n: number) => string[]
  done: (n: number) => string
  danger?: boolean
  may: (r: Run) => boolean
}

const runs = (n: number) => `${count(n)} ${n === 1 ? 'run' : 'runs'}`

const it = (n: number, one: string, several: string) => (n === 1 ? one : several)

export const deeds: Record<RunDeed, Words> = {
  retry: {
    label: 'Retry', verb: 'Retry', may: mayRetry,
    title: (n) => it(n, 'Retry this run?', `Retry ${runs(n)}?`),
    says: (n) => [
      `${it(n, 'It tries', 'Each tries')} the step where it failed once more, at once. See that what was wrong is put right: else it fails again.`,
      'An email that was queued before is not sent twice.',
    ],
    done: (n) => it(n, 'The run tries its step again.', `${runs(n)} try their steps again.`),
  },
  skip: {
    label: 'Skip the step', verb: 'Skip the step', may: maySkip,
    title: (n) => it(n, 'Skip the step of this run?', `Skip the steps of ${runs(n)}?`),
    says: (n) => [
      `${it(n, 'The run goes', 'Each goes')} on behind its step at once, as one whom the step does not concern: what the step would have done is left out, and no wait is waited.`,
      'This can’t be taken back.',
    ],
    done: (n) => it(n, 'The run goes on behind its step.', `${runs(n)} go on behind their steps.`),
  },
  cancel: {
    label: 'Cancel', verb: 'End it', may: mayCancel, danger: true,
    title: (n) => it(n, 'Cancel this run?', `Cancel ${runs(n)}?`),
    says: (n) => [
      `${it(n, 'It ends', 'Each ends')} where it is, for good. Emails that were sent are sent, those that are queued still go out.`,
      'Whether the contact may enter again is said by the workflow.',
    ],
    done: (n) => it(n, 'The run is cancelled.', `${runs(n)} are cancelled.`),
  },
}

/** What was not done, as one problem: the window stays open with it. */
const notAll = ({ done, refused }: Decided) =>
  new Error(`${done > 0 ? `${runs(done)} done; of the others` : 'Not done'}: ${refused.map(([why, n]) => `${count(n)} × ${sentence(why)}`).join(' ')}`)

/** Asks before something is decided about one run or several. Of one the way on can be chosen. */
export function Decide({ deed, of, outcomes = [], close, ended }: {
  deed: RunDeed | undefined
  of: Run[]
  /** The ways on from the step of the one run */
  outcomes?: string[]
  close: () => void
  ended?: () => void
}) {
  const [outcome, choose] = useState('')
  const decide = useDecideRuns()
  if (!deed) return null
  const d = deeds[deed]
  const list = of.filter(d.may)
  const n = list.length
  const one = n === 1 ? list[0] : undefined
  const ways = deed === 'skip' ? outcomes : []
  return (
    <Confirm open close={() => { choose(''); close() }} title={d.title(n)} verb={n === 1 ? d.verb : d.verb.replace('it', 'them').replace('step', 'steps')} danger={d.danger ?? false} note={{ label: 'Why (optional)', help: 'It is kept in the audit log.' }}
      act={async (note) => {
        const made = await decide.mutateAsync({ runs: list, deed, note, ...(outcome && ways.includes(outcome) ? { outcome } : {}) })
        if (made.refused.length > 0) throw notAll(made)
        tell(d.done(made.done))
        ended?.()
      }}>
      {one && <p className="text-ink [overflow-wrap:anywhere]">{one.email || 'Somebody who was erased'}, at <Mono>{one.step || 'no step yet'}</Mono>.</p>}
      {n < of.length && <p>{count(of.length - n)} of those that are chosen are not concerned: {deed === 'retry' ? 'they did not fail' : 'they do not wait'}.</p>}
      {d.says(n).map((line) => <p key={line}>{line}</p>)}
      {ways.length > 0 && (
        <Field label="Which way it goes on">
          {(p) => (
            <Select {...p} value={outcome} onChange={(e) => choose(e.target.value)}>
              <option value="">As one whom the step does not concern</option>
              {ways.map((w) => <option key={w} value={w}>The way “{wayWords(w)}”</option>)}
            </Select>
          )}
        </Field>
      )}
    </Confirm>
  )
}
