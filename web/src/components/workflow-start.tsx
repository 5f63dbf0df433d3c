import { useNavigate } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { useStartRun } from '../api/runs'
import { dataProblem, requestKey } from '../lib/send-draft'
import { Dialog } from './overlay'
import { fieldProblem, otherProblem } from './source-settings'
import { tell } from './toast'
import { Button, Field, Input, Problem, TextArea } from './ui'

/** Lets one contact enter a workflow by hand, with what templates and choices may name. */
export function StartRun({ workflow, name, open, close }: { workflow: string; name: string; open: boolean; close: () => void }) {
  const navigate = useNavigate()
  const [contact, setContact] = useState('')
  const [context, setContext] = useState('')
  const start = useStartRun(workflow)
  // The same press again is the same start, whatever became of the answer; another contact or context is another one.
  const key = useRef(requestKey())
  const wrong = dataProblem(context)
  const change = (set: () => void) => {
    key.current = requestKey()
    start.reset()
    set()
  }
  const end = () => {
    change(() => {
      setContact('')
      setContext('')
    })
    close()
  }
  const go = () =>
    start.mutate({ contact: contact.trim(), context: context.trim() ? (JSON.parse(context) as Record<string, unknown>) : {}, key: key.current }, {
      onSuccess: (run) => {
        tell(`${run.email} is in ${name}.`)
        end()
        void navigate({ to: '/runs/$id', params: { id: run.id } })
      },
    })
  const other = otherProblem(start.error, ['contactId', 'context'])
  return (
    <Dialog open={open} close={end} title={`Start a run of ${name}`} about="One contact enters, whatever the trigger is. Its condition and the rule for entering again hold.">
      <form className="flex flex-col gap-4" onSubmit={(e) => { e.preventDefault(); if (!wrong) go() }}>
        <Field label="Contact" help="A whole address, a contact’s id, or its external id as ext:17. The contact has to be there." problem={fieldProblem(start.error, 'contactId')}>
          {(p) => <Input {...p} required autoFocus autoComplete="off" spellCheck={false} placeholder="ann@acme.test" value={contact} onChange={(e) => change(() => setContact(e.target.value))} />}
        </Field>
        <Field label="Context (optional)" help="An object of JSON: templates name it as data, choices as workflow." problem={wrong ?? fieldProblem(start.error, 'context')}>
          {(p) => <TextArea {...p} rows={4} spellCheck={false} className="font-mono text-xs" placeholder={'{"plan": "team"}'} value={context} onChange={(e) => change(() => setContext(e.target.value))} />}
        </Field>
        {other !== undefined && <Problem error={other} />}
        <div className="flex justify-end gap-2">
          <Button onClick={end}>Cancel</Button>
          <Button type="submit" kind="main" busy={start.isPending} disabled={contact.trim() === '' || wrong !== undefined}>Start it</Button>
        </div>
      </form>
    </Dialog>
  )
}
