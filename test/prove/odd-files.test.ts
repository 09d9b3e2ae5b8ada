/** Files that a configuration names and that are something else: a pipe or a device for passwords, text for an include. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { run } from '../cli/run.ts'
import { describeWith } from '../needs.ts'
import { folderWith, HEADERS, inHttp, MAP } from './site.ts'

describeWith('nginx', 'prove', () => {
  it('leaves a pipe and a device out, and says so', async () => {
    const folder = folderWith({})
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    const locked = (path: string, file: string): string =>
      `location ${path} { auth_basic x; auth_basic_user_file ${file}; }`
    const server = `server { listen 80; location /ws { proxy_pass http://127.0.0.1:3000;${HEADERS} } ${locked('/a', '/dev/zero')} ${locked('/b', pipe)} }`
    const site = folderWith({ 'nginx.conf': inHttp(`${MAP}\n${server}`) })
    const args = ['prove', '--config', join(site, 'nginx.conf'), '--path', '/ws', '--output', 'json']
    const { stdout, code } = await run(args)
    const { before } = JSON.parse(stdout) as { before: { run: { left_out: { file: string }[] } } }
    expect(before.run.left_out.map(({ file }) => file)).toEqual(['/dev/zero', pipe])
    expect(code).toBe(0)
  })
  it('takes no proof of a configuration of which a file is none', async () => {
    const server = `include part.conf; server { listen 80; location /ws { proxy_pass http://127.0.0.1:3000;${HEADERS} } }`
    const site = folderWith({ 'nginx.conf': inHttp(`${MAP}\n${server}`), 'part.conf': 'server_tokens off' })
    const args = ['prove', '--config', join(site, 'nginx.conf'), '--path', '/ws', '--output', 'json']
    const { stdout, code } = await run(args)
    const { before } = JSON.parse(stdout) as { before: { run: { config_test: { ok: boolean; output: string[] } } } }
    expect(before.run.config_test.ok).toBe(false)
    expect(before.run.config_test.output).toEqual([
      `directive "server_tokens" is not terminated by ";" in ${join(site, 'part.conf')}:1`,
    ])
    expect(code).toBe(1)
  })
})
