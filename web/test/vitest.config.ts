import { defineConfig } from 'vitest/config'

// The pages in a real browser against the real program. Files run one after the other: they share two cores with a browser.
export default defineConfig({
  root: import.meta.dirname,
  test: {
    include: ['**/*.test.ts'],
    globalSetup: ['./whole.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
})
