import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type ConsoleMessage, type FrameLocator, type Locator, type Page } from 'playwright-core'
import { expect, inject, test as base } from 'vitest'
import type { World } from './server'

/** How long a page may take to show something, in milliseconds. */
const patience = 40_000

let connected: Promise<Browser> | undefined
const browser = () => (connected ??= chromium.connect(inject('browser')))

/** A page with what went wrong in it, of which the test that opened it has to have spoken. */
export interface Watched {
  page: Page
  faults: string[]
  /** Answers of 4xx that the test brings about itself */
  allowed: Set<number>
}

/** Writes down everything that goes wrong in a page: errors, whatever the policy stops, and answers that are no success. */
export function watch(page: Page): Watched {
  const w: Watched = { page, faults: [], allowed: new Set() }
  page.on('console', (m: ConsoleMessage) => {
    // What could not be loaded is told by its answer, below.
    if (m.type() === 'error' && !m.text().startsWith('Failed to load resource')) w.faults.push(`console: ${m.text()}`)
    if (m.text().includes('Content Security Policy')) w.faults.push(`policy: ${m.text()}`)
  })
  page.on('pageerror', (e) => w.faults.push(`error: ${e.message}`))
  page.on('dialog', (d) => {
    w.faults.push(`dialog: ${d.message()}`)
    void d.dismiss()
  })
  page.on('response', (r) => {
    const asked = `${r.request().method()} ${new URL(r.url()).pathname}`
    // Who is not signed in is told so by exactly this.
    if (r.status() >= 400 && !w.allowed.has(r.status()) && asked !== 'GET /ui/session') w.faults.push(`${asked} answered ${r.status()}`)
  })
  page.on('requestfailed', (r) => {
    // What a page no longer wants is given up when one leaves it.
    const reason = r.failure()?.errorText ?? ''
    if (reason !== 'net::ERR_ABORTED') w.faults.push(`${r.method()} ${r.url()}: ${reason}`)
  })
  return w
}

/** A browser's window of somebody who is signed in, unless nobody is given. */
export async function context(world: World | undefined, options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const c = await (await browser()).newContext({
    viewport: { width: 1360, height: 900 }, locale: 'en-GB', timezoneId: 'Europe/Berlin', colorScheme: 'light', reducedMotion: 'reduce', ...options,
  })
  c.setDefaultTimeout(patience)
  if (world) {
    const [name, value] = world.cookie.split('=') as [string, string]
    await c.addCookies([{ name, value, url: world.url }])
  }
  return c
}

/** Waits until a page stands: it has its heading, and nothing in it is still being fetched. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const pulse = [...document.querySelectorAll('.animate-pulse')].some((e) => e.clientHeight > 8)
    return document.querySelector('h1') && !document.querySelector('[aria-label="Loading"]') && !pulse
  })
}

/** Opens a path below /ui and waits until it stands. */
export async function open(page: Page, world: { url: string }, path: string): Promise<void> {
  await page.goto(`${world.url}/ui${path}`, { waitUntil: 'load' })
  await settled(page)
}

/** Goes to another page as a link within the pages does: faster, because the program of the pages is there already. */
export async function follow(page: Page, path: string): Promise<void> {
  await page.evaluate(async (href) => {
    const { __TSR_ROUTER__: router } = window as unknown as { __TSR_ROUTER__: { navigate: (to: { href: string }) => Promise<void> } }
    await router.navigate({ href })
  }, path)
  await settled(page)
}

/** What stands in a frame. A browser lays nothing out in a frame of another origin that was never in view. */
export async function inside(frame: Locator): Promise<FrameLocator> {
  await frame.scrollIntoViewIfNeeded()
  return frame.contentFrame()
}

interface Fixtures {
  world: World
  window: BrowserContext
  watched: Watched
  page: Page
  go: (path: string) => Promise<void>
}

/**
 * A test with a page of its own in which somebody is signed in. Whatever goes wrong in the page fails it. The tests of a file share a
 * window, and with it what the browser keeps of the program of the pages.
 */
export const test = base.extend<Fixtures>({
  world: [({}, use) => use(inject('world')), { scope: 'file' }],
  window: [async ({ world }, use) => {
    const c = await context(world)
    await use(c)
    await c.close()
  }, { scope: 'file' }],
  watched: async ({ window }, use) => {
    const w = watch(await window.newPage())
    await use(w)
    await w.page.close()
    expect(w.faults, 'what went wrong in the page').toEqual([])
  },
  page: async ({ watched }, use) => use(watched.page),
  go: async ({ page, world }, use) => use((path) => open(page, world, path)),
})
