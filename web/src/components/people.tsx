import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { UserPlus } from 'lucide-react'
import { useState } from 'react'
import { disablePerson, enablePerson, invite, type InvitedPerson, type KnownPerson, people, resetPerson } from '../api/people'
import { count } from '../lib/format'
import { person } from '../lib/session'
import { Code, Time } from './bits'
import { Confirm, Dialog } from './overlay'
import { fieldProblem, otherProblem } from './source-settings'
import { Table } from './table'
import { tell } from './toast'
import { Badge, Button, Card, Field, Input, Loading, Problem, type Tone } from './ui'

const states: Record<KnownPerson['state'], { word: string; tone: Tone; about: string }> = {
  active: { word: 'May sign in', tone: 'good', about: 'They have a password' },
  invited: { word: 'Invited', tone: 'info', about: 'They have not used their link yet: it works once, and for 24 hours' },
  disabled: { word: 'Locked out', tone: 'plain', about: 'They can’t sign in; what they did stays in the audit log' },
}

type Asked = { act: 'reset' | 'disable'; who: KnownPerson }

/** Who may sign in, and what may be done about them. */
export function People() {
  const list = useQuery(people)
  const self = useQuery(person).data?.id
  const queries = useQueryClient()
  const [inviting, open] = useState(false)
  const [asked, ask] = useState<Asked>()
  const [made, show] = useState<InvitedPerson>()
  const fresh = () => queries.invalidateQueries({ queryKey: ['people'] })
  const enable = useMutation({
    mutationFn: (p: KnownPerson) => enablePerson(p.id),
    onSuccess: async (p) => {
      await fresh()
      tell(`${p.name} may sign in again.`)
    },
  })
  const renew = useMutation({
    mutationFn: (p: KnownPerson) => resetPerson(p.id),
    onSuccess: async (p) => {
      await fresh()
      show(p)
    },
  })
  const rows = list.data ?? []
  return (
    <Card title="People" flush action={<Button small onClick={() => open(true)}><UserPlus aria-hidden className="size-3.5" /> Invite…</Button>}>
      {list.error ? <div className="p-4"><Problem error={list.error} retry={() => void list.refetch()} /></div>
        : !list.data ? <Loading lines={2} />
        : rows.length === 0 ? <p className="px-4 py-6 text-sm text-soft">Nobody signs in here yet. Whoever is invited gets a link, chooses a password and may then do everything.</p>
        : (
          <Table label="People who may sign in" head={
            <tr>
              <th scope="col">Name</th><th scope="col">State</th><th scope="col">Last signed in</th><th scope="col">Invited</th>
              <th scope="col" className="relative"><span className="sr-only">What may be done</span></th>
            </tr>
          }>
            {rows.map((p) => (
              <tr key={p.id} className={p.state === 'disabled' ? 'text-soft' : ''}>
                <td className="min-w-28 font-medium">{p.name} {p.id === self && <Badge tone="good">You</Badge>}</td>
                <td className="whitespace-nowrap"><Badge tone={states[p.state].tone} title={states[p.state].about}>{states[p.state].word}</Badge></td>
                <td className="whitespace-nowrap">{p.lastSignInAt ? <Time at={p.lastSignInAt} form="ago" /> : <span className="text-soft">never</span>}</td>
                <td className="whitespace-nowrap"><Time at={p.createdAt} form="day" /></td>
                <td className="text-right">
                  <span className="inline-flex gap-1">
                    <Link to="/audit" search={{ by: p.id }} aria-label={`What they did: ${p.name}`} className="inline-flex h-7 items-center rounded-md px-2 text-xs whitespace-nowrap text-soft hover:bg-raised hover:text-ink">What they did</Link>
                    {p.state === 'invited' && <Button small aria-label={`New link for ${p.name}`} busy={renew.isPending && renew.variables?.id === p.id} onClick={() => renew.mutate(p)}>New link</Button>}
                    {p.state === 'active' && p.id !== self && <Button small aria-label={`New password… for ${p.name}`} onClick={() => ask({ act: 'reset', who: p })}>New password…</Button>}
                    {p.state === 'disabled'
                      ? <Button small aria-label={`Let in: ${p.name}`} busy={enable.isPending && enable.variables?.id === p.id} onClick={() => enable.mutate(p)}>Let in</Button>
                      : <Button small aria-label={`Lock out… ${p.name}`} onClick={() => ask({ act: 'disable', who: p })}>Lock out…</Button>}
                  </span>
                </td>
              </tr>
            ))}
          </Table>
        )}
      {(enable.error ?? renew.error) && <div className="p-4"><Problem error={enable.error ?? renew.error} /></div>}
      {rows.length > 0 && <p className="px-4 py-2 text-xs text-soft">{count(rows.length)} {rows.length === 1 ? 'person' : 'people'}. Each may do everything.</p>}
      <InviteDialog open={inviting} close={() => open(false)} />
      <Dialog open={made !== undefined} close={() => show(undefined)} title={`A link for ${made?.name ?? ''}`} stay>
        {made && <Shown of={made} close={() => show(undefined)} />}
      </Dialog>
      <Confirm open={asked?.act === 'reset'} close={() => ask(undefined)} title={`Let ${asked?.who.name ?? ''} choose a new password?`} verb="Make the link" danger
        act={async () => {
          if (!asked) return
          const done = await resetPerson(asked.who.id)
          await fresh()
          show(done)
        }}>
        <p>The password that {asked?.who.name} has works no more, and every browser in which they are signed in is signed out at once. The link that you get is shown once: it works for 24 hours.</p>
      </Confirm>
      <Confirm open={asked?.act === 'disable'} close={() => ask(undefined)} title={asked?.who.id === self ? 'Lock yourself out?' : `Lock ${asked?.who.name ?? ''} out?`} verb="Lock out" danger
        act={async () => {
          if (!asked) return
          await disablePerson(asked.who.id)
          tell(`${asked.who.name} can’t sign in any more.`)
          await (asked.who.id === self ? queries.invalidateQueries({ queryKey: ['session'] }) : fresh())
        }}>
        <p>
          {asked?.who.id === self ? 'You are signed out here and everywhere at once, and only somebody else can let you in again.'
            : `${asked?.who.name} is signed out everywhere at once and can’t sign in. Links that were not used end, too.`}
        </p>
        <p>Keys go on working: revoke those that they know, under <Link to="/keys" className="text-accent underline">Keys</Link>.</p>
      </Confirm>
    </Card>
  )
}

function InviteDialog({ open, close }: { open: boolean; close: () => void }) {
  const [made, setMade] = useState(false)
  const end = () => {
    setMade(false)
    close()
  }
  return (
    <Dialog open={open} close={end} title="Invite a person" stay={made} about={made ? undefined : 'They choose their password themselves. Whoever signs in may do everything that you may.'}>
      {open && <InviteForm close={end} done={() => setMade(true)} />}
    </Dialog>
  )
}

function InviteForm({ close, done }: { close: () => void; done: () => void }) {
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const make = useMutation({
    mutationFn: () => invite(name.trim()),
    onSuccess: async (p) => {
      done()
      await queries.invalidateQueries({ queryKey: ['people'] })
      tell(`${p.name} is invited.`)
    },
  })
  if (make.data) return <Shown of={make.data} close={close} />
  const other = otherProblem(make.error, ['name'])
  return (
    <form className="flex flex-col gap-4" onSubmit={(e) => { e.preventDefault(); make.mutate() }}>
      <Field label="Name" help="What they sign in with: one word, the same in capitals and small letters." problem={fieldProblem(make.error, 'name')}>
        {(p) => <Input {...p} required autoFocus autoComplete="off" spellCheck={false} value={name} onChange={(e) => setName(e.target.value)} placeholder="lea" />}
      </Field>
      {other !== undefined && <Problem error={other} />}
      <div className="flex justify-end gap-2">
        <Button onClick={close}>Cancel</Button>
        <Button type="submit" kind="main" busy={make.isPending} disabled={name.trim() === ''}>Invite</Button>
      </div>
    </form>
  )
}

/** The link, which is told this once. */
function Shown({ of: p, close }: { of: InvitedPerson; close: () => void }) {
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-col gap-2 rounded-lg border border-warn/40 bg-warn/5 p-4">
        <p className="text-sm font-medium">Give this link to {p.name}, and to nobody else</p>
        <Code text={p.link} secret />
        <p className="text-xs text-soft">It sets their password, once, until <Time at={p.linkExpiresAt} />. It is shown this once: only a hash of it is kept.</p>
      </div>
      <Button kind="main" className="self-end" onClick={close}>I have copied it</Button>
    </div>
  )
}
