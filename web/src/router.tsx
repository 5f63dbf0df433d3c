import type { QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, Outlet, redirect,
} from '@tanstack/react-router'
import { Shell } from './components/shell'
import { NotFound, PageProblem } from './components/whole'
import { person, within } from './lib/session'
import { spanOf } from './lib/range'
import { filtersOf } from './lib/filters'

interface Context {
  queries: QueryClient
}

const root = createRootRouteWithContext<Context>()({ component: Outlet, notFoundComponent: NotFound })

/** Everything but signing in needs a person who is signed in. */
const inside = createRoute({
  getParentRoute: () => root,
  id: 'inside',
  component: Shell,
  beforeLoad: async ({ context, location }) => {
    const who = await context.queries.fetchQuery({ ...person, staleTime: 60_000 })
    if (!who) throw redirect({ to: '/sign-in', search: location.href === '/' ? {} : { next: location.href } })
  },
})

type Search = Record<string, unknown>

/** Keeps the named texts of an address; everything else is passed over. */
const texts = <K extends string>(...keys: K[]) => (s: Search): Partial<Record<K, string>> =>
  Object.fromEntries(keys.flatMap((k) => {
    const v = s[k]
    return typeof v === 'string' && v !== '' ? [[k, v]] : typeof v === 'number' || typeof v === 'boolean' ? [[k, String(v)]] : []
  })) as Partial<Record<K, string>>

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (s: Search): { next?: string } => {
    const next = within(s['next'])
    return next ? { next } : {}
  },
  component: lazyRouteComponent(() => import('./pages/sign-in'), 'SignIn'),
})
const welcome = createRoute({
  getParentRoute: () => root,
  path: '/welcome',
  component: lazyRouteComponent(() => import('./pages/sign-in'), 'Welcome'),
})

const pages = [
  createRoute({
    getParentRoute: () => inside,
    path: '/',
    validateSearch: (s: Search) => spanOf(s),
    component: lazyRouteComponent(() => import('./pages/overview'), 'Overview'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/live',
    validateSearch: (s: Search) => filtersOf(s),
    component: lazyRouteComponent(() => import('./pages/live'), 'Live'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/events',
    validateSearch: (s: Search) => filtersOf(s),
    component: lazyRouteComponent(() => import('./pages/events'), 'Events'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/events/$id',
    component: lazyRouteComponent(() => import('./pages/event'), 'EventPage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/messages',
    validateSearch: texts('status', 'contact', 'template', 'source', 'from', 'to'),
    component: lazyRouteComponent(() => import('./pages/messages'), 'Messages'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/messages/$id',
    validateSearch: texts('order'),
    component: lazyRouteComponent(() => import('./pages/message'), 'MessagePage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/contacts',
    validateSearch: texts('search', 'domain', 'subscribed', 'suppressed', 'seenAfter', 'seenBefore'),
    component: lazyRouteComponent(() => import('./pages/contacts'), 'Contacts'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/contacts/$id',
    validateSearch: texts('name'),
    component: lazyRouteComponent(() => import('./pages/contact'), 'ContactPage'),
  }),
  // The slash at the end keeps the list apart from a template whose name is empty.
  createRoute({
    getParentRoute: () => inside,
    path: '/templates/',
    validateSearch: (s: Search) => ({ ...spanOf(s), ...texts('sort', 'find')(s) }),
    component: lazyRouteComponent(() => import('./pages/templates'), 'Templates'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/templates/$',
    validateSearch: (s: Search) => spanOf(s),
    component: lazyRouteComponent(() => import('./pages/template'), 'TemplatePage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/domains',
    validateSearch: (s: Search) => ({ ...spanOf(s), ...texts('by', 'domain', 'sort')(s) }),
    component: lazyRouteComponent(() => import('./pages/domains'), 'Domains'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/sources',
    component: lazyRouteComponent(() => import('./pages/sources'), 'Sources'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/sources/new',
    validateSearch: texts('provider', 'source'),
    component: lazyRouteComponent(() => import('./pages/source-new'), 'NewSource'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/sources/$id',
    validateSearch: texts('tab'),
    component: lazyRouteComponent(() => import('./pages/source'), 'SourcePage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/receipts',
    validateSearch: texts('source', 'problem', 'kind', 'from', 'to', 'tab'),
    component: lazyRouteComponent(() => import('./pages/receipts'), 'Receipts'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/receipts/$id',
    component: lazyRouteComponent(() => import('./pages/receipt'), 'ReceiptPage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/suppressions',
    validateSearch: texts('reason', 'contact', 'active', 'tab'),
    component: lazyRouteComponent(() => import('./pages/suppressions'), 'Suppressions'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/approvals',
    component: lazyRouteComponent(() => import('./pages/approvals'), 'Approvals'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/keys',
    component: lazyRouteComponent(() => import('./pages/keys'), 'Keys'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/audit',
    validateSearch: texts('operation', 'by', 'door', 'target', 'from', 'to'),
    component: lazyRouteComponent(() => import('./pages/audit'), 'Audit'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/settings',
    component: lazyRouteComponent(() => import('./pages/settings'), 'Settings'),
  }),
] as const

const tree = root.addChildren([signIn, welcome, inside.addChildren(pages)])

/** Addresses are written as the API's: plain texts, and what is several times stands several times. */
function readSearch(text: string): Search {
  const search: Record<string, string | string[]> = {}
  for (const [key, value] of new URLSearchParams(text)) {
    const before = search[key]
    search[key] = before === undefined ? value : [before, value].flat()
  }
  return search
}

function writeSearch(search: Search): string {
  const made = new URLSearchParams()
  for (const [key, value] of Object.entries(search)) {
    for (const v of [value].flat()) if (v !== undefined && v !== null && v !== '') made.append(key, String(v))
  }
  const text = made.toString()
  return text ? `?${text}` : ''
}

export const createPages = (queries: QueryClient) =>
  createRouter({
    routeTree: tree,
    basepath: '/ui',
    parseSearch: readSearch,
    stringifySearch: writeSearch,
    // What a page does not know is taken out of the address: else it would reach the page as it came.
    search: { strict: true },
    context: { queries },
    defaultPreload: 'intent',
    scrollRestoration: true,
    defaultErrorComponent: ({ error, reset }) => <PageProblem error={error} retry={reset} />,
    defaultNotFoundComponent: NotFound,
  })

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createPages>
  }
}
