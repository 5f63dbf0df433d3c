import { chromium } from 'playwright-core'
import type { TestProject } from 'vitest/node'
import { executablePath, launchArgs } from './launch'
import { signIn, start, stop, type World } from './server'
import { fill } from './world'

declare module 'vitest' {
  export interface ProvidedContext {
    browser: string
    world: World
  }
}

/** One browser and one server for all tests that change nothing which another test looks at. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const browser = await chromium.launchServer({ executablePath, args: launchArgs })
  const server = await start()
  const end = async () => {
    await browser.close()
    await stop(server)
  }
  try {
    const world = await signIn(server)
    await fill(world)
    project.provide('browser', browser.wsEndpoint())
    project.provide('world', world)
  } catch (error) {
    await end()
    throw error
  }
  return end
}
