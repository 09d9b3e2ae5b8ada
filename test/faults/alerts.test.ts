/** Every change of a problem arrives, in order, duplicates with the same id: seeded runs of a receiver that answers as it likes
 *  and a sender that is killed at any moment. `npm run test:faults -- --alerts` makes 200, with `--seed N` that one. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { alertRun, type AlertOutcome } from './alerts-run.ts'
import { bundle } from './bundle.ts'

const SEED = process.env['HALFOPEN_TEST_SEED']
const RUNS = Number(process.env['HALFOPEN_TEST_ALERT_FAULTS'] ?? 15)
const SEEDS = SEED === undefined ? Array.from({ length: RUNS }, (_, n) => n + 1) : SEED.split(',').map(Number)
const AT_ONCE = 3

const folder = mkdtempSync(join(tmpdir(), 'halfopen-alert-faults-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it(
  `${SEEDS.length} seeded runs: every change told, in order, duplicates with the same id`,
  async () => {
    const child = await bundle('test/faults/alerts-child.ts', folder)
    const outcomes: AlertOutcome[] = []
    const left = [...SEEDS]
    const worker = async (): Promise<void> => {
      for (let seed = left.shift(); seed !== undefined; seed = left.shift())
        outcomes.push(await alertRun(seed, { child, folder }))
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    const sum = (of: (outcome: AlertOutcome) => number): number => outcomes.reduce((total, one) => total + of(one), 0)
    const kinds = new Map<string, number>()
    for (const { answers } of outcomes)
      for (const [how, n] of Object.entries(answers)) kinds.set(how, (kinds.get(how) ?? 0) + n)
    const bad = outcomes.filter(({ faults }) => faults.length > 0)
    console.log(
      `alert faults: ${outcomes.length} runs, ${sum(({ kills }) => kills)} kills (-9), ${sum(({ requests }) => requests)} requests, ` +
        `${sum(({ duplicates }) => duplicates)} of them again; answers ${[...kinds]
          .toSorted(([x], [y]) => (x < y ? -1 : 1))
          .map(([how, n]) => `${how} ${n}`)
          .join(', ')}: ` +
        `${bad.length} runs with a fault`,
    )
    expect(sum(({ kills }) => kills)).toBeGreaterThan(0)
    const again = bad.map(({ seed }) => `npm run test:faults -- --alerts --seed ${seed}`).join('\n')
    expect(bad, again).toEqual([])
  },
  60_000 + SEEDS.length * 20_000,
)
