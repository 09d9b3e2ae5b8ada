/** An application's line names no path; the configuration that was given does, and its block gets the patch. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { reportOf } from '../cases/run-case.ts'

const TOLD =
  "2026/11/22 09:14:07 websocketproxy: couldn't upgrade websocket: the client is not using the websocket protocol: 'upgrade' token not found in 'Connection' header\n"
const LACKS = `server {
    listen 443 ssl;
    server_name portainer.example;
    location / {
        proxy_pass http://127.0.0.1:9000;
        proxy_set_header Host $host;
    }
}
`
let dir = ''
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'halfopen-told-'))
  writeFileSync(join(dir, 'app.log'), TOLD)
  writeFileSync(join(dir, 'nginx.conf'), LACKS)
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

it('the block that serves sockets is convicted, shown and patched', async () => {
  const [finding] = (await reportOf(join(dir, 'app.log'), join(dir, 'nginx.conf'))).findings
  expect(finding).toMatchObject({ cause: 'missing-upgrade-headers', fix: { layer: 'nginx', target: { line: 6 } } })
  expect(finding?.confidence).toBeGreaterThan(0.9)
  expect(finding?.because.at(-1)).toContain(
    'no proxy_set_header Upgrade and no proxy_set_header Connection in location /',
  )
  expect(finding?.fix.patch).toContain('+        proxy_set_header Upgrade $http_upgrade;')
  // The same id as without a configuration: it is the same problem.
  expect(finding?.id).toBe((await reportOf(join(dir, 'app.log'))).findings[0]?.id)
})
