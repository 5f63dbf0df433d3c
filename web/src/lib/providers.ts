import type { Schemas } from '../api/client'

type SettingKey = keyof Schemas['NewSettings']

/** How a setting is filled in. secrets: one a line, never shown again; lines: one a line; flag: yes or no. */
export type SettingKind = 'secrets' | 'lines' | 'flag' | 'text' | 'seconds' | 'pem'

export interface Setting {
  key: SettingKey
  kind: SettingKind
  label: string
  /** Where it is found, or what it does */
  help: string
  required?: boolean
  /** Seldom needed: shown when asked for */
  seldom?: boolean
  placeholder?: string
  /** What the page can make up for it */
  make?: 'token' | 'password' | 'whsec'
}

/**
 * One thing to do. Between backticks stands what is typed, between asterisks what is pressed; {url}, {address}, {user},
 * {password} and {secret} stand for what the source has. code is copied as a whole.
 */
export interface Step {
  text: string
  code?: string
}

export interface Provider {
  slug: string
  title: string
  /** Where the steps are gone, if not at the provider */
  where?: string
  /** One line for who chooses */
  about: string
  /** What proves that a request is the provider's */
  proof: string
  /** Its page in the documentation */
  docs: string
  /** What has to be done at the provider first, because it makes a key that the source needs */
  before?: Step[]
  settings: Setting[]
  steps: Step[]
  /** A setting that the provider shows only once it has the URL */
  later?: SettingKey
  /** How soon the first event is to be expected */
  soon: string
}

const tags = (what: string): Setting[] => [
  { key: 'templateTag', kind: 'text', label: `Template comes from`, help: `Which of the ${what} names the template. Empty: templateKey.`, placeholder: 'templateKey', seldom: true },
  { key: 'workflowTag', kind: 'text', label: `Workflow comes from`, help: `Which of the ${what} names the workflow. Empty: sequenceId.`, placeholder: 'sequenceId', seldom: true },
]

const password = (over: Partial<Setting> = {}): Setting => ({
  key: 'basicAuth', kind: 'secrets', label: 'User and password', placeholder: 'user:password', make: 'password',
  help: 'As user:password. The provider sends them with every request, besides what proves it otherwise.', seldom: true, ...over,
})

const age = (help: string): Setting => ({ key: 'maxAgeSeconds', kind: 'seconds', label: 'Oldest signed time, in seconds', help: `${help} 0: as old as events are kept.`, placeholder: '0', seldom: true })

/** By how much they are used, the ones for everything else at the end. */
export const providers: Provider[] = [
  {
    slug: 'ses', title: 'Amazon SES', about: 'Through an SNS topic; or EventBridge, Firehose or Lambda.', docs: 'docs/providers/ses.md',
    proof: 'Amazon’s signature and your list of topics',
    settings: [
      {
        key: 'topics', kind: 'lines', label: 'SNS topics', required: true, placeholder: 'arn:aws:sns:eu-west-1:123456789012:ses-events',
        help: 'ARNs of the topics that may post here, one a line. In AWS: SNS, Topics, the topic, ARN. For EventBridge, Firehose or Lambda alone leave it empty and set an API key below.',
      },
      { key: 'confirmByHand', kind: 'flag', label: 'Let a person confirm subscriptions', help: 'Else a subscription of a listed topic is confirmed at once.' },
      { key: 'requireVersion2', kind: 'flag', label: 'Refuse SHA-1 signatures', help: 'Set SignatureVersion of the topic to 2 first.' },
      {
        key: 'secrets', kind: 'secrets', label: 'API keys', make: 'token', seldom: true,
        help: 'For EventBridge, Firehose and Lambda, which send one as X-Api-Key or access key. One a line, the current one first.',
      },
      { key: 'account', kind: 'text', label: 'Sending account', help: 'The AWS account that every event must name. Empty: any.', placeholder: '123456789012', seldom: true },
      password({ help: 'As user:password. SNS sends them where they stand in the URL that it calls.' }),
      { key: 'allowRaw', kind: 'flag', label: 'Take raw message delivery', help: 'It has no signature: then the token in the URL, or a password, is all that proves a request.', seldom: true },
      { key: 'signingCertificate', kind: 'pem', label: 'Signing certificate', help: 'In PEM, for brokers that speak SNS. Then only it is trusted.', placeholder: '-----BEGIN CERTIFICATE-----', seldom: true },
      age('How old a signed notification may be.'),
      ...tags('message tags'),
    ],
    steps: [
      { text: 'In AWS, in the region that you send from: *SNS*, *Topics*, *Create topic*, type *Standard*. SES publishes to no FIFO topic. You did this already if you gave its ARN to the source.' },
      { text: 'Let it sign with SHA-256:', code: 'aws sns set-topic-attributes --topic-arn {topic} --attribute-name SignatureVersion --attribute-value 2' },
      { text: 'Open the topic, *Create subscription*, protocol *HTTPS*, raw message delivery *off*, and this endpoint:', code: '{address}' },
      { text: 'SNS asks for a confirmation at once. It is given by itself for the topics that you listed, unless you wanted a person to do it: then it waits on this page.' },
      { text: 'In *SES*, *Configuration sets*, the set that you send with, *Event destinations*, *Add destination*: all event types, *Amazon SNS*, this topic. Mail that is sent without a configuration set has no events.' },
      { text: 'On the subscription add a *dead-letter queue* (redrive policy): SNS gives up within an hour.' },
      { text: 'Send an email to `success@simulator.amazonses.com` with that configuration set.' },
    ],
    soon: 'SNS posts within seconds of a change. Right after an event destination is added, SES publishes a note that it could: that shows as a request without an event.',
  },
  {
    slug: 'sendgrid', title: 'Twilio SendGrid', about: 'Event Webhook, signed; batches.', docs: 'docs/providers/sendgrid.md',
    proof: 'SendGrid’s signature (ECDSA), or a password',
    before: [
      { text: 'In SendGrid: *Settings*, *Mail Settings*, *Event Webhooks*, *Create new webhook*. Put `https://example.test` into *Post URL* for now.' },
      { text: 'Under *Security features* switch on *Signed Event Webhook*, choose all events under *Actions to be posted*, and save.' },
      { text: 'Copy the key that is shown under *Signature Verification*. It begins with `MFkw`.' },
    ],
    settings: [
      { key: 'secrets', kind: 'secrets', label: 'Verification key', required: true, placeholder: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE…', help: 'One line of Base64, from Settings, Mail Settings, Event Webhooks, Signature Verification.' },
      password({ help: 'As user:password in the Post URL, asked for besides the signature. Test Your Integration does not send them.' }),
      age('How old a signed request may be; not under 90000 (25 hours), because SendGrid tries for a day.'),
      ...tags('unique arguments'),
    ],
    steps: [
      { text: 'In SendGrid edit the webhook and put this into *Post URL*:', code: '{address}' },
      { text: 'Press *Test Your Integration*: SendGrid posts one event of each kind. Then save.' },
      { text: 'Parent account and subusers have webhooks of their own: make a source for each.' },
    ],
    soon: 'A test comes at once, events of real mail within half a minute.',
  },
  {
    slug: 'mailgun', title: 'Mailgun', about: 'Webhooks of one event each, signed.', docs: 'docs/providers/mailgun.md',
    proof: 'Mailgun’s signature (HMAC) and the token in the URL',
    before: [{ text: 'In Mailgun: *Send*, *Sending*, *Webhooks*, copy the *HTTP webhook signing key*: 32 letters and digits, not an API key. With subaccounts take the primary account’s.' }],
    settings: [
      { key: 'secrets', kind: 'secrets', label: 'HTTP webhook signing key', required: true, placeholder: '0123456789abcdef0123456789abcdef', help: 'From Sending, Webhooks. Regions (US, EU) have keys of their own: make a source for each.' },
      password({ help: 'As user:password in the URL that Mailgun calls.' }),
      age('How old a signed request may be, nine hours at most.'),
      ...tags('variables'),
    ],
    steps: [
      { text: 'On the same page choose the domain and press *Add webhook*, once for each of Accepted, Delivered, Opened, Clicked, Unsubscribed, Spam Complaints, Permanent Failure and Temporary Failure, with this URL:', code: '{address}' },
      { text: 'Press *Test webhook*. Its sample is years old: it shows as a request whose event is too old to count.' },
      { text: 'Send an email.' },
    ],
    soon: 'Mailgun posts each event within seconds.',
  },
  {
    slug: 'sparkpost', title: 'SparkPost (Bird)', about: 'Webhooks in batches; a password or token.', docs: 'docs/providers/sparkpost.md',
    proof: 'a password or token of your making; SparkPost signs nothing',
    settings: [
      password({ seldom: false, help: 'As user:password, of your own making. SparkPost asks for them under Authentication, Basic Auth.' }),
      { key: 'secrets', kind: 'secrets', label: 'Tokens', make: 'token', help: 'In place of a password, sent as Authorization: Bearer … or X-MessageSystems-Webhook-Token.', seldom: true },
      ...tags('members of rcpt_meta'),
    ],
    steps: [
      { text: 'In SparkPost: *Configuration*, *Webhooks*, *Create Webhook*. Put this into *Target URL*:', code: '{url}' },
      { text: 'Under *Authentication* choose *Basic Auth* with the user `{user}` and the password:', code: '{password}' },
      { text: 'Choose all of Message, Generation and Unsubscribe events; of Engagement events *Click*, *AMP Click* and either *Initial Open* or *Open*, not both. Leave out Relay, Ingest and A/B Test.' },
      { text: 'Press *Test*: an empty batch is answered and shows as a request of the kind probe. Then send an email.' },
    ],
    soon: 'SparkPost posts a batch about once a minute.',
  },
  {
    slug: 'postmark', title: 'Postmark', about: 'Webhooks of one event each; a password or token.', docs: 'docs/providers/postmark.md',
    proof: 'a password or token of your making; Postmark signs nothing',
    settings: [
      password({ seldom: false, help: 'As user:password, of your own making. Postmark asks for them under Basic auth credentials.' }),
      { key: 'secrets', kind: 'secrets', label: 'Tokens', make: 'token', help: 'In place of a password, sent in a custom header X-Webhook-Token.', seldom: true },
      ...tags('Metadata'),
    ],
    steps: [
      { text: 'In Postmark: your server, a message stream, *Webhooks*, *Add webhook*, with this URL:', code: '{url}' },
      { text: 'Under *Basic auth credentials* put the user `{user}` and the password:', code: '{password}' },
      { text: 'Choose Open (with *Post only on first open* off), Click, Delivery, Bounce, Spam complaint and Subscription change. Leave *Include bounce content* off.' },
      { text: 'Press *Send test* beside each event, and save. Do the same for each message stream: all may post here.' },
    ],
    soon: 'A test comes at once.',
  },
  {
    slug: 'resend', title: 'Resend', about: 'Webhooks by Svix, signed.', docs: 'docs/providers/resend.md',
    proof: 'Svix’s signature (HMAC)',
    before: [
      { text: 'At resend.com open *Webhooks*, press *Add webhook*, put `https://tidings.test/soon` in for now.' },
      { text: 'Choose all events that begin with `email.` but `email.received`, and press *Add*.' },
      { text: 'The webhook’s page now shows its *signing secret*, which begins with `whsec_`.' },
    ],
    settings: [
      { key: 'secrets', kind: 'secrets', label: 'Signing secret', required: true, placeholder: 'whsec_…', help: 'From the webhook’s page at resend.com.' },
      password({ help: 'As user:password in the URL that Resend calls, besides the signature.' }),
      age('How old a signed request may be.'),
      ...tags('tags'),
    ],
    steps: [
      { text: 'On the webhook’s page press *Edit*, put this URL in, and save:', code: '{address}' },
      { text: 'For opens and clicks: *Domains*, your domain, *Configuration*, switch on *Open tracking* and *Click tracking*.' },
      { text: 'Send an email.' },
    ],
    soon: 'Events come within seconds.',
  },
  {
    slug: 'brevo', title: 'Brevo', about: 'Webhooks, transactional and marketing; a token.', docs: 'docs/providers/brevo.md',
    proof: 'the token in the URL and a bearer token; Brevo signs nothing',
    settings: [
      { key: 'secrets', kind: 'secrets', label: 'Bearer token', make: 'token', help: 'Of your own making. Brevo sends it as Authorization: Bearer …; better than the URL alone, because URLs end up in logs.' },
      password({ help: 'As user:password in the URL that Brevo calls, in place of a token.' }),
      ...tags('names in X-Mailin-custom'),
    ],
    steps: [
      { text: 'In Brevo: *Transactional*, *Settings*, *Webhook*, *Add a new webhook*, with this URL and all events:', code: '{address}' },
      { text: 'Under *Authentication* choose *Token* and paste the token; leave it at *None* if you gave the source none:', code: '{secret}' },
      { text: 'For campaigns add a second webhook: *Campaigns*, *Settings*, *Webhooks*, with the same URL.' },
      { text: 'Send an email. Brevo does not send again what was refused: look here after every change.' },
    ],
    soon: 'Events come within seconds, batched ones every five minutes.',
  },
  {
    slug: 'mailjet', title: 'Mailjet', about: 'Event API, grouped; a password in the URL.', docs: 'docs/providers/mailjet.md',
    proof: 'the token in the URL and a password; Mailjet signs nothing',
    settings: [
      password({ seldom: false, help: 'As user:password, of your own making. They stand in the URL that Mailjet calls.' }),
      ...tags('members of the payload'),
    ],
    steps: [
      { text: 'In Mailjet: *Account*, *Event notifications (webhooks)*. Put this URL beside each event: sent, open, click, bounce, blocked, spam, unsub.', code: '{address}' },
      { text: 'Switch on *Group events*.' },
      { text: 'Press *Send* beside an event to test it.' },
    ],
    soon: 'A test comes at once. Mailjet suspends a URL that has failed for a day; only another URL ends that.',
  },
  {
    slug: 'mandrill', title: 'Mandrill (Mailchimp Transactional)', about: 'Webhooks in batches, signed with their URL.', docs: 'docs/providers/mandrill.md', later: 'secrets',
    proof: 'Mandrill’s signature (HMAC) over the URL and the events',
    settings: [
      { key: 'secrets', kind: 'secrets', label: 'Key of the webhook', placeholder: 'C-85Fyw_EYGCPPpVFaKKqg', help: 'Leave it empty for now: Mandrill makes it when it gets the URL, and you give it to the source after.' },
      password({ help: 'As user:password in the URL. It needs the URL below, because Mandrill signs it.' }),
      { key: 'signedUrls', kind: 'secrets', label: 'URL as Mandrill has it', help: 'Only where it differs from the one that Tidings shows: with another host, or with user and password.', seldom: true },
      ...tags('metadata'),
    ],
    steps: [
      { text: 'In Mandrill: *Settings*, *Webhooks*, *Add a Webhook*. Choose all message events, leave the changes of blacklist and whitelist out, and paste this into *Post To URL* without changing a letter:', code: '{address}' },
      { text: 'The list of webhooks now has a *Key* for it. Give it to the source below.' },
      { text: 'Press *Send Test* beside the webhook.' },
    ],
    soon: 'Mandrill posts about once a minute. Until the source has the key, only Mandrill’s own probe is accepted.',
  },
  {
    slug: 'mailersend', title: 'MailerSend', about: 'Webhooks of one event each, signed.', docs: 'docs/providers/mailersend.md',
    proof: 'MailerSend’s signature (HMAC)',
    before: [
      { text: 'In MailerSend: *Email*, *Domains*, *Manage* beside the domain, *Webhooks*, *Add webhook*. Put `https://example.test` into *Endpoint URL* for now, choose the events, leave it disabled, and save.' },
      { text: 'Copy the *signing secret* that the webhook shows. Each webhook has its own.' },
    ],
    settings: [
      { key: 'secrets', kind: 'secrets', label: 'Signing secret', required: true, help: 'From Email, Domains, Manage, Webhooks. Up to four, one a line: one for each domain’s webhook.' },
      password({ help: 'As user:password in the Endpoint URL.' }),
    ],
    steps: [
      { text: 'Edit the webhook, put this into *Endpoint URL* and enable it:', code: '{address}' },
      { text: 'Press *Test webhook*: it is answered and shows as a request of the kind probe. Then send an email.' },
      { text: 'Other domains have webhooks of their own: add their secrets to this source.' },
    ],
    soon: 'Events come within seconds. After 20 failures within a day MailerSend pauses the webhook.',
  },
  {
    slug: 'mailtrap', title: 'Mailtrap', about: 'Email Sending webhooks in batches, signed.', docs: 'docs/providers/mailtrap.md',
    proof: 'Mailtrap’s signature (HMAC)',
    before: [
      { text: 'At mailtrap.io: *Settings*, *Webhooks*, *Create New Webhook*. Put `https://tidings.test/soon` in for now, choose the area *Email Sending*, stream, domain and all events, and save.' },
      { text: 'Copy the *signing secret* from the webhook’s page.' },
    ],
    settings: [
      { key: 'secrets', kind: 'secrets', label: 'Signing secret', help: 'From the webhook’s page. Up to four, one a line: each stream’s webhook has its own. Without one the URL alone is the proof.' },
      password({ help: 'As user:password in the URL that Mailtrap calls.' }),
      ...tags('custom variables'),
    ],
    steps: [
      { text: 'Open the webhook again and put this URL in:', code: '{address}' },
      { text: 'Press *Run Test*: Mailtrap sends made-up events, which are stored like others. Save.' },
      { text: 'Do the same for the other stream.' },
    ],
    soon: 'A test comes at once.',
  },
  {
    slug: 'postal', title: 'Postal', about: 'The mail server that you run yourself; signed.', docs: 'docs/providers/postal.md',
    proof: 'the installation’s signature (RSA)',
    before: [{ text: 'On the Postal server print the public key, which signs for all of its mail servers:', code: 'postal default-dkim-record' }],
    settings: [
      { key: 'secrets', kind: 'secrets', label: 'Public key', required: true, placeholder: 'v=DKIM1; t=s; h=sha256; p=MIGfMA0GCS…;', help: 'The record as it was printed, or the Base64 after p=, on one line.' },
      { key: 'requireVersion2', kind: 'flag', label: 'Refuse SHA-1 signatures', help: 'Old versions of Postal send nothing else.' },
      password({ help: 'As user:password in the URL that Postal calls, besides the signature.' }),
      age('How old a request may be.'),
    ],
    steps: [
      { text: 'In Postal open the mail server, *Webhooks*, *Add webhook*: any name, *Send all events* on, *Enabled* on, and this URL:', code: '{address}' },
      { text: 'For opens and clicks: *Domains*, *Tracking domains*.' },
      { text: 'Send an email.' },
    ],
    soon: 'Events come within seconds. Postal drops what was not taken for half an hour.',
  },
  {
    slug: 'dsn', title: 'Reports by mail (DSN, ARF)', where: 'On your mail server', about: 'Bounces and complaints that come as mail: Postfix, Exim.', docs: 'docs/providers/dsn.md',
    proof: 'the token in the URL, or a password; nobody signs a report',
    settings: [
      password({ help: 'As user:password in the URL that the mail server calls.' }),
      ...tags('tags in X-SES-MESSAGE-TAGS'),
    ],
    steps: [
      { text: 'Give bounces an address of their own, such as `bounces@send.test`, that nothing else is sent to, and send with it as the envelope’s sender (MAIL FROM).' },
      { text: 'With Postfix, in `master.cf`:', code: 'tidings   unix  -       n       n       -       4       pipe\n  flags=Rq user=nobody argv=/usr/local/bin/tidings dsn --url {address}' },
      { text: 'In `/etc/postfix/transport`, then `postmap /etc/postfix/transport`:', code: 'bounces@send.test   tidings:' },
      { text: 'In `main.cf`, then `postfix reload`:', code: 'transport_maps = hash:/etc/postfix/transport\ntidings_destination_recipient_limit = 1' },
      { text: 'Let only root read master.cf (`chmod 600`): it holds the token. Let reports be checked (SPF, DKIM) before they come here.' },
      { text: 'Send a mail to an address that does not exist.' },
    ],
    soon: 'A bounce comes back within seconds or minutes, as the other server likes.',
  },
  {
    slug: 'generic', title: 'Your own program', where: 'In your program', about: 'Anything else: it posts our JSON, signed by Standard Webhooks.', docs: 'docs/providers/generic.md',
    proof: 'a signature by Standard Webhooks (HMAC or Ed25519)',
    settings: [
      { key: 'secrets', kind: 'secrets', label: 'Secret', required: true, make: 'whsec', placeholder: 'whsec_…', help: 'whsec_ and the Base64 of 24 to 64 random bytes, or whpk_ and the Base64 of an Ed25519 public key.' },
      password({ help: 'As user:password in the URL, besides the signature.' }),
      age('How old a signed request may be. Standard Webhooks suggests 300, for which each attempt is signed anew.'),
    ],
    steps: [
      { text: 'Let your program post JSON to this URL:', code: '{address}' },
      { text: 'Sign with this secret, by a library of Standard Webhooks: headers `webhook-id`, `webhook-timestamp` and `webhook-signature`.', code: '{secret}' },
      { text: 'A body is one event, an array, or an object with `events`. The least that one has:', code: '{"name":"delivered","occurredAt":"2026-05-04T10:12:00Z","recipient":"lea@acme.test","message":{"id":"welcome-1"}}' },
    ],
    soon: 'An event shows as soon as your program has posted it.',
  },
]

export const providerOf = (slug: string | undefined) => providers.find((p) => p.slug === slug)

export const providerTitle = (slug: string) => providerOf(slug)?.title ?? slug

const random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes))

/** A secret that nobody can guess, in the form that the setting wants. */
export function made(kind: NonNullable<Setting['make']>, provider: string): string {
  const hex = [...random(24)].map((b) => b.toString(16).padStart(2, '0')).join('')
  if (kind === 'whsec') return `whsec_${btoa(String.fromCharCode(...random(32)))}`
  return kind === 'password' ? `${provider}:${hex}` : hex
}

/** What stands in the provider's steps for the source's own values. */
export interface Known {
  url: string | undefined
  topic: string | undefined
  secret: string | undefined
  basic: string | undefined
}

/** Puts what is known into a step; what is not is named, so that a person can put it in. */
export function filled(text: string, k: Known): string {
  const colon = k.basic?.indexOf(':') ?? -1
  const user = k.basic?.slice(0, colon)
  const pass = k.basic?.slice(colon + 1)
  const url = k.url ?? 'THE-URL-OF-THE-SOURCE'
  const address = k.basic && k.url ? k.url.replace('://', `://${encodeURIComponent(user ?? '')}:${encodeURIComponent(pass ?? '')}@`) : url
  const values: Record<string, string> = {
    url, address, user: user ?? 'USER', password: pass ?? 'PASSWORD', secret: k.secret ?? 'SECRET', topic: k.topic ?? 'ARN-OF-THE-TOPIC',
  }
  return text.replace(/\{(url|address|user|password|secret|topic)\}/g, (_, name: string) => values[name] ?? name)
}
