import { ask, type World } from './server'
import { story } from './world'

/** Every page, by a name for a file, with its path below /ui. */
export type Places = Record<string, string>

interface Row {
  id: string
}

/** The places of all pages, with the ids that this world's things have. */
export async function places(world: World): Promise<Places> {
  const [contact, message, several, events, sources, receipts] = await Promise.all([
    ask<Row>(world, `/contacts/${story.ghost.to[0]}`),
    ask<{ messages: Row[] }>(world, `/messages/${story.ann.id}`),
    ask<{ messages: Row[] }>(world, `/messages/${story.several.id}`),
    ask<{ events: Row[] }>(world, `/events?contact=${story.ann.to[0]}&name=email.click`),
    ask<{ sources: (Row & { name: string })[] }>(world, '/sources'),
    ask<{ receipts: Row[] }>(world, '/receipts?problem=any'),
  ])
  const first = (rows: Row[]) => rows[0]?.id ?? ''
  const production = sources.sources.find((s) => s.name === 'Production')?.id ?? ''
  return {
    overview: '/',
    live: '/live',
    events: '/events',
    event: `/events/${first(events.events)}`,
    messages: '/messages',
    message: `/messages/${first(message.messages)}`,
    'message-several': `/messages/${story.several.id}`,
    contacts: '/contacts',
    contact: `/contacts/${contact.id}`,
    templates: '/templates/',
    template: `/templates/${story.ann.template}`,
    domains: '/domains',
    'domains-senders': '/domains?by=senderDomain',
    sources: '/sources',
    'source-new': '/sources/new',
    'source-settings': '/sources/new?provider=ses',
    'source-connect': `/sources/new?provider=ses&source=${production}`,
    source: `/sources/${production}`,
    'source-tab-settings': `/sources/${production}?tab=settings`,
    'source-tab-events': `/sources/${production}?tab=events`,
    'source-tab-receipts': `/sources/${production}?tab=receipts`,
    receipts: '/receipts',
    'receipts-replays': '/receipts?tab=replays',
    receipt: `/receipts/${first(receipts.receipts)}`,
    suppressions: '/suppressions',
    'suppressions-patterns': '/suppressions?tab=patterns',
    'suppressions-import': '/suppressions?tab=import',
    approvals: '/approvals',
    keys: '/keys',
    audit: '/audit',
    settings: '/settings',
    'not-found': '/nowhere',
    part: `/messages/${first(several.messages)}`,
  }
}
