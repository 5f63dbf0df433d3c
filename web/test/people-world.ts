import { ask, tell, type World } from './server'

const minutesAgo = (n: number) => new Date(Date.now() - n * 60_000)

/** What the segments of a world are called. */
export const segmentNames = { tracked: 'Teams that pay', nested: 'Looked at prices and left', byHand: 'Guests of the spring fair' }

/** The custom event that every world has. */
export const paid = 'invoice.paid'

const plans = ['free', 'team', 'team', 'business']

/** Contacts with attributes, what they did, and segments of them. */
export async function segmentsOf(world: World): Promise<void> {
  const people = Array.from({ length: 24 }, (_, i) => `person${i + 1}@customers.test`)
  await tell(world, '/topics', { name: 'News' })
  await tell(world, '/contacts/bulk', {
    contacts: people.map((email, i) => ({
      email, tags: i % 3 === 0 ? ['vip'] : ['beta'], topics: { news: i % 2 === 0 },
      data: { plan: plans[i % plans.length], seats: (i % 7) + 1, trial: i % 5 === 0, since: `2026-0${(i % 9) + 1}-15`, address: { city: i % 2 === 0 ? 'Lyon' : 'Porto' }, colours: ['red', 'blue'] },
    })),
  })
  const kept = (data: Record<string, unknown>) => Object.fromEntries(Object.entries(data).map(([k, value]) => [k, { value, persistent: false }]))
  await tell(world, '/v1/track/batch', {
    events: people.flatMap((email, i) => [
      { email, event: 'page.viewed', data: kept({ path: i % 2 === 0 ? '/pricing' : '/docs' }), timestamp: minutesAgo(90 + i * 411).toISOString() },
      ...(i % 3 === 0 ? [] : [{ email, event: paid, data: kept({ amount: 19 + (i % 4) * 10, currency: 'EUR', plan: plans[i % plans.length] }), timestamp: minutesAgo(30 + i * 517).toISOString() }]),
    ]),
  })
  const tracked = await tell<{ id: string }>(world, '/segments', {
    name: segmentNames.tracked, description: 'Plan team, paid within a month', trackMembership: true,
    condition: { logic: 'AND', groups: [{ filters: [{ field: 'data.plan', operator: 'equals', value: 'team' }, { field: `event.${paid}`, operator: 'triggeredWithin', value: 30, unit: 'days' }] }] },
  })
  await tell(world, '/segments', {
    name: segmentNames.nested,
    condition: {
      logic: 'AND',
      groups: [
        {
          filters: [
            { field: 'event.page.viewed', operator: 'triggeredWithin', value: 7, unit: 'days', count: { min: 1 }, where: [{ field: 'data.path', operator: 'equals', value: '/pricing' }] },
            { field: `event.${paid}`, operator: 'notTriggered' },
          ],
        },
        {
          filters: [{ field: 'subscribed', operator: 'equals', value: true }],
          conditions: { logic: 'OR', groups: [{ filters: [{ field: 'tags', operator: 'equals', value: 'vip' }] }, { filters: [{ field: 'createdAt', operator: 'within', value: 30, unit: 'days' }] }] },
        },
      ],
    },
  })
  const byHand = await tell<{ id: string }>(world, '/segments', { name: segmentNames.byHand, type: 'STATIC' })
  await tell(world, `/segments/${byHand.id}/members`, { emails: people.slice(0, 5) })
  // Whoever comes before all members were computed first makes no event.
  const late = Date.now() + 20_000
  while (!(await ask<{ computedAt?: string }>(world, `/segments/${tracked.id}`)).computedAt) {
    if (Date.now() > late) throw new Error('the members of a tracked segment are not computed')
  }
  await tell(world, '/v1/track/batch', { events: [people[9], people[18], people[21]].map((email) => ({ email, event: paid, data: kept({ amount: 49, currency: 'EUR' }) })) })
  await tell(world, '/contacts', { email: people[1], data: { plan: 'business' } })
}
