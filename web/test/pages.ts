import { paid, segmentNames } from './people-world'
import { ask, type World } from './server'
import { busy } from './workflow-world'
import { kept, reader, story } from './world'

/** Every page, by a name for a file, with its path below /ui. */
export type Places = Record<string, string>

interface Row {
  id: string
}

/** The places of all pages, with the ids that this world's things have. */
export async function places(world: World): Promise<Places> {
  const [contact, told, message, several, events, sources, receipts, segments, sends, senders, outbox, template, rules, broadcasts, waiting, broken] = await Promise.all([
    ask<Row>(world, `/contacts/${story.ghost.to[0]}`),
    ask<Row>(world, `/contacts/${story.ann.to[0]}`),
    ask<{ messages: Row[] }>(world, `/messages/${story.ann.id}`),
    ask<{ messages: Row[] }>(world, `/messages/${story.several.id}`),
    ask<{ events: Row[] }>(world, `/events?contact=${story.ann.to[0]}&name=email.click`),
    ask<{ sources: (Row & { name: string })[] }>(world, '/sources'),
    ask<{ receipts: Row[] }>(world, '/receipts?problem=any'),
    ask<(Row & { name: string })[]>(world, '/segments'),
    ask<{ sends: Row[] }>(world, `/sends?contact=${reader}`),
    ask<{ senders: (Row & { name: string })[] }>(world, '/senders'),
    ask<{ mails: Row[] }>(world, `/outbox?search=${reader}`),
    ask<Row>(world, `/templates/${encodeURIComponent(kept)}`),
    ask<{ rules: Row[] }>(world, '/rules'),
    ask<{ data: Row[] }>(world, '/campaigns?status=DRAFT'),
    ask<{ executions: (Row & { contactId: string })[] }>(world, `/executions?workflow=${busy}&status=WAITING`),
    ask<{ executions: Row[] }>(world, `/executions?workflow=${busy}&status=FAILED`),
  ])
  const first = (rows: Row[]) => rows[0]?.id ?? ''
  const production = sources.sources.find((s) => s.name === 'Production')?.id ?? ''
  const segment = (name: string) => segments.find((s) => s.name === name)?.id ?? ''
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
    segments: '/segments',
    segment: `/segments/${segment(segmentNames.tracked)}`,
    'segment-moves': `/segments/${segment(segmentNames.tracked)}?tab=moves`,
    'segment-why': `/segments/${segment(segmentNames.nested)}?tab=why&contact=person2@customers.test`,
    'segment-by-hand': `/segments/${segment(segmentNames.byHand)}`,
    'segment-new': '/segments/new',
    'segment-edit': `/segments/${segment(segmentNames.nested)}/edit`,
    'segment-json': `/segments/${segment(segmentNames.nested)}/edit?view=json`,
    'custom-events': '/events/custom',
    'custom-event': `/events/custom/${paid}`,
    'contact-consent': `/contacts/${told.id}?tab=consent`,
    'contacts-import': '/contacts/import',
    topics: '/topics',
    forms: '/forms',
    erasures: '/erasures',
    templates: '/templates/',
    'templates-performance': '/templates/?tab=performance',
    template: `/templates/${story.ann.template}`,
    'template-new': '/template/new',
    'template-edit': `/template/${template.id}`,
    'template-versions': `/template/${template.id}?tab=versions`,
    domains: '/domains',
    'domains-senders': '/domains?by=senderDomain',
    broadcasts: '/broadcasts',
    broadcast: `/broadcasts/${first(broadcasts.data)}`,
    'broadcast-edit': `/broadcasts/${first(broadcasts.data)}/edit`,
    runs: `/workflows/${busy}?tab=runs`,
    'runs-failed': `/workflows/${busy}?tab=runs&status=failed`,
    run: `/runs/${first(waiting.executions)}`,
    'run-failed': `/runs/${first(broken.executions)}`,
    'workflow-versions': `/workflows/${busy}?tab=versions`,
    'workflow-trial': `/workflows/${busy}?tab=trial&days=30`,
    'contact-workflows': `/contacts/${waiting.executions[0]?.contactId}?tab=workflows`,
    rules: '/rules',
    rule: `/rules/${first(rules.rules)}`,
    'rule-acts': `/rules/${first(rules.rules)}?tab=acts`,
    'rule-new': '/rules/new',
    sends: '/sends',
    send: `/sends/${first(sends.sends)}`,
    'send-new': '/sends/new',
    senders: '/senders',
    sender: `/senders/${senders.senders.find((s) => s.name === 'office')?.id}`,
    'sender-new': '/senders/new',
    'sender-settings': '/senders/new?way=smtp',
    outbox: '/outbox',
    'outbox-mail': `/outbox/${first(outbox.mails)}`,
    'outbox-headers': `/outbox/${first(outbox.mails)}?tab=headers`,
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
