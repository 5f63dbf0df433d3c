import { expect } from 'vitest'
import { context, settled, test } from './browser'

/** Bytes over the wire, as they were compressed, of everything that the first page needs. */
const most = 250_000

test('the first load is 250 KB at most', async ({ world }) => {
  const c = await context(world)
  const page = await c.newPage()
  const wire = await c.newCDPSession(page)
  await wire.send('Network.enable')
  const sizes = new Map<string, number>()
  const urls = new Map<string, string>()
  wire.on('Network.responseReceived', (e) => urls.set(e.requestId, new URL(e.response.url).pathname))
  wire.on('Network.loadingFinished', (e) => sizes.set(urls.get(e.requestId) ?? e.requestId, e.encodedDataLength))
  // The moment at which a person can use the page: the frame stands, and its links and buttons answer.
  await page.addInitScript(() => {
    new MutationObserver((_, watch) => {
      if (!document.querySelector('main h1')) return
      performance.mark('interactive')
      watch.disconnect()
    }).observe(document, { childList: true, subtree: true })
  })
  await page.goto(`${world.url}/ui/`)
  await settled(page)
  const [interactive, whole] = await page.evaluate(() => [performance.getEntriesByName('interactive')[0]?.startTime ?? 0, performance.now()])
  const total = [...sizes.values()].reduce((a, b) => a + b, 0)
  console.info(`first load: ${(total / 1000).toFixed(1)} KB in ${sizes.size} answers; usable after ${Math.round(interactive ?? 0)} ms, with its figures after ${Math.round(whole ?? 0)} ms`)
  expect(sizes.size).toBeGreaterThan(5)
  expect(total, JSON.stringify([...sizes].sort(([, a], [, b]) => b - a))).toBeLessThanOrEqual(most)
  await c.close()
})
