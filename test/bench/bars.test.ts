/** The short form of `npm run bench`: every measurement runs and prints its row. Ratios of such small logs say nothing. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const SCRIPT = fileURLToPath(new URL('./bars.mjs', import.meta.url))

test('every measurement runs on a small log', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, '--bytes', '1m', '--runs', '1'], {
    encoding: 'utf8',
  })
  expect([status, stderr]).toEqual([0, ''])
  const rows = stdout.split('\n').filter((row) => /\d\.\d\d +[\d.]+ /.test(row))
  expect(rows.map((row) => row.split(/ {2,}/)[0])).toEqual([
    'start',
    'combined',
    'log_format',
    'found out',
    'json',
    'error',
    'gz',
  ])
}, 180_000)
