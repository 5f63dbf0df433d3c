import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { KeyRound, Plus } from 'lucide-react'
import { useState } from 'react'
import type { Schemas } from '../api/client'
import { createKey, keys, revokeKey } from '../api/keys'
import { Code, Mono, Time } from '../components/bits'
import { Confirm, Dialog } from '../components/overlay'
import { fieldProblem, otherProblem } from '../components/source-settings'
import { Table } from '../components/table'
import { tell } from '../components/toast'
import { Badge, Button, Card, Empty, Field, Heading, Input, Loading, Problem, Select, TextArea } from '../components/ui'
import { count } from '../lib/format'
import { useNow } from '../lib/now'
import { dayText } from '../lib/range'
import { readAll, scopes } from '../lib/scopes'

type Key = Schemas['Key']

export function Keys() {
  const list = useQuery(keys)
  const queries = useQueryClient()
  const [making, make] = useState(false)
  const [ending, end] = useState<Key>()
  const [old, showOld] = useState(false)
  const now = useNow()
  const over = (k: Key) => k.revokedAt !== undefined || (k.expiresAt !== undefined && new Date(k.expiresAt) <= now)
  const all = list.data ?? []
  const rows = [...all].reverse().filter((k) => old || !over(k))
  const hidden = all.filter(over).length
  const add = <Button kind="main" onClick={() => make(true)}><Plus aria-hidden className="size-3.5" /> Make a key</Button>
  return (
    <>
      <Heading title="Keys" about="Programs show a key to use the API. People sign in instead, and need none.">{all.length > 0 && add}</Heading>
      <Card flush>
        {list.error ? <div className="p-4"><Problem error={list.error} retry={() => void list.refetch()} /></div>
          : list.isPending ? <Loading />
          : all.length === 0 ? (
            <Empty icon={<KeyRound />} title="No key yet" action={add}>
              Your programs need one to ask the API, or to track events. Give each program its own, with the scopes that it needs, so that each can be ended by itself.
            </Empty>
          ) : (
            <Table label="Keys" head={
              <tr>
                <th scope="col">Name</th><th scope="col">Begins with</th><th scope="col">May do</th><th scope="col">Last used</th>
                <th scope="col">Expires</th><th scope="col">Made</th><th scope="col" className="relative"><span className="sr-only">Revoke</span></th>
              </tr>
            }>
              {rows.map((k) => (
                <tr key={k.id} className={over(k) ? 'text-soft' : ''}>
                  <td className="min-w-36">
                    <span className="font-medium">{k.name || 'without a name'}</span>
                    <span className="block"><Mono>{k.id}</Mono></span>
                  </td>
                  <td><Mono>{k.prefix}…</Mono></td>
                  <td className="min-w-40"><May of={k} /></td>
                  <td><Time at={k.lastUsedAt} form="ago" /></td>
                  <td>{k.revokedAt ? <Badge tone="bad">Revoked</Badge> : k.expiresAt ? <Expiry at={k.expiresAt} now={now} /> : <span className="text-soft">never</span>}</td>
                  <td><Time at={k.createdAt} form="day" /></td>
                  <td className="text-right">
                    <span className="inline-flex gap-1">
                      <Link to="/audit" search={{ by: k.id }} className="inline-flex h-7 items-center rounded-md px-2 text-xs text-soft hover:bg-raised hover:text-ink">What it did</Link>
                      {!over(k) && <Button small onClick={() => end(k)}>Revoke</Button>}
                    </span>
                  </td>
                </tr>
              ))}
            </Table>
          )}
      </Card>
      {all.length > 0 && (
        <p className="flex items-center gap-3 text-xs text-soft">
          {count(all.length - hidden)} in force
          {hidden > 0 && <Button kind="quiet" small onClick={() => showOld(!old)}>{old ? 'Hide' : 'Show'} the {hidden} that {hidden === 1 ? 'is' : 'are'} revoked or expired</Button>}
        </p>
      )}
      <MakeKey open={making} close={() => make(false)} />
      <Confirm open={ending !== undefined} close={() => end(undefined)} title={`Revoke ${ending?.name || 'this key'}?`} verb="Revoke it" danger
        act={async () => {
          if (!ending) return
          await revokeKey(ending.id)
          await queries.invalidateQueries({ queryKey: ['keys'] })
          tell(`${ending.name || 'The key'} is revoked.`)
        }}>
        <p>
          The key that begins with <Mono>{ending?.prefix}</Mono> stops working with the next request, on every node: what uses it is answered 401.{' '}
          {ending?.kind === 'public' ? 'Events that your pages track with it are lost.' : ''}
        </p>
        <p>{ending?.lastUsedAt ? <>It was last used <Time at={ending.lastUsedAt} form="ago" />.</> : 'It was never used.'} A revoked key can’t be brought back.</p>
      </Confirm>
    </>
  )
}

function May({ of: k }: { of: Key }) {
  if (k.kind === 'public') {
    const { events, origins, subscribes } = k.bounds ?? {}
    return (
      <span className="flex flex-wrap gap-1">
        <Badge tone="info" title="A public key: it may stand in a web page">{events ? `Track ${events.join(', ')}` : 'Track events only'}</Badge>
        {origins?.map((o) => <Badge key={o} title="Pages of this site may use it">{o}</Badge>)}
        {subscribes && <Badge tone="warn" title="Who sees the key may say that somebody is subscribed or not">Consent</Badge>}
      </span>
    )
  }
  if (!k.scopes) return <Badge tone="warn" title="A secret key without scopes">Everything</Badge>
  return <span className="flex flex-wrap gap-1">{k.scopes.map((s) => <Badge key={s}>{s}</Badge>)}</span>
}

function Expiry({ at, now }: { at: string; now: Date }) {
  const left = new Date(at).getTime() - now.getTime()
  if (left <= 0) return <Badge tone="bad">Expired</Badge>
  return <span className={left < 14 * 86_400_000 ? 'text-warn' : ''}><Time at={at} form="day" /></span>
}

function MakeKey({ open, close }: { open: boolean; close: () => void }) {
  const [made, setMade] = useState(false)
  const end = () => {
    setMade(false)
    close()
  }
  return (
    <Dialog open={open} close={end} title="Make a key" wide stay={made}>
      {open && <Form close={end} done={() => setMade(true)} />}
    </Dialog>
  )
}

/** What a person wrote, one a line; nothing where there is nothing. */
const listed = (name: string, text: string) => {
  const lines = text.split('\n').map((l) => l.trim()).filter((l) => l !== '')
  return lines.length > 0 ? { [name]: lines } : {}
}

const reaches = [
  ['read', 'Read everything', 'all that only reads, but what providers sent as it came'],
  ['some', 'Some things', 'choose them below'],
  ['all', 'Everything', 'as much as you may yourself'],
  ['public', 'Track events only', 'a public key, which may stand in a web page'],
] as const

function Form({ close, done }: { close: () => void; done: () => void }) {
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const [reach, setReach] = useState<(typeof reaches)[number][0]>('read')
  const [chosen, choose] = useState<string[]>([])
  const [expiry, setExpiry] = useState('')
  const [own, setOwn] = useState('')
  const [events, setEvents] = useState('')
  const [origins, setOrigins] = useState('')
  const [subscribes, setSubscribes] = useState(false)
  const bounds = { ...listed('events', events), ...listed('origins', origins), ...(subscribes ? { subscribes } : {}) }
  const make = useMutation({
    mutationFn: () => {
      const days = Number(expiry)
      const expiresAt = expiry === 'own' ? own : days > 0 ? dayText(new Date(Date.now() + days * 86_400_000)) : ''
      return createKey({
        name: name.trim(), kind: reach === 'public' ? 'public' : 'secret',
        ...(reach === 'read' ? { scopes: [readAll] } : reach === 'some' ? { scopes: chosen } : {}),
        ...(expiresAt ? { expiresAt } : {}),
        ...(reach === 'public' ? { bounds } : {}),
      })
    },
    onSuccess: async (key) => {
      done()
      await queries.invalidateQueries({ queryKey: ['keys'] })
      tell(`${key.name || 'The key'} is made.`)
    },
  })
  const other = otherProblem(make.error, ['name', 'expiresAt', 'scopes', 'bounds.events', 'bounds.origins'])
  if (make.data) {
    return (
      <div className="flex flex-col gap-4">
        <div className="flex flex-col gap-2 rounded-lg border border-warn/40 bg-warn/5 p-4">
          <p className="text-sm font-medium">{make.data.name || 'The new key'}</p>
          <Code text={make.data.key} secret />
          <p className="text-xs text-soft">It is shown this once: only a hash of it is kept. Copy it now, into the program or a password safe.</p>
        </div>
        {make.data.kind === 'secret' && (
          <div className="flex flex-col gap-1.5 text-sm">
            <p className="text-soft">Try it:</p>
            <Code text={`curl -s '${location.origin}/events?limit=2' -H 'Authorization: Bearer ${make.data.key}'`} />
          </div>
        )}
        <Button kind="main" className="self-end" onClick={close}>I have copied it</Button>
      </div>
    )
  }
  return (
    <form className="flex flex-col gap-4" onSubmit={(e) => { e.preventDefault(); make.mutate() }}>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Name" help="What it is for, as in “dashboard”." problem={fieldProblem(make.error, 'name')}>
          {(p) => <Input {...p} required value={name} onChange={(e) => setName(e.target.value)} />}
        </Field>
        <Field label="Expires" problem={fieldProblem(make.error, 'expiresAt')} help="At the beginning of that day in UTC. A key that ends by itself can’t be forgotten.">
          {(p) => (
            <span className="flex gap-2">
              <Select {...p} className="flex-1" value={expiry} onChange={(e) => setExpiry(e.target.value)}>
                <option value="">Never</option>
                <option value="30">In 30 days</option>
                <option value="90">In 90 days</option>
                <option value="365">In a year</option>
                <option value="own">On…</option>
              </Select>
              {expiry === 'own' && <Input type="date" aria-label="Day on which it expires" required min={dayText(new Date(Date.now() + 86_400_000))} value={own} onChange={(e) => setOwn(e.target.value)} />}
            </span>
          )}
        </Field>
      </div>
      <fieldset className="flex flex-col gap-2">
        <legend className="mb-1 text-sm font-medium">What it may do</legend>
        {reaches.map(([value, label, about]) => (
          <label key={value} className="flex items-baseline gap-2 text-sm">
            <input type="radio" name="reach" className="accent-accent" checked={reach === value} onChange={() => setReach(value)} />
            <span>{label} <span className="text-soft">· {about}</span></span>
          </label>
        ))}
      </fieldset>
      {reach === 'public' && (
        <div className="grid gap-4 rounded-lg border border-line p-4 sm:grid-cols-2">
          <Field label="Events" help="One a line. Empty: any." problem={fieldProblem(make.error, 'bounds.events')}>
            {(p) => <TextArea {...p} rows={3} placeholder="page.viewed" value={events} onChange={(e) => setEvents(e.target.value)} />}
          </Field>
          <Field label="Sites whose pages may use it" help="One a line. Empty: any, and programs too." problem={fieldProblem(make.error, 'bounds.origins')}>
            {(p) => <TextArea {...p} rows={3} placeholder="https://acme.test" value={origins} onChange={(e) => setOrigins(e.target.value)} />}
          </Field>
          <label className="flex items-start gap-2 text-sm sm:col-span-2">
            <input type="checkbox" className="mt-0.5 size-4 shrink-0 accent-accent" checked={subscribes} onChange={(e) => setSubscribes(e.target.checked)} />
            <span>It may say whether a contact is subscribed <span className="text-soft">· anybody who sees the key may then unsubscribe others</span></span>
          </label>
        </div>
      )}
      {reach === 'some' && (
        <div className="grid gap-4 rounded-lg border border-line p-4 sm:grid-cols-2">
          {scopes.map((group) => (
            <fieldset key={group.area} className="flex flex-col gap-1.5">
              <legend className="mb-1 text-xs font-medium text-soft">{group.area}</legend>
              {group.scopes.map(([scope, means]) => (
                <label key={scope} className="flex items-start gap-2 text-sm">
                  <input type="checkbox" className="mt-0.5 size-4 shrink-0 accent-accent" checked={chosen.includes(scope)}
                    onChange={(e) => choose(e.target.checked ? [...chosen, scope] : chosen.filter((s) => s !== scope))} />
                  <span>{means} <code className="font-mono text-xs text-soft">{scope}</code></span>
                </label>
              ))}
            </fieldset>
          ))}
          <p className="text-xs text-soft sm:col-span-2">A scope that writes does not include the one that reads.</p>
        </div>
      )}
      {fieldProblem(make.error, 'scopes') && <p role="alert" className="text-xs text-bad">{fieldProblem(make.error, 'scopes')}</p>}
      {other !== undefined && <Problem error={other} />}
      <div className="flex justify-end gap-2">
        <Button onClick={close}>Cancel</Button>
        <Button type="submit" kind="main" busy={make.isPending} disabled={reach === 'some' && chosen.length === 0}>Make it</Button>
      </div>
    </form>
  )
}
