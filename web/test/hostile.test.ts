import { createSign, generateKeyPairSync } from 'node:crypto'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { context, follow, inside, open, settled, watch, type Watched } from './browser'
import { calling, type Receiver, receiver } from './receiver'
import { ask, change, signIn, source, start, stop, tell, type World } from './server'
import { bounced, clicked, complained, delivered, type Mail, record, signer } from './sns'
import { hook, hookSource, mailed, publish, sesSource, written } from './world'

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

/** What somebody tracked. */
const tracked = brief('tracked')

/** A text as a template that gives it as it is. */
const plainly = (text: string) => `{% raw %}${text}{% endraw %}`

/** An email that would do whatever an email can where it is shown as a page. */
const mischief = `<!doctype html><html><head><base href="https://evil.test/"><meta http-equiv="refresh" content="0;url=https://evil.test/"><link rel="stylesheet" href="https://evil.test/a.css">
<style>@import url(https://evil.test/b.css);@import "https://evil.test/c.css";body{background:url('https://evil.test/d.png')}@font-face{font-family:x;src:url(https://evil.test/e.woff)}</style>
<script>top.ran='letter'</script></head><body onload="top.ran='letter'" background="https://evil.test/f.png">
<p>The letter</p><a href="javascript:top.ran=1" ping="https://evil.test/">press</a><a href="https://evil.test/?token=secret" target="_top">there</a><form action="https://evil.test/" method="post"><input name="q"><button formaction="https://evil.test/">send</button></form>
<img src="https://evil.test/g.png" srcset="https://evil.test/h.png 2x" onerror="top.ran=1"><iframe src="https://evil.test/"></iframe><object data="https://evil.test/"></object><embed src="https://evil.test/"><video src="https://evil.test/v" poster="https://evil.test/p"></video>
<svg onload="top.ran=1"><image href="https://evil.test/i.png"/><use href="https://evil.test/#j"/><a href="javascript:top.ran=1"><text>svg</text></a><script>top.ran=1</script></svg><div style="background:url(https://evil.test/k.png)">x</div><div style="background-image:\\75rl(https://evil.test/l.png)">y</div>`

let world: World
let receives: Receiver
let may: Awaited<ReturnType<typeof calling>>
/** A segment whose name and condition are hostile */
let named: string
/** A template that tries everything */
let letter: string
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

/** An email that runs, fetches, leads away and takes over wherever it can. */
const evil = `<!doctype html><html><head><meta http-equiv="refresh" content="0;url=javascript:top.ran=1"><base href="https://evil.test/" target="_top">
<link rel="stylesheet" href="https://evil.test/a.css"><style>@import "https://evil.test/b.css"; body { background: url(https://evil.test/c.png) }</style></head>
<body onload="top.ran=1" background="https://evil.test/d.png"><script class=hostile>top.ran=1</script><img class=hostile src=x onerror="top.ran=1" srcset="https://evil.test/e.png 2x">
<svg onload="top.ran=1"><script>top.ran=1</script><a xlink:href="javascript:top.ran=1"><text>x</text></a></svg><iframe srcdoc="<script>top.ran=1</script>"></iframe>
<form action="https://evil.test/"><input autofocus onfocus="top.ran=1" name=q><button formaction="javascript:top.ran=1">Go</button></form>
<a href="javascript:top.ran=1">script <b>within</b></a> <a href="https://evil.test/" target="_top">out</a><object data="https://evil.test/f"></object><embed src="https://evil.test/g">
<video src="https://evil.test/h" poster="https://evil.test/i" autoplay></video><p style="background: url('https://evil.test/j')">end of the letter</p></body></html>`

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
  ;[receives, may] = await Promise.all([receiver(hostile('answered')), calling()])
  world = await signIn(await start(...may.flags), '<img/src=x/onerror=ran=1>')
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
  await tell(world, '/topics', { name: brief('topical'), slug: 'topical' })
  await tell(world, '/v1/track', { email: 'victim@acme.test', event: tracked, data: { [hostile('attribute')]: hostile('kept'), nested: { [brief('inner')]: brief('deep') } }, tags: [brief('label')] })
  named = (await tell<Row>(world, '/segments', {
    name: brief('segment'), description: hostile('purpose'), trackMembership: true,
    condition: {
      logic: 'OR',
      groups: [
        { filters: [{ field: `data.${hostile('attribute')}`, operator: 'equals', value: hostile('kept') }, { field: `event.${tracked}`, operator: 'triggered', where: [{ field: `data.${hostile('attribute')}`, operator: 'contains', value: hostile('asked') }] }] },
        { filters: [{ field: 'tags', operator: 'equals', value: brief('label') }] },
      ],
    },
  })).id
  letter = (await tell<Row>(world, '/templates', {
    key: 'evil/letter', name: brief('letter'), description: hostile('motive'), subject: 'envelope <img class=hostile src=x onerror=ran=1>', body: evil, type: 'TRANSACTIONAL', fromName: brief('writer'),
  })).id
  await change(world, `/templates/${letter}`, { text: 'plain <img class=hostile src=x onerror=ran=1>', displayNames: { planName: { [brief('spoken')]: brief('word') } } })
  await change(world, '/brand', { name: brief('brand') })
  await tell(world, '/topics', { name: brief('kind'), slug: 'kind', description: hostile('about') })
  await tell(world, '/forms', { name: brief('form'), fields: [{ name: brief('input').slice(0, 60), label: brief('question') }] })
  await tell(world, '/erasures', { email: 'forgotten@acme.test', note: hostile('erased') })
  await tell(world, '/contacts', {
    email: 'labelled@acme.test', tags: [brief('label')], externalId: brief('external'), topics: { kind: false }, data: { [brief('attribute')]: hostile('told'), list: [hostile('item')], object: { [hostile('inner')]: 1 } },
  })
  await tell(world, '/senders', { name: brief('way'), kind: 'file', from: { email: 'hello@evil.test', name: brief('sender') } })
  await tell(world, '/senders', { name: brief('server'), kind: 'smtp', settings: { host: 'mail.evil.test', user: hostile('user'), password: 'secret' } })
  for (const to of ['mailed@acme.test', 'again@acme.test']) {
    await tell(world, '/v1/send', {
      to: { email: to, name: brief('recipient') }, from: { email: 'hello@evil.test', name: brief('author') }, subject: plainly(hostile('mailed').replaceAll('\u202e', '')), tags: ['x'],
      body: plainly(`${mischief}<p>${hostile('letter')}</p>`), headers: { 'X-Odd': brief('header') }, text: plainly(hostile('plain')),
      attachments: [{ filename: `${brief('attached')}.html`, contentType: 'text/html', content: 'PHNjcmlwdD5yYW49MTwvc2NyaXB0Pg==' }],
    })
  }
  const ruled = JSON.stringify({ name: brief('rule'), description: hostile('ruled'), on: { event: 'order.*' }, do: [{ subscribe: { tags: [brief('marked')] } }] })
  await tell(world, '/rules', { rule: ruled })
  await tell(world, '/alert-rules', { name: brief('alarm'), kind: 'silence' })
  await tell(world, '/alert-channels', { name: brief('channel'), kind: 'email', to: ['ops@evil.test'] })
  await tell(world, '/campaigns', {
    name: brief('cast'), description: hostile('casted'), subject: plainly(brief('heading')), body: plainly(`${mischief}<p>The letter to all</p>`), from: 'hello@evil.test', fromName: brief('author'), audienceType: 'ALL',
  })
  await written(world, 2)
  window = await context(world)
  watched = watch(await window.newPage())
  page = watched.page
}, 90_000)

afterAll(async () => {
  await window?.close()
  if (world) await stop(world)
  await receives.close()
  await may.end()
})

/** The words after which hostile text was seen as text, on any page. */
const told = new Set<string>()

/** What a browser says of an email that it parses without showing it, and of a form that is sent in its frame: none of it happens. */
const stopped = /^(console|policy): (Executing inline event handler|Setting the document's base URI|Blocked form submission to '')/

/** Nothing of what came from outside is anything but text. */
async function harmless(at: string): Promise<void> {
  const found = await page.evaluate(() => ({
    ran: (globalThis as { ran?: unknown }).ran,
    elements: [...document.querySelectorAll('.hostile, [onerror], [onload], iframe:not([sandbox=""][srcdoc]), object, embed, script:not([src]), img:not([src="/ui/icon.svg"]):not(.cm-widgetBuffer:not([src]))')].map((e) => e.outerHTML.slice(0, 200)),
    links: [...document.querySelectorAll<HTMLAnchorElement>('a[href]')].filter((a) => a.origin !== location.origin).map((a) => a.href),
  }))
  expect.soft(found, at).toEqual({ ran: undefined, elements: [], links: [] })
  const letter = await page.locator('iframe[sandbox=""]').count()
  expect.soft(watched.faults.splice(0).filter((f) => letter === 0 || !stopped.test(f)), at).toEqual([])
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
    '/', '/events', '/messages', '/contacts', '/contacts/labelled@acme.test?tab=consent', '/topics', '/forms', '/erasures', '/templates/', '/templates/?tab=performance', `/templates/${template}`, '/domains', '/domains?by=senderDomain', '/sources', '/receipts', '/receipts?tab=replays',
    '/broadcasts', '/rules', '/rules/new', '/alerts', '/alerts?tab=history', '/alerts?tab=rules', '/alerts?tab=channels', '/sends', '/senders', '/outbox', '/suppressions', '/suppressions?active=all', '/suppressions?tab=patterns', '/keys', '/audit', '/settings', '/segments', '/events/custom',
  ]) await look(path)
})

test('hostile text is text in segments, in the builder, and on the page of a custom event', async () => {
  const victim = encodeURIComponent('victim@acme.test')
  for (const path of [
    `/segments/${named}`, `/segments/${named}?tab=why&contact=${victim}`, `/segments/${named}?tab=moves`, `/segments/${named}/edit`, `/segments/${named}/edit?view=json`,
    `/segments/new?from=${named}`, `/segments/new?event=${encodeURIComponent(tracked)}`, `/events/custom/${encodeURIComponent(tracked)}`,
  ]) await look(path)
  await open(page, world, `/segments/${named}/edit`)
  await page.getByRole('combobox', { name: 'What to look at' }).first().fill('img')
  await page.getByRole('option').filter({ hasText: seen('attribute') }).first().waitFor()
  await harmless('what is offered to look at')
  await page.keyboard.press('Escape')
  await page.getByRole('complementary', { name: 'Trial' }).getByRole('button', { name: 'victim@acme.test' }).click()
  await page.getByText('victim@acme.test is in it.').waitFor()
  await harmless('why somebody is in a segment')
  await open(page, world, `/segments/${named}`)
  await page.getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('alertdialog').waitFor()
  await harmless('the question before a segment is deleted')
})

test('hostile text is text on the pages of endpoints, whatever a receiver answers', async () => {
  const wanted = { tag: hostile('wanted'), where: [{ field: `data.${brief('where')}`, operator: 'equals', value: hostile('amount') }] }
  const down = await tell<Row>(world, '/endpoints', { name: brief('endpoint'), url: `${receives.url}/down/%3Cimg%20class=hostile%20src=x%3E?${encodeURIComponent(hostile('query'))}`, on: wanted })
  const off = await tell<Row>(world, '/endpoints', { name: brief('stopped'), url: receives.url, on: wanted })
  await tell(world, `/endpoints/${off.id}/disable`, { note: hostile('disabled') })
  const { events } = await ask<{ events: Row[] }>(world, '/events?limit=1')
  await tell(world, `/endpoints/${down.id}/replays`, { events: events.map((e) => e.id) })
  await expect.poll(async () => (await ask<{ dispatches: { tries: number }[] }>(world, `/dispatches?event=${events[0]?.id}`)).dispatches[0]?.tries, { timeout: 20_000 }).toBeGreaterThan(0)
  const { dispatches } = await ask<{ dispatches: Row[] }>(world, '/dispatches')
  for (const path of ['/endpoints', ...each('/endpoints', [down, off]), ...each('/endpoints', [down], '/edit'), ...['dispatches', 'replays'].flatMap((tab) => each('/endpoints', [down], `?tab=${tab}`)), '/dispatches', ...each('/dispatches', dispatches), `/events/${events[0]?.id}`]) await look(path)
  await open(page, world, `/endpoints/${down.id}`)
  await page.getByRole('button', { name: 'Send a test event' }).click()
  await page.getByText('The receiver did not take it').waitFor()
  await page.getByText('What was sent', { exact: true }).click()
  await harmless('what came of a test event')
  for (const item of ['Send again…', 'New secret…', 'Disable…', 'Delete…']) {
    await page.getByRole('button', { name: 'More about this endpoint' }).click()
    await page.getByRole('menuitem', { name: item }).click()
    await harmless(item)
    await page.keyboard.press('Escape')
    await page.locator('[role=dialog], [role=alertdialog]').waitFor({ state: 'detached' })
  }
})

test('hostile text is text on the pages of senders and sends, and an email in the outbox can do nothing', async () => {
  const [sends, senders, outbox] = await Promise.all([
    ask<{ sends: Row[] }>(world, '/sends'), ask<{ senders: Row[] }>(world, '/senders'), ask<{ mails: (Row & { to: string })[] }>(world, '/outbox'),
  ])
  const sent = outbox.mails.filter((m) => m.to.includes('mailed@acme.test')) // an alert may have mailed meanwhile
  const asked: string[] = []
  page.on('request', (r) => asked.push(r.url()))
  for (const path of [
    ...each('/sends', sends.sends), ...each('/senders', senders.senders), ...each('/outbox', outbox.mails),
    ...['text', 'headers', 'attachments', 'raw'].flatMap((tab) => each('/outbox', sent, `?tab=${tab}`)),
  ]) await look(path)
  await open(page, world, `/outbox/${encodeURIComponent(sent[0]?.id ?? '')}`)
  const letter = await inside(page.locator('iframe[sandbox=""]'))
  await letter.getByText('The letter', { exact: true }).waitFor()
  expect(await letter.locator('script, iframe, object, embed, link, base, video, a[href], a[ping], [onload], [onerror], [background], form[action], [formaction], image[href], use[href]').count()).toBe(0)
  await page.getByText('javascript:top.ran=1').first().waitFor()
  await letter.getByText('there', { exact: true }).click()
  await letter.getByRole('button', { name: 'send' }).click()
  await harmless('an email whose links and buttons were pressed')
  expect(asked.filter((url) => !url.startsWith(world.url) && !url.startsWith('data:'))).toEqual([])
  await open(page, world, '/sends/new')
  await page.getByLabel('To', { exact: true }).fill('mailed@acme.test')
  await page.getByLabel('Subject').fill(plainly(seen('mailed')))
  await page.getByLabel('Text as HTML').fill(plainly(mischief))
  await page.getByRole('button', { name: 'Look at it first' }).click()
  await page.locator('iframe[sandbox=""]').waitFor()
  await harmless('an email that is looked at before it is sent')
  const dialog = page.locator('[role=dialog], [role=alertdialog]')
  const [rules, broadcasts] = await Promise.all([ask<{ rules: Row[] }>(world, '/rules'), ask<{ data: Row[] }>(world, '/campaigns')])
  for (const path of [...each('/rules', rules.rules), ...each('/rules', rules.rules, '?tab=acts'), `/rules/new?from=${rules.rules[0]?.id}`, ...each('/broadcasts', broadcasts.data), ...each('/broadcasts', broadcasts.data, '/edit')]) await look(path)
  await open(page, world, `/broadcasts/${broadcasts.data[0]?.id}`)
  await (await inside(page.locator('iframe[sandbox=""]'))).getByText('The letter to all').waitFor()
  await harmless('the email of a broadcast')
  await open(page, world, `/senders/${encodeURIComponent(senders.senders[1]?.id ?? '')}`)
  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  await harmless('the window of a sender')
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'More about this sender' }).click()
  await page.getByRole('menuitem', { name: 'Delete…' }).click()
  await harmless('the question before a sender is deleted')
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  await page.getByLabel('Send a test email to').fill('victim@acme.test')
  await harmless('the trial of a sender')
})

test('an email that is looked at runs nothing, fetches nothing and leads nowhere', async () => {
  const asked: string[] = []
  const note = (r: { url(): string }) => { if (!r.url().startsWith(world.url) && !/^(data|about):/.test(r.url())) asked.push(r.url()) }
  page.on('request', note)
  for (const path of [`/template/${letter}`, `/template/${letter}?tab=versions`, `/template/new?from=${letter}`, '/template/new?layout=welcome', '/settings']) await look(path)
  await open(page, world, `/template/${letter}`)
  const shown = page.frameLocator('iframe[title="Preview of the email"]')
  await shown.getByText('end of the letter').waitFor()
  for (const reader of ['Dark', 'As wide as a phone', 'Light']) await page.getByRole('button', { name: reader, exact: true }).last().click()
  await shown.getByRole('link', { name: 'script within' }).click()
  await shown.getByRole('link', { name: 'out' }).click()
  await shown.getByText('end of the letter').waitFor()
  const left = await page.evaluate(() => {
    const frame = document.querySelector<HTMLIFrameElement>('iframe[title="Preview of the email"]')
    const doc = new DOMParser().parseFromString(frame?.srcdoc ?? '', 'text/html')
    const acting = [...doc.querySelectorAll('*')].flatMap((e) => e.getAttributeNames().filter((n) => /^on|^(srcset|action|formaction|background|poster)$/.test(n)))
    return { sandbox: frame?.getAttribute('sandbox'), acting, elements: [...doc.querySelectorAll('script, iframe, form, object, embed, base, link, meta[http-equiv], video')].length, away: /url\(["']?https|@import/.test(frame?.srcdoc ?? '') }
  })
  expect(left).toEqual({ sandbox: '', acting: [], elements: 0, away: false })
  await page.getByRole('button', { name: 'Links', exact: true }).click()
  await page.getByText('leads nowhere').first().waitFor()
  await harmless('the links of an email')
  await page.getByRole('button', { name: 'Text', exact: true }).first().click()
  await harmless('the text of an email')
  await page.getByRole('button', { name: 'More about this template' }).click()
  await page.getByRole('menuitem', { name: 'Delete…' }).click()
  await page.getByRole('alertdialog').waitFor()
  await harmless('the question before a template is deleted')
  page.off('request', note)
  expect(asked).toEqual([])
})

test('what stands in the address is text too, and leads nowhere else', async () => {
  watched.allowed.add(400).add(404).add(422)
  const text = encodeURIComponent(hostile('address'))
  for (const path of [
    `/contacts?search=${text}`, `/contacts/${text}`, `/messages/${text}`, `/events/${text}`, `/receipts/${text}`, `/sources/${text}`, `/sources/new?provider=${text}`,
    `/templates/${text}`, `/template/${text}`, `/template/new?layout=${text}&key=${text}`, `/template/new?from=${text}`, `/template/${letter}?tab=versions&version=${text}&against=${text}`,
    `/templates/?tab=${text}&find=${text}&type=${text}`, `/events?template=${text}&tag=${text}`, `/suppressions?contact=${text}`, `/audit?by=${text}&operation=${text}`, `/receipts?problem=${text}`, `/nowhere/${text}`,
    `/live?template=${text}`, `/domains?domain=${text}`, `/segments?find=${text}`, `/segments/${text}`, `/segments/new?from=${text}`, `/segments/new?event=${text}&view=${text}`,
    `/segments/${named}?tab=why&contact=${text}`, `/segments/${named}?find=${text}`, `/events/custom/${text}`, `/events/custom?find=${text}`,
    `/rules/${text}`, `/rules/new?example=${text}`, `/rules/new?from=${text}`, `/broadcasts/${text}`, `/broadcasts?status=${text}`, `/broadcasts/new?template=${text}&segment=${text}`,
    `/sends/${text}`, `/sends?broadcast=${text}`, `/sends?contact=${text}`, `/sends?origin=${text}&status=${text}`, `/sends/new?to=${text}&template=${text}`, `/senders/${text}`, `/senders/new?way=${text}`, `/outbox/${text}`, `/outbox?search=${text}`,
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

  for (const [act, operation] of [['note', 'addSuppression'], ['lifted', 'liftSuppression'], ['source', 'createSource'], ['key', 'createKey']] as const) {
    await open(page, world, `/audit?operation=${operation}`)
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

  await open(page, world, '/contacts/import')
  const people = `email,${brief('cell')}\n${brief('person')},x\nok@list.test,${brief('value')}\n`
  await page.getByLabel('A file with the list').setInputFiles({ name: `${brief('book')}.csv`, mimeType: 'text/csv', buffer: Buffer.from(people) })
  await page.getByRole('button', { name: 'Check it, change nothing' }).click()
  await page.getByText('Would be made').waitFor()
  await harmless('the report of an import of contacts')

  await open(page, world, '/contacts/labelled@acme.test')
  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  await harmless('the window where a contact is edited')
  await close()
  await page.getByRole('switch').first().click()
  await page.getByText('labelled@acme.test takes').waitFor()
  await harmless('what is told of a topic')
  await page.getByRole('button', { name: 'More about this contact' }).click()
  await page.getByRole('menuitem', { name: 'Merge with another…' }).click()
  await page.getByLabel('The other one').fill('victim@')
  await page.getByRole('button', { name: /victim@acme/ }).click()
  await page.getByRole('button', { name: 'Swap' }).click()
  await harmless('what a merge would do')
  await close()

  await open(page, world, '/topics')
  await page.getByRole('button', { name: /^Delete kind/ }).click()
  await harmless('the question before a topic is deleted')
  await close()
  await page.getByRole('button', { name: /^Edit kind/ }).click()
  await harmless('the window of a topic')
  await close()

  await open(page, world, '/forms')
  await page.getByRole('button', { name: /^Use / }).click()
  await harmless('what a form is used with')
  await close()
  await page.getByRole('button', { name: /^Edit / }).click()
  await harmless('the window of a form')
  await close()
  await open(page, world, '/erasures')
  await page.getByRole('row').nth(1).getByRole('cell').nth(3).click()
  await harmless('the window of an erasure')
  await close()
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
    'endpoint', 'stopped', 'wanted', 'amount', 'answered', 'disabled', 'segment', 'purpose', 'tracked', 'attribute', 'kept', 'asked', 'label', 'inner', 'deep', 'kind', 'about', 'external', 'told', 'item', 'cell', 'person', 'book', 'form', 'question', 'erased',
    'way', 'sender', 'server', 'user', 'recipient', 'author', 'mailed', 'header', 'plain', 'attached',
    'letter', 'envelope', 'rule', 'ruled', 'cast', 'casted', 'heading',
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
  const [events, receipts, outbox] = await Promise.all([
    ask<{ events: Row[] }>(world, '/events?limit=100'), ask<{ receipts: Row[] }>(world, '/receipts?limit=100'), ask<{ mails: Row[] }>(world, '/outbox'),
  ])
  const paths = [
    ...each('/outbox', outbox.mails, '/raw'), ...each('/outbox', outbox.mails), '/sends', '/senders',
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
