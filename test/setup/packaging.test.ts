import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { within } from '../live/harness/deadline.ts'
import { startNginx, type Nginx } from '../live/harness/nginx.ts'
import { serve, type Served } from '../live/harness/serve.ts'
import { describeWith } from '../needs.ts'

const BLOCK = readFileSync('server/packaging/nginx-location.conf', 'utf8')

describeWith('nginx', 'the dashboard behind the nginx block we hand out', () => {
  let folder: string
  let server: Served
  let nginx: Nginx

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'halfopen-packaging-'))
    const log = join(folder, 'some.log')
    writeFileSync(log, '2026/11/20 10:00:00 [notice] 1#1: signal process started\n')
    server = await serve(folder, [log], 'allowed_hosts: dashboard.example\n')
    nginx = await startNginx(({ dir, port }) => {
      writeFileSync(join(dir, 'halfopen.htpasswd'), 'admin:{PLAIN}secret\n')
      const block = BLOCK.replaceAll('127.0.0.1:11006', server.base.slice(7)).replaceAll(
        '/etc/nginx/halfopen.htpasswd',
        join(dir, 'halfopen.htpasswd'),
      )
      // The fresh folder is open to its owner only; without root nginx ignores the first line.
      return `user root; pid ${dir}/nginx.pid; error_log ${dir}/error.log; events {}
        http { access_log ${dir}/access.log; ${temporaryPaths(dir)}
          server { listen 127.0.0.1:${port}; server_name dashboard.example;\n${block}\n} }`
    })
  })
  afterAll(async () => {
    await nginx?.close()
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  function get(path: string, password = 'secret'): Promise<IncomingMessage> {
    const headers = { host: 'dashboard.example', authorization: `Basic ${btoa(`admin:${password}`)}` }
    return within(
      `an answer to ${path}`,
      new Promise((resolve, reject) => {
        request(nginx.http + path, { headers }, resolve)
          .on('error', reject)
          .end()
      }),
    )
  }

  it('asks for a password', async () => {
    expect((await get('/halfopen/', 'wrong')).statusCode).toBe(401)
  })

  it('serves the page and what it loads below the prefix', async () => {
    expect((await get('/halfopen')).statusCode).toBe(301)
    const page = await get('/halfopen/')
    expect(page.statusCode).toBe(200)
    const html = await text(page)
    const script = /<script[^>]+src="([^"]+)"/.exec(html)?.[1]
    expect((await get(new URL(script ?? 'no-script', 'http://x/halfopen/').pathname)).statusCode).toBe(200)
    expect((await get('/halfopen/api/v1/problems')).statusCode).toBe(200)
  })

  it('passes live updates on at once', async () => {
    const stream = await get('/halfopen/api/v1/stream')
    expect(stream.headers['content-type']).toMatch(/^text\/event-stream/)
    let received = ''
    const hello = new Promise<void>((resolve) => {
      stream.setEncoding('utf8').on('data', (part: string) => {
        received += part
        if (received.includes('event: hello')) resolve()
      })
    })
    await within('the first event through nginx', hello, 5_000)
    stream.destroy()
  })
})

/** nginx of a package would keep these where only root writes. */
function temporaryPaths(dir: string): string {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return kinds.map((kind) => `${kind}_temp_path ${dir}/${kind};`).join(' ')
}
