/** The nginx configuration is repaired while halfopen runs: what is said about it must be true of what is there now. */
import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import type { Finding } from '../../server/diagnosis/contract.ts'
import type { Problems, Sources } from '../../server/http/wire.ts'
import { NginxFile } from '../../server/nginx-view.ts'
import { request } from './lines.ts'
import { folder, startIn, type Started } from './running.ts'

vi.setConfig({ testTimeout: 60_000 })
const SOON = { timeout: 20_000, interval: 50 }

const HEADERS = `proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;`
const config = (lines: string): string => `events {}
http {
  map $http_upgrade $connection_upgrade { default upgrade; '' close; }
  server {
    listen 80;
    location /ws {
      proxy_pass http://127.0.0.1:3000;
      ${lines}
    }
  }
}
`
/** The same bytes and date as before are no way to write a file. */
function write(path: string, text: string): void {
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
}

const headersOf = (file: NginxFile): string[] => [...(file.view.settings(null, '/ws')?.set_headers.keys() ?? [])]

/** What the finding says of the configuration, and what it advises. */
const claims = ({ because, against, fix }: Finding): string => [...because, ...against, fix.summary].join('\n')
const LACKS = /does not pass them/

async function finding(server: Started): Promise<Finding | undefined> {
  const { problems }: Problems = (await server.ask('/api/v1/problems')).json()
  return problems.find(({ finding: { cause } }) => cause === 'missing-upgrade-headers')?.finding
}

it('a repaired configuration is no longer said to lack the headers, and a broken one is again', async () => {
  const dir = folder()
  const conf = join(dir, 'nginx.conf')
  const log = join(dir, 'access.log')
  writeFileSync(conf, config(''))
  writeFileSync(log, '')
  const server = await startIn(dir, 'sources: [access.log]\ntimezone: UTC\nnginx_config: nginx.conf\n')
  await expect.poll(async () => (await server.ask('/readyz')).status, SOON).toBe(200)
  for (let i = 0; i < 4; i++) appendFileSync(log, request(Date.now(), 426))
  const said = async (): Promise<string> => {
    const found = await finding(server)
    return found ? claims(found) : ''
  }
  await expect.poll(said, SOON).toMatch(LACKS)

  write(conf, config(HEADERS))
  await expect.poll(said, SOON).not.toMatch(LACKS)
  expect(server.said().match(/nginx_config changed/g)).toHaveLength(1)
  const report = (await server.ask('/api/v1/report')).text
  expect(report).not.toMatch(LACKS)

  write(conf, config(''))
  appendFileSync(log, request(Date.now(), 426))
  await expect.poll(said, SOON).toMatch(LACKS)
  expect(server.said().match(/nginx_config changed/g)).toHaveLength(2)
})

it('a configuration that cannot be read keeps the last good one, and says so', async () => {
  const dir = folder()
  const conf = join(dir, 'nginx.conf')
  writeFileSync(conf, config(HEADERS))
  writeFileSync(join(dir, 'access.log'), '')
  const server = await startIn(dir, 'sources: [access.log]\nnginx_config: nginx.conf\n')
  const notices = async (): Promise<string[]> => {
    const { notices: all }: Sources = (await server.ask('/api/v1/sources')).json()
    return all
  }
  expect(await notices()).toEqual([])
  write(conf, 'http {')
  await expect.poll(notices, SOON).toEqual([expect.stringMatching(/nginx\.conf:1: .*it read before/)])
  expect(server.said()).toContain('it read before')
  rmSync(conf)
  await expect.poll(notices, SOON).toEqual([expect.stringContaining('no such file')])
  write(conf, config(''))
  await expect.poll(notices, SOON).toEqual([])
  expect(server.said().match(/nginx_config changed/g)).toHaveLength(1)
})

it('notices what includes bring and lose, and says nothing of the rest', () => {
  const dir = folder()
  const conf = join(dir, 'nginx.conf')
  const parts = join(dir, 'conf.d')
  mkdirSync(parts)
  writeFileSync(conf, 'events {}\nhttp { include conf.d/*.conf; }\n')
  const file = new NginxFile(conf)
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  expect(file.refresh()).toBe(false)
  const site = (lines: string): string =>
    `server { listen 80; location /ws { proxy_pass http://127.0.0.1:3000; ${lines} } }\n`

  write(join(parts, 'a.conf'), site(''))
  expect(file.refresh()).toBe(true)
  expect(headersOf(file)).not.toContain('upgrade')
  write(join(parts, 'a.conf'), site('proxy_set_header Upgrade $http_upgrade;'))
  expect(file.refresh()).toBe(true)
  expect(headersOf(file)).toContain('upgrade')
  writeFileSync(join(parts, 'README'), 'not included')
  expect(file.refresh()).toBe(false)
  rmSync(join(parts, 'a.conf'))
  expect(file.refresh()).toBe(true)
  expect(file.view.settings(null, '/ws')).toBeNull()
})

it('reads the log formats again', () => {
  const conf = join(folder(), 'nginx.conf')
  const text = (format: string): string =>
    `events {}\nhttp { log_format mine '${format}'; access_log /var/log/nginx/access.log mine; }\n`
  writeFileSync(conf, text('$remote_addr $status'))
  const file = new NginxFile(conf)
  expect(file.logFormats).toEqual(['$remote_addr $status'])
  write(conf, text('$remote_addr $status $request_time'))
  expect(file.refresh()).toBe(true)
  expect(file.logFormats).toEqual(['$remote_addr $status $request_time'])
})
