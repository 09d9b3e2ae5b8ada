import { execFileSync } from 'node:child_process'
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findInputs, type InputEnvironment } from '../../server/scan/inputs.ts'
import { howToGetAccess } from '../../server/scan/input-errors.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'halfopen-inputs-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const at = (...names: string[]): string => path.join(dir, ...names)
const put = (...names: string[]): string => {
  mkdirSync(path.dirname(at(...names)), { recursive: true })
  writeFileSync(at(...names), 'line\n')
  return at(...names)
}
const quiet: InputEnvironment = { stdinPiped: false, home: '/nonexistent', places: [] }
const names = (inputs: string[]): string[] => inputs.map((input) => path.relative(dir, input))

describe('named inputs', () => {
  it('takes a file as it is, whatever its name', () => {
    const file = put('strange name (1)')
    expect(findInputs([file], quiet)).toEqual({
      inputs: [file],
      errors: [],
      searched: [],
      notes: [],
      passedOver: [],
    })
  })

  it('takes the logs directly inside a directory and leaves rotated ones, as serve wants it', () => {
    for (const name of [
      'access.log',
      'error.log',
      'proxy_error_log',
      'access.log.1',
      'error.log.2.gz',
      'access.log-20261120',
      'notes.txt',
      '.hidden.log',
      'sub/deep.log',
    ]) {
      put(...name.split('/'))
    }
    expect(names(findInputs([dir], quiet).inputs)).toEqual(['access.log', 'error.log', 'proxy_error_log'])
  })

  it('names the folder to give where the logs are one below', () => {
    put('logs', 'access.log')
    const { inputs, errors, notes } = findInputs([dir], quiet, { rotated: true, since: null })
    expect({ inputs, notes }).toEqual({ inputs: [], notes: [] })
    expect(errors.map(({ message }) => message)).toEqual([
      expect.stringMatching(new RegExp(`there are some in ${at('logs')}; name that folder instead$`)),
    ])
  })

  it('says so when a directory has no logs', () => {
    put('notes.txt')
    const { inputs, errors } = findInputs([dir], quiet)
    expect(inputs).toEqual([])
    expect(errors).toMatchObject([
      { path: dir, code: 'no-logs', message: expect.stringContaining('no logs in this directory') },
    ])
  })

  it.each([
    ['*.log', ['a.log', 'b.log']],
    ['?.log', ['a.log', 'b.log']],
    ['[!a].log', ['b.log']],
    ['{a.log,sub/*}', ['a.log', 'sub/c.log']],
    ['**/*.log', ['a.log', 'b.log', 'sub/c.log', 'sub/deep/d.log']],
    ['s*/*.log', ['sub/c.log']],
  ])('expands %s', (pattern, expected) => {
    for (const name of ['a.log', 'b.log', '.hidden.log', 'sub/c.log', 'sub/deep/d.log', 'b.txt'])
      put(...name.split('/'))
    const { inputs, errors } = findInputs([at(pattern)], quiet)
    expect(errors).toEqual([])
    expect(names(inputs)).toEqual(expected)
  })

  it('prefers a file whose name looks like a pattern', () => {
    put('a.log')
    const file = put('[a].log')
    expect(findInputs([file], quiet).inputs).toEqual([file])
  })

  it.each(['*.nothing', '[z-a]', '{', '***************************a'])(
    'reports %s, which matches nothing',
    (pattern) => {
      put('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab')
      expect(findInputs([at(pattern)], quiet).errors).toMatchObject([{ code: 'not-found' }])
    },
  )

  it('reads a file once that is named by name, glob, directory, link and hard link', () => {
    const file = put('access.log')
    symlinkSync(file, at('link.log'))
    linkSync(file, at('hard.log'))
    expect(findInputs([file, at('*.log'), dir, at('link.log')], quiet).inputs).toHaveLength(1)
  })

  it('goes on with the rest when one input is missing', () => {
    const file = put('access.log')
    const { inputs, errors } = findInputs([at('missing.log'), file], quiet)
    expect(inputs).toEqual([file])
    expect(errors).toMatchObject([
      { path: at('missing.log'), code: 'not-found', message: expect.stringMatching(/: no such file; /) },
    ])
  })

  it('sends the reader of an nginx container to docker logs', () => {
    symlinkSync('/dev/stdout', at('access.log'))
    symlinkSync('/dev/stderr', at('error.log'))
    const { inputs, errors } = findInputs([dir], quiet)
    expect(inputs).toEqual([])
    expect(errors.map((error) => error.code)).toEqual(['linked-to-output', 'linked-to-output'])
    expect(errors[0]?.message).toContain('docker logs NAME 2>&1 | halfopen analyze -')
  })

  it('refuses what would block or has no lines, with a reason', async () => {
    execFileSync('mkfifo', [at('pipe.log')])
    const server = createServer().listen(at('socket.log'))
    await new Promise((resolve) => server.once('listening', resolve))
    const { inputs, errors } = findInputs([at('pipe.log'), at('socket.log'), '/dev/zero'], quiet)
    server.close()
    expect(inputs).toEqual([])
    expect(errors.map((error) => error.message.split(';')[0]?.split(': ')[1])).toEqual([
      'a named pipe, not a log file',
      'a socket, not a log file',
      'a device, not a log file',
    ])
  })

  it.each(['-', '/dev/stdin', '/dev/fd/0'])('knows %s as standard input', (name) => {
    expect(findInputs([name], quiet)).toMatchObject({ inputs: ['-'], errors: [] })
  })
})

describe('no inputs', () => {
  it('reads standard input when something is piped', () => {
    expect(findInputs([], { ...quiet, stdinPiped: true })).toEqual({
      inputs: ['-'],
      errors: [],
      searched: [],
      notes: [],
      passedOver: [],
    })
  })

  it('tries the usual places and lists what was there', () => {
    put('nginx', 'access.log')
    put('nginx', 'access.log.1')
    put('home', 'npm', 'data', 'logs', 'proxy-host-1_access.log')
    const places = [
      { product: 'nginx', pattern: at('nginx', '*.log') },
      { product: 'SWAG', pattern: at('config', '*.log') },
      { product: 'Nginx Proxy Manager', pattern: '~/npm/data/logs/*.log' },
    ]
    const { inputs, errors, searched } = findInputs([], { stdinPiped: false, home: at('home'), places })
    expect(errors).toEqual([])
    expect(names(inputs)).toEqual(['nginx/access.log', 'home/npm/data/logs/proxy-host-1_access.log'])
    expect(searched.map(({ found }) => found)).toEqual(['1 log', 'nothing there', '1 log'])
    expect(searched[1]?.path).toBe(`${at('config', '*.log')} (SWAG)`)
  })

  it('says what to do when there is nothing anywhere', () => {
    const { inputs, errors } = findInputs([], { ...quiet, places: [{ product: 'nginx', pattern: at('*.log') }] })
    expect(inputs).toEqual([])
    expect(errors).toMatchObject([
      { code: 'nothing-found', message: expect.stringContaining('docker logs NAME 2>&1 | halfopen analyze -') },
    ])
  })
})

describe('how to get access', () => {
  it('names the group that may read, as Debian sets it up for nginx', (context) => {
    if (process.getuid?.() !== 0) context.skip('only root can give a file away')
    execFileSync('chown', ['www-data:adm', put('access.log')])
    chmodSync(at('access.log'), 0o640)
    expect(howToGetAccess(at('access.log'))).toBe(
      'group adm may read it: sudo usermod -aG adm $USER, then log in again; or run with sudo',
    )
  })

  it('falls back to sudo when no group helps', (context) => {
    if (process.getuid?.() !== 0) context.skip('only root can give a file away')
    execFileSync('chown', ['www-data:www-data', put('access.log')])
    chmodSync(at('access.log'), 0o600)
    expect(howToGetAccess(at('access.log'))).toBe('run with sudo')
  })

  it('asks an owner to change the mode', () => {
    chmodSync(put('access.log'), 0o000)
    expect(howToGetAccess(at('access.log'))).toBe(`you own it: chmod u+r ${at('access.log')}`)
  })
})
