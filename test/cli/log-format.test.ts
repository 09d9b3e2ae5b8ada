import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { PARSERS } from '../../parsers/index.ts'
import { LOGGED_VARIABLES } from '../../server/diagnosis/log-format.ts'
import { describeWith } from '../needs.ts'
import { run } from './run.ts'

it('prints lines to paste, and with --explain what each variable is good for', async () => {
  const short = await run(['log-format'])
  expect(short).toMatchObject({ code: 0, stderr: '' })
  expect(short.stdout).toMatch(/^# 1\. In the http block/)
  for (const row of short.stdout.split('\n')) expect(row.length).toBeLessThanOrEqual(80)
  const long = await run(['log-format', '--explain'])
  for (const { variable, shows } of LOGGED_VARIABLES) expect(long.stdout).toContain(`# ${variable.padEnd(25)} ${shows}`)
})

describeWith('nginx', 'a real nginx', ({ nginx }) => {
  it('accepts the lines, and what it then writes is read with every variable', async () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'halfopen-log-format-'))
    const lines = (await run(['log-format'])).stdout.replaceAll('/var/log/nginx/', `${dir}/`)
    const [http = '', server = ''] = lines.split('# 2.')
    const port = await freePort()
    const location = `location / { proxy_pass http://127.0.0.1:${port}/inner; }\nlocation /inner { return 404; }`
    writeFileSync(
      path.join(dir, 'nginx.conf'),
      `daemon off; master_process off; pid ${dir}/pid; error_log ${dir}/start.log;\nevents {}\nhttp {\n${http}\nserver {\nlisten 127.0.0.1:${port}; server_name app.test;\n# 2.${server}\n${location}\n}\n}\n`,
    )
    const child = spawn(nginx, ['-c', path.join(dir, 'nginx.conf'), '-p', dir], { stdio: ['ignore', 'ignore', 'pipe'] })
    const ended = once(child, 'exit')
    try {
      const headers = {
        Host: 'app.test',
        Upgrade: 'websocket',
        Connection: 'Upgrade',
        'User-Agent': 'a "quoted" \\ agent',
      }
      await request(port, headers)
    } finally {
      child.kill('SIGQUIT')
      await ended
    }
    const written = readFileSync(path.join(dir, 'websocket.log'), 'utf8').trimEnd().split('\n')
    const outer = written.find((line) => line.includes('GET /ws'))
    const parsed = PARSERS.map((parser) => parser.parse(outer ?? '')).find((result) => result.ok)
    rmSync(dir, { recursive: true, force: true })
    if (!parsed?.ok || parsed.record.type !== 'access') throw new Error(`not read: ${outer}`)
    const names = LOGGED_VARIABLES.map(({ variable }) => variable.slice(1).split(':')[0] ?? '')
    expect([...parsed.record.variables]).toEqual(expect.arrayContaining(names))
    expect(parsed.record.fields).toMatchObject({
      request_uri: '/ws',
      status: 404,
      upstream_status: ['404'],
      upstream_addr: [`127.0.0.1:${port}`],
      server_name: 'app.test',
      http_upgrade: 'websocket',
      http_connection: 'Upgrade',
      http_user_agent: 'a "quoted" \\ agent',
      remote_addr: '127.0.0.1',
    })
  })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Tries until nginx listens, at most 5 s. */
async function request(port: number, headers: Record<string, string>): Promise<void> {
  const { get } = await import('node:http')
  const deadline = Date.now() + 5000
  for (;;) {
    try {
      await new Promise<void>((resolve, reject) => {
        get({ host: '127.0.0.1', port, path: '/ws', headers, agent: false }, (response) => {
          response.resume().on('end', resolve)
        }).on('error', reject)
      })
      return
    } catch (error) {
      if (Date.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}
