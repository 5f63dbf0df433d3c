import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** The editor's own keys go through its list of offers, however long; axe knows that of lists of comboboxes alone. */
const reached = (rule: string, html: string) => rule === 'scrollable-region-focusable' && html.startsWith('<ul id="cm-ac-')

/** The serious faults that axe finds in a part of the page. Nothing but contrast changes with the colours. */
export async function faults(page: Page, { within = 'html', only }: { within?: string; only?: 'color-contrast' } = {}): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe)
  const found = await page.evaluate(async ({ within, only }) => {
    const { axe } = window as unknown as { axe: { run: (within: string, options: object) => Promise<AxeResults> } }
    return axe.run(within, { resultTypes: ['violations'], ...(only ? { runOnly: [only] } : {}) })
  }, { within, only })
  return found.violations
    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .flatMap((v) => v.nodes.filter((n) => !reached(v.id, n.html)).slice(0, 4).map((n) => `${v.id}: ${n.target.join(' ')}: ${n.failureSummary?.split('\n').slice(1).join(' ').trim()} ${n.html.slice(0, 160)}`))
}

/** Makes the screen narrow, and tells what of the page is past its edge. A chart takes a moment to follow. */
export async function beyond(page: Page): Promise<string[]> {
  await page.setViewportSize({ width: 390, height: 800 })
  const fits = () => document.documentElement.scrollWidth <= document.documentElement.clientWidth
  if (await page.waitForFunction(fits, undefined, { timeout: 5000 }).then(() => true, () => false)) return []
  return page.evaluate(() => {
    const edge = document.documentElement.clientWidth
    const past = [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > edge)
    return [`${document.documentElement.scrollWidth - edge} pixels`, ...past.slice(0, 12).map((e) => `${e.getBoundingClientRect().right}: ${e.outerHTML.slice(0, 160)}`)]
  })
}
