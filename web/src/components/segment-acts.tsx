import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { type Segment, segmentList, useAddMembers, useDelete, useRemoveMembers } from '../api/segments'
import { names } from '../lib/condition'
import { count } from '../lib/format'
import { Confirm, Dialog } from './overlay'
import { tell } from './toast'
import { Button, Field, Problem, TextArea } from './ui'

/** Deletes a segment, after it was said what that breaks. One that others ask for can't go. */
export function DeleteSegment({ segment: s, open, close, done }: { segment: Segment; open: boolean; close: () => void; done: () => void }) {
  const remove = useDelete(s.id)
  const others = (useQuery(segmentList).data ?? []).filter((o) => names(o.condition, s.id))
  if (others.length > 0) {
    return (
      <Dialog open={open} close={close} title={`${s.name} can’t be deleted yet`} about={`${others.length === 1 ? 'A segment asks' : `${others.length} segments ask`} who is in it:`}>
        <div className="flex flex-col gap-3">
          <ul className="list-inside list-disc text-sm">
            {others.map((o) => <li key={o.id}><Link to="/segments/$id/edit" params={{ id: o.id }} className="text-accent hover:underline">{o.name}</Link></li>)}
          </ul>
          <p className="text-sm text-soft">Change {others.length === 1 ? 'its condition' : 'their conditions'} first, or delete {others.length === 1 ? 'it' : 'them'}.</p>
          <Button className="self-end" onClick={close}>Close</Button>
        </div>
      </Dialog>
    )
  }
  return (
    <Confirm open={open} close={close} title={`Delete ${s.name}?`} verb="Delete it" danger
      act={async () => {
        await remove.mutateAsync()
        tell(`${s.name} is deleted.`)
        done()
      }}>
      <p>The contacts stay; only the segment goes{s.type === 'STATIC' ? `, and with it the list of the ${count(s.memberCount)} who are in it` : ''}. No other segment asks for it.</p>
      {s.trackMembership && <p>Nobody gets an exit event, and none of <code className="font-mono text-xs">segment.{s.slug}.entry</code> comes any more: whatever waits for these events waits in vain. Those that were stay.</p>}
    </Confirm>
  )
}

/** The addresses in a text that was pasted: one a line, or with commas or semicolons between them. Names around them go. */
export function addressesOf(text: string): string[] {
  const found = text.split(/[\n,;]/).map((part) => (/<([^<>]+)>/.exec(part)?.[1] ?? part).trim()).filter((part) => part !== '')
  return [...new Set(found)]
}

/** Puts contacts into a segment by hand, or takes them out, and tells of those whom no contact has. */
export function MembersDialog({ segment: s, out, open, close }: { segment: Segment; out: boolean; open: boolean; close: () => void }) {
  return (
    <Dialog open={open} close={close} title={out ? `Take contacts out of ${s.name}` : `Add contacts to ${s.name}`}
      about={out ? 'Whoever is not in it is passed over.' : 'Those who are contacts already. Whoever is in it stays in it.'}>
      {open && <MembersForm segment={s} out={out} close={close} />}
    </Dialog>
  )
}

function MembersForm({ segment: s, out, close }: { segment: Segment; out: boolean; close: () => void }) {
  const [text, setText] = useState('')
  const add = useAddMembers(s.id)
  const remove = useRemoveMembers(s.id)
  const list = addressesOf(text)
  const go = out ? remove : add
  if (add.data && add.data.notFound.length > 0) {
    const { added, notFound } = add.data
    return (
      <div className="flex flex-col gap-3">
        <p role="status" className="text-sm">{added === 0 ? 'Nobody was added' : `${count(added)} ${added === 1 ? 'was' : 'were'} added`}. {count(notFound.length)} {notFound.length === 1 ? 'address is no contact’s' : 'addresses are no contact’s'}:</p>
        <ul aria-label="Not found" tabIndex={0} className="max-h-60 overflow-y-auto rounded-md border border-line bg-page p-2 font-mono text-xs">{notFound.map((a) => <li key={a} className="wrap-anywhere">{a}</li>)}</ul>
        <p className="text-sm text-soft">A segment holds contacts alone: import them or track an event of theirs first.</p>
        <Button kind="main" className="self-end" onClick={close}>Close</Button>
      </div>
    )
  }
  return (
    <form className="flex flex-col gap-3" onSubmit={async (e) => {
      e.preventDefault()
      try {
        if (out) {
          const n = await remove.mutateAsync(list)
          tell(n === 0 ? 'None of them was in it.' : `${count(n)} ${n === 1 ? 'was' : 'were'} taken out of ${s.name}.`)
          close()
        } else {
          const done = await add.mutateAsync(list)
          if (done.notFound.length > 0) return
          tell(done.added === 0 ? 'All of them were in it already.' : `${count(done.added)} ${done.added === 1 ? 'was' : 'were'} added to ${s.name}.`)
          close()
        }
      } catch {
        // Told below.
      }
    }}>
      <Field label="Addresses" help={list.length === 0 ? 'One a line, or with commas between them.' : `${count(list.length)} ${list.length === 1 ? 'address' : 'addresses'}`}>
        {(p) => <TextArea {...p} rows={8} className="font-mono text-xs!" value={text} onChange={(e) => setText(e.target.value)} spellCheck={false} placeholder={'ann@acme.test\nBob <bob@acme.test>'} />}
      </Field>
      {go.error && <Problem error={go.error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={close}>Cancel</Button>
        <Button type="submit" kind={out ? 'danger' : 'main'} busy={go.isPending} disabled={list.length === 0}>{out ? 'Take them out' : 'Add them'}</Button>
      </div>
    </form>
  )
}
