import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Schemas } from '../api/client'
import { event } from '../api/queries'
import { type Reason, useLift, useLiftPattern, useSuppress } from '../api/suppressions'
import { reasonNames, reasons, ofPattern, reasonOf } from '../lib/why'
import { summary, word } from '../lib/events'
import { Mono, Time } from './bits'
import { Confirm, Dialog } from './overlay'
import { tell } from './toast'
import { Badge, Button, Field, Input, Problem, Select } from './ui'

export const ReasonBadge = ({ reason, active = true }: { reason: Reason; active?: boolean }) => (
  <Badge tone={active ? reasons[reason].tone : 'plain'} title={`${reasons[reason].word}: ${reasons[reason].because}`}>{reasons[reason].word}</Badge>
)

/** The event that a suppression came from: in the remote server's words where there are any. */
export function Cause({ id }: { id: string }) {
  const answer = useQuery({ ...event(id), retry: false, staleTime: 300_000 })
  if (answer.isPending) return <span className="text-soft">looking for the event…</span>
  const e = answer.data
  if (!e) return <span className="text-soft">an event that is no longer kept (<Mono>{id}</Mono>)</span>
  const said = e.bounce?.diagnostic
  return (
    <>
      <Link to="/events/$id" params={{ id }} className="text-accent underline">{word(e.name)}</Link>
      {summary(e) && <>, {summary(e)}</>}
      {e.message?.subject && <>, of “{e.message.subject}”</>}
      {said && <span className="block text-soft">The remote server said: <Mono>{said}</Mono></span>}
    </>
  )
}

/** Ends one suppression of an address, or all of them. */
export function LiftDialog({ open, close, contact, address, reason, all, beside = [] }: {
  open: boolean
  close: () => void
  contact: string
  address: string
  reason?: Reason | undefined
  /** The reasons that hold now */
  all: Reason[]
  /** What holds beside suppressions, in words: patterns, having opted out */
  beside?: string[]
}) {
  const lift = useLift()
  const ends = reason ? [reason] : all
  return (
    <Confirm open={open} close={close} title={`Lift the suppression of ${address}?`} verb="Lift"
      note={{ label: 'Why may mail go there again?', help: 'Needed. It is kept with your name and the time.', required: true }}
      act={async (note) => {
        const done = await lift.mutateAsync({ contact, note, ...(reason ? { reason } : {}) })
        tell(done.suppressions.length > 0 ? `Lifted for ${address}.` : `Nothing held for ${address}.`)
      }}>
      <p>
        This ends {ends.length === 1 ? `the suppression for “${ends[0] ? reasons[ends[0]].word : ''}”` : `all ${ends.length} suppressions (${ends.map((r) => reasons[r].word).join(', ')})`}.
        {ends.length === 1 && all.length > 1 && ' Others go on holding.'} A later bounce or complaint suppresses the address again.
      </p>
      {beside.map((text) => <p key={text}>{text}</p>)}
      {ends.includes('provider') && <p>The provider’s own list is not touched: take the address off there too, or its mail goes on failing.</p>}
      {ends.includes('complaint') && <p className="font-medium text-warn">They complained of your mail. Lift this only where they asked for it.</p>}
    </Confirm>
  )
}

/** Ends a pattern, for all addresses that it means. */
export function LiftPatternDialog({ pattern, close }: { pattern: Schemas['Pattern'] | undefined; close: () => void }) {
  const lift = useLiftPattern()
  return (
    <Confirm open={pattern !== undefined} close={close} title={`Lift ${pattern?.pattern ?? ''}?`} verb="Lift"
      note={{ label: 'Why may mail go there again?', help: 'Needed. It is kept with your name and the time.', required: true }}
      act={async (note) => {
        if (!pattern) return
        await lift.mutateAsync({ id: pattern.id, note })
        tell(`Lifted ${pattern.pattern}.`)
      }}>
      <p>{pattern && `Mail may go to ${ofPattern(pattern.pattern)} again.`} Suppressions of single addresses stay as they are.</p>
    </Confirm>
  )
}

/** Puts an address or a whole domain on the list. */
export function SuppressDialog({ open, close, address }: { open: boolean; close: () => void; address?: string }) {
  return (
    <Dialog open={open} close={close} title={address ? `Suppress ${address}` : 'Suppress an address or a domain'}
      about="Nothing is sent there from the moment this is saved.">
      {open && <SuppressForm address={address} close={close} />}
    </Dialog>
  )
}

function SuppressForm({ address, close }: { address: string | undefined; close: () => void }) {
  const [whom, setWhom] = useState(address ?? '')
  const [reason, setReason] = useState<Reason>('manual')
  const suppress = useSuppress()
  const pattern = whom.trim().startsWith('*')
  const refused = suppress.error && 'fields' in suppress.error ? (suppress.error.fields as { field: string; message: string }[]) : []
  const wrong = (field: string) => refused.find((f) => f.field.endsWith(field))?.message
  return (
    <form
      className="flex flex-col gap-3"
      onSubmit={async (e) => {
        e.preventDefault()
        const form = new FormData(e.currentTarget)
        const text = (key: string) => String(form.get(key) ?? '').trim()
        try {
          const done = await suppress.mutateAsync({
            address: whom.trim(),
            ...(pattern ? {} : { reason }),
            ...(text('until') && !pattern ? { until: text('until') } : {}),
            ...(text('note') ? { note: text('note') } : {}),
          })
          tell(done.known ? `${whom.trim()} was suppressed before; what is new was added.` : `${whom.trim()} is suppressed.`)
          close()
        } catch {
          // Told below.
        }
      }}
    >
      {!address && (
        <Field label="Address or pattern" problem={wrong('address')}
          help={pattern ? 'A pattern means addresses that were never seen, too. It holds until a person lifts it.' : 'ghost@acme.test, or *@bad.test for a domain, or *@*.bad.test for all domains below it'}>
          {(p) => <Input {...p} value={whom} onChange={(e) => setWhom(e.target.value)} required autoFocus autoComplete="off" spellCheck={false} placeholder="ghost@acme.test" />}
        </Field>
      )}
      {!pattern && (
        <div className="grid gap-3 sm:grid-cols-2">
          <Field label="Reason">
            {(p) => (
              <Select {...p} value={reason} onChange={(e) => setReason(reasonOf(e.target.value) ?? 'manual')}>
                {reasonNames.map((r) => <option key={r} value={r}>{reasons[r].word}</option>)}
              </Select>
            )}
          </Field>
          <Field label="Until" help="Empty: until a person lifts it" problem={wrong('until')}>{(p) => <Input {...p} name="until" type="date" />}</Field>
        </div>
      )}
      <Field label="Note" help="For whoever asks later why" problem={wrong('note')}>{(p) => <Input {...p} name="note" maxLength={500} placeholder="asked by phone" />}</Field>
      {suppress.error && refused.length === 0 && <Problem error={suppress.error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={close}>Cancel</Button>
        <Button type="submit" kind="danger" busy={suppress.isPending} disabled={whom.trim() === ''}>Suppress</Button>
      </div>
    </form>
  )
}

/** A person by name, a key by its id, the command line in words. */
export function Who({ id, name }: { id: string | undefined; name?: string | undefined }) {
  if (name) return <>{name}</>
  if (id === 'cli') return <>the command line</>
  if (id?.startsWith('key_')) return <>the key <Mono>{id}</Mono></>
  return id ? <Mono>{id}</Mono> : <>a person</>
}

/** Why it was put there and by whom, and why it was lifted and by whom. */
export function Origins({ s }: { s: Schemas['Suppression'] }) {
  return (
    <>
      {s.eventId ? <p><span className="text-soft">Because of: </span><Cause id={s.eventId} /></p>
        : <p><span className="text-soft">Put there by: </span><Who id={s.by} name={s.byName} /></p>}
      {s.note && <p><span className="text-soft">Note: </span>{s.note}</p>}
      {s.liftedAt && s.liftedBy && <p><span className="text-soft">Lifted by: </span><Who id={s.liftedBy} name={s.liftedByName} /></p>}
      {s.liftNote && <p><span className="text-soft">Why it was lifted: </span>{s.liftNote}</p>}
    </>
  )
}

/** Since when and for how long. */
export function Spell({ s }: { s: Schemas['Suppression'] }) {
  return (
    <>
      since <Time at={s.since} form="day" />
      {s.active && (s.until ? <>, until <Time at={s.until} form="day" /></> : `, ${reasons[s.reason].ends}`)}
      {s.liftedAt ? <>, lifted <Time at={s.liftedAt} /></> : !s.active && s.until && <>, ended <Time at={s.until} form="day" /></>}
    </>
  )
}
