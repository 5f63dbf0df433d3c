import type { SendWish } from '../api/sends'

/** The form of one email, as text. */
export interface SendDraft {
  to: string
  by: 'template' | 'own'
  template: string
  subject: string
  body: string
  data: string
  from: string
  sender: string
  /** As the template says, to everybody who is not suppressed, or only to who agreed */
  kind: '' | 'transactional' | 'marketing'
  /** In the viewer's zone, as a browser's field has it */
  at: string
}

export const emptyDraft: SendDraft = { to: '', by: 'own', template: '', subject: '', body: '', data: '', from: '', sender: '', kind: '', at: '' }

/** What is wrong with the data, or nothing. */
export function dataProblem(text: string): string | undefined {
  if (text.trim() === '') return undefined
  try {
    const value: unknown = JSON.parse(text)
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? undefined : 'It has to be an object: {"firstName": "Lea"}.'
  } catch (error) {
    return `It is no JSON: ${error instanceof Error ? error.message : String(error)}.`
  }
}

/** The request that a form makes. */
export function wishOf(d: SendDraft): SendWish {
  const own = d.by === 'own'
  return {
    to: d.to.trim(),
    ...(own ? { subject: d.subject, body: d.body } : { template: d.template.trim() }),
    ...(d.data.trim() ? { data: JSON.parse(d.data) as Record<string, unknown> } : {}),
    ...(d.from.trim() ? { from: d.from.trim() } : {}),
    ...(d.sender ? { sender: d.sender } : {}),
    ...(d.kind ? { transactional: d.kind === 'transactional' } : {}),
    ...(d.at ? { scheduledFor: new Date(d.at).toISOString() } : {}),
  } as SendWish
}

/** A word that no other request has. Browsers give random numbers also without https, and ids not. */
export const requestKey = (): string => `ui-${[...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('')}`
