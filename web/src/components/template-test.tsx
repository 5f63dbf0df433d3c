import { Link } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { useState } from 'react'
import { type Tested, useTestSend } from '../api/templates'
import { Dialog } from './overlay'
import { fieldProblem, otherProblem } from './source-settings'
import { Button, Field, Input, Problem } from './ui'
import { Mono } from './bits'

interface Props {
  id: string
  version: number
  /** Whether what is written here is not what would be sent */
  dirty: boolean
  contact: string
  data: Record<string, unknown>
  event: Record<string, unknown>
  open: boolean
  close: () => void
}

/** Sends the template to one address, as the version that is stored. */
export function TestSendDialog(props: Props) {
  return (
    <Dialog open={props.open} close={props.close} title="Send a test"
      about={<>Version {props.version}, {props.contact ? <>with what is known of {props.contact}</> : 'with what is known of its recipient: choose a contact in the preview to see it as theirs'}.</>}>
      {props.open && <TestForm {...props} />}
    </Dialog>
  )
}

function TestForm({ id, dirty, contact, data, event, close }: Props) {
  const [to, setTo] = useState('')
  const send = useTestSend(id)
  const other = otherProblem(send.error, ['to'])
  return (
    <form className="flex flex-col gap-4" onSubmit={(e) => {
      e.preventDefault()
      // Else the page that the window stands in is saved by it.
      e.stopPropagation()
      send.mutate({ to: to.trim(), ...(contact ? { contact } : {}), ...(Object.keys(data).length > 0 ? { data } : {}), ...(Object.keys(event).length > 0 ? { event } : {}) })
    }}>
      {dirty && <p className="rounded-md border border-warn/40 bg-warn/5 px-3 py-2 text-sm">What you changed since is not in it: save first, if it should be.</p>}
      <Field label="To" help="Yours, or that of somebody who waits for it." problem={fieldProblem(send.error, 'to')}>
        {(p) => <Input {...p} type="email" required autoFocus value={to} autoComplete="email" placeholder="you@acme.test" onChange={(e) => setTo(e.target.value)} />}
      </Field>
      {other !== undefined && <Problem error={other} />}
      {send.isSuccess && <Answer of={send.data} to={send.variables.to} />}
      <div className="flex justify-end gap-2">
        <Button onClick={close}>{send.isSuccess ? 'Close' : 'Cancel'}</Button>
        <Button type="submit" kind="main" busy={send.isPending} disabled={to.trim() === ''}>{send.isSuccess ? 'Send again' : 'Send it'}</Button>
      </div>
    </form>
  )
}

const reasons: Record<string, string> = {
  suppressed: 'the address is suppressed. Lift that first, or take another one.',
  gone: 'the contact is gone.',
}

/** What became of the test. */
function Answer({ of, to }: { of: Tested; to: string }) {
  const skipped = of.status === 'skipped'
  return (
    <div role="status" className={clsx('rounded-md border px-3 py-2 text-sm', skipped ? 'border-warn/40 bg-warn/5' : 'border-good/40 bg-good/5')}>
      <p className="font-medium wrap-anywhere">{skipped ? `It was not sent to ${to}: ${reasons[of.reason ?? ''] ?? of.reason ?? 'it was skipped.'}` : `It is on its way to ${to}.`}</p>
      <p className="text-soft">
        Send <Mono>{of.send}</Mono>{of.messageId && <> · <Link to="/messages/$id" params={{ id: of.messageId }} className="text-accent hover:underline">its message</Link></>}
      </p>
    </div>
  )
}
