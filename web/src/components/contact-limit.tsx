import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Schemas } from '../api/client'
import { contactLimit, useSetLimit } from '../api/contacts'
import { count } from '../lib/format'
import { Dialog } from './overlay'
import { fieldProblem, otherProblem } from './source-settings'
import { tell } from './toast'
import { Button, Field, Input, Problem } from './ui'

/** How many contacts are active, how many may be, and how many wait. */
export function Limit() {
  const [open, setOpen] = useState(false)
  const limit = useQuery({ ...contactLimit, retry: false }).data
  if (!limit) return null
  const full = limit.limit > 0 && limit.active >= limit.limit
  return (
    <div className="flex flex-wrap items-center gap-x-2 gap-y-1 text-sm text-soft">
      <p>
        <span className={full ? 'font-medium text-warn' : 'text-ink'}><span className="numbers">{count(limit.active)}</span>{limit.limit > 0 && <> of <span className="numbers">{count(limit.limit)}</span></>} active</span>
        {limit.pending > 0 && <>, <span className="text-warn" title="They get mail and have events, and are in no segment. They become active when there is room, or are removed after 24 hours."><span className="numbers">{count(limit.pending)}</span> {limit.pending === 1 ? 'waits' : 'wait'} for room</span></>}
        {limit.limit === 0 && ', no limit'}
      </p>
      <Button small kind="quiet" onClick={() => setOpen(true)}>{limit.limit === 0 ? 'Set a limit…' : 'Change the limit…'}</Button>
      <Dialog open={open} close={() => setOpen(false)} title="Limit of active contacts"
        about="Contacts that are made when it is reached wait: they get mail and have events, and are in no segment. They become active when there is room, the oldest first, and are removed after 24 hours.">
        {open && <LimitForm now={limit} close={() => setOpen(false)} />}
      </Dialog>
    </div>
  )
}

function LimitForm({ now, close }: { now: Schemas['ContactLimit']; close: () => void }) {
  const [text, setText] = useState(now.limit === 0 ? '' : String(now.limit))
  const set = useSetLimit()
  const n = Number(text.trim() || '0')
  const whole = Number.isSafeInteger(n) && n >= 0
  const other = otherProblem(set.error, ['limit'])
  return (
    <form className="flex flex-col gap-4"
      onSubmit={(e) => {
        e.preventDefault()
        if (!whole) return
        set.mutate(n, {
          onSuccess: (done) => {
            tell(done.limit === 0 ? 'Any number of contacts may be active.' : done.limit === 1 ? 'One contact may be active.' : `${count(done.limit)} contacts may be active.`)
            close()
          },
        })
      }}>
      <Field label="Contacts that may be active" problem={whole ? fieldProblem(set.error, 'limit') : 'This is no whole number.'}
        help={`Empty: any number. ${count(now.active)} are active now${now.pending > 0 ? `, ${count(now.pending)} wait` : ''}.`}>
        {(p) => <Input {...p} autoFocus inputMode="numeric" autoComplete="off" className="numbers max-w-48" value={text} onChange={(e) => setText(e.target.value)} placeholder="any number" />}
      </Field>
      {whole && n > 0 && n < now.active && <p className="text-sm text-warn">That is less than are active: they stay active, and all new ones wait.</p>}
      {other !== undefined && <Problem error={other} />}
      <div className="flex justify-end gap-2">
        <Button onClick={close}>Cancel</Button>
        <Button type="submit" kind="main" busy={set.isPending} disabled={!whole || n === now.limit}>Set it</Button>
      </div>
    </form>
  )
}
