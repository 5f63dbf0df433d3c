import { createSign, generateKeyPairSync } from 'node:crypto'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { context, follow, open, settled, watch, type Watched } from './browser'
import { ask, signIn, source, start, stop, tell, type World } from './server'
import { bounced, clicked, complained, delivered, type Mail, record, signer } from './sns'
import { hook, hookSource, mailed, publish, sesSource } from './world'

/** A text that does something wherever it is taken for anything but text. */
const hostile = (where: string) =>
  `${seen(where)}</title></textarea></script><script class=hostile>window.ran='${where}'</script>\${7*7}<svg/onload=ran=1>\u202egpj.exe`

/** The part of it that has to be seen. */
const seen = (where: string) => `${where} <img class=hostile src=x onerror="window.ran='${where}'">{{7*7}}`

/** For names, which have 100 letters at most. */
const brief = (where: string) => `${where}<img class=hostile src=x onerror=ran=1></script><script>ran=1</script>{{7*7}}`

const links = [
  'javascript:window.ran=1//https://shop.test/', 'JaVaScRiPt:window.ran=1', 'data:text/html,<script>window.ran=1</script>', 'vbscript:msgbox(1)',
  'https://shop.test/"><img class=hostile src=x onerror=ran=1>?q="><script class=hostile>ran=1</script>',
]

const long = 'w'.repeat(5000)
const minutesAgo = (n: number) => new Date(Date.now() - n * 60_000)

let world: World
let window: BrowserContext | undefined
let watched: Watched
let page: Page

const mail: Mail = {
  id: `hostile-<img/src=x/onerror=ran=1>`, to: ['victim@acme.test'], subject: hostile('subject'), from: '"<img class=hostile src=x onerror=ran=1>" <from@evil.test>',
  template: hostile('template'), workflow: hostile('workflow'), tags: { [hostile('tag')]: 'true', meta: hostile('metadata'), [hostile('key')]: 'value' },
}

/** Signs as SendGrid does: ECDSA over timestamp and body. */
async function sendgrid(events: unknown[]): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const made = await source(world, {
    name: brief('source'), provider: 'sendgrid', settings: { secrets: [publicKey.export({ type: 'spki', format: 'der' }).toString('base64')] },
  })
  const [at, body] = [String(Math.floor(Date.now() / 1000)), JSON.stringify(events)]
  const answer = await fetch(made.url, {
    method: 'POST', body,
    headers: {
      'Content-Type': 'application/json', 'X-Twilio-Email-Event-Webhook-Timestamp': at,
      'X-Twilio-Email-Event-Webhook-Signature': createSign('SHA256').update(at + body).sign(privateKey, 'base64'),
    },
  })
  if (answer.status !== 200) throw new Error(`SendGrid's events were answered ${answer.status}: ${await answer.text()}`)
}

const report = `From: MAILER-DAEMON@mx.test
To: bounces@send.test
Subject: ${hostile('report').replaceAll('\u202e', '')}
Date: ${minutesAgo(4).toUTCString()}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It did not go.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; <img src=x onerror=ran=1>.mx.test
Arrival-Date: ${minutesAgo(5).toUTCString()}

Final-Recipient: rfc822; dsn@acme.test
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 ${hostile('report').replaceAll('\u202e', '')}

--b
Content-Type: message/rfc822

From: app@send.test
To: dsn@acme.test
Subject: ${hostile('returned').replaceAll('\u202e', '')}
Message-ID: <dsn-1@send.test>

hello
--b--
`

beforeAll(async () => {
  // No name holds a blank; all else is allowed.
  world = await signIn(await start(), '<img/src=x/onerror=ran=1>')
  const by = await signer(world.dir)
  const ses = await sesSource(world, by, brief('ses'))
  await publish(by, ses,
    record('Send', mail, {}, minutesAgo(30)), delivered(mail, minutesAgo(29)), ...links.map((link, i) => clicked(mail, link, minutesAgo(20 - i), hostile('agent'))),
    bounced({ ...mail, id: 'hostile-bounce', to: ['bounced@acme.test'] }, minutesAgo(10), hostile('diagnostic')),
    complained({ ...mail, id: 'hostile-complaint', to: ['cross@acme.test'] }, minutesAgo(9), hostile('feedback'), hostile('loop')),
    record('Rendering Failure', { ...mail, id: 'hostile-failure' }, {}, minutesAgo(8)),
    { eventType: hostile('word'), mail: { timestamp: minutesAgo(7).toISOString(), messageId: 'hostile-word', source: 'a@evil.test', destination: ['victim@acme.test'] } },
    `<html><body>${hostile('body')}</body></html>`,
  )
  const generic = await hookSource(world, brief('generic'))
  const base = { recipient: '"<img/src=x/onerror=ran=1>"@acme.test', message: { id: 'generic-1', subject: `nul \u0000 ${hostile('nul')}`, from: `${hostile('from')} <x@evil.test>`, tags: [hostile('tag'), long], metadata: { [hostile('key')]: hostile('value'), long }, template: long } }
  await hook(generic, [
    { ...base, id: 'g1', name: 'delivered', occurredAt: minutesAgo(6).toISOString(), delivery: { smtpResponse: hostile('response'), reportingMta: hostile('mta') } },
    { ...base, id: 'g2', name: 'open', occurredAt: minutesAgo(5).toISOString(), client: { ip: '203.0.113.9', userAgent: hostile('agent'), os: hostile('os'), app: hostile('app') }, automation: { verdict: 'machine', signals: [hostile('signal')] } },
    { ...base, id: 'g3', name: 'unsubscribe', occurredAt: minutesAgo(4).toISOString(), subscription: { list: hostile('list'), topics: [hostile('topic')], origin: hostile('origin') } },
    { ...base, id: 'g4', name: 'delayed', occurredAt: minutesAgo(3).toISOString(), delay: { diagnostic: hostile('delay') }, data: { [hostile('field')]: hostile('data'), href: 'javascript:ran=1' } },
    { ...base, id: 'g5', name: 'failed', occurredAt: minutesAgo(2).toISOString(), failure: { detail: hostile('detail') } },
    { ...base, id: 'g6', name: hostile('name'), recipient: 'victim@acme.test', occurredAt: minutesAgo(2).toISOString() },
    { id: 'g7', name: 'delivered', recipient: hostile('nobody') },
  ])
  await sendgrid([
    { email: 'victim@acme.test', event: 'bounce', timestamp: Math.floor(Date.now() / 1000) - 60, sg_event_id: 'sg-1', sg_message_id: 'sg-1.filter1', reason: hostile('reason'), type: 'bounce', status: '5.1.1', category: [hostile('category')], [hostile('argument')]: hostile('value') },
    { email: 'victim@acme.test', event: 'click', timestamp: Math.floor(Date.now() / 1000) - 50, sg_event_id: 'sg-2', sg_message_id: 'sg-1.filter1', url: links[0], useragent: hostile('agent'), ip: '203.0.113.10' },
  ])
  await mailed(await source(world, { name: brief('dsn'), provider: 'dsn' }), report)
  await tell(world, '/suppressions', { address: 'noted@acme.test', reason: 'manual', note: hostile('note') })
  await tell(world, '/suppressions', { address: '*@traps.test', note: hostile('pattern') })
  await tell(world, '/suppressions/noted@acme.test/lift', { note: hostile('lifted') })
  await tell(world, '/keys', { name: brief('key'), kind: 'secret' })
  window = await context(world)
  watched = watch(await window.newPage())
  page = watched.page
})

afterAll(async () => {
  await window?.close()
  if (world) await stop(world)
})

/** The words after which hostile text was seen as text, on any page. */
const told = new Set<string>()

/** Nothing of what came from outside is anything but text. */
async function harmless(at: string): Promise<void> {
  const found = await page.evaluate(() => ({
    ran: (globalThis as { ran?: unknown }).ran,
    elements: [...document.querySelectorAll('.hostile, [onerror], [onload], iframe, object, embed, script:not([src]), img:not([src="/ui/icon.svg"])')].map((e) => e.outerHTML.slice(0, 200)),
    links: [...document.querySelectorAll<HTMLAnchorElement>('a[href]')].filter((a) => a.origin !== location.origin).map((a) => a.href),
  }))
  expect.soft(found, at).toEqual({ ran: undefined, elements: [], links: [] })
  expect.soft(watched.faults.splice(0), at).toEqual([])
  const text = await page.locator('body').innerText()
  for (const [, where] of text.matchAll(/(\w+) ?<img class=hostile src=x onerror=/g)) if (where) told.add(where)
}

/** Opens a page and everything on it that is shown only when it is asked for. */
async function look(path: string, go: (path: string) => Promise<void> = (to) => open(page, world, to)): Promise<void> {
  await go(path)
  await harmless(path)
  for (const name of ['Show the query of this address', 'Show what the provider sent', 'Show what came']) {
    const button = page.getByRole('button', { name })
    for (let left = await button.count(); left > 0; left--) await button.first().click()
    if (name.startsWith('Show what') && (await page.getByText(name).count()) === 0) await settled(page)
  }
  await harmless(`${path}, with everything shown`)
}

interface Row {
  id: string
}

const each = (prefix: string, rows: Row[], suffix = '') => rows.map((r) => `${prefix}/${encodeURIComponent(r.id)}${suffix}`)

test('hostile text is text on the page of every event, message, contact, receipt and source', async () => {
  const [events, messages, receipts, sources, contacts] = await Promise.all([
    ask<{ events: Row[] }>(world, '/events?limit=100'),
    ask<{ messages: Row[] }>(world, '/messages?limit=100'),
    ask<{ receipts: Row[] }>(world, '/receipts?limit=100'),
    ask<{ sources: Row[] }>(world, '/sources'),
    ask<{ data: Row[] }>(world, '/contacts'),
  ])
  const paths = [
    ...each('/events', events.events), ...each('/messages', messages.messages), ...each('/contacts', contacts.data), ...each('/receipts', receipts.receipts),
    ...each('/sources', sources.sources), ...each('/sources', sources.sources.slice(0, 1), '?tab=settings'),
    `/sources/new?provider=ses&source=${sources.sources[0]?.id}`,
  ]
  await open(page, world, '/')
  for (const path of paths) await look(path, (to) => follow(page, to))
})

test('hostile text is text in every list', async () => {
  const template = encodeURIComponent(hostile('template'))
  for (const path of [
    '/', '/events', '/messages', '/contacts', '/templates/', `/templates/${template}`, '/domains', '/domains?by=senderDomain', '/sources', '/receipts', '/receipts?tab=replays',
    '/suppressions', '/suppressions?active=all', '/suppressions?tab=patterns', '/keys', '/audit', '/settings',
  ]) await look(path)
})

test('what stands in the address is text too, and leads nowhere else', async () => {
  watched.allowed.add(400).add(404).add(422)
  const text = encodeURIComponent(hostile('address'))
  for (const path of [
    `/contacts?search=${text}`, `/contacts/${text}`, `/messages/${text}`, `/events/${text}`, `/receipts/${text}`, `/sources/${text}`, `/sources/new?provider=${text}`,
    `/templates/${text}`, `/events?template=${text}&tag=${text}`, `/suppressions?contact=${text}`, `/audit?by=${text}&operation=${text}`, `/receipts?problem=${text}`, `/nowhere/${text}`,
    `/live?template=${text}`, `/domains?domain=${text}`,
    '/?from=2026-99-99&to=2026-99-99', `/contacts?search=${text}&search=b&search[c]=d`, '/events?from=never&to=1',
  ]) await look(path)
  watched.allowed.clear()
  const visitor = await context(undefined)
  const other = watch(await visitor.newPage())
  for (const next of ['javascript:window.ran=1', '//evil.test/', 'https://evil.test/', '/\\evil.test', '/\t/evil.test', '/ui//evil.test', '/ui/../../evil']) {
    await other.page.goto(`${world.url}/ui/sign-in?next=${encodeURIComponent(next)}`)
    await settled(other.page)
    await other.page.getByLabel('Name').fill(world.name)
    await other.page.getByLabel('Password').fill(world.password)
    await other.page.getByRole('button', { name: 'Sign in' }).click()
    await other.page.getByRole('button', { name: 'Sign out' }).or(other.page.getByText('There is no such page')).waitFor()
    expect(new URL(other.page.url()).origin, next).toBe(world.url)
    expect(await other.page.evaluate(() => (globalThis as { ran?: unknown }).ran), next).toBeUndefined()
    await visitor.clearCookies()
  }
  await visitor.close()
})

test('hostile text is text in windows over the page, in hints and in what is told of an act', async () => {
  const dialog = page.locator('[role=dialog], [role=alertdialog]')
  const close = async () => {
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
  }
  await open(page, world, '/events')
  await page.getByRole('row').filter({ hasText: 'Clicked' }).first().getByRole('cell').nth(1).click()
  await dialog.getByRole('button', { name: 'Show what the provider sent' }).click()
  await dialog.locator('pre').waitFor()
  await harmless('the window of an event')
  await close()
  await page.getByLabel('judged machine').first().hover()
  await page.getByRole('tooltip').waitFor()
  await harmless('a hint')

  await open(page, world, '/suppressions?active=all')
  await page.getByRole('row').filter({ hasText: 'lifted' }).first().getByRole('cell').nth(3).click()
  await dialog.waitFor()
  await harmless('the window of a suppression')
  await close()

  await open(page, world, '/audit')
  for (const act of ['note', 'lifted', 'source', 'key']) {
    await page.getByRole('row').filter({ hasText: act }).first().getByRole('cell').nth(3).click()
    await dialog.waitFor()
    await harmless(`the window of the act ${act}`)
    await close()
  }

  await open(page, world, '/keys')
  await page.getByRole('row').filter({ hasText: 'key<img' }).getByRole('button', { name: 'Revoke' }).click()
  await harmless('the question before a key is revoked')
  await page.getByRole('button', { name: 'Revoke it' }).click()
  await page.getByText('is revoked.').waitFor()
  await harmless('what is told of a key')

  await open(page, world, '/sources')
  await page.getByRole('link', { name: 'generic<img' }).first().click()
  await page.getByRole('button', { name: 'New URL' }).click()
  await harmless('the window of a new URL')
  await close()
  await page.getByRole('button', { name: 'Switch off' }).click()
  await harmless('the question before a source is switched off')
  await page.getByRole('button', { name: 'Switch it off' }).click()
  await page.getByText('is switched off.').waitFor()
  await harmless('what is told of a source')

  await open(page, world, '/suppressions?tab=import')
  const list = `address,reason,${brief('column')}\n${brief('line')},manual,x\nok@list.test,${brief('reason')},x\n`
  await page.getByLabel('A file with the list').setInputFiles({ name: `${brief('file')}.csv`, mimeType: 'text/csv', buffer: Buffer.from(list) })
  await page.getByRole('button', { name: 'Check it, change nothing' }).click()
  await page.getByText('Would be added').waitFor()
  await harmless('the report of an import')
})

test('hostile text is text in the live feed', async () => {
  const by = await signer(world.dir)
  const made = await sesSource(world, by, brief('live'))
  await open(page, world, '/live')
  await page.getByText('Connected').waitFor()
  await publish(by, made, clicked({ ...mail, id: 'hostile-live', subject: hostile('lively') }, links[4] ?? '', new Date(), hostile('agent')))
  await page.getByRole('row').filter({ hasText: seen('lively') }).waitFor()
  await harmless('the live feed')
})

test('all that was sent was seen as text somewhere', () => {
  const sent = [
    'subject', 'template', 'workflow', 'tag', 'metadata', 'key', 'agent', 'diagnostic', 'word', 'body', 'nul', 'value', 'response', 'os', 'app', 'signal', 'list', 'origin', 'delay',
    'field', 'data', 'detail', 'name', 'nobody', 'reason', 'category', 'argument', 'report', 'returned', 'note', 'pattern', 'lifted', 'ses', 'generic', 'source', 'dsn', 'address', 'file', 'column', 'lively',
  ]
  expect(sent.filter((where) => !told.has(where))).toEqual([])
})

test('this suite sees it where a hostile text becomes an element', async () => {
  await open(page, world, '/settings')
  const became = await page.evaluate((text) => {
    const place = document.createElement('div')
    place.innerHTML = text
    document.body.append(place)
    return place.querySelectorAll('.hostile').length
  }, hostile('proof'))
  expect(became).toBe(2)
  // And the policy of the pages keeps it from running.
  await expect.poll(() => watched.faults.filter((f) => f.includes('Content Security Policy')).length).toBeGreaterThan(0)
  expect(await page.evaluate(() => (globalThis as { ran?: unknown }).ran)).toBeUndefined()
  watched.faults.splice(0)
})

test('no answer of the API is a page, and none may be taken for one', async () => {
  const [events, receipts] = await Promise.all([ask<{ events: Row[] }>(world, '/events?limit=100'), ask<{ receipts: Row[] }>(world, '/receipts?limit=100')])
  const paths = [
    ...each('/events', events.events, '/raw'), ...each('/receipts', receipts.receipts, '/raw'), ...each('/receipts', receipts.receipts.slice(0, 2)),
    '/events', '/contacts', '/suppressions/export?format=csv', '/suppressions/export?format=jsonl', '/audit', '/openapi.json', '/messages', '/keys',
    '/contacts/%3Cscript%3Eran%3D1%3C%2Fscript%3E', '/%3Cscript%3Eran%3D1%3C%2Fscript%3E', '/events?name=%3Cscript%3E&limit=%3Cscript%3E', '/in/ses/%3Cscript%3E',
  ]
  for (const path of paths) {
    const answer = await fetch(world.url + path, { headers: { Cookie: world.cookie, Accept: 'text/html' } })
    await answer.arrayBuffer()
    expect.soft(answer.headers.get('Content-Type') ?? '', path).not.toMatch(/html|xml|svg|javascript/)
    expect.soft(answer.headers.get('Content-Type'), path).not.toBeNull()
    expect.soft(answer.headers.get('X-Content-Type-Options'), path).toBe('nosniff')
  }
  // As a browser takes it that is sent there.
  watched.allowed.add(404)
  for (const path of each('/receipts', receipts.receipts, '/raw')) {
    const download = page.waitForEvent('download').catch(() => undefined)
    await page.goto(world.url + path).catch(() => download)
    expect.soft(await page.evaluate(() => [(globalThis as { ran?: unknown }).ran, document.querySelector('.hostile')?.outerHTML]), path).toEqual([undefined, undefined])
  }
}, 60_000)
