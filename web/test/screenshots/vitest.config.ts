import { defineConfig } from 'vitest/config'

// Not a test: it makes docs/ui, from two months of simulated mail.
export default defineConfig({
  root: import.meta.dirname,
  test: { include: ['take.ts'], globalSetup: ['./large.ts'], testTimeout: 60_000, hookTimeout: 60_000 },
})
