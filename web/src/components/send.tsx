import { useState } from 'react'
import { type Send, useDecideSend } from '../api/sends'
import { statuses } from '../lib/sends'
import { Confirm } from './overlay'
import { tell } from './toast'
import { Badge, Button } from './ui'

/** Where a send is, in a word. */
export function SendBadge({ status }: { status: Send['status'] }) {
  const s = statuses[status]
  return <Badge tone={s.tone} title={s.about}>{s.word}</Badge>
}

type Decision = 'sent' | 'failed' | 'queued' | 'canceled'

interface Choice {
  to: Decision
  label: string
  title: string
  verb: string
  says: string[]
  done: string
  danger?: boolean
  main?: boolean
}

const again = 'Whether they may be mailed is looked at once more. It goes out at once, by the sender that it names or the default.'

const choices: Partial<Record<Send['status'], Choice[]>> = {
  uncertain: [
    {
      to: 'sent', label: 'It was sent…', title: 'Settle it as sent?', verb: 'It was sent', main: true, done: 'It counts as sent.',
      says: ['Choose this where the recipient has it, or where the provider lists it. It is not sent again.'],
    },
    {
      to: 'queued', label: 'Send it again…', title: 'Send it again?', verb: 'Send it again', danger: true, done: 'It is sent again.',
      says: ['If the first one was handed over after all, the recipient gets it twice. Look at the provider’s list, or ask the recipient, first.', again],
    },
    {
      to: 'failed', label: 'Give it up…', title: 'Settle it as failed?', verb: 'Give it up', done: 'It counts as failed.',
      says: ['It is not sent. If it was handed over after all, what the provider tells of it is still taken in.'],
    },
  ],
  failed: [{ to: 'queued', label: 'Send it again…', title: 'Send it again?', verb: 'Send it again', done: 'It is sent again.', says: ['It was not sent. See that what was wrong is put right.', again] }],
  queued: [{ to: 'canceled', label: 'Take it back…', title: 'Take it back?', verb: 'Take it back', danger: true, done: 'It is taken back.', says: ['It is not sent, now or later, and this can’t be undone.'] }],
}

/** What a person may decide about a send. */
export function Decisions({ send: s }: { send: Send }) {
  const [asked, ask] = useState<Choice>()
  const [open, setOpen] = useState(false)
  const decide = useDecideSend(s.id)
  return (
    <>
      {choices[s.status]?.map((c) => (
        <Button key={c.to} kind={c.main ? 'main' : 'plain'} onClick={() => { ask(c); setOpen(true) }}>{c.label}</Button>
      ))}
      {asked && (
        <Confirm open={open} close={() => setOpen(false)} title={asked.title} verb={asked.verb} danger={asked.danger ?? false} note={{ label: 'Why (optional)', help: 'It is kept in the audit log.' }}
          act={async (note) => {
            await decide.mutateAsync({ status: asked.to, ...(note ? { note } : {}) })
            tell(asked.done)
          }}>
          <p className="text-ink [overflow-wrap:anywhere]">To {s.recipient ?? 'somebody who was erased'}.</p>
          {asked.says.map((line) => <p key={line}>{line}</p>)}
        </Confirm>
      )}
    </>
  )
}
