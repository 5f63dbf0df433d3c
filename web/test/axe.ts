import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** The serious faults that axe finds in a part of the page. Nothing but contrast changes with the colours. */
export async function faults(page: Page, { within = 'html', only }: { within?: string; only?: 'color-contrast' } = {}): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe)
  const found = await page.evaluate(async ({ within, only }) => {
    const { axe } = window as unknown as { axe: { run: (within: string, options: object) => Promise<AxeResults> } }
    return axe.run(within, { resultTypes: ['violations'], ...(only ? { runOnly: [only] } : {}) })
  }, { within, only })
  return found.violations
    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .flatMap((v) => v.nodes.slice(0, 4).map((n) => `${v.id}: ${n.target.join(' ')}: ${n.failureSummary?.split('\n').slice(1).join(' ').trim()} ${n.html.slice(0, 160)}`))
}
