/** Patches of real files: applied with patch(1) and git, judged by `nginx -t` before and after. */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { configView, loadConfig } from '../../server/nginx-config/contract.ts'
import { findInPath } from '../../server/setup/programs.mjs'
import { applyPatch } from '../live/harness/apply.ts'
import { describeWith } from '../needs.ts'
import { configOf, wholeConfig } from './config-text.ts'
import { PATCH_CASES, UPGRADE, type PatchCase } from './patch-cases.ts'

/** A second opinion where it is installed; git is there in every checkout. */
const patchProgram = findInPath(['patch'])

const viewOf = (dir: string) => {
  const loaded = loadConfig(join(dir, 'nginx.conf'))
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error))
  return configView(loaded.config)
}

describeWith('nginx', 'a patch of real files', ({ nginx }) => {
  let dir = ''
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'halfopen-patch-'))
  })
  afterEach(() => rmSync(dir, { recursive: true, force: true }))

  const fill = (text: string) => text.replaceAll('LISTEN', `unix:${dir}/nginx.sock`).replaceAll('DIR', dir)
  const lay = ({ files, links = {} }: PatchCase) => {
    for (const [name, content] of Object.entries(files)) {
      const text = name === 'nginx.conf' && !/\bhttp \{/.test(content) ? wholeConfig(dir, content) : content
      mkdirSync(dirname(join(dir, name)), { recursive: true })
      writeFileSync(join(dir, name), fill(text))
    }
    for (const [name, target] of Object.entries(links)) {
      mkdirSync(dirname(join(dir, name)), { recursive: true })
      symlinkSync(target, join(dir, name))
    }
  }
  const test = () => {
    const { status, stderr } = spawnSync(nginx, ['-p', dir, '-c', join(dir, 'nginx.conf'), '-t'], { encoding: 'utf8' })
    return { status, warnings: stderr.split('\n').filter((line) => /\[\w+\]/.test(line)) }
  }
  const marked = (patch: string, mark: string) =>
    patch
      .split('\n')
      .filter((line) => line.startsWith(mark) && !line.startsWith(mark.repeat(3)))
      .map((line) => line.slice(1))

  it.each(PATCH_CASES)('$name', (one) => {
    const { server = null, path, directives = UPGRADE, untouched = [] } = one
    lay(one)
    expect(test()).toEqual({ status: 0, warnings: [] })
    const before = viewOf(dir)
    const found = before.patch(server, path, directives)
    if (!found) throw new Error('no patch')
    expect(marked(found.patch, '+')).toEqual(one.added.map(fill))
    expect(marked(found.patch, '-')).toEqual((one.removed ?? []).map(fill))
    const names = one.names ?? ['nginx.conf']
    expect(found.patch.split('\n').filter((line) => line.startsWith('+++ '))).toEqual(
      names.map((name) => `+++ ${name}`),
    )
    const block = before.settings(server, path)
    expect(found.target.line).toBeGreaterThanOrEqual(block?.file === found.target.file ? block.line : 1)

    const copy = mkdtempSync(join(tmpdir(), 'halfopen-patch-git-'))
    cpSync(dir, copy, { recursive: true, verbatimSymlinks: true })
    execFileSync('git', ['apply', '-p0', '--whitespace=nowarn'], { cwd: dir, input: found.patch, stdio: 'pipe' })
    if (patchProgram) {
      // Without --binary it takes CRLF for damage in transit.
      const options = ['--binary', '-p0', '--no-backup-if-mismatch', '--fuzz=0']
      execFileSync(patchProgram, options, { cwd: copy, input: found.patch, stdio: 'pipe' })
      for (const name of names) expect(readFileSync(join(copy, name)).equals(readFileSync(join(dir, name)))).toBe(true)
    }
    rmSync(copy, { recursive: true })
    expect(readFileSync(join(dir, names[0] ?? ''), 'utf8')).toContain(one.around ?? '')

    expect(test()).toEqual({ status: 0, warnings: [] })
    const after = viewOf(dir)
    const settings = after.settings(server, path)
    const headers = new Map([...(block?.set_headers ?? [])].map(([name, { value }]) => [name, value]))
    if (directives.length >= UPGRADE.length) {
      headers.set('upgrade', '$http_upgrade').set('connection', one.connection ?? '$connection_upgrade')
      expect(settings?.proxy_http_version).toBe('1.1')
      expect(settings?.connection_map).toBe(true)
    } else expect(settings?.proxy_read_timeout).toBe(300)
    expect(new Map([...(settings?.set_headers ?? [])].map(([name, { value }]) => [name, value]))).toEqual(headers)
    for (const other of untouched) expect(valuesOf(after, other)).toEqual(valuesOf(before, other))
    // What is right needs no patch.
    expect(after.patch(server, path, directives)).toBeNull()
  })

  it('is not written for what is not proxied, not certain, or cannot be set there', () => {
    const server = (name: string, body: string) => `server { server_name ${name}; ${body} }\n`
    const proxied = 'location / { proxy_pass http://b; }'
    const patch = (text: string, host: string | null, path = '/', directives = UPGRADE) =>
      configView(configOf(text)).patch(host, path, directives)
    expect(patch(server('a', 'location / { root /x; }'), 'a')).toBeNull()
    expect(patch(server('a', `return 301 /; ${proxied}`), 'a')).toBeNull()
    expect(patch(server('a', proxied) + server('b', proxied), null)).toBeNull()
    expect(patch(server('a', proxied) + server('b', 'return 404;'), null)).not.toBeNull()
    expect(patch(server('a', 'location ~ (?R)a { proxy_pass http://b; }'), 'a', '/aa')).toBeNull()
    // A map has no place in a fragment of a server, and nobody defines the variable.
    expect(patch(proxied, null)).toBeNull()
    expect(patch(server('a', proxied), 'a', '/', UPGRADE.slice(4))).toBeNull()
    expect(patch(server('a', proxied), 'a', '/', [{ context: 'location /', text: 'proxy_read_timeout 1s' }])).toBeNull()
    // Ids are known only as `:id`: certain where every kind of id leads to one location.
    const ids = server('a', `${proxied} location ~ ^/x/\\d+$ { proxy_pass http://c; }`)
    expect(patch(ids, 'a', '/x/:id')).toBeNull()
    expect(patch(ids, 'a', '/y/:id')).not.toBeNull()
  })
})

function valuesOf(view: ReturnType<typeof viewOf>, { server, path }: { server: string | null; path: string }) {
  const settings = view.settings(server, path)
  if (!settings) return null
  const { set_headers, line: _, file: __, ...rest } = settings
  return { ...rest, headers: [...set_headers].map(([name, { value }]) => `${name}: ${value}`).sort() }
}

describe('any arrangement of headers', () => {
  const header = fc.tuple(
    fc.constantFrom('Host', 'X-A', 'Upgrade', 'connection', 'X-B'),
    fc.constantFrom('$http_upgrade', '""', 'close', '"a b"'),
  )
  const scalar = fc.constantFrom('proxy_http_version 1.0;', 'proxy_http_version 1.1;', 'proxy_read_timeout 5s;')
  const lines = fc
    .tuple(fc.uniqueArray(header, { maxLength: 3, selector: ([name]) => name }), fc.option(scalar))
    .map(([headers, one]) => [
      ...headers.map(([name, value]) => `proxy_set_header ${name} ${value};`),
      ...(one ? [one] : []),
    ])
  const layout = fc.constantFrom('\n', '\n    ', ' ', ' # c\n', '\r\n\t')
  const config = fc
    .tuple(lines, lines, lines, lines, lines, layout, fc.boolean())
    .map(([http, server, a, b, nested, gap, map]) => {
      const block = (head: string, inside: readonly string[]) => [`${head} {`, ...inside, '}'].join(gap)
      const pass = 'proxy_pass http://127.0.0.1:1;'
      const inner = block('location /a/n/', [...nested, pass])
      const servers = block('server', [
        ...server,
        block('location /a/', [pass, ...a, inner]),
        block('location /b/', [...b, pass]),
      ])
      const maps = map ? ["map $http_upgrade $connection_upgrade { default upgrade; '' close; }"] : []
      return `${block('http', [...maps, ...http, servers])}\n`
    })

  it('after the patch has the wanted ones and every other one, and other locations are as before', () => {
    fc.assert(
      fc.property(config, fc.constantFrom('/a/x', '/a/n/x', '/b/x'), (text, path) => {
        const before = configView(configOf(text))
        const found = before.patch(null, path, UPGRADE)
        const after = found ? configView(configOf(applyPatch(text, found.patch))) : before
        const wanted = new Map(
          [...(before.settings(null, path)?.set_headers ?? [])].map(([name, { value }]) => [name, value]),
        )
        wanted.set('upgrade', '$http_upgrade').set('connection', '$connection_upgrade')
        const settings = after.settings(null, path)
        expect(new Map([...(settings?.set_headers ?? [])].map(([name, { value }]) => [name, value]))).toEqual(wanted)
        expect(settings).toMatchObject({ proxy_http_version: '1.1', connection_map: true })
        expect(after.patch(null, path, UPGRADE)).toBeNull()
        // A location nested in the patched one inherits from it, as it does from any line written there.
        for (const other of ['/a/x', '/a/n/x', '/b/x'].filter(
          (it) => it !== path && !(path === '/a/x' && it === '/a/n/x'),
        ))
          expect({ ...valuesOf(after, { server: null, path: other }), connection_map: true }).toEqual({
            ...valuesOf(before, { server: null, path: other }),
            connection_map: true,
          })
      }),
      { numRuns: 1500 },
    )
  })
})
