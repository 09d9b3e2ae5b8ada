/** An application's line names no path; the configuration that was given does, and its block gets the patch. */
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { reportOf } from '../cases/run-case.ts'

it('the block that serves sockets is shown and patched', async () => {
  const of = join(import.meta.dirname, '../cases/causes/missing-upgrade-headers/fires-told-and-config-lacks')
  const [finding] = (await reportOf(`${of}.log`, `${of}.conf`)).findings
  expect(finding?.because.at(-1)).toContain(
    'no proxy_set_header Upgrade and no proxy_set_header Connection in location /',
  )
  expect(finding?.fix.target?.line).toBe(6)
  expect(finding?.fix.patch).toContain('+        proxy_set_header Upgrade $http_upgrade;')
  // The same id as without a configuration: it is the same problem.
  expect(finding?.id).toBe((await reportOf(`${of}.log`)).findings[0]?.id)
})
