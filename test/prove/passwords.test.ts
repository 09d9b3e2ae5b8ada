/** A file of passwords that is a pipe or a device: nothing waits for it, and nothing reads it to its end. */
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
})
