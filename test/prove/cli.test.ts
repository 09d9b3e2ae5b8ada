/** `halfopen prove` and `halfopen probe` as commands: codes, JSON, and a report handed over. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { main } from '../../server/cli/main.ts'
import { describeWith } from '../needs.ts'
import { application } from '../probe/servers.ts'
import { folderWith, HEADERS, inServer, MAP, wholeDiff } from './site.ts'

const bad = inServer('    location /ws {\n        proxy_pass http://app:3000;\n    }')
const good = inServer(`    location /ws {\n        proxy_pass http://app:3000;${HEADERS}\n    }`, MAP)

async function run(args: string[]): Promise<{ code: number; said: string }> {
  let said = ''
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text)
    return true
  })
  try {
    return { code: await main(args), said }
  } finally {
    write.mockRestore()
  }
}

describeWith('nginx', 'halfopen prove', () => {
  it('ends with 1 before, and with 0 after the patch', async () => {
    const folder = folderWith({ 'nginx.conf': bad, 'fix.diff': wholeDiff('nginx.conf', bad, good) })
    const out = join(folder, 'out')
    const args = ['prove', '--config', folder, '--path', '/ws', '--output', 'json', '-o', out]
    expect((await run(args)).code).toBe(1)
    expect((await run([...args, '--patch', join(folder, 'fix.diff')])).code).toBe(0)
    const proof = JSON.parse(readFileSync(out, 'utf8')) as Record<string, unknown>
    expect(proof).toMatchObject({
      schema: 'halfopen.proof/1',
      ok: true,
      fixed: true,
      request: { host: 'app.test', path: '/ws' },
    })
  })

  it('takes path, host and patch from a report', async () => {
    const folder = folderWith({ 'nginx.conf': bad })
    const log = join(folder, 'access.log')
    const line = (path: string, status: number) =>
      `198.51.100.7 - - [21/Nov/2026:06:13:34 +0000] "GET ${path} HTTP/1.1" ${status} 16 "-" "Mozilla/5.0" "upgrade=websocket"\n`
    writeFileSync(log, line('/ws', 426).repeat(5))
    const [report, out] = [join(folder, 'report.json'), join(folder, 'out.txt')]
    await run(['analyze', '--no-progress', '--config', folder, '--output', 'json', '-o', report, log])
    const { code } = await run(['prove', '--config', folder, '--report', report, '-o', out])
    expect(readFileSync(out, 'utf8')).toContain('was 426 Upgrade Required, now 101 Switching Protocols')
    expect(code).toBe(0)
  })

  it('proves every finding of a report that has a patch', async () => {
    const location = (path: string, port: number, more = '') =>
      `    location ${path} {\n        proxy_pass http://app:${port};${more}\n    }\n`
    const folder = folderWith({ 'nginx.conf': inServer(location('/ws', 3000) + location('/live', 3001)) })
    const log = join(folder, 'access.log')
    const line = (path: string, n: number) =>
      `198.51.100.7 - - [21/Nov/2026:06:1${n}:34 +0000] "GET ${path} HTTP/1.1" 426 16 "-" "Mozilla/5.0" "upgrade=websocket"\n`
    writeFileSync(log, [0, 1, 2, 3, 4].map((n) => line('/ws', n) + line('/live', n)).join(''))
    const [report, out] = [join(folder, 'report.json'), join(folder, 'out')]
    await run(['analyze', '--no-progress', '--config', folder, '--output', 'json', '-o', report, log])
    const args = ['prove', '--config', folder, '--report', report, '-o', out]
    expect((await run(args)).code).toBe(0)
    const text = readFileSync(out, 'utf8')
    expect(text.match(/was 426 Upgrade Required, now 101/g)).toHaveLength(2)
    expect(text).toMatch(/^1 of 2: The proxy[^]*^2 of 2: The proxy/m)
    await run([...args, '--output', 'json'])
    const proof = JSON.parse(readFileSync(out, 'utf8')) as { request: object; others: { request: object }[] }
    expect([proof.request, ...proof.others.map(({ request }) => request)]).toMatchObject(
      [{ path: '/live' }, { path: '/ws' }].toSorted((a) => (text.indexOf(`GET ${a.path} `) < text.length / 2 ? -1 : 1)),
    )
    // One that does not pass is not outvoted by one that does.
    const read = JSON.parse(readFileSync(report, 'utf8')) as { findings: { fix: { patch: string } }[] }
    const last = read.findings.at(-1)
    if (last)
      last.fix.patch = last.fix.patch.replace(/^\+.*Upgrade \$http_upgrade;$/m, '+        proxy_set_header X-Other x;')
    writeFileSync(report, JSON.stringify(read))
    expect((await run(args)).code).toBe(1)
    expect(readFileSync(out, 'utf8').match(/was 426 Upgrade Required, now 101/g)).toHaveLength(1)
  })

  it('ends with 1 where the finding has no patch, although the handshake passes', async () => {
    const folder = folderWith({ 'nginx.conf': good })
    const [report, out] = [join(folder, 'report.json'), join(folder, 'out.txt')]
    const finding = { id: 'a', cause: 'handshake-rejected', title: 'x', evidence: [], fix: { patch: null } }
    const findings = [{ ...finding, scope: { server: 'app.test', path: '/ws' } }]
    writeFileSync(report, JSON.stringify({ schema: 'halfopen.report/1', findings }))
    const { code } = await run(['prove', '--config', folder, '--report', report, '-o', out])
    expect(code).toBe(1)
    expect(readFileSync(out, 'utf8')).toContain('has no patch, and nothing was mended')
  })

  it.each([
    [[], /--path is missing/],
    [['--path', 'ws'], /is no path/],
    [['--path', '/ws', '--patch', '/nonexistent.diff'], /cannot be read/],
    [['--path', '/ws', '--report', '/dev/null'], /no report/],
    [['--path', '/ws', '--header', 'x'], /no header/],
    [['--path', '/ws', '--idle', 'soon'], /expected a time/],
  ])('refuses %j', async (more, message) => {
    const folder = folderWith({ 'nginx.conf': bad })
    const { code, said } = await run(['prove', '--config', folder, ...more])
    expect(said).toMatch(message)
    expect(said.trimEnd()).not.toContain('\n')
    expect(code).toBe(2)
  })
})

it('halfopen probe: 0, 1 and 2, and JSON', async () => {
  const out = join(folderWith({}), 'out')
  const { port } = await application()
  expect((await run(['probe', `ws://127.0.0.1:${port}/ws`, '--output', 'json', '-o', out])).code).toBe(0)
  expect(JSON.parse(readFileSync(out, 'utf8'))).toMatchObject({ schema: 'halfopen.probe/1', ok: true, direct: null })
  expect((await run(['probe', 'ws://127.0.0.1:1/ws', '-o', out])).code).toBe(1)
  for (const args of [
    ['ftp://a'],
    ['ws://a', '--connect', 'b'],
    ['ws://a', '--header', 'Upgrade: x'],
    ['ws://a', '--subprotocol', 'a b'],
    ['ws://a', '--socket-io', '--signalr'],
    ['ws://a', '--direct', 'x'],
  ]) {
    const { code, said } = await run(['probe', ...args])
    expect(code, args.join(' ')).toBe(2)
    expect(said.trimEnd()).not.toContain('\n')
  }
})
