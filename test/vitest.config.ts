import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** They measure the time or the memory of their own process, or ask V8 with the flags it began with (a server sets some). */
const ALONE = [
  'test/apps/hostile.test.ts',
  'test/cli/open-input.test.ts',
  'test/cli/packed.test.ts',
  'test/cli/start.test.ts',
  'test/scan/memory.test.ts',
  'test/tail/append.test.ts',
  'test/tail/docker-frames.test.ts',
  'test/tail/line-splitter.test.ts',
  'test/tail/stdin.test.ts',
]

export default defineConfig({
  root: fileURLToPath(new URL('../', import.meta.url)),
  test: {
    // First, so that the list of skipped tests is above the runner's own summary.
    reporters: ['./test/skipped-reporter.ts', 'default'],
    // Most of the time goes by in waiting for programs: more files at once than a small machine has cores.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    // Real nginx and browsers on a busy two-core machine; a test that waits has a shorter deadline of its own.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        // A third of the time went into importing the same files again, for each of two hundred. Tests that change something
        // of the process put it back.
        test: { name: 'all', include: ['test/**/*.test.{ts,tsx}'], exclude: ALONE, isolate: false },
      },
      { extends: true, test: { name: 'alone', include: ALONE } },
    ],
  },
})
