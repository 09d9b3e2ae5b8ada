/** `halfopen db` as a user runs it: the built program on a real database, beside a server that writes. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSqliteStore } from '../../server/store/contract.ts'
import { openDriver } from '../../server/store/sqlite/driver.ts'
import { bundle } from '../faults/bundle.ts'
import { batchOf, failure, T0 } from '../store/material.ts'
import { run } from './run.ts'

const dir = mkdtempSync(path.join(tmpdir(), 'halfopen-db-'))
const at = (name: string): string => path.join(dir, name)
const file = at('a.sqlite')
beforeAll(() => {
  const store = openSqliteStore(file)
  store.commit(batchOf([failure(1, T0), failure(2, T0 + 1)]))
  store.close()
})
afterAll(() => rmSync(dir, { recursive: true }))

describe('db check', () => {
  it('says what is there, and ends with 0', async () => {
    const { code, stdout, stderr } = await run(['db', 'check', '--database', `sqlite:${file}`])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain(`${file}\n  no fault\n`)
    expect(stdout).toContain('2 events, 1 minute with counts, 1 place, 0 problems, 1 source\n')
  })

  it('finds the database as serve does: environment, settings, the usual place', async () => {
    mkdirSync(at('state/halfopen'), { recursive: true })
    writeFileSync(at('halfopen.yaml'), 'database: sqlite:a.sqlite\n')
    const outputs = await Promise.all([
      run(['db', 'check', '--output', 'json'], { env: { HALFOPEN_DATABASE: `sqlite:${file}` } }),
      run(['db', 'check', '--output', 'json', '--config-file', at('halfopen.yaml')]),
      run(['db', 'check', '--output', 'json'], { cwd: dir }),
    ])
    for (const { code, stdout } of outputs) {
      expect(code).toBe(0)
      expect(JSON.parse(stdout)).toMatchObject({ database: file, events: 2, faults: [], in_use: false })
    }
    const none = await run(['db', 'check'], { cwd: at('state'), env: { XDG_STATE_HOME: at('state') } })
    expect([none.code, none.stdout]).toEqual([2, ''])
    expect(none.stderr).toMatch(/^halfopen: .*halfopen\.sqlite: there is no database; name it with --database[^\n]*\n$/)
  })

  it('ends with 1 when something does not agree', async () => {
    const copy = at('fault.sqlite')
    expect((await run(['db', 'backup', '--database', `sqlite:${file}`, copy])).code).toBe(0)
    const db = openDriver(copy)
    db.exec('UPDATE counts SET n = 7')
    db.close()
    const { code, stdout } = await run(['db', 'check', '--database', `sqlite:${copy}`])
    expect(code).toBe(1)
    expect(stdout).toMatch(/\n {2}FAULT {2}counts and events do not agree: 7 counted and 2 stored/)
  })

  it('what is no database is one line and 2', async () => {
    writeFileSync(at('log'), 'a line\n'.repeat(1000))
    const { code, stderr } = await run(['db', 'check', '--database', `sqlite:${at('log')}`])
    expect(code).toBe(2)
    expect(stderr).toMatch(/^halfopen: [^\n]* is damaged or no SQLite database[^\n]*\n$/)
  })
})

it('what is no file is one line and 2', async () => {
  const [check, backup, stdout] = await Promise.all([
    run(['db', 'check', '--database', `sqlite:${dir}`]),
    run(['db', 'backup', '--database', `sqlite:${dir}`, at('directory.sqlite')]),
    run(['db', 'backup', '--database', `sqlite:${file}`, '-'], { cwd: dir }),
  ])
  for (const { code, stderr } of [check, backup])
    expect([code, stderr]).toEqual([2, `halfopen: ${dir} is a directory, no database; name the file in it\n`])
  expect([stdout.code, stdout.stdout]).toEqual([2, ''])
  expect(stdout.stderr).toMatch(/^halfopen: db backup writes a file, not standard output: [^\n]*; name one\n$/)
  expect(existsSync(at('-'))).toBe(false)
})

it('db backup makes a file for its owner only and replaces none', async () => {
  const to = at('backup.sqlite')
  const first = await run(['db', 'backup', '--database', `sqlite:${file}`, to])
  expect([first.code, first.stdout]).toEqual([0, `${to}: ${(statSync(to).size / 1e6).toFixed(1)} MB\n`])
  expect(statSync(to).mode & 0o777).toBe(0o600)
  const second = await run(['db', 'backup', '--database', `sqlite:${file}`, to])
  expect([second.code, second.stdout]).toEqual([2, ''])
  expect(second.stderr).toContain('exists already, and a backup replaces nothing')
  const nowhere = await run(['db', 'backup', '--database', `sqlite:${file}`, at('no/such/folder.sqlite')])
  expect(nowhere.code).toBe(2)
  expect(nowhere.stderr).toContain('folder.sqlite')
})

it('beside a server that writes: check and backup work, compact is refused; after it, compact works', async () => {
  const busy = at('busy.sqlite')
  const script = await bundle('test/store/commit-forever.ts', mkdtempSync(path.join(dir, 'child-')))
  const child = spawn(process.execPath, [script, busy, '5'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  await once(child.stdout, 'data')
  const [check, backup, compact] = await Promise.all([
    run(['db', 'check', '--database', `sqlite:${busy}`]),
    run(['db', 'backup', '--database', `sqlite:${busy}`, at('busy-copy.sqlite')]),
    run(['db', 'compact', '--database', `sqlite:${busy}`]),
  ])
  child.kill('SIGKILL')
  await exited
  expect([check.code, check.stderr, check.stdout.includes('in use by a server')]).toEqual([0, '', true])
  expect([backup.code, backup.stderr]).toEqual([0, ''])
  expect([compact.code, compact.stdout]).toEqual([2, ''])
  expect(compact.stderr).toMatch(/^halfopen: [^\n]* is in use by another halfopen; stop that one[^\n]*\n$/)
  const copy = await run(['db', 'check', '--output', 'json', '--database', `sqlite:${at('busy-copy.sqlite')}`])
  expect(JSON.parse(copy.stdout)).toMatchObject({ faults: [] })
  const after = await run(['db', 'compact', '--output', 'json', '--database', `sqlite:${busy}`])
  expect(after.code).toBe(0)
  const { before, after: small } = JSON.parse(after.stdout) as { before: number; after: number }
  expect(small).toBeLessThanOrEqual(before)
  expect((await run(['db', 'check', '--database', `sqlite:${busy}`])).code).toBe(0)
}, 60_000)

it('without a subcommand, or with a wrong one, it says what there is', async () => {
  const [none, wrong] = await Promise.all([run(['db']), run(['db', 'vacuum'])])
  expect([none.code, wrong.code]).toEqual([2, 2])
  expect(none.stderr).toContain('check')
  expect(wrong.stderr).toMatch(/^halfopen: unknown command 'vacuum'[^\n]*; see: halfopen --help\n$/)
})
