import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { configFromText, configView, loadConfig, type NginxConfig } from '../../server/nginx-config/contract.ts'
import { descendants } from '../../server/nginx-config/tree.ts'
import { describeWith } from '../needs.ts'
import { wholeConfig } from './config-text.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'halfopen-config-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

function write(files: Record<string, string | Buffer>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeFileSync(join(dir, name), content)
  }
}

function load(name: string): NginxConfig {
  const loaded = loadConfig(join(dir, name))
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error))
  return loaded.config
}

const problems = ({ problems: found }: NginxConfig) =>
  found.map(({ kind, file, line }) => `${kind} ${file.replace(`${dir}/`, '')}:${line}`)

/** `file:line name args` of every directive that is not a block. */
const flat = ({ root }: NginxConfig) =>
  [...descendants(root.children)]
    .filter(({ statement }) => !statement.block)
    .map(({ statement: { source, words, name, args } }) =>
      [`${source.file}:${words[0]?.line}`, name, ...args].join(' ').replaceAll(`${dir}/`, ''),
    )

describe('includes', () => {
  it('are expanded in place, sorted, relative to the main file, and every directive knows its own file', () => {
    write({
      'nginx.conf': 'events {}\nhttp {\n include conf.d/*.conf;\n include snippets/last;\n gzip on;\n}\n',
      'conf.d/b.conf': 'server {\n include snippets/tls;\n}\n',
      'conf.d/a.conf': 'sendfile on;\n',
      'conf.d/.hidden.conf': 'sendfile off;\n',
      'conf.d/c.conf~': 'sendfile off;\n',
      'snippets/tls': '\nssl_protocols TLSv1.3;\n',
      'snippets/last': 'tcp_nopush on;',
    })
    const config = load('nginx.conf')
    expect(config.kind).toBe('main')
    expect(config.problems).toEqual([])
    expect(flat(config)).toEqual([
      'conf.d/a.conf:1 sendfile on',
      'snippets/tls:2 ssl_protocols TLSv1.3',
      'snippets/last:1 tcp_nopush on',
      'nginx.conf:5 gzip on',
    ])
  })

  it('that are missing, no file, broken or circular are reported where they stand; the rest is read', () => {
    write({
      'nginx.conf':
        'http {\ninclude none.conf;\ninclude none/*.conf;\ninclude folder;\ninclude pipe;\ninclude loop;\ninclude broken;\ngzip on;\n}\n',
      'folder/x': '',
      loop: 'include loop2;\n',
      loop2: 'sendfile on;\ninclude loop;\n',
      broken: 'tcp_nopush on;\nlisten 80\n',
    })
    execFileSync('mkfifo', [join(dir, 'pipe')])
    const config = load('nginx.conf')
    expect(problems(config)).toEqual([
      'include-missing nginx.conf:2',
      'include-missing nginx.conf:4',
      'include-missing nginx.conf:5',
      'include-cycle loop2:2',
      'syntax broken:2',
    ])
    expect(flat(config)).toEqual(['loop2:1 sendfile on', 'broken:1 tcp_nopush on', 'nginx.conf:8 gzip on'])
  })

  it('that are links in a circle, or as long as a file, are named in one line', () => {
    write({ 'nginx.conf': `events {} http { include loop.conf; include ${'a'.repeat(100_000)}.conf; }` })
    symlinkSync('other.conf', join(dir, 'loop.conf'))
    symlinkSync('loop.conf', join(dir, 'other.conf'))
    const loaded = loadConfig(join(dir, 'nginx.conf'))
    const messages = loaded.ok ? loaded.config.problems.map(({ message }) => message) : []
    expect(messages[0]).toContain('too many symbolic links')
    expect(messages[1]).toMatch(/^included file ".{80}" could not be read: ENAMETOOLONG$/)
    expect(loadConfig(join(dir, 'loop.conf'))).toMatchObject({ ok: false, error: { kind: 'unreadable' } })
  })

  it('that double on every level end at a limit', () => {
    const files: Record<string, string> = { 'nginx.conf': 'http { include 0; }' }
    for (let i = 0; i < 30; i++) files[String(i)] = `gzip on;\ninclude ${i + 1};\ninclude ${i + 1};\n`
    write(files)
    expect(new Set(load('nginx.conf').problems.map(({ kind }) => kind))).toEqual(new Set(['limit']))
  })

  it('cannot nest blocks deeper than the stack carries', () => {
    write({ 'nginx.conf': 'http { include 0; }' })
    for (let i = 0; i < 19; i++) write({ [String(i)]: `${'a {'.repeat(90)} include ${i + 1}; ${'}'.repeat(90)}` })
    expect(problems(load('nginx.conf'))).toEqual([expect.stringMatching(/^limit /)])
  })
})

describe('what may be given', () => {
  const server = 'server { server_name a.example; location /ws/ { proxy_pass http://b; } }\n'

  it('is a Debian folder', () => {
    write({
      'nginx.conf': 'events {}\nhttp { include sites-enabled/*; }\n',
      'sites-available/app': server,
      'conf.d/other.conf': 'gzip on;\n',
    })
    mkdirSync(join(dir, 'sites-enabled'))
    symlinkSync('../sites-available/app', join(dir, 'sites-enabled/app'))
    const config = load('.')
    expect(configView(config).settings('a.example', '/ws/')?.file).toBe(join(dir, 'sites-enabled/app'))
    const patch = configView(config).patch('a.example', '/ws/', [
      { context: 'location /ws/', text: 'proxy_read_timeout 5m;' },
    ])
    // patch(1) refuses to follow a symbolic link.
    expect(patch?.patch).toContain('--- sites-available/app\n')
  })

  it('is a conf.d folder, a file in it, or a folder that holds one', () => {
    write({
      'conf.d/a.conf': `include snippets/map;\n${server}`,
      'snippets/map': 'map $a $connection_upgrade { "" close; }',
    })
    for (const name of ['conf.d', 'conf.d/a.conf', '.']) {
      const config = load(name)
      expect([name, config.kind, config.problems]).toEqual([name, 'http', []])
      expect(configView(config).settings('a.example', '/ws/')).toMatchObject({
        proxy_pass: 'http://b',
        connection_map: true,
      })
    }
  })

  it("is SWAG's or NPM's folder as the host sees it: paths of the container lead into it", () => {
    write({
      'nginx/nginx.conf':
        'events {}\nhttp { include /etc/nginx/http.d/*.conf; include /config/nginx/site-confs/*.conf; include /config/nginx/none.conf; }\n',
      'nginx/http.d/one.conf': 'gzip on;\n',
      'nginx/site-confs/app.conf': 'server { location / { include /config/nginx/proxy.conf; } }\n',
      'nginx/proxy.conf': 'proxy_read_timeout 240;\n',
      'data/nginx/proxy_host/1.conf': `${server}server { include conf.d/include/proxy.conf; include /data/nginx/custom/x[.]conf; }`,
      'data/nginx/custom/x.conf': 'gzip on;\n',
    })
    const config = load('nginx')
    expect(flat(config)).toEqual(['nginx/http.d/one.conf:1 gzip on', 'nginx/proxy.conf:1 proxy_read_timeout 240'])
    expect(problems(config)).toEqual(['include-missing nginx/nginx.conf:2'])
    const npm = load('data/nginx')
    expect(flat(npm)).toContain('data/nginx/custom/x.conf:1 gzip on')
    expect(problems(npm)).toEqual(['include-missing data/nginx/proxy_host/1.conf:2'])
  })

  it('has a gap where an include was not given, and none where a pattern matches nothing', () => {
    write({
      'nginx.conf': 'http { include conf.d/*.conf; server { include none.conf; include /no/such/folder/*.conf; } }\n',
    })
    mkdirSync(join(dir, 'conf.d'))
    const gaps = [...descendants(load('nginx.conf').root.children)].map((node) => node.gaps.map(({ args }) => args[0]))
    expect(gaps).toEqual([[], ['none.conf', '/no/such/folder/*.conf']])
  })

  it('is a fragment of a server or of a location', () => {
    write({
      server: 'listen 80;\nlocation /ws/ { proxy_pass http://b; }\n',
      location: 'proxy_pass http://c;\nproxy_read_timeout 5m;\n',
    })
    expect(load('server').kind).toBe('server')
    expect(configView(load('server')).settings(null, '/ws/')?.proxy_pass).toBe('http://b')
    expect(configView(load('location')).settings('x', '/any')).toMatchObject({
      proxy_pass: 'http://c',
      proxy_read_timeout: 300,
    })
  })

  it('is not a missing file, an empty folder or a broken file: that is said', () => {
    write({ 'broken.conf': 'http {\n', 'empty/x.txt': '' })
    const error = (name: string) => {
      const loaded = loadConfig(join(dir, name))
      return loaded.ok ? null : `${loaded.error.kind}:${loaded.error.line} ${loaded.error.message}`
    }
    expect(error('none.conf')).toBe('unreadable:0 no such file')
    expect(error('empty')).toBe('unreadable:0 no nginx.conf and no *.conf file is in this folder')
    expect(error('broken.conf')).toBe('syntax:1 this "{" is never closed')
  })

  it('may hold bytes that are not UTF-8: the patch then goes around them or is not written', () => {
    const bytes = (text: string) => Buffer.from(text, 'latin1')
    const far = '\n# far\n# away\n'
    write({
      'near.conf': bytes('server { location / {\n  proxy_pass http://b; # caf\xe9\n} }\n'),
      'far.conf': bytes(`# caf\xe9${far}server {\nlocation / {\n  proxy_pass http://b;\n}\n}\n`),
    })
    const patch = (name: string) =>
      configView(load(name)).patch(null, '/', [{ context: 'location /', text: 'proxy_read_timeout 5m;' }])
    expect(load('near.conf').sources.get(join(dir, 'near.conf'))?.encoding).toBe('latin1')
    expect(patch('near.conf')).toBeNull()
    expect(patch('far.conf')?.patch).toContain('+  proxy_read_timeout 5m;\n')
  })
})

describe('what is backed up, and how old it is', () => {
  it('is the folder of the main file and the newest of all files read', () => {
    write({ 'nginx.conf': 'events {}\nhttp { include conf.d/*.conf; }\n', 'conf.d/a.conf': '', 'unread.conf': '' })
    utimesSync(join(dir, 'nginx.conf'), 1000, 1000)
    utimesSync(join(dir, 'conf.d/a.conf'), 2000, 2000)
    for (const name of ['nginx.conf', '.'])
      expect(configView(load(name))).toMatchObject({ folder: dir, changed_at: 2_000_000 })
    expect(configView(load('conf.d/a.conf'))).toMatchObject({ folder: dir, changed_at: 2_000_000 })
  })

  it('is not known of a dump', () => {
    write({ dump: '# configuration file /etc/nginx/nginx.conf:\nevents {}\n' })
    expect(configView(load('dump'))).toMatchObject({ folder: null, changed_at: null })
  })

  it('is never a folder that is shared with other things', () => {
    const shared = mkdtempSync('/tmp/halfopen-shared-')
    const file = `${shared}.conf`
    writeFileSync(file, 'events {}\n')
    try {
      const loaded = loadConfig(file)
      expect(loaded.ok && loaded.config.folder).toBeNull()
    } finally {
      rmSync(file)
      rmSync(shared, { recursive: true })
    }
  })
})

describe('an nginx -T dump given as text', () => {
  it('is told from a file that only mentions one', () => {
    const text = 'events {}\n# configuration file /etc/nginx/x:\nhttp {}\n'
    const loaded = configFromText(text, '/etc/nginx/nginx.conf')
    expect(loaded.ok && [...loaded.config.sources.keys()]).toEqual(['/etc/nginx/nginx.conf'])
  })
})

describeWith('nginx', 'an nginx -T dump by nginx itself', ({ nginx }) => {
  it('gives the same configuration as the files, under their own names and lines', () => {
    write({
      'nginx.conf': wholeConfig(dir, '    include conf.d/*.conf;\n    include ./one.conf;\n'),
      'conf.d/b.conf': '# b\nserver {\n    listen unix:x.sock;\n    include common;\n}\n',
      'conf.d/a.conf': 'map $host $b { default 1; }',
      'one.conf': 'server { listen unix:y.sock; include common; }\n',
      common: '\n\nlocation / { proxy_pass http://127.0.0.1:1; }',
    })
    const dump = execFileSync(nginx, ['-p', dir, '-c', join(dir, 'nginx.conf'), '-T'], {
      encoding: 'utf8',
      stdio: 'pipe',
    })
    const loaded = configFromText(`nginx: the configuration file is ok\n${dump}`, '-')
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.error))
    expect(loaded.config.problems).toEqual([])
    expect(flat(loaded.config)).toEqual(flat(load('nginx.conf')))
    for (const [file, source] of load('nginx.conf').sources)
      expect(loaded.config.sources.get(file)?.text).toBe(source.text)
  })
})
