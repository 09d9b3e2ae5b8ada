/** A port that answers nothing at all may speak TLS: that has to be asked before "nothing to change in nginx". */
import path from 'node:path'
import { expect, it } from 'vitest'
import { reportOf } from '../cases/run-case.ts'

const cases = path.join(import.meta.dirname, '../cases/causes/backend-reset')
const found = async (name: string) =>
  (await reportOf(path.join(cases, name))).findings.find(({ cause }) => cause === 'backend-reset')

it('asks by TLS first where no request was ever answered', async () => {
  const reset = await found('fires-never-answered.log')
  expect(reset?.alternatives[0]).toMatchObject({ cause: 'upstream-tls-mismatch', confidence: 0.5 })
  expect(reset?.alternatives[0]?.check).toContain('https://127.0.0.1:4443/')
  expect(reset?.fix.verify[0]).toContain('https://127.0.0.1:4443/')
  expect(reset?.fix.summary).not.toContain('Nothing to change')
})
