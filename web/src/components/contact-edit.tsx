import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { Refusal } from '../api/client'
import { type Contact, type ContactChange, useChangeContact, useMakeContact } from '../api/contacts'
import { contact } from '../api/mail'
import { changes, problemsOf, type Row, row, rowsOf, valueOf } from '../lib/attribute-rows'
import { capital, sentence } from '../lib/format'
import { same } from '../lib/same'
import { AttributeRows } from './attributes'
import { Mono } from './bits'
import { Dialog } from './overlay'
import { fieldProblem, otherProblem } from './source-settings'
import { TagField } from './tags'
import { tell } from './toast'
import { Button, Field, Input, Problem } from './ui'

/** Problems of rows: those that are seen here, and those that the server found. */
function rowProblems(rows: Row[], tried: boolean, error: unknown): Map<number, string> {
  const found = tried ? problemsOf(rows) : new Map<number, string>()
  if (!(error instanceof Refusal)) return found
  for (const r of rows) {
    const told = error.fields.find((f) => f.field === `data.${[...r.key].slice(0, 60).join('')}`)
    if (told && !found.has(r.id)) found.set(r.id, sentence(told.message))
  }
  return found
}

/** What was refused and stands at no field. */
const elsewhere = (error: unknown, rows: Row[]) => otherProblem(error, ['email', 'externalId', 'tags', 'removeTags', ...rows.map((r) => `data.${[...r.key].slice(0, 60).join('')}`)])

export function EditDialog({ open, close, contact: c }: { open: boolean; close: () => void; contact: Contact }) {
  return (
    <Dialog open={open} close={close} title={`Edit ${c.email}`} wide stay about="Only what you change is sent. Whether they want mail is said under Consent.">
      {open && <EditForm contact={c} close={close} />}
    </Dialog>
  )
}

/** What somebody else changed of the same while the window was open: the attribute, and what it is now. */
interface Conflict {
  name: string
  now: string
}

function EditForm({ contact: given, close }: { contact: Contact; close: () => void }) {
  // What the contact was when editing began: the page behind may learn of a newer one.
  const [before, setBefore] = useState(given)
  const [rows, setRows] = useState(() => rowsOf(given.data))
  const [tags, setTags] = useState(() => given.tags ?? [])
  const [external, setExternal] = useState(given.externalId ?? '')
  const [tried, setTried] = useState(false)
  const [conflicts, setConflicts] = useState<{ list: Conflict[]; now: Contact }>()
  const [looking, setLooking] = useState(false)
  const [unread, setUnread] = useState<unknown>()
  const queries = useQueryClient()
  const change = useChangeContact(given.id)
  const begin = (c: Contact) => {
    setBefore(c)
    setRows(rowsOf(c.data))
    setTags(c.tags ?? [])
    setExternal(c.externalId ?? '')
    setConflicts(undefined)
    setTried(false)
    change.reset()
  }
  const data = changes(before.data, rows)
  const old = before.tags ?? []
  const added = tags.filter((t) => !old.includes(t))
  const removed = old.filter((t) => !tags.includes(t))
  const wanted: ContactChange = {
    ...(Object.keys(data).length > 0 ? { data } : {}),
    ...(external.trim() !== (before.externalId ?? '') ? { externalId: external.trim() } : {}),
    ...(added.length > 0 ? { tags: added } : {}),
    ...(removed.length > 0 ? { removeTags: removed } : {}),
  }
  const problems = rowProblems(rows, tried, change.error)
  const other = elsewhere(change.error, rows)
  const send = async () => {
    try {
      const done = await change.mutateAsync(wanted)
      tell(`${done.email} is saved.${done._meta.ignored?.length ? ` Passed over: ${done._meta.ignored.join(', ')}.` : ''}`)
      close()
    } catch {
      // Told at its field, or below.
    }
  }
  const save = async () => {
    setTried(true)
    if (problemsOf(rows).size > 0) return
    if (Object.keys(wanted).length === 0) return close()
    // Others may have changed the same meanwhile: they are not written over without being seen.
    setLooking(true)
    setUnread(undefined)
    try {
      const now = await queries.fetchQuery({ ...contact(given.id), staleTime: 0 })
      const list = conflictsOf(before, now, wanted)
      if (list.length > 0) return setConflicts({ list, now })
    } catch (error) {
      return setUnread(error)
    } finally {
      setLooking(false)
    }
    await send()
  }
  return (
    <form className="flex flex-col gap-5" noValidate onSubmit={(e) => { e.preventDefault(); void save() }}>
      <AttributeRows rows={rows} set={setRows} problems={problems} />
      {fieldProblem(change.error, 'data') && <p role="alert" className="text-xs text-bad">{fieldProblem(change.error, 'data')}</p>}
      <TagField tags={tags} set={setTags} problem={fieldProblem(change.error, 'tags')} />
      <External value={external} set={setExternal} error={change.error} />
      {conflicts && (
        <div role="alert" className="flex flex-col gap-2 rounded-lg border border-warn/40 bg-warn/5 p-4 text-sm">
          <p className="font-medium">Somebody changed the same while you were editing</p>
          <ul className="list-disc pl-5 [overflow-wrap:anywhere]">
            {conflicts.list.map((x) => <li key={x.name}><Mono>{x.name}</Mono> is now {x.now}</li>)}
          </ul>
          <div className="flex flex-wrap gap-2">
            <Button small onClick={() => begin(conflicts.now)}>Take what is there now</Button>
            <Button small busy={change.isPending} onClick={() => void send()}>Save mine over it</Button>
          </div>
        </div>
      )}
      {(unread ?? other) !== undefined && <Problem error={unread ?? other} />}
      <div className="flex justify-end gap-2">
        <Button onClick={close}>Cancel</Button>
        <Button type="submit" kind="main" busy={looking || change.isPending} disabled={conflicts !== undefined}>Save</Button>
      </div>
    </form>
  )
}

const shown = (value: unknown) => (value === undefined ? 'gone' : JSON.stringify(value))

/** What somebody else made something else of, among what is about to be changed. */
function conflictsOf(before: Contact, now: Contact, wanted: ContactChange): Conflict[] {
  const list = Object.keys(wanted.data ?? {})
    .filter((key) => !same(before.data[key], now.data[key]) && !same(now.data[key] ?? null, wanted.data?.[key]))
    .map((key) => ({ name: key, now: shown(now.data[key]) }))
  if (wanted.externalId !== undefined && (now.externalId ?? '') !== (before.externalId ?? '')) list.push({ name: 'External id', now: shown(now.externalId) })
  return list
}

function External({ value, set, error }: { value: string; set: (text: string) => void; error: unknown }) {
  const taken = error instanceof Refusal && error.code === 'external_id_taken' ? capital(`${error.message}. Merge the two, or take it away there first.`) : undefined
  return (
    <Field label="External id" help="What your own system knows them by. One contact has it; ext: and this finds it." problem={taken ?? fieldProblem(error, 'externalId')}>
      {(p) => <Input {...p} value={value} onChange={(e) => set(e.target.value)} autoComplete="off" spellCheck={false} placeholder="user-17" maxLength={255} />}
    </Field>
  )
}

export function NewContactDialog({ open, close }: { open: boolean; close: () => void }) {
  return (
    <Dialog open={open} close={close} title="New contact" wide stay about="Contacts come by themselves when mail to them is sent. Make one here to know more of somebody first.">
      {open && <NewForm close={close} />}
    </Dialog>
  )
}

function NewForm({ close }: { close: () => void }) {
  const navigate = useNavigate()
  const make = useMakeContact()
  const [email, setEmail] = useState('')
  const [subscribed, setSubscribed] = useState(true)
  const [rows, setRows] = useState(() => [row('firstName'), row('locale')])
  const [tags, setTags] = useState<string[]>([])
  const [external, setExternal] = useState('')
  const [tried, setTried] = useState(false)
  // A row that is suggested and left empty is none.
  const filled = rows.filter((r) => r.text !== '' || !['firstName', 'locale', ''].includes(r.key))
  const other = elsewhere(make.error, rows)
  const save = async () => {
    setTried(true)
    if (problemsOf(filled).size > 0) return
    const data = Object.fromEntries(filled.flatMap((r) => {
      const read = valueOf(r)
      return 'value' in read ? [[r.key, read.value]] : []
    }))
    try {
      const done = await make.mutateAsync({
        email: email.trim(),
        ...(subscribed ? {} : { subscribed: false }),
        ...(filled.length > 0 ? { data } : {}),
        ...(tags.length > 0 ? { tags } : {}),
        ...(external.trim() ? { externalId: external.trim() } : {}),
      })
      tell(done._meta.isNew ? `${done.email} is made${done.status === 'PENDING' ? ', and waits for room' : ''}.` : `${done.email} was there already; what is new was added.`)
      close()
      await navigate({ to: '/contacts/$id', params: { id: done.id }, search: {} })
    } catch {
      // Told at its field, or below.
    }
  }
  return (
    <form className="flex flex-col gap-5" onSubmit={(e) => { e.preventDefault(); void save() }}>
      <Field label="Address" help="Where it is known already, what you say here is added to it." problem={fieldProblem(make.error, 'email')}>
        {(p) => <Input {...p} required autoFocus autoComplete="off" spellCheck={false} value={email} onChange={(e) => setEmail(e.target.value)} placeholder="ann@acme.test" />}
      </Field>
      <label className="flex items-start gap-2 text-sm">
        <input type="checkbox" className="mt-0.5 size-4 accent-accent" checked={subscribed} onChange={(e) => setSubscribed(e.target.checked)} />
        <span>They want mail<span className="block text-xs text-soft">{subscribed ? 'Only somebody who once opted out stays so.' : 'They are opted out, also where they were not before.'}</span></span>
      </label>
      <AttributeRows rows={rows} set={setRows} problems={rowProblems(filled, tried, make.error)} />
      {fieldProblem(make.error, 'data') && <p role="alert" className="text-xs text-bad">{fieldProblem(make.error, 'data')}</p>}
      <TagField tags={tags} set={setTags} problem={fieldProblem(make.error, 'tags')} />
      <External value={external} set={setExternal} error={make.error} />
      {other !== undefined && <Problem error={other} />}
      <div className="flex justify-end gap-2">
        <Button onClick={close}>Cancel</Button>
        <Button type="submit" kind="main" busy={make.isPending} disabled={email.trim() === ''}>Make it</Button>
      </div>
    </form>
  )
}
