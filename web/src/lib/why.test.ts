import { expect, test } from 'vitest'
import type { Schemas } from '../api/client'
import { ofPattern, standing, type Suppression, whyNot } from './why'

const contact = (more: Partial<Schemas['Contact']>): Schemas['Contact'] => ({
  id: 'con_1', email: 'ann@acme.test', subscribed: true, unsubscribed: false, suppressed: false, suppressions: [], patterns: [], counts: {},
  data: {}, createdAt: '2026-05-04T10:00:00Z', updatedAt: '2026-05-04T10:00:00Z', expiresAt: null, projectId: 'prj_default', status: 'ACTIVE', ...more,
})

const suppression = (more: Partial<Suppression>): Suppression => ({
  contactId: 'con_1', email: 'ann@acme.test', reason: 'hard_bounce', active: true, since: '2026-05-04T12:00:00Z', eventId: null, ...more,
})

test('every reason that holds has a sentence of its own', () => {
  const says = whyNot(contact({
    suppressed: true, unsubscribed: true, consentAt: '2026-05-06T12:00:00Z',
    suppressions: [suppression({}), suppression({ reason: 'manual', until: '2027-01-01T12:00:00Z' }), suppression({ reason: 'complaint', active: false })],
    patterns: [{ id: 'sup_1', pattern: '*@acme.test', active: true, by: 'cli', createdAt: '2026-05-05T12:00:00Z' }],
  }))
  expect(says).toHaveLength(4)
  expect(says[0]).toMatch(/Since 4 May 2026 .* takes no mail\. That holds until a person lifts it\./)
  expect(says[1]).toMatch(/That holds until 1 Jan 2027\./)
  expect(says[2]).toMatch(/\*@acme\.test .* all addresses of acme\.test/)
  expect(says[3]).toMatch(/opted out on 6 May 2026/)
})

test('what has ended stands against nothing', () => {
  expect(whyNot(contact({ suppressions: [suppression({ active: false })] }))[0]).toMatch(/Nothing stands against mail.*hard bounce.*has ended/)
  expect(whyNot(contact({}))[0]).toMatch(/neither suppressed nor unsubscribed/)
})

test('a suppression is told before an opting out', () => {
  expect(standing({ suppressed: true, unsubscribed: true }).tone).toBe('bad')
  expect(standing({ suppressed: false, unsubscribed: true }).word).toBe('Unsubscribed')
})

test('patterns are told in words', () => {
  expect(ofPattern('*@bad.test')).toBe('all addresses of bad.test')
  expect(ofPattern('*@*.bad.test')).toBe('all addresses of every domain below bad.test')
})
