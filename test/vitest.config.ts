import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  root: fileURLToPath(new URL('../', import.meta.url)),
  test: {
    include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
    // First, so that the list of skipped tests is above the runner's own summary.
    reporters: ['./test/skipped-reporter.ts', 'default'],
    // Real nginx and browsers on a busy two-core machine; a test that waits has a shorter deadline of its own.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
