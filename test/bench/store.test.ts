/** The short form of `npm run bench:store`: every question is asked and every row printed. Times of so few events say nothing. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const SCRIPT = fileURLToPath(new URL('./store.mjs', import.meta.url))

test('the benchmark of the store runs on a day of few events', () => {
  const args = ['--import', 'tsx', SCRIPT, '--events', '2k', '--days', '1', '--runs', '2']
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(/bytes per million events +[\d.]+ MB +bar 90/)
  const asked = stdout.split('\n').filter((row) => /( +[\d.]+){5}$/.test(row))
  expect(asked.length).toBeGreaterThanOrEqual(27)
  expect(stdout).toMatch(/slowest p95, bar 50 +[\d.]+ +[\d.]+\n/)
  expect(stdout).toMatch(/deleting 5 days: steps, p50, p99, longest( +[\d.]+){4}\n/)
}, 120_000)
