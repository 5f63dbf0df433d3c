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
    path: '/events/custom/',
    validateSearch: (s: Search) => ({ ...spanOf(s), ...texts('find')(s) }),
    component: lazyRouteComponent(() => import('./pages/custom-events'), 'CustomEvents'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/events/custom/$',
    validateSearch: (s: Search) => spanOf(s),
    component: lazyRouteComponent(() => import('./pages/custom-event'), 'CustomEvent'),
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
    path: '/contacts/import',
    component: lazyRouteComponent(() => import('./pages/contacts-import'), 'ContactsImport'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/contacts/$id',
    validateSearch: texts('name', 'tab'),
    component: lazyRouteComponent(() => import('./pages/contact'), 'ContactPage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/segments',
    validateSearch: texts('find'),
    component: lazyRouteComponent(() => import('./pages/segments'), 'Segments'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/segments/new',
    validateSearch: texts('from', 'event', 'view'),
    component: lazyRouteComponent(() => import('./pages/segment-edit'), 'NewSegment'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/segments/$id',
    validateSearch: texts('tab', 'find', 'contact'),
    component: lazyRouteComponent(() => import('./pages/segment'), 'SegmentPage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/segments/$id/edit',
    validateSearch: texts('view'),
    component: lazyRouteComponent(() => import('./pages/segment-edit'), 'EditSegment'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/topics',
    component: lazyRouteComponent(() => import('./pages/topics'), 'Topics'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/forms',
    component: lazyRouteComponent(() => import('./pages/forms'), 'Forms'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/exports',
    component: lazyRouteComponent(() => import('./pages/exports'), 'Exports'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/erasures',
    component: lazyRouteComponent(() => import('./pages/erasures'), 'Erasures'),
  }),
  // The slash at the end keeps the list apart from a template whose name is empty.
  createRoute({
    getParentRoute: () => inside,
    path: '/templates/',
    validateSearch: (s: Search) => ({ ...spanOf(s), ...texts('sort', 'find', 'tab', 'type')(s) }),
    component: lazyRouteComponent(() => import('./pages/templates'), 'Templates'),
  }),
  // Apart from /templates/$, where a name of events may be anything.
  createRoute({
    getParentRoute: () => inside,
    path: '/template/new',
    validateSearch: texts('layout', 'from', 'key'),
    component: lazyRouteComponent(() => import('./pages/template-edit'), 'NewTemplate'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/template/$id',
    validateSearch: texts('tab', 'version', 'against'),
    component: lazyRouteComponent(() => import('./pages/template-edit'), 'EditTemplate'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/templates/$',
    validateSearch: (s: Search) => spanOf(s),
    component: lazyRouteComponent(() => import('./pages/template'), 'TemplatePage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/broadcasts',
    validateSearch: texts('status'),
    component: lazyRouteComponent(() => import('./pages/broadcasts'), 'Broadcasts'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/broadcasts/new',
    validateSearch: texts('template', 'segment', 'from'),
    component: lazyRouteComponent(() => import('./pages/broadcast-edit'), 'NewBroadcast'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/broadcasts/$id',
    component: lazyRouteComponent(() => import('./pages/broadcast'), 'BroadcastPage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/broadcasts/$id/edit',
    component: lazyRouteComponent(() => import('./pages/broadcast-edit'), 'EditBroadcast'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/workflows',
    validateSearch: texts('find'),
    component: lazyRouteComponent(() => import('./pages/workflows'), 'Workflows'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/workflows/new',
    validateSearch: texts('starter', 'tab', 'view', 'days'),
    component: lazyRouteComponent(() => import('./pages/workflow-edit'), 'NewWorkflow'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/workflows/$id',
    validateSearch: texts('tab', 'step', 'view', 'of', 'status', 'contact', 'version', 'against', 'days'),
    component: lazyRouteComponent(() => import('./pages/workflow'), 'WorkflowPage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/workflows/$id/edit',
    validateSearch: texts('tab', 'view', 'days'),
    component: lazyRouteComponent(() => import('./pages/workflow-edit'), 'EditWorkflow'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/rules',
    component: lazyRouteComponent(() => import('./pages/rules'), 'Rules'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/rules/new',
    validateSearch: texts('example', 'from'),
    component: lazyRouteComponent(() => import('./pages/rule'), 'NewRule'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/rules/$id',
    validateSearch: texts('tab'),
    component: lazyRouteComponent(() => import('./pages/rule'), 'RulePage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/runs/$id',
    component: lazyRouteComponent(() => import('./pages/run'), 'RunPage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/sends',
    validateSearch: texts('status', 'contact', 'origin', 'broadcast'),
    component: lazyRouteComponent(() => import('./pages/sends'), 'Sends'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/sends/new',
    validateSearch: texts('to', 'template'),
    component: lazyRouteComponent(() => import('./pages/send-new'), 'NewSend'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/sends/$id',
    component: lazyRouteComponent(() => import('./pages/send'), 'SendPage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/senders',
    component: lazyRouteComponent(() => import('./pages/senders'), 'Senders'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/senders/new',
    validateSearch: texts('way'),
    component: lazyRouteComponent(() => import('./pages/sender-new'), 'NewSender'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/senders/$id',
    component: lazyRouteComponent(() => import('./pages/sender'), 'SenderPage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/outbox',
    validateSearch: texts('search'),
    component: lazyRouteComponent(() => import('./pages/outbox'), 'Outbox'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/outbox/$id',
    validateSearch: texts('tab'),
    component: lazyRouteComponent(() => import('./pages/outbox-mail'), 'OutboxMailPage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/endpoints',
    component: lazyRouteComponent(() => import('./pages/endpoints'), 'Endpoints'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/endpoints/new',
    component: lazyRouteComponent(() => import('./pages/endpoint-edit'), 'NewEndpoint'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/endpoints/$id',
    validateSearch: texts('tab', 'state'),
    component: lazyRouteComponent(() => import('./pages/endpoint'), 'EndpointPage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/endpoints/$id/edit',
    component: lazyRouteComponent(() => import('./pages/endpoint-edit'), 'EditEndpoint'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/dispatches',
    validateSearch: texts('state', 'endpoint'),
    component: lazyRouteComponent(() => import('./pages/dispatches'), 'Dispatches'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/dispatches/$id',
    component: lazyRouteComponent(() => import('./pages/dispatch'), 'DispatchPage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/domains',
    validateSearch: (s: Search) => ({ ...spanOf(s), ...texts('by', 'domain', 'sort')(s) }),
    component: lazyRouteComponent(() => import('./pages/domains'), 'Domains'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/alerts',
    validateSearch: texts('tab'),
    component: lazyRouteComponent(() => import('./pages/alerts'), 'Alerts'),
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
