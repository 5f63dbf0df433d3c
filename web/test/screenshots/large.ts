import type { TestProject } from 'vitest/node'
import { begin } from '../whole'

/** Two months, so that each span of 30 days has one before it. */
export default (project: TestProject) => begin(project, 24_000, 60)
