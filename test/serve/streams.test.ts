/** Sources that are no files, in a whole server: real nginx over syslog, a real journal, a real pipe. */
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { EventPage, Sources } from '../../server/http/wire.ts'
import { until } from '../live/harness/deadline.ts'
import { ENTRY } from '../live/harness/halfopen.ts'
import { freePort, startNginx } from '../live/harness/nginx.ts'
import { describeWith } from '../needs.ts'
import { journalFolder } from '../tail/journal.ts'
import { folder, startIn } from './running.ts'

const entry = (n: number): string =>
  `2026/11/21 08:00:00 [error] 7#7: *${n} upstream timed out (110: Connection timed out) while proxying upgraded ` +
  'connection, client: 192.0.2.1, server: a.example, request: "GET /ws HTTP/1.1", upstream: "http://127.0.0.1:9/ws"'

describeWith(['nginx', 'journalctl', 'journal'], 'serve', () => {
  it('receives what nginx sends, and reads the journal as history', async () => {
    const [port, nowhere] = [await freePort(), await freePort()]
    const journal = journalFolder()
    await journal.write([{ message: entry(1), time: Date.now() - 60_000 }])
    const name = `journald:nginx.service?directory=${journal.path}`
    const server = await startIn(folder(), `sources: ["syslog:udp://:${port}", "${name}"]\nhistory: 30d\n`)
    const nginx = await startNginx(
      ({ dir, port: own }) => `
        ${process.getuid?.() === 0 ? 'user root;' : ''} worker_processes 1; pid ${dir}/nginx.pid;
        error_log ${dir}/error.log; events { worker_connections 64; }
        http {
          client_body_temp_path ${dir}/b; proxy_temp_path ${dir}/p; fastcgi_temp_path ${dir}/f;
          uwsgi_temp_path ${dir}/u; scgi_temp_path ${dir}/s; access_log off;
          server {
            listen 127.0.0.1:${own};
            error_log syslog:server=127.0.0.1:${port};
            location / { proxy_pass http://127.0.0.1:${nowhere}; }
          }
        }`,
    )
    onTestFinished(() => nginx.close())
    expect((await fetch(`${nginx.http}/ws`)).status).toBe(502)
    const events = async (): Promise<EventPage['events']> => {
      const page: EventPage = (await server.ask('/api/v1/events')).json()
      return page.events
    }
    const found = await until('both', async () => ((await events()).length === 2 ? events() : null))
    expect(found.map(({ kind }) => kind).toSorted()).toEqual(['upstream_refused', 'upstream_timeout'])
    const sources = async (): Promise<Sources['sources']> => {
      const { sources: all }: Sources = (await server.ask('/api/v1/sources')).json()
      return all
    }
    await until('both are read', async () => (await sources()).every(({ state }) => state === 'idle'))
    expect(await sources()).toMatchObject([
      { path: `syslog:udp://127.0.0.1:${port}`, format: 'nginx-error', lines: 1, parsed: 1, hint: null },
      { path: name, format: 'nginx-error', lines: 1, parsed: 1, hint: null },
    ])
  })
})

it('serve - reads what is piped into it, and goes on serving at its end', async () => {
  const dir = folder()
  const port = await freePort()
  writeFileSync(join(dir, 'h.yaml'), `listen: 127.0.0.1:${port}\ndatabase: sqlite:${join(dir, 'h.sqlite')}\n`)
  const child = spawn(process.execPath, [ENTRY, 'serve', '--config-file', join(dir, 'h.yaml'), '-'], {
    cwd: dir,
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const source = async (): Promise<Sources['sources'][number] | undefined> => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/sources`).catch(() => null)
    return answer === null ? undefined : ((await answer.json()) as Sources).sources[0]
  }
  const lines = (count: number): Promise<unknown> =>
    until(`${count} lines`, async () => (await source())?.lines === count, { state: () => said, deadlineMs: 20_000 })
  child.stdin.write(`${entry(1)}\n${entry(2)}\n`)
  await lines(2)
  child.stdin.end(entry(3))
  await lines(3)
  expect(await source()).toMatchObject({
    path: '-',
    parsed: 3,
    state: 'idle',
    hint: expect.stringMatching(/^ended/) as string,
  })
  child.kill('SIGTERM')
  await until('the end', () => child.exitCode === 0, { state: () => said })
})
