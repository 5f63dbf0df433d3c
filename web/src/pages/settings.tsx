import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { clsx } from 'clsx'
import { Laptop, Monitor, Moon, Smartphone, Sun } from 'lucide-react'
import { useState } from 'react'
import { changePassword, endSession, serverSettings, type SignedIn, signedIn } from '../api/account'
import { Mono, Time } from '../components/bits'
import { BrandCard } from '../components/brand'
import { Confirm } from '../components/overlay'
import { People } from '../components/people'
import { fieldProblem, otherProblem } from '../components/source-settings'
import { Table } from '../components/table'
import { tell } from '../components/toast'
import { Badge, Button, Card, Field, Heading, Input, Loading, Problem } from '../components/ui'
import { zone } from '../lib/range'
import { person } from '../lib/session'
import { setTheme, useTheme } from '../lib/theme'

export function Settings() {
  const who = useQuery(person).data
  return (
    <>
      <Heading title="Settings" about={who && <>Signed in as {who.name}.</>} />
      <div className="grid grid-cols-1 items-start gap-5 xl:grid-cols-2">
        <Password />
        <Look />
      </div>
      <BrandCard />
      <Where />
      <People />
      <Server />
    </>
  )
}

function Password() {
  const [old, setOld] = useState('')
  const [fresh, setFresh] = useState('')
  const [again, setAgain] = useState('')
  const queries = useQueryClient()
  const who = useQuery(person).data
  const change = useMutation({
    mutationFn: () => changePassword(old, fresh),
    onSuccess: async () => {
      setOld('')
      setFresh('')
      setAgain('')
      await queries.invalidateQueries({ queryKey: ['sessions'] })
      tell('Your password is changed.')
    },
  })
  const differ = again !== '' && fresh !== again
  const other = otherProblem(change.error, ['old', 'new'])
  return (
    <Card title="Password">
      <form className="flex max-w-md flex-col gap-4" onSubmit={(e) => { e.preventDefault(); if (!differ) change.mutate() }}>
        <input type="text" name="username" autoComplete="username" value={who?.name ?? ''} readOnly hidden />
        <Field label="Your password now" problem={fieldProblem(change.error, 'old')}>
          {(p) => <Input {...p} type="password" required autoComplete="current-password" value={old} onChange={(e) => setOld(e.target.value)} />}
        </Field>
        <Field label="The new one" help="At least 12 characters. A sentence is easier to remember than signs." problem={fieldProblem(change.error, 'new')}>
          {(p) => <Input {...p} type="password" required minLength={12} autoComplete="new-password" value={fresh} onChange={(e) => setFresh(e.target.value)} />}
        </Field>
        <Field label="The new one again" problem={differ ? 'The two are not the same.' : undefined}>
          {(p) => <Input {...p} type="password" required autoComplete="new-password" value={again} onChange={(e) => setAgain(e.target.value)} />}
        </Field>
        {other !== undefined && <Problem error={other} />}
        <Button type="submit" kind="main" className="self-start" busy={change.isPending} disabled={differ}>Change it</Button>
      </form>
    </Card>
  )
}

const themes = [['light', 'Light', Sun], ['dark', 'Dark', Moon], ['system', 'As the system', Monitor]] as const

function Look() {
  const theme = useTheme()
  return (
    <Card title="How it looks">
      <div className="flex flex-col gap-4">
        <div role="group" aria-label="Colours" className="grid grid-cols-3 gap-2">
          {themes.map(([value, label, Icon]) => (
            <button key={value} aria-pressed={theme === value} onClick={() => setTheme(value)}
              className={clsx('flex flex-col items-center gap-1.5 rounded-lg border p-3 text-sm', theme === value ? 'border-accent bg-accent/5 font-medium' : 'border-line hover:bg-raised')}>
              <Icon aria-hidden className="size-4" /> {label}
            </button>
          ))}
        </div>
        <p className="text-sm text-soft">It is kept in this browser. Times are shown in {zone.replaceAll('_', ' ')}{zone === 'UTC' ? '' : '; point at one to see it in UTC'}.</p>
      </div>
    </Card>
  )
}

/** A browser's name for itself in two words; the whole of it shows when pointed at. */
function browser(agent: string): { name: string; mobile: boolean } {
  const app = /Edg\//.test(agent) ? 'Edge' : /Firefox\//.test(agent) ? 'Firefox' : /Chrome\//.test(agent) ? 'Chrome' : /Safari\//.test(agent) ? 'Safari' : ''
  const os = /iPhone|iPad/.test(agent) ? 'iOS' : /Android/.test(agent) ? 'Android' : /Windows/.test(agent) ? 'Windows' : /Mac OS X/.test(agent) ? 'macOS' : /Linux/.test(agent) ? 'Linux' : ''
  return { name: [app, os].filter(Boolean).join(' on ') || agent.slice(0, 60) || 'An unknown program', mobile: /Mobile|Android|iPhone/.test(agent) }
}

function Where() {
  const list = useQuery(signedIn)
  const queries = useQueryClient()
  const [ending, end] = useState<SignedIn>()
  return (
    <Card title="Where you are signed in" flush>
      {list.error ? <div className="p-4"><Problem error={list.error} retry={() => void list.refetch()} /></div>
        : !list.data ? <Loading lines={2} />
        : (
          <ul>
            {list.data.map((s) => {
              const b = browser(s.userAgent)
              const Icon = b.mobile ? Smartphone : Laptop
              return (
                <li key={s.id} className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line px-4 py-3 text-sm last:border-b-0">
                  <Icon aria-hidden className="size-5 text-soft" />
                  <div className="min-w-0 flex-1">
                    <p className="flex flex-wrap items-center gap-2"><span title={s.userAgent}>{b.name}</span> {s.current && <Badge tone="good">Here</Badge>}</p>
                    <p className="text-xs text-soft">
                      <Mono>{s.network}</Mono> · last seen <Time at={s.lastSeenAt} form="ago" /> · signed in <Time at={s.createdAt} form="day" />
                    </p>
                  </div>
                  {!s.current && <Button small onClick={() => end(s)}>Sign out</Button>}
                </li>
              )
            })}
          </ul>
        )}
      <Confirm open={ending !== undefined} close={() => end(undefined)} title="Sign out there?" verb="Sign out"
        act={async () => {
          if (!ending) return
          await endSession(ending.id)
          await queries.invalidateQueries({ queryKey: ['sessions'] })
          tell('That browser is signed out.')
        }}>
        <p>{ending && browser(ending.userAgent).name} at <Mono>{ending?.network}</Mono> has to sign in again. If you don’t know it, change your password too.</p>
      </Confirm>
    </Card>
  )
}

const origins: Record<string, string> = { default: 'default', flag: 'command line', environment: 'environment' }

function Server() {
  const list = useQuery(serverSettings)
  if (list.error) return <Problem error={list.error} retry={() => void list.refetch()} />
  if (!list.data || list.data.length === 0) return null
  return (
    <Card title="This server" flush action={<span className="text-xs text-soft">set where it is started; read only here</span>}>
      <Table label="Settings of this server" head={<tr><th scope="col">Setting</th><th scope="col">Value</th><th scope="col">From</th></tr>}>
        {list.data.map((s) => (
          <tr key={s.name} className={clsx('align-top', s.from === 'default' && 'text-soft')}>
            <td className="min-w-48"><Mono title={s.variable}>{s.name}</Mono><span className="block text-xs text-soft">{s.about}</span></td>
            <td className="min-w-40"><Mono>{s.value || '–'}</Mono></td>
            <td className="min-w-28 text-soft">{origins[s.from] ?? <Mono>{s.from}</Mono>}</td>
          </tr>
        ))}
      </Table>
    </Card>
  )
}
