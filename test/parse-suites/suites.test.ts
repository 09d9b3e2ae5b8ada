/** Every case of other projects' parser tests through the real `halfopen parse`. The suites are no part of the project;
 *  where they are absent these tests are skipped. `npx vitest run test/parse-suites` prints the score. */
import { describe, expect, it } from 'vitest'
import { casesOf, differences, parseCases, suiteFile } from './cases.ts'

const SUITES = ['beats-nginx', 'beats-ingress-extra', 'fluentd', 'nginxlog-exporter', 'ops-agent']

/** Differences that are right as they are: case id → reason. */
const ACCEPTED: Readonly<Record<string, string>> = {}

for (const suite of SUITES) {
  const file = suiteFile(suite)
  if (file === null) {
    describe.skip(`${suite} (needs ../shared/suites/logs/${suite}.jsonl)`, () => it('all of it', () => undefined))
    continue
  }
  it(`${suite}: every case`, async () => {
    const cases = casesOf(file)
    const got = await parseCases(cases)
    const failed = cases
      .map((one) => ({ id: one.id, differences: differences(one, got.get(one.id)) }))
      .filter((one) => one.differences.length > 0)
    const accepted = failed.filter(({ id }) => ACCEPTED[id] !== undefined)
    process.stdout.write(
      `${suite}: ${cases.length - failed.length} passed, ${failed.length - accepted.length} failed, ${accepted.length} accepted of ${cases.length}\n`,
    )
    expect(failed.filter(({ id }) => ACCEPTED[id] === undefined)).toEqual([])
    expect(cases.length).toBeGreaterThan(0)
  })
}
