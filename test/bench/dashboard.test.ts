/** The short form of `npm run bench:dashboard`: every row is there. Times over so few events say nothing. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { describeWith } from '../needs.ts'

const SCRIPT = fileURLToPath(new URL('./dashboard.mjs', import.meta.url))

describeWith('chromium', 'the benchmark of the dashboard', () => {
  it('runs on a day of few events', () => {
    const args = ['--import', 'tsx', SCRIPT, '--events', '5k', '--days', '1', '--runs', '1', '--seconds', '1']
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    expect([status, stderr]).toEqual([0, ''])
    const rows = stdout.split('\n').filter((row) => /\S {2,}(?:1000|130|200|50) +[\d.]+/.test(row))
    expect(rows).toHaveLength(8)
  }, 180_000)
})
