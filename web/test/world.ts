import { createHmac, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { segmentsOf } from './people-world'
import { ask, change, type Made, post, source, tell, tidings, type World } from './server'
import { bounced, clicked, complained, deliver, delivered, type Mail, notification, record, type Signer, signer, topic } from './sns'
import { runsOf } from './workflow-world'

/** Posts records to a source of Amazon SES, signed, one after the other. */
export async function publish(by: Signer, to: Made, ...records: unknown[]): Promise<void> {
  for (const r of records) {
    const status = await deliver(to.url, notification(by, r))
    if (status !== 200) throw new Error(`a notification was answered ${status}`)
  }
}

/** Makes a source of Amazon SES that trusts the signer alone. */
export const sesSource = (world: World, by: Signer, name: string) =>
  source(world, { name, provider: 'ses', settings: { topics: [topic], signingCertificate: by.certificate } })

/** A sender that signs by Standard Webhooks. */
export interface Hook {
  made: Made
  secret: Buffer
}

export async function hookSource(world: World, name: string): Promise<Hook> {
  const secret = randomBytes(32)
  return { made: await source(world, { name, provider: 'generic', settings: { secrets: [`whsec_${secret.toString('base64')}`] } }), secret }
}

/** Posts events to a source of anything else. */
export async function hook(to: Hook, events: unknown): Promise<void> {
  const [id, at, body] = [randomUUID(), Math.floor(Date.now() / 1000), JSON.stringify(events)]
  const signature = createHmac('sha256', to.secret).update(`${id}.${at}.${body}`).digest('base64')
  const answer = await fetch(to.made.url, {
    method: 'POST', body,
    headers: { 'Content-Type': 'application/json', 'webhook-id': id, 'webhook-timestamp': String(at), 'webhook-signature': `v1,${signature}` },
  })
  if (answer.status !== 200) throw new Error(`a webhook was answered ${answer.status}: ${await answer.text()}`)
}

/** Posts a mail as a mail server's pipe does. */
export async function mailed(to: Made, mail: string): Promise<void> {
  const answer = await fetch(to.url, { method: 'POST', body: mail.replaceAll('\n', '\r\n'), headers: { 'Content-Type': 'message/rfc822' } })
  if (answer.status !== 200) throw new Error(`a mail was answered ${answer.status}: ${await answer.text()}`)
}

export const simulatedTopic = 'arn:aws:sns:eu-west-1:123456789012:simulated-mail'

/** Where the key is that simulated mail is signed with. */
export const simulationKey = (world: World) => join(world.dir, 'simulation.pem')

/** Posts simulated mail of the days before now to a source of its own. The same seed and days give the same mail. */
export async function simulate(world: World, events: number, days: number, seed = 1): Promise<Made> {
  const [key, certificate] = [simulationKey(world), join(world.dir, 'simulation-certificate.pem')]
  await tidings(world, 'simulate', '--key-file', key, '--certificate-out', certificate)
  const made = await source(world, {
    name: 'Production', provider: 'ses', settings: { topics: [simulatedTopic], signingCertificate: await readFile(certificate, 'utf8') },
  })
  const begin = new Date(Date.now() - days * 86_400_000)
  await tidings(world, 'simulate', '--url', made.url, '--key-file', key, '--events', String(events), '--seed', String(seed),
    '--start', `${begin.toISOString().slice(0, 10)}T00:00:00Z`, '--span', `${Math.round(days * 25.3)}h`, '--recipients', String(Math.max(50, Math.round(events / 7))))
  return made
}

const minutesAgo = (n: number) => new Date(Date.now() - n * 60_000)

/** Mail with a story each, whose people the tests know by name. */
export const story = {
  ann: { id: '0102-ann-order', to: ['ann@acme.test'], from: 'Harbour Books <shop@shop.test>', subject: 'Your order 17 is on its way', template: 'shop/shipped', workflow: 'order', tags: { may: 'true', order: '17' } },
  ghost: { id: '0102-ghost-welcome', to: ['ghost@acme.test'], from: 'Harbour Books <hello@app.test>', subject: 'Welcome to Harbour Books', template: 'onboarding/welcome' },
  cross: { id: '0102-cross-letter', to: ['cross@acme.test'], from: 'Harbour Books <news@paper.test>', subject: 'The news of May', template: 'news/weekly' },
  several: { id: '0102-several-notes', to: ['first@several.test', 'second@several.test', 'hidden@bcc.test'], from: 'Harbour Books <hello@app.test>', subject: 'Your trial ends on Friday', template: 'trial/ending' },
} satisfies Record<string, Mail>

export const secretLink = 'https://shop.harbour.test/orders/17?token=ann-secret-token&who=ann'

/** Mail, its fates, and what went wrong, so that every page has something to show. */
export async function fill(world: World, events: number, days: number): Promise<Made> {
  await sendersOf(world)
  const by = await signer(world.dir)
  const [orders, bills, bounces, production] = await Promise.all([
    sesSource(world, by, 'Orders'),
    hookSource(world, 'Billing'),
    source(world, { name: 'Bounces', provider: 'dsn' }),
    simulate(world, events, days),
  ])
  await publish(by, orders,
    record('Send', story.ann, {}, minutesAgo(58)), delivered(story.ann, minutesAgo(57)), clicked(story.ann, secretLink, minutesAgo(20)),
    record('Send', story.ghost, {}, minutesAgo(50)), bounced(story.ghost, minutesAgo(49)),
    delivered(story.cross, minutesAgo(45)), complained(story.cross, minutesAgo(30)),
    delivered(story.several, minutesAgo(40)),
    { eventType: 'Telepathy', mail: { timestamp: minutesAgo(3).toISOString(), messageId: '0102-odd', source: 'hello@app.test', destination: ['odd@acme.test'] } },
    'This is no record of SES.',
  )
  await hook(bills, [{ id: 'bill-1', name: 'delivered', recipient: 'ann@acme.test', occurredAt: minutesAgo(5).toISOString(), message: { id: 'bill-1', subject: 'Your bill of May', from: 'billing@shop.test', template: 'billing/receipt' } }])
  await mailed(bounces, 'From: somebody@acme.test\nTo: bounces@harbour.test\nSubject: Out of office\nDate: ' + minutesAgo(9).toUTCString() + '\n\nI am away until Monday.\n')
  await post(`${world.url}/suppressions`, { address: 'old@partner.test', reason: 'manual', note: 'asked by phone' }, { Authorization: `Bearer ${world.key}` })
  await post(`${world.url}/suppressions`, { address: '*@traps.test', note: 'spam traps' }, { Authorization: `Bearer ${world.key}` })
  await tell(world, '/topics', { name: 'Product news', description: 'What is new, once a month' })
  await tell(world, '/topics', { name: 'Offers', description: 'Books that cost less', subscribedByDefault: false })
  await tell(world, '/contacts', {
    email: story.ann.to[0], externalId: 'reader-17', tags: ['vip', 'beta'], topics: { 'product-news': true, offers: true },
    data: { firstName: 'Ann', locale: 'en-GB', plan: 'team', orders: 17, since: '2026-05-04', newsletter: true, genres: ['sea', 'travel'], shop: { city: 'Kiel', branch: 3 } },
  })
  await tell(world, '/contacts', { email: story.ann.to[0], topics: { offers: false } })
  await tell(world, '/forms', { name: 'News of Harbour Books', topics: ['product-news'], fields: [{ name: 'firstName', label: 'First name' }], origins: ['https://harbour.test'] })
  await templatesOf(world)
  await tell(world, '/erasures', { email: 'forgotten@reader.test', note: 'request 2026-4' })
  await assistant(world, 'remove_suppression', { email: 'old@partner.test' })
  await segmentsOf(world)
  await tell(world, '/keys', { name: 'shop website', kind: 'public' })
  await tell(world, '/keys', { name: 'monitoring', kind: 'secret', scopes: ['stats:read', 'sources:read'] })
  await rulesOf(world)
  await runsOf(world, Math.round(events / 80))
  await workflowsOf(world)
  await written(world)
  return production
}

/** The address of whom an email was sent to that is in the outbox. */
export const reader = 'reader@sending.test'

/** Senders, and emails that were sent, wait and are skipped. */
async function sendersOf(world: World): Promise<void> {
  const privateKey = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })
  await tell(world, '/senders', { name: 'main', kind: 'file', from: { email: 'hello@harbour.test', name: 'Harbour Books' } })
  await tell(world, '/senders', {
    name: 'office', kind: 'smtp', from: { email: 'office@harbour.test', name: 'Harbour Books' }, replyTo: 'help@harbour.test', rate: 14,
    settings: { host: 'mail.harbour.test', port: 465, user: 'office', password: 'a secret of the office', dkim: [{ domain: 'harbour.test', selector: 's1', privateKey }] },
  })
  await tell(world, '/senders', { name: 'newsletter', kind: 'smtp', disabled: true, settings: { preset: 'postmark', user: 'token', password: 'token', stream: 'broadcast' } })
  await tell(world, '/v1/send', {
    to: { email: reader, name: 'Robin Reader' }, subject: 'Your order {{ order }} is on its way', data: { order: 17 }, tags: ['orders'],
    body: '<h1>It is on its way</h1><p>Your order {{ order }} left the harbour today. <a href="https://shop.harbour.test/orders/17">See where it is</a>.</p><img src="https://cdn.harbour.test/ship.png" width="320" alt="A ship">',
    attachments: [{ filename: 'invoice-17.pdf', contentType: 'application/pdf', content: 'JVBERi0xLjQK' }],
  })
  await tell(world, '/v1/send', { to: 'later@sending.test', subject: 'Your trial ends', body: '<p>On Friday.</p>', scheduledFor: new Date(Date.now() + 20 * 86_400_000).toISOString() })
}

/** Waits until so many emails are in the outbox. */
export async function written(world: World, emails = 1): Promise<void> {
  for (const until = Date.now() + 40_000; Date.now() < until;) {
    if ((await ask<{ mails: unknown[] }>(world, '/outbox')).mails.length >= emails) return
    await new Promise((done) => setTimeout(done, 200))
  }
  throw new Error('the emails were not written into the outbox')
}

/** The template that every world has, in two versions. */
export const kept = 'shop/shipped'

async function templatesOf(world: World): Promise<void> {
  await change(world, '/brand', { name: 'Harbour Books', color: '#1d5fb4' })
  const body = `<!doctype html>
<html lang="en">
<head>
<style>
  body { margin: 0; padding: 24px; background: #f4f5f7; color: #16181d; font: 16px/1.55 sans-serif; }
  .panel { max-width: 560px; margin: 0 auto; padding: 32px; background: #fff; border-radius: 12px; }
  .button { padding: 12px 20px; border-radius: 8px; background: #1d5fb4; color: #fff; text-decoration: none; }
  @media (prefers-color-scheme: dark) { body { background: #101216 !important; color: #eceef2 !important; } .panel { background: #1a1d23 !important; } }
</style>
</head>
<body>
<div class="panel">
<h1>It is on its way</h1>
<p>Hi {{ firstName | default: "there" }}, your books left Kiel this morning.</p>
<p><a class="button" href="https://shop.harbour.test/orders/{{ order }}">Follow them</a></p>
<p><img src="https://shop.harbour.test/van.png" width="240" alt="A van by the sea"></p>
</div>
</body>
</html>
`
  const made = await tell<{ id: string }>(world, '/templates', {
    key: kept, name: 'Shipped', description: 'Once a parcel left', subject: 'Your order is on its way', body, type: 'TRANSACTIONAL', from: 'shop@shop.test', fromName: 'Harbour Books',
  })
  await change(world, `/templates/${made.id}`, { subject: 'Your order {{ order }} is on its way', body: body.replace('It is on its way', 'Your books are on their way') })
  await tell(world, '/templates', {
    key: 'onboarding/welcome', name: 'Welcome', subject: 'Welcome, {{ firstName | default: "and hello" }}', type: 'MARKETING',
    body: '<p>Hi {{ firstName | default: "there" }}</p>\n<p><a href="{{ unsubscribeUrl }}">Unsubscribe</a></p>\n',
  })
}

/** Rules that nothing in the world makes act, and broadcasts that nobody gets. */
async function rulesOf(world: World): Promise<void> {
  await tell(world, '/rules', { rule: 'name: Welcome\ndescription: Greets new accounts\non:\n  event: account.created\ndo:\n- send: {template: onboarding/welcome, delay: 2h}\n- subscribe: {tags: [customer]}\n' })
  await tell(world, '/rules', { rule: 'name: Who bounces\ndisabled: true\non:\n  event: email.bounce\n  class: hard\ndo:\n- unsubscribe: {}\n' })
  const later = await tell<{ data: { id: string } }>(world, '/campaigns', { name: 'News of December', template: 'onboarding/welcome', audienceType: 'ALL', topic: 'product-news' })
  await tell(world, `/campaigns/${later.data.id}/send`, { scheduledFor: new Date(Date.now() + 25 * 86_400_000).toISOString() })
  await tell(world, '/campaigns', {
    name: 'Books of the sea', description: 'To those who asked for it', template: 'onboarding/welcome', subject: 'Books of the sea, {{ firstName | default: "dear reader" }}', from: 'news@harbour.test', fromName: 'Harbour Books',
    audienceType: 'FILTERED', tags: ['vip'], throttlePerMinute: 600, localTime: '09:00', timeZone: 'Europe/Berlin',
  })
}

/** A workflow with people who wait in it: nothing in the world makes it mail them. */
async function workflowsOf(world: World): Promise<void> {
  const text = `workflow: onboarding
name: Onboarding
description: Greets new accounts, and asks again
trigger: account.created
exitOn: [account.deleted]
timeout: 60d
steps:
- {id: pause, wait: 2d}
- {id: welcome, send: onboarding/welcome}
- id: read
  if: {opened: onboarding/welcome, run: true}
  then:
  - {id: reader, update: {tags: [reader]}}
  else:
  - {id: again, send: {variants: [{name: a, template: onboarding/welcome}, {name: b, template: shop/shipped, weight: 2}]}}
- id: order
  waitFor: {event: order.paid, timeout: 5d}
  then:
  - id: plan
    choice:
      field: data.plan
      branches:
      - {value: team, steps: [{id: shipped, send: shop/shipped}]}
      - {value: free}
  else:
  - {id: hook, webhook: "https://crm.harbour.test/lost", else: []}
  - {id: bye, exit: no order}
- {id: customer, update: {tags: [customer], attributes: {greeted: true}}}
`
  const made = await tell<{ id: string }>(world, '/workflows', { text, enabled: true })
  await Promise.all(Array.from({ length: 7 }, (_, i) => tell(world, `/workflows/${made.id}/executions`, { contactId: `person${i + 1}@customers.test` })))
  await tell(world, '/workflows', { text: 'workflow: monthly\nname: Monthly digest\ntrigger: {schedule: {segment: guests-of-the-spring-fair, at: "09:00", dates: [1]}}\nreentry: parallel\nsteps:\n- send: shop/shipped\n' })
}

/** Calls a tool as an AI assistant's program does, and returns its structured content. */
export async function assistant(world: World, tool: string, args: Record<string, unknown>): Promise<Record<string, unknown>> {
  const answer = await fetch(`${world.url}/mcp`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${world.key}`, 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: args } }),
  })
  const text = await answer.text()
  const data = text.split('\n').find((line) => line.startsWith('data: '))?.slice('data: '.length) ?? text
  const { result, error } = JSON.parse(data) as { result?: { structuredContent?: Record<string, unknown> }; error?: unknown }
  if (!result?.structuredContent) throw new Error(`${tool} answered ${answer.status}: ${text} ${JSON.stringify(error)}`)
  return result.structuredContent
}

/** Writes a file for the browser to choose. */
export async function file(world: World, name: string, text: string): Promise<string> {
  const path = join(world.dir, name)
  await writeFile(path, text)
  return path
}
