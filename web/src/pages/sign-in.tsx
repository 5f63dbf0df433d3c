import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { door, Refusal } from '../api/client'
import { Button, Field, Input, Loading, Problem } from '../components/ui'
import { type Person, person, within } from '../lib/session'

function Frame({ title, about, children }: { title: string; about: string; children: ReactNode }) {
  return (
    <main className="flex min-h-dvh items-center justify-center p-4">
      <div className="w-full max-w-sm rounded-xl border border-line bg-panel p-6 shadow-sm">
        <img src="/ui/icon.svg" alt="" className="size-9" />
        <h1 className="mt-4 text-lg font-semibold">{title}</h1>
        <p className="mt-1 mb-5 text-sm text-soft">{about}</p>
        {children}
      </div>
    </main>
  )
}

/** What a form does when it is sent, and what came of it. */
function useEntry(send: () => Promise<{ person: Person }>, next: string) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<unknown>()
  const enter = async () => {
    setBusy(true)
    setProblem(undefined)
    try {
      queries.setQueryData(person.queryKey, (await send()).person)
      await navigate({ href: next.replace(/^\/ui(?=\/|$)/, '') || '/', replace: true })
    } catch (error) {
      setProblem(error)
    } finally {
      setBusy(false)
    }
  }
  return { busy, problem, enter }
}

export function SignIn() {
  const { next } = useSearch({ from: '/sign-in' })
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const { busy, problem, enter } = useEntry(() => door('POST', '/ui/session', { name, password }), within(next) ?? '/')
  return (
    <Frame title="Sign in to Tidings" about="With the name and the password that you chose at your first visit.">
      <form className="flex flex-col gap-4" onSubmit={(e) => { e.preventDefault(); void enter() }}>
        <Field label="Name">
          {(p) => <Input {...p} autoFocus required autoComplete="username" value={name} onChange={(e) => setName(e.target.value)} />}
        </Field>
        <Field label="Password">
          {(p) => <Input {...p} type="password" required autoComplete="current-password" value={password} onChange={(e) => setPassword(e.target.value)} />}
        </Field>
        {problem !== undefined && <Problem error={problem} />}
        <Button type="submit" kind="main" busy={busy}>Sign in</Button>
      </form>
      <p className="mt-5 text-xs text-soft">
        Forgotten? Whoever runs the server makes a new link with <code className="font-mono">tidings person reset NAME</code>.
      </p>
    </Frame>
  )
}

/** Where a one-time link leads. Its token stands behind the #, which browsers send to nobody. */
export function Welcome() {
  const [token] = useState(() => location.hash.slice(1))
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const link = useQuery({
    queryKey: ['invitation', token],
    queryFn: () => door<{ name: string | null; expiresAt: string }>('POST', '/ui/invitation', { token }),
    retry: false,
    staleTime: Infinity,
  })
  const known = link.data?.name ?? null
  const { busy, problem, enter } = useEntry(
    () => door('POST', '/ui/invitation/accept', { token, name: known ?? name, password }), '/')
  if (link.isPending) return <Frame title="Welcome to Tidings" about="Looking at your link."><Loading lines={3} /></Frame>
  if (link.error) {
    return (
      <Frame title="This link does not work" about="Each link works once, and for a day.">
        <Problem error={link.error} {...(link.error instanceof Refusal ? {} : { retry: () => void link.refetch() })} />
        <p className="mt-4 text-xs text-soft">
          A new one is printed when the server starts while nobody has signed in yet, else by <code className="font-mono">tidings person reset NAME</code>.
        </p>
      </Frame>
    )
  }
  return (
    <Frame title={known ? `Welcome, ${known}` : 'Welcome to Tidings'} about={known ? 'Choose a password.' : 'Choose the name and the password that you will sign in with.'}>
      <form className="flex flex-col gap-4" onSubmit={(e) => { e.preventDefault(); void enter() }}>
        {known === null && (
          <Field label="Name" help="It is shown beside what you do, in the audit log.">
            {(p) => <Input {...p} autoFocus required autoComplete="username" maxLength={100} value={name} onChange={(e) => setName(e.target.value)} />}
          </Field>
        )}
        <Field label="Password" help="At least 12 characters. A sentence is easier to remember than signs.">
          {(p) => <Input {...p} type="password" required minLength={12} autoComplete="new-password" value={password} onChange={(e) => setPassword(e.target.value)} />}
        </Field>
        {problem !== undefined && <Problem error={problem} />}
        <Button type="submit" kind="main" busy={busy}>Begin</Button>
      </form>
    </Frame>
  )
}
