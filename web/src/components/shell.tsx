import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router'
import { clsx } from 'clsx'
import {
  Activity, Ban, BellRing, BotMessageSquare, ClipboardList, FileDown, FileText, Globe, Inbox, KeyRound, Layers, LayoutDashboard, LogOut, type LucideIcon, Mail, MailOpen,
  Megaphone, Menu, Monitor, Moon, PackageCheck, Plug, Radio, Route, ScrollText, Search, Send, Settings, Sun, Tags, Users, UserX, Waypoints, Webhook, Workflow, X, Zap,
} from 'lucide-react'
import { useEffect, useState } from 'react'
import { approvals, waiting } from '../api/approvals'
import { door } from '../api/client'
import { person } from '../lib/session'
import { setTheme, useTheme } from '../lib/theme'
import { IconButton, Input } from './ui'

interface Place {
  to: string
  label: string
  icon: LucideIcon
}

const places: { title: string; places: Place[] }[] = [
  {
    title: 'Mail',
    places: [
      { to: '/', label: 'Overview', icon: LayoutDashboard },
      { to: '/live', label: 'Live', icon: Radio },
      { to: '/events', label: 'Events', icon: Activity },
      { to: '/messages', label: 'Messages', icon: Mail },
      { to: '/contacts', label: 'Contacts', icon: Users },
      { to: '/segments', label: 'Segments', icon: Layers },
      { to: '/events/custom', label: 'Custom events', icon: Zap },
      { to: '/topics', label: 'Topics', icon: Tags },
      { to: '/forms', label: 'Forms', icon: ClipboardList },
      { to: '/templates', label: 'Templates', icon: FileText },
    ],
  },
  {
    title: 'Sending',
    places: [
      { to: '/broadcasts', label: 'Broadcasts', icon: Megaphone },
      { to: '/workflows', label: 'Workflows', icon: Waypoints },
      { to: '/rules', label: 'Rules', icon: Workflow },
      { to: '/sends', label: 'Sends', icon: Send },
      { to: '/senders', label: 'Senders', icon: Route },
      { to: '/outbox', label: 'Outbox', icon: MailOpen },
      { to: '/endpoints', label: 'Endpoints', icon: Webhook },
      { to: '/dispatches', label: 'Dispatches', icon: PackageCheck },
    ],
  },
  {
    title: 'Performance',
    places: [
      { to: '/domains', label: 'Domains', icon: Globe },
      { to: '/alerts', label: 'Alerts', icon: BellRing },
    ],
  },
  {
    title: 'Intake',
    places: [
      { to: '/sources', label: 'Sources', icon: Plug },
      { to: '/receipts', label: 'Receipts', icon: Inbox },
      { to: '/suppressions', label: 'Suppressions', icon: Ban },
    ],
  },
  {
    title: 'System',
    places: [
      { to: '/approvals', label: 'Approvals', icon: BotMessageSquare },
      { to: '/keys', label: 'Keys', icon: KeyRound },
      { to: '/audit', label: 'Audit', icon: ScrollText },
      { to: '/exports', label: 'Exports', icon: FileDown },
      { to: '/erasures', label: 'Erasures', icon: UserX },
      { to: '/settings', label: 'Settings', icon: Settings },
    ],
  },
]

/** The frame of every page: where one can go, a search, and the page itself. */
export function Shell() {
  const [open, setOpen] = useState(false)
  const path = useRouterState({ select: (s) => s.location.pathname })
  useEffect(() => setOpen(false), [path])
  return (
    <div className="flex min-h-dvh">
      <a href="#page" className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded focus:bg-accent focus:px-3 focus:py-1.5 focus:text-on-accent">
        Skip to the page
      </a>
      {open && <div className="fixed inset-0 z-30 bg-black/40 lg:hidden" onClick={() => setOpen(false)} />}
      <aside
        className={clsx(
          'fixed inset-y-0 left-0 z-40 flex w-56 flex-col border-r border-line bg-panel transition-transform lg:visible lg:sticky lg:top-0 lg:h-dvh lg:translate-x-0',
          open ? 'translate-x-0' : 'invisible -translate-x-full',
        )}
      >
        <div className="flex h-14 items-center justify-between px-4">
          <Link to="/" className="flex items-center gap-2 text-base font-semibold tracking-tight">
            <img src="/ui/icon.svg" alt="" className="size-6" /> Tidings
          </Link>
          <span className="lg:hidden">
            <IconButton label="Close the menu" onClick={() => setOpen(false)}><X aria-hidden className="size-4" /></IconButton>
          </span>
        </div>
        <nav aria-label="Pages" className="flex-1 overflow-y-auto px-2 pb-4">
          {places.map((group) => (
            <div key={group.title} className="mt-3">
              <p className="px-2 pb-1 text-xs font-medium text-soft">{group.title}</p>
              {group.places.map((p) => <NavLink key={p.to} place={p} path={path} />)}
            </div>
          ))}
        </nav>
        <Account />
      </aside>
      <div className="flex min-w-0 flex-1 flex-col">
        <header className="sticky top-0 z-20 flex h-14 items-center gap-2 border-b border-line bg-page/90 px-4 backdrop-blur lg:px-6">
          <span className="lg:hidden">
            <IconButton label="Open the menu" aria-expanded={open} onClick={() => setOpen(true)}><Menu aria-hidden className="size-4" /></IconButton>
          </span>
          <GlobalSearch />
        </header>
        <main id="page" tabIndex={-1} className="flex w-full max-w-screen-2xl flex-1 flex-col gap-5 p-4 outline-none lg:p-6">
          <Outlet />
        </main>
      </div>
    </div>
  )
}

const leads = (to: string, path: string) => (to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`) || (to === '/templates' && path.startsWith('/template/')) || (to === '/workflows' && path.startsWith('/runs/')))

function NavLink({ place, path }: { place: Place; path: string }) {
  // Custom events lie below events, and have a place of their own.
  const here = leads(place.to, path) && !places.some((g) => g.places.some((p) => p.to.startsWith(`${place.to}/`) && leads(p.to, path)))
  return (
    <Link
      to={place.to}
      aria-current={here ? 'page' : undefined}
      className={clsx('flex h-8 items-center gap-2.5 rounded-md px-2 text-sm', here ? 'bg-raised font-medium text-ink' : 'text-soft hover:bg-raised hover:text-ink')}
    >
      <place.icon aria-hidden className={clsx('size-4', here && 'text-accent')} />
      {place.label}
      {place.to === '/approvals' && <Waiting />}
    </Link>
  )
}

/** How many requests of assistants wait for a person. */
function Waiting() {
  const n = waiting(useQuery({ ...approvals, retry: false }).data).length
  if (n === 0) return null
  return (
    <span className="numbers ml-auto rounded-full bg-accent px-1.5 text-xs font-medium text-on-accent" title={`${n} ${n === 1 ? 'waits' : 'wait'} for a decision`}>
      {n}<span className="sr-only"> {n === 1 ? 'waits' : 'wait'} for a decision</span>
    </span>
  )
}

/** Finds an address, a message or an event by what was pasted. The slash key goes there. */
function GlobalSearch() {
  const navigate = useNavigate()
  const [text, setText] = useState('')
  useEffect(() => {
    const jump = (e: KeyboardEvent) => {
      if (e.key !== '/' || e.ctrlKey || e.metaKey || e.altKey || (e.target as HTMLElement).closest('input,textarea,select,[contenteditable]')) return
      e.preventDefault()
      document.getElementById('search')?.focus()
    }
    addEventListener('keydown', jump)
    return () => removeEventListener('keydown', jump)
  }, [])
  const go = () => {
    const t = text.trim()
    if (t === '') return
    if (/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(t)) void navigate({ to: '/events/$id', params: { id: t } })
    else if (t.startsWith('con_')) void navigate({ to: '/contacts/$id', params: { id: t } })
    else if (t.startsWith('exe_')) void navigate({ to: '/runs/$id', params: { id: t } })
    else if (t.startsWith('src_')) void navigate({ to: '/sources/$id', params: { id: t } })
    else if (t.startsWith('snd_')) void navigate({ to: '/sends/$id', params: { id: t.split('@')[0] ?? t } })
    else if (t.startsWith('snr_')) void navigate({ to: '/senders/$id', params: { id: t } })
    else if (t.startsWith('seg_')) void navigate({ to: '/segments/$id', params: { id: t } })
    else if (t.startsWith('rul_')) void navigate({ to: '/rules/$id', params: { id: t } })
    else if (t.startsWith('wfl_')) void navigate({ to: '/workflows/$id', params: { id: t } })
    else if (t.startsWith('brc_')) void navigate({ to: '/broadcasts/$id', params: { id: t } })
    else if (t.startsWith('rcp_')) void navigate({ to: '/receipts/$id', params: { id: t } })
    else if (t.startsWith('msg_') || (!t.includes('@') && /^[\w.<>-]{16,}$/.test(t))) void navigate({ to: '/messages/$id', params: { id: t } })
    else void navigate({ to: '/contacts', search: { search: t } })
  }
  return (
    <form role="search" className="relative max-w-md flex-1" onSubmit={(e) => { e.preventDefault(); go() }}>
      <Search aria-hidden className="pointer-events-none absolute top-2 left-2.5 size-4 text-soft" />
      <Input id="search" aria-label="Search an address, a message id or an event id" placeholder="Address, message id or event id"
        className="w-full pr-8 pl-8.5!" value={text} onChange={(e) => setText(e.target.value)} />
      <kbd aria-hidden className="pointer-events-none absolute top-1.5 right-2 rounded border border-line px-1.5 text-xs text-soft">/</kbd>
    </form>
  )
}

const themes = [
  ['light', 'Light', Sun],
  ['dark', 'Dark', Moon],
  ['system', 'As the system', Monitor],
] as const

function Account() {
  const who = useQuery(person).data
  const theme = useTheme()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const leave = async () => {
    await door('DELETE', '/ui/session')
    // What was asked is forgotten once no page is there that would ask for it again.
    queries.setQueryData(person.queryKey, null)
    await navigate({ to: '/sign-in', search: {} })
    queries.clear()
  }
  return (
    <div className="border-t border-line p-2">
      <div className="flex items-center justify-between gap-2">
        <span className="min-w-0 truncate px-2 text-sm" title={who?.name}>{who?.name}</span>
        <IconButton label="Sign out" onClick={() => void leave()}><LogOut aria-hidden className="size-4" /></IconButton>
      </div>
      <div role="group" aria-label="Theme" className="mt-1 flex gap-0.5 rounded-md border border-line p-0.5">
        {themes.map(([value, label, Icon]) => (
          <button key={value} title={label} aria-label={label} aria-pressed={theme === value} onClick={() => setTheme(value)}
            className={clsx('flex h-6 flex-1 items-center justify-center rounded', theme === value ? 'bg-raised text-ink' : 'text-soft hover:text-ink')}>
            <Icon aria-hidden className="size-3.5" />
          </button>
        ))}
      </div>
    </div>
  )
}
