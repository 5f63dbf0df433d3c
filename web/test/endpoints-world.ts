import { ask, tell, type World } from './server'

/** The names of the endpoints that every world has. */
export const endpointNames = { works: 'crm', down: 'warehouse', off: 'data lake' }

/** Endpoints that work, fail and are disabled, to which events of before are sent: no new ones come of it. */
export async function endpointsOf(world: World, url: string): Promise<void> {
  await tell(world, '/endpoints', {
    name: endpointNames.works, url: `${url}/hooks/tidings`, on: { event: ['email.bounce', 'email.complaint', 'email.unsubscribe'], source: 'Production' }, headers: { 'X-Token': 'a secret of the CRM' },
    if: { logic: 'AND', groups: [{ filters: [{ field: 'tags', operator: 'notContains', value: 'beta' }] }] },
  })
  await tell(world, '/endpoints', { name: endpointNames.down, url: `${url}/down?token=canary`, on: { event: ['order.*'], where: [{ field: 'data.amount', operator: 'greaterThan', value: 100 }] }, ordered: true, for: '1m' })
  await tell(world, '/endpoints', { name: endpointNames.off, url: `${url}/lake`, format: 'cloudevents', batch: { max: 100, wait: '5s' }, raw: true })
  await tell(world, `/endpoints/${encodeURIComponent(endpointNames.off)}/disable`, { note: 'the lake moves to another region' })
  const { events } = await ask<{ events: { id: string }[] }>(world, '/events?limit=60')
  const ids = events.map((e) => e.id)
  await tell(world, `/endpoints/${endpointNames.works}/replays`, { events: ids, perSecond: 0 })
  await tell(world, `/endpoints/${endpointNames.down}/replays`, { events: ids.slice(0, 4), perSecond: 0 })
}
