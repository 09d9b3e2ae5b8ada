/** analyze → patch → prove on recorded runs: unattended, failing before and passing after. */
import { describe, expect, it } from 'vitest'
import { fixable, proveRun } from '../bench/prove.mjs'
import { needs } from '../needs.ts'

/** Those that hold today; test/bench/prove.mjs prints all of them. A name is only ever added. */
const PROVEN = '02- 05- 05b- 13g- 14e- 15b- 17a- 20e- 21a- 22a- 50-'.split(' ')

const names = needs('nginx') === null ? [] : fixable().filter((name) => PROVEN.some((one) => name.startsWith(one)))

describe.skipIf(names.length === 0)('recorded runs (needs nginx and ../shared/nginx-runs)', () => {
  it.each(names)(
    '%s',
    async (name) => {
      const row = await proveRun(name)
      expect(row, JSON.stringify(row)).toMatchObject({ fixed: true })
    },
    120_000,
  )
})
