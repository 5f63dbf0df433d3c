import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CheckCircle2, XCircle } from 'lucide-react'
import { useState } from 'react'
import { type Sender, senders, useTestSender } from '../api/senders'
import { capital, count, sentence } from '../lib/format'
import { useNow } from '../lib/now'
import { condition } from '../lib/senders'
import { Copy, Mono } from './bits'
import { fieldProblem, otherProblem } from './source-settings'
import { Badge, Button, Field, Input, Problem } from './ui'

/** How a sender does, in a word. */
export function SenderBadge({ sender }: { sender: Sender }) {
  const c = condition(sender, useNow())
  return <Badge tone={c.tone} title={c.about}>{c.word}</Badge>
}

/** A sender by its name, which leads to it; one that is gone by its id. */
export function SenderLink({ id }: { id: string }) {
  const name = useQuery(senders).data?.find((s) => s.id === id || s.name === id)?.name
  if (id === 'snr_outbox' && !name) return <span title="It was there while the project had no sender of its own">outbox</span>
  return name ? <Link to="/senders/$id" params={{ id }} className="text-accent hover:underline">{name}</Link> : <Mono>{id}</Mono>
}

/** Tries a sender: connects alone, or sends a mail to somebody. */
export function TrySender({ sender: s }: { sender: Sender }) {
  const [to, setTo] = useState('')
  const trial = useTestSender(s.id)
  const { data, error, variables, isPending } = trial
  const stays = s.kind === 'file' || s.kind === 'console'
  return (
    <div className="flex flex-col gap-4 text-sm">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="min-w-0 flex-1 basis-56 text-soft">{stays ? 'Looks whether it can write. Nothing is sent.' : 'Connects and says who it is. Nothing is sent.'}</p>
        <Button busy={isPending && !variables} disabled={isPending} onClick={() => trial.mutate('')}>{stays ? 'Look' : 'Connect'}</Button>
      </div>
      <form className="border-t border-line pt-3" onSubmit={(e) => { e.preventDefault(); trial.mutate(to.trim()) }}>
        <Field label="Send a test email to" problem={fieldProblem(error, 'to')}
          help={s.from || stays ? `It says that it is a test, and that nothing else will follow.${stays ? ' It stays on this machine.' : ''}` : 'The sender needs an address that its mail is from: set it under Edit first.'}>
          {(p) => (
            <div className="flex gap-2">
              <Input {...p} type="email" required className="flex-1" autoComplete="off" value={to} onChange={(e) => setTo(e.target.value)} placeholder="you@acme.test" />
              <Button type="submit" busy={isPending && !!variables} disabled={isPending}>Send it</Button>
            </div>
          )}
        </Field>
      </form>
      {otherProblem(error, ['to']) !== undefined && <Problem error={error} />}
      {data && !isPending && (
        <div role="status" className={`flex gap-2.5 rounded-md border px-3 py-2 ${data.ok ? 'border-good/40 bg-good/5' : 'border-bad/40 bg-bad/5'}`}>
          {data.ok ? <CheckCircle2 aria-hidden className="mt-0.5 size-4 shrink-0 text-good" /> : <XCircle aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />}
          <div className="min-w-0 flex-1 [overflow-wrap:anywhere]">
            <p className="font-medium">{data.ok ? (variables ? `Sent to ${variables}` : 'It works') : variables ? 'It was not sent' : 'It does not work'}</p>
            <p className="text-soft">{sentence(data.detail)} <span className="whitespace-nowrap">({count(data.tookMs)} ms)</span></p>
            {data.remedy && <p>{capital(data.remedy)}</p>}
            {data.messageId && <p className="flex items-center gap-1 text-soft">Its id: <Mono>{data.messageId}</Mono> <Copy text={data.messageId} label="Copy the id" /></p>}
            {data.ok && variables && s.kind === 'file' && <Link to="/outbox" search={{ search: variables }} className="text-accent underline">Read it in the outbox</Link>}
          </div>
        </div>
      )}
    </div>
  )
}
