import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { ArrowLeftRight } from 'lucide-react'
import { useEffect, useState } from 'react'
import { type Contact, downloadAccess, topics, useDeleteContact, useMerge } from '../api/contacts'
import { useErase } from '../api/erasures'
import { contactList } from '../api/mail'
import { count } from '../lib/format'
import { same } from '../lib/same'
import { standing } from '../lib/why'
import { Mono } from './bits'
import { Confirm, Dialog } from './overlay'
import { fieldProblem, otherProblem } from './source-settings'
import { tell } from './toast'
import { Badge, Button, Field, Input, Problem } from './ui'

export function DeleteDialog({ open, close, contact: c }: { open: boolean; close: () => void; contact: Contact }) {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const remove = useDeleteContact()
  const events = Object.values(c.counts).reduce((n, x) => n + x, 0)
  return (
    <Confirm open={open} close={close} title={`Delete ${c.email}?`} verb="Delete" danger
      act={async () => {
        await remove.mutateAsync(c.id)
        await navigate({ to: '/contacts', search: {} })
        queries.removeQueries({ queryKey: ['contact', c.id] })
        tell(`${c.email} is deleted.`)
      }}>
      <p><span className="font-medium text-ink">Gone:</span> its attributes, tags, what it said of topics{c.externalId && ', its external id'}, its place in segments and lists.</p>
      <p>
        <span className="font-medium text-ink">Stays:</span> {events > 0 ? `its ${count(events)} events` : 'its events'}, the counters, suppressions{c.unsubscribed && ', and that it opted out'}. Whoever makes the
        address again gets a new contact, which is still not mailed where this one was not.
      </p>
      <p>To make the address itself go, erase it instead.</p>
    </Confirm>
  )
}

/** Two contacts become one. First the other one is found, then it is said what will happen. */
export function MergeDialog({ open, close, contact: c }: { open: boolean; close: () => void; contact: Contact }) {
  return (
    <Dialog open={open} close={close} title="Merge with another contact" wide about="For one person with two addresses. One of the two goes, and what it has goes over.">
      {open && <MergeForm contact={c} close={close} />}
    </Dialog>
  )
}

function MergeForm({ contact: c, close }: { contact: Contact; close: () => void }) {
  const navigate = useNavigate()
  const [other, choose] = useState<Contact>()
  const [keepOther, setKeepOther] = useState(false)
  const merge = useMerge()
  if (!other) return <Find except={c.id} choose={choose} close={close} />
  const [stays, goes] = keepOther ? [other, c] : [c, other]
  return (
    <div className="flex flex-col gap-4 text-sm">
      <div className="grid items-center gap-3 sm:grid-cols-[minmax(0,1fr)_auto_minmax(0,1fr)]">
        <Side contact={stays} word="stays" />
        <Button small onClick={() => setKeepOther(!keepOther)}><ArrowLeftRight aria-hidden className="size-3.5" /> Swap</Button>
        <Side contact={goes} word="goes" />
      </div>
      <Outcome stays={stays} goes={goes} />
      {merge.error && <Problem error={merge.error} />}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={() => choose(undefined)}>Choose another</Button>
        <Button kind="danger" busy={merge.isPending}
          onClick={() => merge.mutate({ into: stays.id, from: goes.id }, {
            onSuccess: async () => {
              close()
              await navigate({ to: '/contacts/$id', params: { id: stays.id }, search: {} })
              tell(`${goes.email} is merged into ${stays.email}.`)
            },
          })}>
          Merge, {goes.email.length < 28 ? goes.email : 'the other one'} goes
        </Button>
      </div>
    </div>
  )
}

function Side({ contact: c, word }: { contact: Contact; word: 'stays' | 'goes' }) {
  const s = standing(c)
  return (
    <div className={clsx('min-w-0 rounded-lg border p-3', word === 'stays' ? 'border-good/40' : 'border-bad/40')}>
      <p className={clsx('text-xs font-medium', word === 'stays' ? 'text-good' : 'text-bad')}>{word === 'stays' ? 'Stays' : 'Goes'}</p>
      <p className="truncate font-medium" title={c.email}>{c.email}</p>
      <Badge tone={s.tone} title={s.title}>{s.word}</Badge>
    </div>
  )
}

/** What a merge does to these two, as far as one can say it before. */
function Outcome({ stays, goes }: { stays: Contact; goes: Contact }) {
  const kinds = useQuery(topics).data ?? []
  const over = Object.keys(goes.data).filter((key) => !Object.hasOwn(stays.data, key))
  const lost = Object.keys(goes.data).filter((key) => Object.hasOwn(stays.data, key) && !same(stays.data[key], goes.data[key]))
  const labels = (goes.tags ?? []).filter((t) => !(stays.tags ?? []).includes(t))
  const said = Object.keys(goes.topics ?? {}).map((slug) => kinds.find((t) => t.slug === slug)?.name ?? slug)
  const willed = goes.suppressions.filter((s) => s.active && (s.reason === 'complaint' || s.reason === 'manual'))
  const events = Object.values(goes.counts).reduce((n, x) => n + x, 0)
  const lines: [name: string, text: string][] = [
    ['Goes over', [
      over.length > 0 && `${over.length === 1 ? 'the attribute' : 'the attributes'} ${over.join(', ')}`,
      labels.length > 0 && `${labels.length === 1 ? 'the tag' : 'the tags'} ${labels.join(', ')}`,
      goes.externalId && !stays.externalId && `the external id ${goes.externalId}`,
      'its place in static segments',
      events > 0 && `its ${count(events)} events, which are found under ${stays.email}`,
    ].filter(Boolean).join('; ')],
    ['Is lost', [
      lost.length > 0 && `what it has of ${lost.join(', ')}: ${stays.email} has its own`,
      goes.externalId && stays.externalId && `the external id ${goes.externalId}`,
    ].filter(Boolean).join('; ')],
    ['Consent', `Of what both said of all mail${said.length > 0 ? ` and of ${said.join(', ')}` : ''} the later counts.`],
    ['Suppressions', `${willed.length > 0 ? `That ${goes.email} is suppressed (${willed.map((s) => s.reason).join(', ')}) holds for ${stays.email} too. ` : ''}Bounces hold for the address that bounced.`],
  ]
  return (
    <div className="flex flex-col gap-2 rounded-lg bg-raised/60 p-3 [overflow-wrap:anywhere]">
      <dl className="flex flex-col gap-2">
        {lines.filter(([, text]) => text !== '').map(([name, text]) => (
          <div key={name} className="grid gap-x-3 sm:grid-cols-[7rem_minmax(0,1fr)]"><dt className="text-soft">{name}</dt><dd>{text}</dd></div>
        ))}
      </dl>
      <p className="font-medium">This can’t be taken back.</p>
    </div>
  )
}

function Find({ except, choose, close }: { except: string; choose: (c: Contact) => void; close: () => void }) {
  const [text, setText] = useState('')
  const [search, setSearch] = useState('')
  useEffect(() => {
    const wait = setTimeout(() => setSearch(text.trim()), 250)
    return () => clearTimeout(wait)
  }, [text])
  const list = useInfiniteQuery({ ...contactList({ search }), enabled: search !== '' })
  const found = (list.data?.pages.flatMap((p) => p.data) ?? []).filter((c) => c.id !== except)
  const shown = found.slice(0, 8)
  return (
    <div className="flex flex-col gap-3">
      <Field label="The other one" help="The beginning of its address, or a part of it">
        {(p) => <Input {...p} type="search" autoFocus autoComplete="off" spellCheck={false} value={text} onChange={(e) => setText(e.target.value)} placeholder="ann@" />}
      </Field>
      {list.error ? <Problem error={list.error} retry={() => void list.refetch()} />
        : search === '' ? null
        : list.isPending ? <p role="status" className="text-sm text-soft">Searching…</p>
        : shown.length === 0 ? <p role="status" className="text-sm text-soft">No other contact has <Mono>{search}</Mono> in its address.</p>
        : (
          <ul aria-label="Contacts that were found" className="divide-y divide-line rounded-lg border border-line">
            {shown.map((c) => {
              const s = standing(c)
              return (
                <li key={c.id}>
                  <button type="button" onClick={() => choose(c)} className="flex w-full items-center justify-between gap-3 px-3 py-2 text-left text-sm hover:bg-raised focus-visible:-outline-offset-2">
                    <span className="min-w-0 truncate">{c.email}{c.externalId && <span className="text-soft"> · {c.externalId}</span>}</span>
                    <Badge tone={s.tone}>{s.word}</Badge>
                  </button>
                </li>
              )
            })}
          </ul>
        )}
      {(found.length > shown.length || list.hasNextPage) && shown.length > 0 && <p className="text-xs text-soft">And others: write more of the address.</p>}
      <Button className="self-end" onClick={close}>Cancel</Button>
    </div>
  )
}

/** All that is kept of a person, for the person. */
export function AccessDialog({ open, close, contact: c }: { open: boolean; close: () => void; contact: Contact }) {
  const [busy, setBusy] = useState<'json' | 'csv'>()
  const [problem, setProblem] = useState<unknown>()
  const go = async (format: 'json' | 'csv') => {
    setBusy(format)
    setProblem(undefined)
    try {
      await downloadAccess(c.id, format)
      close()
      tell(`What is kept of ${c.email} is downloaded.`)
    } catch (error) {
      setProblem(error)
    } finally {
      setBusy(undefined)
    }
  }
  return (
    <Dialog open={open} close={close} title="Export what is kept" about={`Everything that is kept of ${c.email}, as a file to hand over: attributes, consent and its history, suppressions, segments and events. What providers sent word for word stands at each event.`}>
      <div className="flex flex-col gap-3">
        <div className="flex flex-wrap gap-2">
          <Button kind="main" busy={busy === 'json'} disabled={busy !== undefined} onClick={() => void go('json')}>Download JSON</Button>
          <Button busy={busy === 'csv'} disabled={busy !== undefined} onClick={() => void go('csv')}>Download CSV</Button>
        </div>
        {problem !== undefined && <Problem error={problem} />}
      </div>
    </Dialog>
  )
}

/** Erases a person: of an address that is given, or of one that is typed. It is typed once more, for nothing brings it back. */
export function EraseDialog({ open, close, address }: { open: boolean; close: () => void; address?: string }) {
  return (
    <Dialog open={open} close={close} stay title={address ? `Erase ${address}` : 'Erase an address'} about="For whoever asks to be forgotten. Nothing brings back what is erased.">
      {open && <EraseForm address={address} close={close} />}
    </Dialog>
  )
}

function EraseForm({ address, close }: { address: string | undefined; close: () => void }) {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const erase = useErase()
  const [whom, setWhom] = useState(address ?? '')
  const [again, setAgain] = useState('')
  const [note, setNote] = useState('')
  const other = otherProblem(erase.error, address ? ['note'] : ['email', 'note'])
  const alike = again.trim().toLowerCase() === whom.trim().toLowerCase()
  return (
    <form className="flex flex-col gap-4 text-sm"
      onSubmit={(e) => {
        e.preventDefault()
        if (!alike) return
        erase.mutate({ email: whom.trim(), note: note.trim() }, {
          onSuccess: async () => {
            close()
            await navigate({ to: '/erasures' })
            // What pages looked at before may still hold the person.
            queries.removeQueries({ type: 'inactive' })
            tell('The erasure has begun.')
          },
        })
      }}>
      <ul className="flex list-disc flex-col gap-1 pl-5 text-soft">
        <li><span className="font-medium text-ink">Gone everywhere:</span> the address and all that is known of it: attributes, consent, what emails and events said, and what stands of it in requests of providers and in the audit log.</li>
        <li><span className="font-medium text-ink">Stays:</span> events without the person, so that counters stay right, others who are in the same requests, and a receipt of the erasure that does not hold the address.</li>
        <li>Where mail to it is suppressed it stays so, by a keyed hash, which can’t be turned back into the address.</li>
        <li>Backups that were made before still hold it, until they are deleted. So do your provider and your own app.</li>
      </ul>
      {!address && (
        <Field label="Address" problem={fieldProblem(erase.error, 'email')}>{(p) => <Input {...p} required autoFocus autoComplete="off" spellCheck={false} value={whom} onChange={(e) => setWhom(e.target.value)} placeholder="ann@acme.test" />}</Field>
      )}
      <Field label={address ? `Type ${address} to confirm` : 'The address once more'} problem={again.trim() !== '' && whom.trim().length <= again.trim().length && !alike ? 'The two are not the same.' : undefined}>
        {(p) => <Input {...p} required autoFocus={address !== undefined} autoComplete="off" spellCheck={false} value={again} onChange={(e) => setAgain(e.target.value)} onPaste={(e) => !address && e.preventDefault()} />}
      </Field>
      <Field label="Why" help="Such as the number of the request. It is kept, so it must not say who it was." problem={fieldProblem(erase.error, 'note')}>{(p) => <Input {...p} required maxLength={1000} value={note} onChange={(e) => setNote(e.target.value)} placeholder="request 2026-17" />}</Field>
      {other !== undefined && <Problem error={other} />}
      <div className="flex flex-wrap items-center justify-end gap-2">
        {address && <Link to="/erasures" className="mr-auto text-accent underline">Erasures so far</Link>}
        <Button onClick={close}>Cancel</Button>
        <Button type="submit" kind="danger" busy={erase.isPending} disabled={whom.trim() === '' || note.trim() === '' || !alike}>Erase for good</Button>
      </div>
    </form>
  )
}
