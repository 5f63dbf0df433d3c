import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useSetWorkflowSettings, type WorkflowSettings as Settings, workflowSettings } from '../api/workflows'
import { Dialog } from './overlay'
import { fieldProblem, otherProblem } from './source-settings'
import { tell } from './toast'
import { Button, Field, Input, Loading, Problem, Select } from './ui'

export interface Cap { mails?: number; in?: string; then?: string }
export interface Quiet { from?: string; to?: string; zone?: string }

/** How many emails one contact gets of workflows. */
export function CapFields({ cap, set, problem }: { cap: Cap | undefined; set: (cap: Cap | undefined) => void; problem: (field: string) => string | undefined }) {
  return (
    <fieldset className="flex min-w-0 flex-col gap-2">
      <label className="flex items-center gap-2 text-sm font-medium">
        <input type="checkbox" className="accent-accent" checked={cap !== undefined} onChange={(e) => set(e.target.checked ? { mails: 3, in: '7d' } : undefined)} /> Bound how many emails a contact gets
      </label>
      {cap && (
        <div className="grid grid-cols-1 gap-3 pl-6 sm:grid-cols-3">
          <Field label="At most" problem={problem('mails')}>{(p) => <Input {...p} type="number" min={1} value={cap.mails ?? ''} onChange={(e) => set({ ...cap, mails: Number(e.target.value) })} />}</Field>
          <Field label="within" help="7d, 24h" problem={problem('in')}>{(p) => <Input {...p} value={cap.in ?? ''} onChange={(e) => set({ ...cap, in: e.target.value.trim() })} />}</Field>
          <Field label="What is too many" problem={problem('then')}>{(p) => (
            <Select {...p} value={cap.then || 'wait'} onChange={(e) => set({ ...cap, then: e.target.value })}><option value="wait">waits until there is room</option><option value="skip">is left out</option></Select>
          )}</Field>
        </div>
      )}
    </fieldset>
  )
}

/** When nobody is mailed. */
export function QuietFields({ quiet, set, problem }: { quiet: Quiet | undefined; set: (quiet: Quiet | undefined) => void; problem: (field: string) => string | undefined }) {
  return (
    <fieldset className="flex min-w-0 flex-col gap-2">
      <label className="flex items-center gap-2 text-sm font-medium">
        <input type="checkbox" className="accent-accent" checked={quiet !== undefined} onChange={(e) => set(e.target.checked ? { from: '22:00', to: '07:00' } : undefined)} /> Mail nobody at certain hours
      </label>
      {quiet && (
        <div className="grid grid-cols-1 gap-3 pl-6 sm:grid-cols-3">
          <Field label="From" problem={problem('from')}>{(p) => <Input {...p} placeholder="22:00" value={quiet.from ?? ''} onChange={(e) => set({ ...quiet, from: e.target.value.trim() })} />}</Field>
          <Field label="to" problem={problem('to')}>{(p) => <Input {...p} placeholder="07:00" value={quiet.to ?? ''} onChange={(e) => set({ ...quiet, to: e.target.value.trim() })} />}</Field>
          <Field label="Time zone" help="Empty: the contact’s attribute timezone" problem={problem('zone')}>{(p) => <Input {...p} placeholder="Europe/Vienna" value={quiet.zone ?? ''} onChange={(e) => set({ ...quiet, zone: e.target.value.trim() })} />}</Field>
        </div>
      )}
    </fieldset>
  )
}

/** What holds for all workflows that do not say otherwise. */
export function SettingsDialog({ open, close }: { open: boolean; close: () => void }) {
  const stored = useQuery({ ...workflowSettings, enabled: open })
  return (
    <Dialog open={open} close={close} title="Settings of all workflows" about="They hold for every workflow that has none of its own. Transactional emails go at once.">
      {stored.error ? <Problem error={stored.error} retry={() => void stored.refetch()} /> : stored.data ? <Form first={stored.data} close={close} /> : <Loading lines={3} />}
    </Dialog>
  )
}

function Form({ first, close }: { first: Settings; close: () => void }) {
  const [draft, put] = useState<Settings>(first)
  const save = useSetWorkflowSettings()
  return (
    <form className="flex flex-col gap-5" noValidate onSubmit={(e) => {
      e.preventDefault()
      save.mutate(draft, { onSuccess: () => { tell('The settings hold from the next email on.'); close() } })
    }}>
      <CapFields cap={draft.cap as Cap | undefined} problem={(f) => fieldProblem(save.error, `cap.${f}`)}
        set={(cap) => { save.reset(); put((d) => { const { cap: _, ...rest } = d; return cap ? { ...rest, cap: cap as NonNullable<Settings['cap']> } : rest }) }} />
      <QuietFields quiet={draft.quiet as Quiet | undefined} problem={(f) => fieldProblem(save.error, `quiet.${f}`)}
        set={(quiet) => { save.reset(); put((d) => { const { quiet: _, ...rest } = d; return quiet ? { ...rest, quiet: quiet as NonNullable<Settings['quiet']> } : rest }) }} />
      {otherProblem(save.error, ['cap.mails', 'cap.in', 'cap.then', 'quiet.from', 'quiet.to', 'quiet.zone']) !== undefined && <Problem error={otherProblem(save.error, ['cap.mails', 'cap.in', 'cap.then', 'quiet.from', 'quiet.to', 'quiet.zone'])} />}
      <div className="flex justify-end gap-2"><Button onClick={close}>Cancel</Button><Button type="submit" kind="main" busy={save.isPending}>Save</Button></div>
    </form>
  )
}
