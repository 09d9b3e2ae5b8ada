/** A configuration that was changed in the second of a failure may be the one that failed. */
import path from 'node:path'
import { expect, it } from 'vitest'
import { buildReport } from '../../server/diagnosis/contract.ts'
import { configView, loadConfig } from '../../server/nginx-config/contract.ts'
import { scanInputs } from '../../server/scan/contract.ts'

const CASE = path.join(import.meta.dirname, '../cases/causes/path-mismatch/fires-rewritten')
/** Of its last line. */
const LAST = Date.UTC(2026, 2, 12, 9, 14, 15)

async function causes(changed_at: number): Promise<string[]> {
  const options = { format: null, logFormat: null, timezone: 'UTC', since: null, until: null, onProgress: null }
  const { evidence, inputs } = await scanInputs([`${CASE}.log`], options)
  const loaded = loadConfig(`${CASE}.conf`)
  if (!loaded.ok) throw new Error(loaded.error.message)
  const config = { ...configView(loaded.config), changed_at }
  return buildReport(evidence, { inputs, generatedAt: 0, config }).findings.map(
    ({ cause, over }) => `${cause} ${over?.why}`,
  )
}

it('is not told as changed since', async () => {
  expect(await causes(LAST + 900)).not.toContain('missing-upgrade-headers config-changed')
  expect(await causes(LAST + 1000)).toContain('missing-upgrade-headers config-changed')
})
