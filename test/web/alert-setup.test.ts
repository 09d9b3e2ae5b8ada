/** What the page tells people to paste has to work. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadConfig } from '../../server/main.ts'
import { ALERT_SETUP } from '../../web/text/alert-setup.ts'
import { folder } from '../serve/running.ts'

it('the lines for a first receiver are a configuration that has one', () => {
  const dir = folder()
  const file = join(dir, 'halfopen.yaml')
  writeFileSync(file, ALERT_SETUP)
  const { alerting } = loadConfig({ file, cli: {}, env: {}, cwd: dir })
  expect(alerting.receivers.map(({ name, channel }) => [name, channel.id])).toEqual([['phone', 'ntfy']])
})
