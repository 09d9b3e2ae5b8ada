import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { CONFIG_KEYS, ConfigError, loadConfig, variableOf } from '../../server/config.ts'
import { configSchema } from '../../server/config-schema.ts'

const dir = mkdtempSync(join(tmpdir(), 'halfopen-config-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const load = (yaml: string | null, env: Record<string, string> = {}, cli: Record<string, unknown> = {}) => {
  const file = join(dir, 'halfopen.yaml')
  if (yaml !== null) writeFileSync(file, yaml)
  return loadConfig({ file: yaml === null ? null : file, cli, env, cwd: join(dir, 'elsewhere') })
}
const message = (yaml: string | null, env: Record<string, string> = {}, cli: Record<string, unknown> = {}): string => {
  try {
    load(yaml, env, cli)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error('the configuration was accepted')
}

describe('base_path', () => {
  const NONE = [
    '../x',
    '/../x',
    '/a/..',
    '/a/../b',
    '.',
    '..',
    '/.',
    '/a/./b',
    '//',
    '//x',
    '/a//b',
    'x//',
    'x?y',
    'x#y',
    '%2e%2e',
    '/a%2fb',
    'a b',
    'a\\b',
    'http://a/b',
    '/\u00e4',
    "/a'b",
    '/a"b',
    'a\nb',
  ]
  it.each(NONE)('is not %j, wherever that stands', (path) => {
    const expected = ': not a path; expected a path such as /halfopen'
    expect(message(`base_path: ${JSON.stringify(path)}\n`)).toBe(`halfopen.yaml:1:12: base_path${expected}`)
    expect(message(null, { HALFOPEN_BASE_PATH: path })).toBe(`HALFOPEN_BASE_PATH${expected}`)
    expect(message(null, {}, { base_path: path })).toBe(`--base-path${expected}`)
  })

  it.each([
    ['', ''],
    ['/', ''],
    ['x', '/x'],
    ['/x/', '/x'],
    ['/a/b-c_d~e.f/', '/a/b-c_d~e.f'],
    ['...', '/...'],
    ['.well-known/x', '/.well-known/x'],
  ])('%j is %j', (path, is) => expect(load(null, {}, { base_path: path }).base_path).toBe(is))

  it('is read in a time that grows with its length', () => {
    const start = performance.now()
    expect(message(null, {}, { base_path: `${'a'.repeat(50_000)}?` })).toContain('not a path')
    expect(message(null, {}, { base_path: `${'/a'.repeat(50_000)}?` })).toContain('not a path')
    expect(performance.now() - start).toBeLessThan(1000)
  })
})

describe('halfopen.yaml', () => {
  it('has a default for everything', () => {
    expect(load('')).toMatchObject({
      listen: { host: '127.0.0.1', port: 11_006 },
      base_path: '',
      sources: [],
      retention: 30 * 86_400_000,
      max_size: 2e9,
      alerts: { webhook: [], resolve_after: 600_000 },
      auth: { password_file: null, password: null, trusted_proxy: false },
    })
  })

  it('reads every key', () => {
    const config = load(`
listen: "[::1]:8080"
base_path: /tools/halfopen/
database: sqlite:data/h.sqlite
sources:
  - /var/log/nginx/*.log
  - path: portainer.log
    format: portainer
    timezone: Europe/Berlin
nginx_config: nginx.conf
timezone: "+02:00"
log_format: '$remote_addr "$request" $status'
retention: 8w
max_size: 1.5GiB
alerts:
  webhook:
    - https://a.example/x
    - url: http://b.example/y
      name: ops
  resolve_after: 90s
auth:
  password_file: secret
  trusted_proxy: true
allowed_hosts: Logs.Example.ORG
`)
    expect(config).toMatchObject({
      listen: { host: '::1', port: 8080 },
      base_path: '/tools/halfopen',
      database: { path: join(dir, 'data/h.sqlite') },
      sources: [
        { path: '/var/log/nginx/*.log' },
        { path: join(dir, 'portainer.log'), format: 'portainer', timezone: 'Europe/Berlin' },
      ],
      nginx_config: join(dir, 'nginx.conf'),
      retention: 56 * 86_400_000,
      max_size: 1.5 * 2 ** 30,
      alerts: {
        webhook: [
          { url: 'https://a.example/x', name: 'webhook' },
          { url: 'http://b.example/y', name: 'ops' },
        ],
        resolve_after: 90_000,
      },
      auth: { password_file: join(dir, 'secret'), trusted_proxy: true },
      allowed_hosts: ['logs.example.org'],
    })
  })

  it('documents every key of the schema, and no other', () => {
    const keys = Object.entries(configSchema.shape).flatMap(([key, schema]) => {
      const inner: unknown = 'unwrap' in schema ? schema.unwrap() : schema
      const shape = typeof inner === 'object' && inner !== null && 'shape' in inner ? inner.shape : null
      return typeof shape === 'object' && shape !== null ? Object.keys(shape).map((name) => `${key}.${name}`) : [key]
    })
    expect(CONFIG_KEYS.map(({ key }) => key).sort()).toEqual(keys.sort())
  })

  it('prefers command line to environment to file', () => {
    const yaml = 'listen: 127.0.0.1:1\nretention: 2d\ntimezone: UTC\nalerts:\n  resolve_after: 5m\n'
    const config = load(
      yaml,
      {
        HALFOPEN_LISTEN: '127.0.0.1:2',
        HALFOPEN_RETENTION: '3d',
        HALFOPEN_ALERTS__WEBHOOK: 'https://a.example/?q=1,2',
      },
      { listen: '127.0.0.1:3', base_path: undefined },
    )
    expect(config.listen.port).toBe(3)
    expect(config.retention).toBe(3 * 86_400_000)
    expect(load('max_size: none\n').max_size).toBeNull()
    expect(load(null, { HALFOPEN_MAX_SIZE: '500MB' }).max_size).toBe(500e6)
    expect(config.timezone).toBe('UTC')
    expect(config.alerts).toEqual({
      webhook: [{ name: 'webhook', url: 'https://a.example/?q=1,2' }],
      resolve_after: 300_000,
    })
  })

  it('splits lists of the environment at commas and reads switches', () => {
    const config = load('', { HALFOPEN_SOURCES: 'a.log, /b/*.log', HALFOPEN_AUTH__TRUSTED_PROXY: 'true' })
    expect(config.sources).toEqual([{ path: 'a.log' }, { path: '/b/*.log' }])
    expect(config.auth.trusted_proxy).toBe(true)
  })

  it('says which variable sets nothing, and leaves those of Kubernetes alone', () => {
    const { warnings } = load('', { HALFOPEN_LISTN: 'x', HALFOPEN_PORT_80_TCP: 'x', HALFOPEN_SERVICE_HOST: 'x' })
    expect(warnings).toEqual(['HALFOPEN_LISTN in the environment sets nothing; did you mean HALFOPEN_LISTEN?'])
  })

  it('takes a key without a value as absent', () => {
    expect(load('sources:\nmax_size:\nalerts:\n  webhook:\n').sources).toEqual([])
    // Of keys for which nothing is a value it may be written.
    expect(load('timezone: null\n').timezone).toBeNull()
  })
})

describe('a configuration that cannot be used', () => {
  const cases: [name: string, yaml: string, starts: string][] = [
    [
      'bad URL',
      'listen: 127.0.0.1:1\nalerts:\n    webhook: not a url\n',
      'halfopen.yaml:3:14: alerts.webhook: not an http or https URL; expected an http',
    ],
    [
      'bad URL in a list',
      'alerts:\n  webhook:\n    - url: ftp://x\n',
      'halfopen.yaml:3:12: alerts.webhook[0].url: not an http or https URL; expected',
    ],
    ['unknown key', 'listen: "1"\nretenton: 3d\n', 'halfopen.yaml:2:1: unknown key retenton; did you mean retention?'],
    [
      'unknown key inside',
      'alerts:\n  webhok: x\n',
      'halfopen.yaml:2:3: unknown key alerts.webhok; did you mean webhook?',
    ],
    [
      'unknown key in a list',
      'sources:\n  - paht: x\n    path: y\n',
      'halfopen.yaml:2:5: unknown key sources[0].paht; did you mean path?',
    ],
    [
      'a number for settings',
      'alerts: 5\n',
      'halfopen.yaml:1:9: alerts: wrong kind of value; expected settings below it: webhook',
    ],
    ['nothing like it', 'colour: blue\n', 'halfopen.yaml:1:1: unknown key colour; known are listen, base_path'],
    ['wrong kind', 'alerts: [1]\n', 'halfopen.yaml:1:9: alerts: wrong kind of value'],
    ['no port', 'listen: localhost\n', 'halfopen.yaml:1:9: listen: not an address with a port; expected ADDRESS:PORT'],
    ['port out of range', 'listen: 127.0.0.1:70000\n', 'halfopen.yaml:1:9: listen: not an address with a port'],
    ['duration', 'retention: a while\n', 'halfopen.yaml:1:12: retention: not a time; expected a time of at least 1h'],
    ['size', 'max_size: 2\n', 'halfopen.yaml:1:11: max_size: '],
    [
      'size in words',
      'max_size: huge\n',
      'halfopen.yaml:1:11: max_size: not a size; expected a size of at least 64MB, such as',
    ],
    ['too small', 'max_size: 1MB\n', 'halfopen.yaml:1:11: max_size: too small'],
    ['too short', 'retention: 5s\n', 'halfopen.yaml:1:12: retention: too short'],
    ['negative', 'history: -5d\n', 'halfopen.yaml:1:10: history: not a time; expected a time such as 0s, 12h or 7d'],
    ['unit that is none', 'history: 5y\n', 'halfopen.yaml:1:10: history: not a time; expected a time such as'],
    ['too long', 'history: 999999w\n', 'halfopen.yaml:1:10: history: longer than 1,000 years; expected a time such as'],
    ['endless', 'retention: 1000000000y\n', 'halfopen.yaml:1:12: retention: not a time; expected a time of at least'],
    ['null', 'max_size: null\n', 'halfopen.yaml:1:11: max_size: wrong kind of value; expected a size of at least 64MB'],
    ['null as ~', 'listen: "1"\nmax_size: ~\n', 'halfopen.yaml:2:11: max_size: wrong kind of value; expected'],
    ['null inside', 'alerts: {resolve_after: Null}\n', 'halfopen.yaml:1:25: alerts.resolve_after: wrong kind of value'],
    [
      'standard input twice',
      'sources: ["-", {path: "-"}]\n',
      'halfopen.yaml:1:10: sources: "-" is named twice; standard input can be read once, so name it once',
    ],
    ['zone', 'timezone: Mars/Olympus\n', 'halfopen.yaml:1:11: timezone: not a time zone; expected an IANA zone'],
    ['database', 'database: mysql:x\n', 'halfopen.yaml:1:11: database: not a known database; expected sqlite:PATH'],
    ['format', 'sources: {path: a, format: xml}\n', 'halfopen.yaml:1:28: sources.format'],
    ['broken YAML', 'listen: "1\nretention: 3d\n', 'halfopen.yaml:'],
    ['tab', 'alerts:\n\twebhook: x\n', 'halfopen.yaml:2:1: not valid YAML'],
    ['twice', 'listen: "1"\nlisten: "2"\n', 'halfopen.yaml:2:1: not valid YAML (Map keys must be unique'],
    ['a list', '- listen\n', 'halfopen.yaml:1:1: not a list of settings'],
  ]
  it.each(cases)('%s', (_name, yaml, starts) => {
    const said = message(yaml)
    expect(said.slice(0, starts.length)).toBe(starts)
    expect(said).not.toContain('\n')
  })

  it('names the variable or the option when the value came from there', () => {
    expect(message('listen: "1"', { HALFOPEN_LISTEN: 'here' })).toMatch(/^HALFOPEN_LISTEN: not an address/)
    expect(message(null, {}, { base_path: 'a b' })).toMatch(/^--base-path: not a path; expected a path such as/)
    expect(message(null, {}, { timezone: 'x y' })).toMatch(/^--timezone: not a time zone/)
    expect(message(null, {}, { history: '999999w' })).toMatch(/^--since: longer than 1,000 years; expected a time/)
    expect(message(null, {}, { sources: ['-', 'a.log', '-'] })).toMatch(/^INPUT: "-" is named twice; /)
  })

  it('never repeats a value: it may be a secret', () => {
    for (const yaml of [
      'alerts: {webhook: "htps://hooks.example/canary-91"}',
      'auth: {password: [canary-91]}',
      'alerts: {webhook: "canary-91',
    ])
      expect(message(yaml)).not.toContain('canary-91')
  })

  it('names a file that is not there', () => {
    expect(() => loadConfig({ file: join(dir, 'none.yaml'), cli: {}, env: {}, cwd: dir })).toThrow(
      /none\.yaml: no such file; name/,
    )
    expect(() => loadConfig({ file: null, cli: {}, env: { HALFOPEN_CONFIG_FILE: dir }, cwd: dir })).toThrow(
      /: a directory; name/,
    )
  })

  it('refuses two receivers of one name', () => {
    expect(message('alerts: {webhook: [{url: "http://a", name: x}, {url: "http://b", name: x}]}')).toMatch(
      /two receivers are named x/,
    )
  })
})

it('variables are made from keys', () => {
  expect(variableOf('auth.password_file')).toBe('HALFOPEN_AUTH__PASSWORD_FILE')
})
