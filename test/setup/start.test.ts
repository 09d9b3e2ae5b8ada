import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Sources } from '../../server/http/wire.ts'
import { until, within } from '../live/harness/deadline.ts'
import { freePort } from '../live/harness/nginx.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'halfopen-start-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it('npm start serves the files of the folder it was called in, and SIGTERM to npm ends the server', async () => {
  const base = `http://127.0.0.1:${await freePort()}`
  writeFileSync(join(folder, 'some.log'), '2026/11/20 10:00:00 [notice] 1#1: signal process started\n')
  writeFileSync(join(folder, 'set.yaml'), `listen: ${base.slice(7)}\ndatabase: sqlite:here.sqlite\n`)
  // As a user types it, in a folder that is not the checkout. npm_* of the run we are in would point npm elsewhere.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD$)/i.test(name)))
  const args = ['--prefix', process.cwd(), 'start', '--', '--config-file', 'set.yaml', 'some.log']
  const npm = spawn('npm', args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  npm.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  npm.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = once(npm, 'close')
  const answers = (): Promise<boolean> =>
    fetch(`${base}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )
  try {
    await until('npm start serves', async () => npm.exitCode !== null || answers(), {
      deadlineMs: 30_000,
      state: () => said,
    })
    expect(npm.exitCode, said).toBeNull()
    const { sources } = (await (await fetch(`${base}/api/v1/sources`)).json()) as Sources
    expect(sources.map(({ path }) => path)).toEqual([expect.stringMatching(/some\.log$/)])
    npm.kill('SIGTERM')
    await within('the end of npm start', ended)
    expect(await answers()).toBe(false)
  } finally {
    npm.kill('SIGKILL')
  }
})
