import { execFile } from 'node:child_process'
import { createSign, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export const topic = 'arn:aws:sns:eu-west-1:123456789012:ses-events'

/** Signs as Amazon SNS does, with a key and a certificate that openssl made: it shares no code with the program. */
export interface Signer {
  key: string
  certificate: string
}

export async function signer(dir: string): Promise<Signer> {
  const [key, certificate] = [join(dir, 'sns-key.pem'), join(dir, 'sns-certificate.pem')]
  await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, '-days', '30', '-subj', '/CN=sns.amazonaws.com'])
  return { key: await readFile(key, 'utf8'), certificate: await readFile(certificate, 'utf8') }
}

/** A notification with SignatureVersion 2: names and values, each with a newline, in the order of the names. */
export function notification(by: Signer, record: unknown): string {
  const signed = {
    Message: typeof record === 'string' ? record : JSON.stringify(record),
    MessageId: randomUUID(),
    Timestamp: new Date().toISOString(),
    TopicArn: topic,
    Type: 'Notification',
  }
  const text = Object.entries(signed).map(([name, value]) => `${name}\n${value}\n`).join('')
  const signature = createSign('RSA-SHA256').update(text).sign(by.key, 'base64')
  return JSON.stringify({
    ...signed, SignatureVersion: '2', Signature: signature,
    SigningCertURL: 'https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem',
    UnsubscribeURL: `https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=${topic}:0`,
  })
}

/** Posts a notification as SNS does, and returns the status. */
export async function deliver(url: string, body: string): Promise<number> {
  const answer = await fetch(url, {
    method: 'POST', body,
    headers: { 'Content-Type': 'text/plain; charset=UTF-8', 'User-Agent': 'Amazon Simple Notification Service Agent', 'x-amz-sns-message-type': 'Notification', 'x-amz-sns-topic-arn': topic },
  })
  return answer.status
}

export interface Mail {
  id: string
  to: string[]
  subject?: string
  from?: string
  template?: string
  workflow?: string
  tags?: Record<string, string>
  sentAt?: Date
  headers?: { name: string; value: string }[]
}

/** A record of SES's event publishing. The details of its kind come beside the mail. */
export function record(kind: string, mail: Mail, details: Record<string, unknown> = {}, at = new Date()): Record<string, unknown> {
  const member = kind.charAt(0).toLowerCase() + kind.slice(1)
  const from = mail.from ?? 'Harbour Books <hello@harbour.test>'
  const sent = mail.sentAt ?? new Date(at.getTime() - 60_000)
  const tags: Record<string, string[]> = {
    ...Object.fromEntries(Object.entries(mail.tags ?? {}).map(([k, v]) => [k, [v]])),
    ...(mail.template ? { templateKey: [mail.template.replaceAll('/', '--')] } : {}),
    ...(mail.workflow ? { sequenceId: [mail.workflow] } : {}),
  }
  return {
    eventType: kind,
    mail: {
      timestamp: sent.toISOString(), messageId: mail.id, source: from.replace(/^.*<|>$/g, ''), sendingAccountId: '123456789012', destination: mail.to,
      headersTruncated: false, headers: [{ name: 'From', value: from }, { name: 'Subject', value: mail.subject ?? 'Your order' }, ...(mail.headers ?? [])],
      commonHeaders: { from: [from], to: mail.to, subject: mail.subject ?? 'Your order', messageId: mail.id }, tags,
    },
    [member]: kind === 'Send' ? {} : { timestamp: at.toISOString(), ...details },
  }
}

export const delivered = (mail: Mail, at?: Date) =>
  record('Delivery', mail, { recipients: mail.to, smtpResponse: '250 2.0.0 OK', processingTimeMillis: 812, reportingMTA: 'a1.smtp-out.amazonses.com' }, at)

export const bounced = (mail: Mail, at?: Date, diagnosticCode = 'smtp; 550 5.1.1 no such user') =>
  record('Bounce', mail, {
    bounceType: 'Permanent', bounceSubType: 'General', feedbackId: randomUUID(), reportingMTA: 'dsn; a1.smtp-out.amazonses.com',
    bouncedRecipients: mail.to.map((emailAddress) => ({ emailAddress, action: 'failed', status: '5.1.1', diagnosticCode })),
  }, at)

export const clicked = (mail: Mail, link: string, at?: Date, userAgent = 'Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0') =>
  record('Click', mail, { ipAddress: '203.0.113.7', link, linkTags: null, userAgent }, at)

export const complained = (mail: Mail, at?: Date, complaintFeedbackType = 'abuse', userAgent = 'Feedback loop') =>
  record('Complaint', mail, { feedbackId: randomUUID(), complaintSubType: null, complainedRecipients: mail.to.map((emailAddress) => ({ emailAddress })), complaintFeedbackType, userAgent }, at)
