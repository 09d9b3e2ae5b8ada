/** What the Config and Trends pages ask for, from a whole server with real files. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { ConfigState, ErrorReply, ServedBy, SessionLengths } from '../../server/http/wire.ts'
import { until } from '../live/harness/deadline.ts'
import { folder, startIn } from './running.ts'

const FORMAT = '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent $host $request_time'
const CONFIG = `events {}
http {
  log_format long '${FORMAT}';
  access_log access.log long;
  server {
    server_name a.example;
    location /ws/ {
      proxy_pass http://127.0.0.1:9000;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header X-Api-Key "do not show";
      proxy_read_timeout 45s;
    }
    location / { return 200; }
  }
}
`

it('says which block serves an address, and shows no secret of it', async () => {
  const dir = folder()
  writeFileSync(join(dir, 'nginx.conf'), CONFIG)
  const server = await startIn(dir, 'nginx_config: nginx.conf\n')
  const state = (await server.ask('/api/v1/config')).json() as ConfigState
  expect(state).toMatchObject({ path: join(dir, 'nginx.conf'), notice: null, problems: [] })
  expect(state.files).toEqual([{ path: join(dir, 'nginx.conf'), lines: CONFIG.split('\n').length }])

  const asked = await server.ask(`/api/v1/config/serves?url=${encodeURIComponent('wss://a.example/ws/chat?x=1')}`)
  const { block } = asked.json() as ServedBy
  expect(block).toMatchObject({ line: 7, proxy_read_timeout: 45, proxy_http_version: '1.1' })
  expect(block?.text.map(({ line }) => line)).toEqual([7, 8, 9, 10, 11, 12, 13])
  expect(block?.set_headers.find(({ name }) => name === 'x-api-key')?.value).toBe('[masked]')
  expect(asked.text).not.toContain('do not show')

  const wrong = await server.ask('/api/v1/config/serves?url=javascript:alert(1)')
  expect([wrong.status, (wrong.json() as ErrorReply).error.code]).toEqual([400, 'bad-query'])
})

it('has no configuration where none was named', async () => {
  const server = await startIn(folder(), '')
  expect(((await server.ask('/api/v1/config')).json() as ConfigState).path).toBeNull()
  const { block } = (await server.ask('/api/v1/config/serves?url=wss://a.example/ws')).json() as ServedBy
  expect(block).toBeNull()
})

it('tells the lengths of sessions, where many ended at once, and why', async () => {
  const dir = folder()
  writeFileSync(join(dir, 'nginx.conf'), CONFIG)
  const line = (at: number, path: string, seconds: number) =>
    `192.0.2.1 - - [21/Nov/2026:06:${String(at % 60).padStart(2, '0')}:00 +0000] "GET ${path} HTTP/1.1" 101 120 a.example ${seconds.toFixed(3)}\n`
  const cut = Array.from({ length: 12 }, (_, i) => line(i, '/ws/chat', 45.001 + i / 1000))
  const left = [0.4, 7, 21, 93, 200, 900].map((seconds, i) => line(i, '/ws/chat', seconds))
  writeFileSync(join(dir, 'access.log'), [...cut, ...left, line(5, '/other/', 3)].join(''))
  const server = await startIn(dir, 'nginx_config: nginx.conf\nsources: [access.log]\n')
  const ask = async (more = '') =>
    (await server.ask(`/api/v1/lengths?from=2026-11-21&to=2026-11-22${more}`)).json() as SessionLengths
  const lengths = await until('all are read', async () => {
    const answer = await ask()
    return answer.count === 19 ? answer : null
  })
  const peak = lengths.peaks[0]
  expect(peak).toMatchObject({ seconds: 45, count: 12 })
  expect(peak?.matches[0]).toContain('proxy_read_timeout 45s')
  expect(lengths.bars.find(({ from }) => from === 42.5)).toMatchObject({ to: 47.5, count: 12 })
  expect(lengths.bars.reduce((sum, bar) => sum + bar.count, 0)).toBe(19)
  expect((await ask('&path=/other/')).count).toBe(1)
})
