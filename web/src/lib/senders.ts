import type { Sender, SenderChange } from '../api/senders'

/** A field of the form of a sender. Its key is the setting's name in the API. */
export interface WayField {
  key: 'host' | 'port' | 'user' | 'password' | 'tls' | 'auth' | 'helo' | 'ca' | 'plaintext' | 'connections' | 'perConnection' | 'timeoutSeconds'
    | 'stream' | 'region' | 'configurationSet' | 'untrackedSet' | 'accessKeyId' | 'secretAccessKey'
  label: string
  help?: string
  kind: 'text' | 'number' | 'secret' | 'choice' | 'pem' | 'flag'
  choices?: [value: string, label: string][]
  placeholder?: string
  required?: boolean
  seldom?: boolean
}

/** A way out for mail as one chooses it: a kind of sender, or an SMTP service that has a preset. */
export interface Way {
  slug: string
  title: string
  about: string
  kind: Sender['kind']
  preset?: NonNullable<Sender['settings']['preset']>
  fields: WayField[]
  /** What its from address needs before mail leaves */
  note?: string
  /** Keys of one's own sign its mail */
  dkim?: boolean
}

const tls: WayField = {
  key: 'tls', label: 'Encryption', kind: 'choice', seldom: true,
  help: 'By the port: TLS from the first byte on 465, if offered on 25 and on this machine, else STARTTLS or no mail.',
  choices: [['', 'By the port'], ['implicit', 'From the first byte (465)'], ['required', 'STARTTLS, or no mail'], ['opportunistic', 'STARTTLS if it is offered; certificates are not looked at'], ['none', 'None']],
}
const tuning: WayField[] = [
  { key: 'connections', label: 'Connections at once', kind: 'number', placeholder: '4', seldom: true },
  { key: 'perConnection', label: 'Emails over one connection', kind: 'number', placeholder: '100', seldom: true },
  { key: 'timeoutSeconds', label: 'Seconds to wait for an answer', kind: 'number', placeholder: '60', seldom: true },
]
const region = (required: boolean): WayField => ({
  key: 'region', label: 'Region', kind: 'text', placeholder: 'eu-west-1', required, help: required ? 'Says the host, too.' : 'Empty: the server’s environment says it.',
})
const sets: WayField[] = [
  { key: 'configurationSet', label: 'Configuration set', kind: 'text', placeholder: 'tidings', help: 'Without one SES reports no events. “tidings setup ses” makes one.' },
  { key: 'untrackedSet', label: 'Configuration set without tracking', kind: 'text', placeholder: 'tidings-untracked', seldom: true, help: 'For mail whose opens or clicks are not to be watched. Such mail waits while there is none.' },
]
const login = (user: Partial<WayField>, password: Partial<WayField>): WayField[] => [
  { key: 'user', label: 'User', kind: 'text', ...user },
  { key: 'password', label: 'Password', kind: 'secret', help: 'Never shown again.', ...password },
]
const where = (host: string): WayField[] => [
  { key: 'host', label: 'Host', kind: 'text', placeholder: host, seldom: true, help: 'Empty: the service’s own.' },
  { key: 'port', label: 'Port', kind: 'number', placeholder: '587', seldom: true },
]

export const ways: Way[] = [
  {
    slug: 'smtp', title: 'SMTP server', about: 'Any mail server: your own, your company’s, your host’s.', kind: 'smtp', dkim: true,
    note: 'The server has to take mail for the address that it is from. Servers in your own network have to be allowed in the configuration of Tidings.',
    fields: [
      { key: 'host', label: 'Host', kind: 'text', placeholder: 'mail.acme.test', required: true },
      { key: 'port', label: 'Port', kind: 'number', placeholder: '587', help: 'Empty: 587. With 465 it is encrypted from the first byte.' },
      ...login({ help: 'Empty where the server takes mail without.' }, {}),
      tls,
      {
        key: 'auth', label: 'How it is told who we are', kind: 'choice', seldom: true, help: 'Of OAuth the password is an access token.',
        choices: [['', 'The best that it offers'], ['plain', 'PLAIN'], ['login', 'LOGIN'], ['xoauth2', 'OAuth (XOAUTH2)']],
      },
      { key: 'helo', label: 'The name that we give', kind: 'text', placeholder: 'tidings.acme.test', seldom: true, help: 'Empty: the machine’s.' },
      { key: 'ca', label: 'Certificates to trust', kind: 'pem', placeholder: '-----BEGIN CERTIFICATE-----', seldom: true, help: 'In PEM, instead of the system’s.' },
      { key: 'plaintext', label: 'Passwords and mail may go over an open connection', kind: 'flag', seldom: true, help: 'Whoever is on the way can read them. Only where the network is your own.' },
      ...tuning,
    ],
  },
  {
    slug: 'ses', title: 'Amazon SES', about: 'By its API, with the server’s credentials of AWS or an access key.', kind: 'ses',
    note: 'SES takes mail from verified domains and addresses alone; in its sandbox, also to verified ones alone.',
    fields: [
      region(false), ...sets,
      { key: 'accessKeyId', label: 'Access key', kind: 'text', placeholder: 'AKIA…', help: 'Empty: the server’s environment, profile or role says who it is.' },
      { key: 'secretAccessKey', label: 'Secret access key', kind: 'secret', help: 'Never shown again.' },
    ],
  },
  {
    slug: 'ses-smtp', title: 'Amazon SES by SMTP', about: 'Where only SMTP credentials are given out.', kind: 'smtp', preset: 'ses',
    note: 'SMTP credentials are made in SES’s console; they are not the access key of AWS.',
    fields: [region(true), ...login({ label: 'SMTP user', required: true }, { label: 'SMTP password', required: true }), ...sets, ...where('email-smtp.eu-west-1.amazonaws.com'), tls, ...tuning],
  },
  {
    slug: 'sendgrid', title: 'SendGrid', about: 'Twilio SendGrid, by SMTP.', kind: 'smtp', preset: 'sendgrid',
    note: 'SendGrid keeps unique arguments and categories for ever: put nothing of people into metadata there.',
    fields: [...login({ placeholder: 'apikey', seldom: true, help: 'Empty: apikey, as SendGrid wants it.' }, { label: 'API key', required: true, help: 'With the permission Mail Send. Never shown again.' }), ...where('smtp.sendgrid.net'), tls, ...tuning],
  },
  {
    slug: 'mailgun', title: 'Mailgun', about: 'By SMTP, with credentials of the sending domain.', kind: 'smtp', preset: 'mailgun',
    note: 'For domains in the EU the host is smtp.eu.mailgun.org.',
    fields: [...login({ placeholder: 'postmaster@mg.acme.test', required: true }, { required: true }), ...where('smtp.mailgun.org').map((f) => ({ ...f, seldom: f.key === 'port' })), tls, ...tuning],
  },
  {
    slug: 'sparkpost', title: 'SparkPost', about: 'Bird’s SparkPost, by SMTP.', kind: 'smtp', preset: 'sparkpost',
    note: 'The key needs the permission Send via SMTP. Accounts in the EU have smtp.eu.sparkpostmail.com as their host.',
    fields: [...login({ placeholder: 'SMTP_Injection', seldom: true, help: 'Empty: SMTP_Injection, as SparkPost wants it.' }, { label: 'API key', required: true }), ...where('smtp.sparkpostmail.com').map((f) => ({ ...f, seldom: f.key === 'port' })), tls, ...tuning],
  },
  {
    slug: 'postmark', title: 'Postmark', about: 'By SMTP, with the server’s token or that of a stream.', kind: 'smtp', preset: 'postmark',
    note: 'Broadcasts have to go through a stream of their own: make a sender for each stream.',
    fields: [
      ...login({ label: 'User', required: true, help: 'The server API token, or the access key of the stream.' }, { required: true, help: 'The same token again, or the stream’s secret key. Never shown again.' }),
      { key: 'stream', label: 'Message stream', kind: 'text', placeholder: 'outbound' }, ...where('smtp.postmarkapp.com'), tls, ...tuning,
    ],
  },
  { slug: 'file', title: 'Outbox', about: 'Into files beside the database: nothing leaves the machine, and you read it here.', kind: 'file', fields: [] },
  { slug: 'console', title: 'Console', about: 'Printed where the server runs. Nothing leaves the machine.', kind: 'console', fields: [] },
]

/** The way that a sender goes. */
export const wayOf = (s: Pick<Sender, 'kind' | 'settings'>): Way =>
  ways.find((w) => w.kind === s.kind && w.preset === s.settings.preset) ?? ways.find((w) => w.kind === s.kind) ?? ways[0]!

/** Where it leads, in short. */
export function leadsTo(s: Sender): string {
  const x = s.settings
  switch (s.kind) {
    case 'smtp': return `${x.host ?? ''}${x.port ? `:${x.port}` : ''}`
    case 'ses': return x.region ? `in ${x.region}` : 'where the server’s environment says'
    case 'file': return 'into files, on this machine'
    default: return 'printed by the server'
  }
}

/** What stands in the form, as text; flags are 'yes' or ''. */
export interface SenderDraft {
  name: string
  email: string
  fromName: string
  replyTo: string
  rate: string
  settings: Partial<Record<WayField['key'], string>>
  dkim: DKIMDraft[]
}

export interface DKIMDraft {
  domain: string
  selector: string
  /** Empty: the one that is there */
  privateKey: string
  kept: boolean
}

export const secretKeys = ['password', 'secretAccessKey'] as const

/** The form of a sender that is there, or of none. Secrets are not told, and stay empty. */
export function draftOf(s: Sender | undefined): SenderDraft {
  const settings: SenderDraft['settings'] = {}
  for (const [key, value] of Object.entries(s?.settings ?? {})) {
    if (typeof value === 'string' || typeof value === 'number') settings[key as WayField['key']] = String(value)
    else if (value === true) settings[key as WayField['key']] = 'yes'
  }
  return {
    name: s?.name ?? '', email: s?.from?.email ?? '', fromName: s?.from?.name ?? '', replyTo: s?.replyTo ?? '', rate: s?.rate ? String(s.rate) : '',
    settings, dkim: (s?.settings.dkim ?? []).map((k) => ({ domain: k.domain, selector: k.selector, privateKey: '', kept: true })),
  }
}

/** What the form changes, in the API's form. An empty secret stays as it is. */
export function wishOf(way: Way, before: SenderDraft, now: SenderDraft): Omit<SenderChange, 'name'> {
  const settings: Record<string, unknown> = {}
  for (const f of way.fields) {
    const [old, text] = [before.settings[f.key] ?? '', (now.settings[f.key] ?? '').trim()]
    if (text === old) continue
    if (f.kind === 'secret' && text === '') continue
    if (f.kind === 'number') settings[f.key] = Number(text) || 0
    else if (f.kind === 'flag') settings[f.key] = text === 'yes'
    else if (f.kind === 'pem') settings[f.key] = text && `${text}\n`
    else settings[f.key] = text
  }
  // Whoever takes the user away wants no password, too: one does not go without the other.
  if (settings['user'] === '') settings['password'] = ''
  if (settings['accessKeyId'] === '') settings['secretAccessKey'] = ''
  if (JSON.stringify(before.dkim) !== JSON.stringify(now.dkim)) {
    settings['dkim'] = now.dkim.map((k) => ({
      domain: k.domain.trim(), selector: k.selector.trim(), ...(k.privateKey.trim() ? { privateKey: `${k.privateKey.trim()}\n` } : {}),
    }))
  }
  const from = { email: now.email.trim(), ...(now.fromName.trim() ? { name: now.fromName.trim() } : {}) }
  return {
    ...(now.email !== before.email || now.fromName !== before.fromName ? { from } : {}),
    ...(now.replyTo !== before.replyTo ? { replyTo: now.replyTo.trim() } : {}),
    ...(now.rate !== before.rate ? { rate: Number(now.rate) || 0 } : {}),
    ...(Object.keys(settings).length > 0 ? { settings } : {}),
  }
}

/** How a sender does, in a word, with what it means. */
export function condition(s: Sender, now: Date): { word: string; tone: 'good' | 'warn' | 'bad' | 'plain' | 'info'; about: string } {
  const h = s.health
  if (s.disabled) return { word: 'Off', tone: 'plain', about: 'Nothing goes out by it.' }
  if (!h) return { word: 'Not used yet', tone: 'plain', about: 'Nothing went out by it since the server that answers was started.' }
  if (h.pausedUntil && new Date(h.pausedUntil) > now) {
    return h.usable
      ? { word: 'Resting', tone: 'warn', about: 'The other side asked for less; mail waits, and goes on by itself.' }
      : { word: 'Not usable', tone: 'bad', about: 'It takes no mail; it is tried again and again, and mail waits.' }
  }
  if (!h.usable) return { word: 'Not usable', tone: 'bad', about: 'It takes no mail; it is tried again and again, and mail waits.' }
  return h.since ? { word: 'Works', tone: 'good', about: 'It took mail when it was used last.' } : { word: 'Ready', tone: 'good', about: 'As far as is known it takes mail; nothing went out by it yet.' }
}

/** An RSA key of 2048 bits in PEM, made in the browser. Undefined where it may not: pages over plain http have no such means. */
export async function makeKey(): Promise<string | undefined> {
  if (!globalThis.crypto?.subtle) return undefined
  const pair = await crypto.subtle.generateKey({ name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' }, true, ['sign', 'verify'])
  const der = new Uint8Array(await crypto.subtle.exportKey('pkcs8', pair.privateKey))
  const text = btoa(String.fromCharCode(...der)).replace(/.{1,64}/g, '$&\n')
  return `-----BEGIN PRIVATE KEY-----\n${text}-----END PRIVATE KEY-----\n`
}
