/** syslog receivers: real nginx and real logger. */
import { execFile } from 'node:child_process'
import { request } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { emptyEvidence } from '../../server/diagnosis/contract.ts'
import { choose, RecordReader, zoneClock } from '../../server/scan/contract.ts'
import { syslog } from '../../server/tail/syslog.ts'
import { freePort, startNginx } from '../live/harness/nginx.ts'
import { describeWith } from '../needs.ts'
import { receive } from './receive.ts'

/** Event kinds of the lines, as the server reads them. */
function events(lines: readonly string[], logFormat: string | null = null): string[] {
  const reader = new RecordReader({
    path: 'x',
    parsers: choose({ format: null, logFormat }),
    shift: zoneClock('UTC').follow(null),
  })
  const kinds: string[] = []
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
  const collect = (found: readonly { kind: string }[]): void => void kinds.push(...found.map(({ kind }) => kind))
  reader.read(bytes, 1, emptyEvidence(true), collect, true)
  expect(reader.summary).toMatchObject({ lines: lines.length, unparsed: 0 })
  return kinds
}

describe('names', () => {
  it.each([
    ['syslog:udp://127.0.0.1:5514', 'syslog:udp://127.0.0.1:5514'],
    ['syslog:tcp://:5514', 'syslog:tcp://127.0.0.1:5514'],
    ['syslog:udp://', 'syslog:udp://127.0.0.1:514'],
    ['syslog:tcp://[::1]:5514/', 'syslog:tcp://[::1]:5514'],
    ['syslog:udp://0.0.0.0:5514', 'syslog:udp://0.0.0.0:5514'],
  ])('%s', async (written, name) => {
    await expect(syslog.find(written)).resolves.toEqual([name])
  })
  it.each([
    'syslog',
    'syslog:',
    'syslog:5514',
    'syslog:tls://x:1',
    'syslog:udp://x:0',
    'syslog:udp://x:70000',
    'syslog:udp://a b:1',
  ])('%s makes no sense', async (name) => {
    await expect(syslog.find(name)).rejects.toThrow(/expected syslog:udp:\/\/ADDRESS:PORT/)
  })
})

describeWith('nginx', 'from nginx', () => {
  it('access and error log, with and without host name, tag and severity; entries cut at 2 KiB are counted', async () => {
    const FORMAT = '$remote_addr [$time_iso8601] "$request" $status rt=$request_time'
    const it = await receive('udp')
    const nowhere = await freePort()
    const to = `syslog:server=127.0.0.1:${it.port}`
    const nginx = await startNginx(
      ({ dir, port }) => `
        worker_processes 1; pid ${dir}/nginx.pid; error_log ${dir}/error.log;
        events { worker_connections 64; }
        http {
          client_body_temp_path ${dir}/b; proxy_temp_path ${dir}/p; fastcgi_temp_path ${dir}/f;
          uwsgi_temp_path ${dir}/u; scgi_temp_path ${dir}/s;
          log_format timed '${FORMAT}';
          server {
            listen 127.0.0.1:${port};
            access_log ${to};
            access_log ${to},nohostname,tag=web timed;
            error_log ${to},severity=alert,tag=errors error;
            location / { proxy_pass http://127.0.0.1:${nowhere}; }
          }
        }`,
    )
    onTestFinished(() => nginx.close())
    const get = (path: string): Promise<number> =>
      new Promise((resolve, reject) => {
        const headers = { Connection: 'Upgrade', Upgrade: 'websocket' }
        request(`${nginx.http}${path}`, { headers }, (answer) => {
          answer.resume().on('end', () => resolve(answer.statusCode ?? 0))
        })
          .on('error', reject)
          .end()
      })
    expect(await get('/ws')).toBe(502)
    await it.have(3)
    const [error, combined, timed] = [/ errors: /, / nginx: /, / web: /].map(
      (tag) => it.texts().find((text) => tag.test(text)) ?? '',
    )
    expect(error).toMatch(
      /^<18\d>\w{3} [ \d]\d \d\d:\d\d:\d\d \S+ errors: \d{4}\/\d\d\/\d\d .* \[error\] .*connect\(\) failed/,
    )
    expect(combined).toMatch(
      /^<190>\w{3} [ \d]\d \d\d:\d\d:\d\d \S+ nginx: 127\.0\.0\.1 - - \[.*"GET \/ws HTTP\/1\.1" 502 /,
    )
    expect(timed).toMatch(/^<190>\w{3} [ \d]\d \d\d:\d\d:\d\d web: 127\.0\.0\.1 \[.*" 502 rt=/)
    expect(events([error ?? ''])).toEqual(['upstream_refused'])
    events([combined ?? ''])
    events([timed ?? ''], FORMAT)

    expect(await get(`/${'long'.repeat(600)}`)).toBe(502)
    await it.have(6)
    const cut = it.texts().filter((text) => / errors: /.test(text))[1] ?? ''
    expect(Buffer.from(cut.slice(cut.indexOf('errors: ') + 8))).toHaveLength(2047)
    // Access lines are not cut.
    expect(it.texts().find((text) => / web: .*long.* rt=/.test(text))).toBeDefined()
    await it.shows('idle', /^since the start: 1 entry of an error log cut by nginx at 2 KiB$/)
  })
})

describeWith('logger', 'from logger', ({ logger }) => {
  const send = (...args: string[]): Promise<void> =>
    new Promise((resolve, reject) => {
      execFile(logger, ['--server', '127.0.0.1', ...args], (error) => (error ? reject(error) : resolve()))
    })
  it.each([
    ['RFC 5424, counted', ['--rfc5424', '--octet-count'], /^<13>1 .* hello$/],
    ['RFC 5424', ['--rfc5424'], /^<13>1 .* hello$/],
    ['RFC 3164', ['--rfc3164'], /^<13>\w{3} .* app: hello$/],
    ['RFC 3164, counted', ['--rfc3164', '--octet-count'], /^<13>\w{3} .* app: hello$/],
  ])('%s over TCP, over UDP', async (_name, options, expected) => {
    const both = [await receive('tcp'), await receive('udp')] as const
    await send('--tcp', '--port', String(both[0].port), '--tag', 'app', ...options, 'hello')
    await send('--udp', '--port', String(both[1].port), '--tag', 'app', ...options.slice(0, 1), 'hello')
    for (const it of both) {
      await it.have(1)
      expect(it.texts()).toEqual([expect.stringMatching(expected)])
    }
  })
})
