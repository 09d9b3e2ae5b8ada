/** Lose nothing, count nothing twice: seeded runs of everything that happens to logs and to their reader.
 *  `npm run test:faults` makes 300 of them, `npm run test:faults -- --seed N` that one. */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { describeWith } from '../needs.ts'
import { bundle } from './bundle.ts'
import { run, type Means, type Outcome } from './run.ts'

const SEED = process.env['HALFOPEN_TEST_SEED']
const RUNS = Number(process.env['HALFOPEN_TEST_FAULTS'] ?? 30)
const SEEDS = SEED === undefined ? Array.from({ length: RUNS }, (_, n) => n + 1) : SEED.split(',').map(Number)
/** The point is being killed, not being starved. */
const AT_ONCE = 6

const folder = mkdtempSync(join(tmpdir(), 'halfopen-faults-'))
chmodSync(folder, 0o755)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const root = process.getuid?.() === 0
function works(command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describeWith('logrotate', 'faults', ({ logrotate }) => {
  it(
    `${SEEDS.length} seeded runs: none lost, none doubled`,
    async () => {
      const reader = await bundle('test/faults/reader.ts', folder)
      const readable = works(
        'setpriv',
        '--reuid=65534',
        '--regid=65534',
        '--clear-groups',
        process.execPath,
        '--check',
        reader,
      )
      const means: Means = {
        logrotate,
        reader,
        folder,
        mounts: root && works('unshare', '--mount', 'mount', '-t', 'tmpfs', 'tmpfs', folder),
        drops: root && readable,
      }
      const outcomes: Outcome[] = []
      const left = [...SEEDS]
      const stuck: string[] = []
      const worker = async (): Promise<void> => {
        for (let seed = left.shift(); seed !== undefined; seed = left.shift()) {
          const outcome = await run(seed, means).catch((error: unknown) => `seed ${seed}: ${String(error)}`)
          if (typeof outcome === 'string') stuck.push(outcome)
          else outcomes.push(outcome)
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, worker))
      console.log(summary(outcomes, means))
      const bad = outcomes.filter(({ lost, doubled }) => lost.length + doubled.length > 0)
      const again = bad.map(({ seed }) => `npm run test:faults -- --seed ${seed}`).join('\n')
      expect({ stuck, bad }, again).toEqual({ stuck: [], bad: [] })
    },
    60_000 + SEEDS.length * 20_000,
  )
})

function summary(outcomes: readonly Outcome[], { mounts, drops }: Means): string {
  const sum = (of: (outcome: Outcome) => number): number => outcomes.reduce((total, one) => total + of(one), 0)
  return [
    `faults: ${outcomes.length} runs, ${sum(({ lines }) => lines)} lines, ${sum(({ kills }) => kills)} kills (-9), ` +
      `${sum(({ rotations }) => rotations)} rotations, ${sum(({ refused }) => refused)} commits refused by a full disk: ` +
      `${sum(({ lost }) => lost.length)} lost, ${sum(({ doubled }) => doubled.length)} doubled ` +
      `(${sum(({ thrownAway }) => thrownAway)} lines were thrown away by copytruncate itself)`,
    ...(mounts ? [] : ['not done: full disk (needs root and mount rights)']),
    ...(drops ? [] : ['not done: lost permission (needs root and setpriv)']),
  ].join('\n')
}
