/** Rotated sets: which names belong to one log, in which order they are read, and what is left out. */
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findInputs, type InputEnvironment } from '../../server/scan/inputs.ts'
import { rotatedName } from '../../server/scan/rotated-name.ts'
import { inTimeOrder, withoutCopies } from '../../server/scan/sets.ts'
import { ACCESS, REFUSED } from './logs.ts'
import { run } from './run.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'halfopen-rotated-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const DAY = 86_400_000
const at = (name: string): string => path.join(dir, name)
function put(name: string, content: string | Buffer = 'line\n', daysAgo = 0): string {
  mkdirSync(path.dirname(at(name)), { recursive: true })
  writeFileSync(at(name), content)
  const then = (Date.now() - daysAgo * DAY) / 1000
  utimesSync(at(name), then, then)
  return at(name)
}
const env: InputEnvironment = { stdinPiped: false, home: '/nonexistent', places: [] }
const all = { rotated: true, since: null }
const names = (inputs: readonly string[]): string[] => inputs.map((input) => path.relative(dir, input))

describe('names', () => {
  it.each([
    ['error.log', 'error.log', null],
    ['error.log.1', 'error.log', { number: 3 }],
    ['error.log.0', 'error.log', { number: 2 }],
    ['error.log.12.gz', 'error.log', { number: 14 }],
    ['error.log-20261121', 'error.log', { time: '2026112100000000000000000' }],
    ['error.log-2026112106.zst', 'error.log', { time: '2026112106000000000000000' }],
    ['error.log-2026-11-21-1763683200.zst', 'error.log', { time: '2026112100000001763683200' }],
    ['access.log.2026-11-21', 'access.log', { time: '2026112100000000000000000' }],
    ['access.log-1763683200', 'access.log', { time: '20251121000000' }],
    ['access-20261121.log.gz', 'access.log', { time: '2026112100000000000000000' }],
    ['access.3.log', 'access.log', { number: 5 }],
    ['access_log.processed', 'access_log', { number: 1 }],
    ['access_ssl_log.processed.1.gz', 'access_ssl_log', { number: 3 }],
    ['proxy-host-3_access.log.2.gz', 'proxy-host-3_access.log', { number: 4 }],
    ['example.com-ssl_log-Nov-2026.gz', 'example.com-ssl_log', { time: '202611' }],
    ['192.0.2.7.log', '192.0.2.7.log', null],
    ['access.log-20269921', 'access.log-20269921', null],
  ])('%s belongs to %s', (name, log, rotation) => {
    expect(rotatedName(name)).toMatchObject({ log, rotation })
  })
})

describe('time order', () => {
  it.each([
    [['error.log', 'error.log.1', 'error.log.10.gz', 'error.log.2.gz']],
    [['access.log', 'access.log-20261120.gz', 'access.log-20261121', 'access.log-20261119.gz']],
    [['a-20261120.log', 'a.log', 'a-20261119.log']],
    [['access_log', 'access_log.processed', 'access_log.processed.1.gz', 'access_log.processed.2.gz']],
  ])('of %j is oldest first', (given) => {
    const age = (name: string): string => rotatedName(name).log
    const ordered = inTimeOrder(given)
    expect(ordered.toSorted()).toEqual(given.toSorted())
    expect(new Set(ordered.map(age)).size).toBe(1)
    const expected = {
      'error.log': ['error.log.10.gz', 'error.log.2.gz', 'error.log.1', 'error.log'],
      'access.log': ['access.log-20261119.gz', 'access.log-20261120.gz', 'access.log-20261121', 'access.log'],
      'a.log': ['a-20261119.log', 'a-20261120.log', 'a.log'],
      access_log: ['access_log.processed.2.gz', 'access_log.processed.1.gz', 'access_log.processed', 'access_log'],
    }[age(given[0] as string)]
    expect(ordered).toEqual(expected)
  })

  it('leaves different logs in the order they were named, also those of the same name elsewhere', () => {
    const given = ['b.log', '-', 'x/a.log', 'y/a.log.1', 'x/a.log.1', 'a.log']
    expect(inTimeOrder(given)).toEqual(['b.log', '-', 'x/a.log.1', 'x/a.log', 'y/a.log.1', 'a.log'])
  })

  it('goes by the time of writing where numbers and dates are mixed', () => {
    put('a.log')
    put('a.log.1', 'line\n', 30)
    put('a.log-20261121', 'line\n', 2)
    put('a.log.2', 'line\n', 31)
    const given = ['a.log', 'a.log.1', 'a.log-20261121', 'a.log.2'].map(at)
    expect(names(inTimeOrder(given))).toEqual(['a.log.2', 'a.log.1', 'a.log-20261121', 'a.log'])
  })
})

describe('a directory', () => {
  it('is read with the rotated files of its logs, and what else is there is passed over', () => {
    const logs = ['access.log.2.gz', 'access.log.1', 'access.log', 'error.log-20261120', 'error.log', 'old.log.1']
    const others = ['access.log.1.bak', '.error.log.swp', 'site-bytes_log', 'error.html', 'notes.txt', 'notes.txt.1']
    for (const name of [...logs, ...others, 'sub/deep.log']) put(name)
    put('picture.log', Buffer.from([0x89, 0x50, 0x4e, 0x47]))
    const found = findInputs([dir], env, all)
    expect(found.errors).toEqual([])
    expect(names(found.inputs)).toEqual(logs)
    expect(names(found.passedOver).toSorted()).toEqual([...others, 'picture.log'].toSorted())
    expect(found.notes).toEqual([
      `${dir}: 4 files of earlier days read along, oldest first`,
      `${dir}: 7 files passed over, not logs by name or content`,
      `${dir}: logs in folders not read: ${at('sub')}; name a folder to read it`,
    ])
  })

  it.each(['old', 'olddir', 'archive', 'backup'])(
    'is read with the rotated files of its logs that lie in %s',
    (old) => {
      for (const name of ['access.log', 'error.log', 'access.log.1', 'sites/x.log', 'empty/x.txt']) put(name)
      for (const name of ['access.log.2.gz', 'access.log.3.gz', 'error.log-20261120', 'mail.log.1', 'error.log'])
        put(`${old}/${name}`)
      const { inputs, notes, errors } = findInputs([dir], env, all)
      expect(errors).toEqual([])
      const wanted = [`${old}/access.log.3.gz`, `${old}/access.log.2.gz`, 'access.log.1', 'access.log']
      expect(names(inputs)).toEqual([...wanted, `${old}/error.log-20261120`, 'error.log'])
      expect(notes).toEqual([
        `${dir}: 4 files of earlier days read along, oldest first`,
        `${dir}: logs in folders not read: ${[old, 'sites'].toSorted().map(at).join(', ')}; name a folder to read it`,
      ])
      expect(names(findInputs([dir], env).inputs)).toEqual(['access.log', 'error.log'])
    },
  )

  it('is read by the time of writing where two folders count from 1', () => {
    put('access.log')
    put('access.log.1', 'line\n', 1)
    put('old/access.log.1', 'line\n', 3)
    put('old/access.log.2', 'line\n', 4)
    put('access.log.2', 'line\n', 2)
    const wanted = ['old/access.log.2', 'old/access.log.1', 'access.log.2', 'access.log.1', 'access.log']
    expect(names(findInputs([dir], env, all).inputs)).toEqual(wanted)
    expect(names(findInputs([dir], env, { rotated: true, since: Date.now() - 1.5 * DAY }).inputs)).toEqual(
      wanted.slice(2),
    )
  })

  it.skipIf(process.getuid?.() === 0)('says when a folder for rotated logs cannot be listed', () => {
    put('access.log')
    put('old/access.log.1')
    chmodSync(at('old'), 0)
    const { errors } = findInputs([dir], env, all)
    chmodSync(at('old'), 0o700)
    expect(errors).toMatchObject([{ path: at('old'), code: 'permission-denied' }])
  })

  it('is read without the files that end before --since', () => {
    put('a.log')
    put('a.log.1', 'line\n', 1)
    put('a.log.2.gz', gzipSync('line\n'), 10)
    const found = findInputs([dir], env, { rotated: true, since: Date.now() - 2 * DAY })
    expect(names(found.inputs)).toEqual(['a.log.1', 'a.log'])
    expect(found.notes[1]).toBe(`${dir}: 1 file left out, last written before --since`)
  })
})

describe('the usual places', () => {
  const places = (): InputEnvironment => ({ ...env, places: [{ product: 'nginx', pattern: at('*.log') }] })

  it('are read live alone, and what lies beside is said', () => {
    put('a.log')
    put('a.log.1')
    const found = findInputs([], places(), all)
    expect(names(found.inputs)).toEqual(['a.log'])
    expect(found.notes).toEqual(['1 file of earlier days beside them not read; name the directory, or give --since'])
  })

  it('are read as far back as --since asks', () => {
    put('a.log')
    put('a.log.1', 'line\n', 1)
    put('a.log.2.gz', gzipSync('line\n'), 10)
    const found = findInputs([], places(), { rotated: true, since: Date.now() - 2 * DAY })
    expect(names(found.inputs)).toEqual(['a.log.1', 'a.log'])
  })
})

describe('a file and its packed copy', () => {
  it('are read once, also when the copy is not finished', async () => {
    const plain = put('a.log.1', 'one\ntwo\n')
    const packed = put('a.log.1.gz', gzipSync('one\ntwo\n').subarray(0, -6))
    const note = `${packed}: the same lines as ${plain}; read once`
    expect(await withoutCopies([packed, plain])).toEqual({ inputs: [plain], notes: [note] })
  })

  it('are both read when they differ, or when the plain one is new and empty', async () => {
    const other = [put('a.log', 'three\n'), put('a.log.gz', gzipSync('one\ntwo\n'))]
    expect(await withoutCopies(other)).toEqual({ inputs: other, notes: [] })
    const empty = [put('b.log', ''), put('b.log.gz', gzipSync('one\n'))]
    expect(await withoutCopies(empty)).toEqual({ inputs: empty, notes: [] })
  })
})

describe('analyze', () => {
  it('reports on each file of a set, says what it read along, and nothing with -q', async () => {
    put('access.log', ACCESS)
    put('access.log.1', ACCESS)
    copyFileSync(put('error.log.1', REFUSED), at('error.log'))
    put('access.log.1.gz', gzipSync(ACCESS))
    put('notes.txt')
    const { code, stdout, stderr } = await run(['analyze', '--output', 'json', '-v', dir])
    expect(code).toBe(0)
    const { inputs } = JSON.parse(stdout) as { inputs: { path: string; lines: number }[] }
    expect(inputs.map((input) => [path.relative(dir, input.path), input.lines])).toEqual([
      ['access.log.1', 1],
      ['access.log', 1],
      ['error.log.1', 1],
      ['error.log', 1],
    ])
    expect(stderr.split('\n')).toEqual([
      `${dir}: 3 files of earlier days read along, oldest first`,
      `${dir}: 1 file passed over, not logs by name or content`,
      `${at('access.log.1.gz')}: the same lines as ${at('access.log.1')}; read once`,
      `passed over ${at('notes.txt')}`,
      '',
    ])
    expect((await run(['analyze', '-q', dir])).stderr).toBe('')
    expect((await run(['analyze', at('access.log')])).stderr).toBe('')
  })
})
