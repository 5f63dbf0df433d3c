import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { moveTrial, type RunsMoved, useMoveRuns, type WorkflowVersion } from '../api/runs'
import { count } from '../lib/format'
import { stepsIn } from '../lib/workflow-changes'
import { Dialog } from './overlay'
import { Table } from './table'
import { Button, Field, Input, Loading, Problem, Select } from './ui'

const stepsOf = (v: WorkflowVersion | undefined) => [...stepsIn(v?.definition)].map(([id, s]) => ({ id, title: s.title }))

const sum = (of: Record<string, number>) => Object.values(of).reduce((a, b) => a + b, 0)
const runs = (n: number) => `${count(n)} ${n === 1 ? 'run' : 'runs'}`

/** Puts runs on another version: first it is told, step by step, what becomes of them, then they are moved. */
export function MoveRuns({ workflow, versions, from: first, close }: { workflow: string; versions: WorkflowVersion[]; from: number; close: () => void }) {
  const [to, setTo] = useState(versions[0]?.version ?? 1)
  const [from, setFrom] = useState(first)
  const [steps, setSteps] = useState<Record<string, string>>({})
  const [note, setNote] = useState('')
  const [done, setDone] = useState<RunsMoved>()
  const move = useMoveRuns(workflow)
  const asked = { version: to, steps, ...(from ? { from } : {}) }
  const trial = useQuery({ ...moveTrial(workflow, asked), enabled: done === undefined })
  const choices = useMemo(() => stepsOf(versions.find((v) => v.version === to)), [versions, to])
  const names = useMemo(() => new Map(versions.flatMap((v) => stepsOf(v).map((s) => [s.id, s.title] as const)).reverse()), [versions])
  const t = trial.data
  const places = t ? [...new Set([...Object.keys(t.left), ...Object.keys(t.anew), ...Object.keys(t.kept)])].sort() : []
  const go = async () => {
    try {
      setDone(await move.mutateAsync({ move: asked, note: note.trim() }))
    } catch {
      // The problem shows in the window.
    }
  }
  return (
    <Dialog open close={close} wide stay={move.isPending} title="Move runs to another version" about="Runs that go on or failed. One whose step does the same in the other version goes on as it was; any other begins the step anew.">
      {done ? <Result moved={done} names={names} again={() => { move.reset(); setDone(undefined) }} close={close} /> : (
        <form className="flex flex-col gap-4" onSubmit={(e) => { e.preventDefault(); void go() }}>
          <div className="grid gap-3 sm:grid-cols-2">
            <Field label="Runs of">
              {(p) => (
                <Select {...p} value={from} onChange={(e) => { setFrom(Number(e.target.value)); setSteps({}) }}>
                  <option value={0}>all other versions</option>
                  {versions.filter((v) => v.version !== to).map((v) => <option key={v.version} value={v.version}>version {v.version}, {runs(v.openExecutions)} going on</option>)}
                </Select>
              )}
            </Field>
            <Field label="To">
              {(p) => (
                <Select {...p} value={to} onChange={(e) => { const n = Number(e.target.value); setTo(n); setSteps({}); if (n === from) setFrom(0) }}>
                  {versions.map((v, i) => <option key={v.version} value={v.version}>version {v.version}{i === 0 ? ' (now)' : ''}</option>)}
                </Select>
              )}
            </Field>
          </div>
          {trial.error ? <Problem error={trial.error} retry={() => void trial.refetch()} />
            : !t ? <Loading lines={3} />
            : places.length === 0 && t.moved === 0 ? <p className="rounded-lg border border-line bg-page px-4 py-6 text-center text-sm text-soft">No run {from ? `of version ${from}` : 'of another version'} goes on or failed: there is nothing to move.</p>
            : (
              <div className={trial.isPlaceholderData ? 'opacity-60' : ''} aria-busy={trial.isPlaceholderData || undefined}>
                <Table label="What becomes of the runs, by their step" head={<tr><th scope="col">They are at</th><th scope="col" className="text-right">Runs</th><th scope="col">Go on at</th><th scope="col">And</th></tr>}>
                  {places.map((id) => {
                    const [kept, anew, left] = [t.kept[id] ?? 0, t.anew[id] ?? 0, t.left[id] ?? 0]
                    const there = choices.some((s) => s.id === id)
                    return (
                      <tr key={id} className="text-sm">
                        <td className="max-w-52"><Name id={id} title={names.get(id)} /></td>
                        <td className="numbers text-right">{count(kept + anew + left)}</td>
                        <td>
                          {id === '' ? <span className="text-soft">its beginning</span> : (
                            <Select aria-label={`Where runs at ${id} go on`} className="w-full max-w-56" value={steps[id] ?? ''}
                              onChange={(e) => setSteps((was) => { const { [id]: _, ...rest } = was; return e.target.value ? { ...rest, [id]: e.target.value } : rest })}>
                              <option value="">{there ? 'the same step' : 'nowhere: they stay'}</option>
                              {choices.filter((s) => s.id !== id).map((s) => <option key={s.id} value={s.id}>{s.title} ({s.id})</option>)}
                            </Select>
                          )}
                        </td>
                        <td className="text-soft">{left > 0 ? <span className="text-warn">stay on their version</span> : anew > 0 ? (kept > 0 ? `${count(anew)} begin it anew` : 'begin it anew') : 'go on as they were'}</td>
                      </tr>
                    )
                  })}
                </Table>
              </div>
            )}
          <Field label="Why (optional)" help="It is kept in the audit log.">{(p) => <Input {...p} maxLength={500} value={note} onChange={(e) => setNote(e.target.value)} />}</Field>
          {move.error && <Problem error={move.error} />}
          <div className="flex flex-wrap items-center justify-end gap-2">
            {t && <p role="status" className="mr-auto text-sm text-soft">{runs(t.moved)} would be on version {t.version}{sum(t.left) > 0 && `, ${count(sum(t.left))} would stay`}{t.more && '; there are more than are moved at once'}.</p>}
            <Button onClick={close}>Cancel</Button>
            <Button type="submit" kind="main" busy={move.isPending} disabled={!t || trial.isPlaceholderData || t.moved === 0}>Move {t ? runs(t.moved) : 'them'}</Button>
          </div>
        </form>
      )}
    </Dialog>
  )
}

function Name({ id, title }: { id: string; title: string | undefined }) {
  if (id === '') return <span className="text-soft">not begun yet</span>
  return <span className="block truncate" title={`${title ?? id} (${id})`}>{title ?? id}<span className="block truncate font-mono text-xs text-soft">{id}</span></span>
}

function Result({ moved: m, names, again, close }: { moved: RunsMoved; names: Map<string, string>; again: () => void; close: () => void }) {
  const left = Object.entries(m.left)
  return (
    <div className="flex flex-col gap-3 text-sm">
      <p role="status" className="text-[15px] font-semibold">{m.moved === 1 ? '1 run is' : `${count(m.moved)} runs are`} on version {m.version} now.</p>
      <p className="text-soft">{sum(m.kept) > 0 && `${count(sum(m.kept))} went on as they were. `}{sum(m.anew) > 0 && `${count(sum(m.anew))} began their step anew.`}</p>
      {left.length > 0 && (
        <div>
          <p>{runs(sum(m.left))} stayed on their version, because the other one has no such step:</p>
          <ul className="mt-1 list-disc pl-5 text-soft">{left.map(([id, n]) => <li key={id} className="wrap-anywhere">{count(n)} at {names.get(id) ?? id} ({id})</li>)}</ul>
        </div>
      )}
      {m.more && <p>There are more than are moved at once: go on with the same.</p>}
      <div className="flex justify-end gap-2">
        {(left.length > 0 || m.more) && <Button onClick={again}>Move others</Button>}
        <Button kind="main" onClick={close}>Close</Button>
      </div>
    </div>
  )
}
