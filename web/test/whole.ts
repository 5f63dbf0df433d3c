import { chromium } from 'playwright-core'
import type { TestProject } from 'vitest/node'
import { endpointsOf } from './endpoints-world'
import { executablePath, launchArgs } from './launch'
import { calling, receiver } from './receiver'
import { type Made, signIn, start, stop, type World } from './server'
import { fill } from './world'

declare module 'vitest' {
  export interface ProvidedContext {
    browser: string
    world: World
    /** The source that the simulated mail came by */
    production: Made
  }
}

/** Starts one browser, and one server with so many simulated events of the days before now. */
export async function begin(project: TestProject, events: number, days: number): Promise<() => Promise<void>> {
  const browser = await chromium.launchServer({ executablePath, args: launchArgs })
  const receives = await receiver()
  const may = await calling()
  const server = await start(...may.flags)
  const end = async () => {
    await browser.close()
    await stop(server)
    await receives.close()
    await may.end()
  }
  try {
    const world = await signIn(server)
    const production = await fill(world, events, days)
    await endpointsOf(world, receives.url)
    project.provide('browser', browser.wsEndpoint())
    project.provide('world', world)
    project.provide('production', production)
  } catch (error) {
    await end()
    throw error
  }
  return end
}

/** For all tests: those that need an empty server or a hostile world start their own. */
export default (project: TestProject) => begin(project, 3000, 9)
