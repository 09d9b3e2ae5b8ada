import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  root: fileURLToPath(new URL('../', import.meta.url)),
  test: {
    include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
    // First, so that the list of skipped tests is above the runner's own summary.
    reporters: ['./test/skipped-reporter.ts', 'default'],
    // A third of the time went into importing the same files again, for each of two hundred. Tests that change something of
    // the process put it back.
    isolate: false,
    // Most of the time goes by in waiting for programs: more files at once than a small machine has cores.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    // Real nginx and browsers on a busy two-core machine; a test that waits has a shorter deadline of its own.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
