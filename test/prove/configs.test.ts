/** Configurations as people have them: each runs in a real nginx, and nothing of the real machine is touched. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { describeWith } from '../needs.ts'
import { folderWith, HEADERS, inHttp, inServer, MAP, proofOf, wholeDiff, type Asked } from './site.ts'

const OK = 'HTTP/1.1 101 Switching Protocols'
const location = (inside: string, path = '/ws'): string => `    location ${path} {\n${inside}\n    }`
const good = (target = 'http://app:3000', more = ''): string => `proxy_pass ${target};${HEADERS}\n${more}`

/** Files and options under which the handshake passes. */
const PASSES: Record<string, Asked> = {
  'a Debian tree, TLS with certificates that are not here': {
    files: {
      'nginx.conf': inHttp(
        'include mime.types; include conf.d/*.conf; include sites-enabled/*;',
        'include modules-enabled/*.conf;',
      ),
      'mime.types': 'types { text/html html; }',
      'conf.d/map.conf': MAP,
      'sites-enabled/app': `server { listen 80; listen [::]:80; server_name app.test; return 301 https://$host$request_uri; }
        server { listen 443 ssl http2; listen [::]:443 ssl http2; server_name app.test;
          ssl_certificate /etc/letsencrypt/live/app.test/fullchain.pem; ssl_certificate_key /etc/letsencrypt/live/app.test/privkey.pem;
          ssl_dhparam /etc/ssl/dhparam.pem; ssl_stapling on; access_log /var/log/nginx/app.log combined buffer=32k; error_log /var/log/nginx/app.error.log;
          ${location(good('http://127.0.0.1:3000'))} }`,
    },
  },
  'a name in variables, as Nginx Proxy Manager writes it': {
    files: {
      'nginx.conf': inServer(
        `set $forward_scheme http; set $server "portainer"; set $port 9000; resolver 127.0.0.11 valid=30s ipv6=off;
         ${location(good('$forward_scheme://$server:$port$request_uri'), '/')}`,
        MAP,
      ),
    },
    path: '/api/ws?token=1',
  },
  'an address in variables needs no resolver': {
    files: { 'nginx.conf': inServer(`set $server 192.0.2.7; ${location(good('http://$server:9000'), '/')}`, MAP) },
  },
  'an upstream group in a variable': {
    files: {
      'nginx.conf': inServer(
        `set $pool app_pool; ${location(good('http://$pool'), '/')}`,
        `${MAP} upstream app_pool { server app1:3000; keepalive 8; }`,
      ),
    },
  },
  'an upstream group with parameters': {
    files: {
      'nginx.conf': inServer(
        location(good('http://pool')),
        `${MAP} upstream pool { zone pool 64k; ip_hash; server 10.1.1.1:80 weight=2 max_fails=1; server unix:/run/app.sock; server 10.1.1.3 down; }`,
      ),
    },
  },
  'a unix socket': { files: { 'nginx.conf': inServer(location(good('http://unix:/run/app.sock:/')), MAP) } },
  'access control by a request': {
    files: {
      'nginx.conf': inServer(
        `${location(good('http://app:3000', 'auth_request /auth;'))}
         location = /auth { internal; proxy_pass http://auth:9091/verify; proxy_pass_request_body off; }`,
        MAP,
      ),
    },
  },
  'a password': {
    files: {
      'nginx.conf': inServer(location(good('http://app:3000', 'auth_basic "x"; auth_basic_user_file htpasswd;')), MAP),
      htpasswd: 'u:{PLAIN}p\n',
    },
    headers: [['Authorization', `Basic ${Buffer.from('u:p').toString('base64')}`]],
  },
  'the PROXY protocol': {
    files: { 'nginx.conf': inServer(location(good()), MAP).replace('listen 80;', 'listen 80 proxy_protocol;') },
  },
  'modules that are not installed, and Lua elsewhere': {
    files: {
      'nginx.conf': inServer(
        `more_set_headers "X: y"; brotli on; if ($geoip2_country = "XX") { return 403; }
         ${location(good('http://app:3000', 'brotli off;'))}
         location /lua { content_by_lua_block { os.execute("touch /tmp/pwned") } }`,
        `${MAP} geoip2 /etc/GeoLite2.mmdb { $geoip2_country country iso_code; } lua_package_path "/x/?.lua;;";`,
      ),
    },
  },
  'a cache and its folder': {
    files: {
      'nginx.conf': inServer(
        location(good('http://app:3000', 'proxy_cache one; proxy_cache_bypass $http_upgrade;')),
        `${MAP} proxy_cache_path /var/cache/nginx/one levels=1:2 keys_zone=one:1m inactive=1h use_temp_path=off;`,
      ),
    },
  },
  'one location in a file of its own': {
    files: {
      'nginx.conf': `location /ws {\n proxy_pass http://app:3000; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;\n}\n`,
    },
    host: null,
  },
  'a byte order mark, CRLF and bytes that are no UTF-8': {
    files: {
      'nginx.conf': Buffer.concat([
        Buffer.from(inServer(location(good()), MAP).replaceAll('\n', '\r\n')),
        Buffer.from([0x23, 0xe4, 0x0a]),
      ]),
    },
  },
  'a key of a map that is called like a directive': {
    files: {
      'nginx.conf': inServer(location(good()), `${MAP} map $uri $x { listen 1; resolver 2; proxy_pass 3; default 4; }`),
    },
  },
  "a site's file alone: formats and maps are in nginx.conf": {
    files: {
      'conf.d/app.conf': `server { listen 80; server_name app.test; access_log /var/log/nginx/app.log main; add_header X $elsewhere; ${location(good())} }`,
    },
    main: 'conf.d/app.conf',
  },
  'other backends on the same address': {
    files: {
      'nginx.conf': inServer(
        `${location(good('http://127.0.0.1:3000'))} location /a { proxy_pass http://127.0.0.1:3001; } location /b { fastcgi_pass 127.0.0.1:9000; }`,
        MAP,
      ),
    },
  },
  'client certificates': {
    files: {
      'nginx.conf': inServer(location(good()), MAP).replace(
        'listen 80;',
        'listen 443 ssl; ssl_certificate a.pem; ssl_certificate_key a.key; ssl_client_certificate ca.pem; ssl_verify_client on;',
      ),
    },
  },
  'a verified backend': {
    files: {
      'nginx.conf': inServer(
        location(
          good(
            'https://app.internal',
            'proxy_ssl_verify on; proxy_ssl_trusted_certificate /etc/ssl/ca.pem; proxy_ssl_server_name on;',
          ),
        ),
        MAP,
      ),
    },
    circumstances: { speaks: 'tls', sni: ['app.internal'] },
  },
}

describeWith('nginx', 'a configuration', () => {
  it.each(Object.entries(PASSES))('%s', async (_name, asked) => {
    const { before, folder } = await proofOf(asked)
    expect(before.run?.outcome?.text, JSON.stringify(before, null, 1)).toBe(OK)
    expect(before.run?.ok).toBe(true)
    expect(JSON.stringify(before)).not.toMatch(/halfopen-prove-|@halfopen/)
    expect(readdirSync(folder)).not.toContain('error.log')
  })

  it('says what the backend saw in the words of the config', async () => {
    const { before } = await proofOf({
      files: { 'nginx.conf': inServer(location('proxy_pass http://app:3000/base/;', '/ws/'), MAP) },
      path: '/ws/a?b=c',
      origin: 'https://app.test',
    })
    expect(before.run?.backend).toMatchObject({
      backend: 'http://app:3000',
      path: '/base/a?b=c',
      version: 'HTTP/1.0',
      host: 'app:3000',
      upgrade: null,
      connection: 'close',
      origin_is_host: false,
      status: 426,
    })
  })

  it('sends the path that nginx makes of variables', async () => {
    const { before } = await proofOf(PASSES['a name in variables, as Nginx Proxy Manager writes it'] as Asked)
    expect(before.run?.backend?.path).toBe('/api/ws?token=1')
    expect(before.run?.resolved).toEqual(['portainer'])
  })

  it('says which variables it assumed, and assumes none when the whole configuration is there', async () => {
    const part = await proofOf(PASSES["a site's file alone: formats and maps are in nginx.conf"] as Asked)
    expect(part.limits.join('\n')).toMatch(
      /\$connection_upgrade is not defined in the files that were given; its usual map/,
    )
    const whole = await proofOf({ files: { 'nginx.conf': inServer(location(good())) } })
    expect(whole.before.run?.config_test?.output.join('\n')).toContain('unknown "connection_upgrade" variable')
  })

  it('names the file and the line of the user when nginx refuses', async () => {
    const proof = await proofOf({
      files: {
        'nginx.conf': inHttp('include sites/*;'),
        'sites/app.conf': `server {\n  listen 80;\n  server_name app.test;\n  location /ws {\n    proxy_pass http://app:3000;\n    proxy_sett_header A b;\n  }\n}\n`,
      },
    })
    expect(proof.before.run?.config_test?.ok).toBe(false)
    expect(proof.before.run?.config_test?.output.join('\n')).toContain(
      `unknown directive "proxy_sett_header" in ${proof.folder}/sites/app.conf:6`,
    )
    expect(proof.ok).toBe(false)
  })

  it.each([
    ['content_by_lua_block { ngx.say("x") }', 'content_by_lua_block'],
    ['access_by_lua_file /x.lua;', 'access_by_lua_file'],
    ['js_content main.handle;', 'js_content'],
    ['perl main::handle;', 'perl'],
  ])('runs no code on the path: %s', async (directive, name) => {
    const { before, ok } = await proofOf({
      files: { 'nginx.conf': inServer(location(good('http://app:3000', directive)), MAP) },
    })
    expect(before.run?.refused).toContain(name)
    expect(before.run?.config_test).toBeNull()
    expect(ok).toBe(false)
  })

  it('runs no code that makes a variable on the path', async () => {
    const { before } = await proofOf({
      files: {
        'nginx.conf': inServer(
          location(good('http://app:3000', 'proxy_set_header X $made;')),
          `${MAP} js_import m.js; js_set $made m.make;`,
        ),
      },
    })
    expect(before.run?.refused).toContain('js_set')
  })

  it('loads no module from elsewhere and runs no Lua of other locations', async () => {
    const asked = PASSES['modules that are not installed, and Lua elsewhere'] as Asked
    const config = `load_module /tmp/evil.so;\nload_module modules/../../evil.so;\n${String(asked.files['nginx.conf'])}`
    const { before, limits } = await proofOf({ files: { 'nginx.conf': config } })
    expect(before.run?.outcome?.text).toBe(OK)
    expect(existsSync('/tmp/pwned')).toBe(false)
    expect(limits.join('\n')).toMatch(/brotli .*:\d+\) was left out: this nginx does not know it/)
  })

  it('reaches no real backend', async () => {
    let reached = 0
    const real = createServer((socket) => {
      reached++
      socket.destroy()
    })
    await once(real.listen(0, '127.0.0.1'), 'listening')
    const { port } = real.address() as { port: number }
    const targets = [`http://127.0.0.1:${port}`, `http://localhost:${port}`, `http://$server:${port}`, 'http://$all']
    for (const target of targets) {
      const { before } = await proofOf({
        files: {
          'nginx.conf': inServer(
            `set $server 127.0.0.1; set $all 127.0.0.1:${port}; ${location(good(target, `mirror /copy;`))}
             location = /copy { internal; proxy_pass http://127.0.0.1:${port}; }
             location /php { fastcgi_pass 127.0.0.1:${port}; }`,
            `${MAP} upstream pool { server 127.0.0.1:${port}; }`,
          ),
        },
      })
      expect(before.run?.outcome?.text, target).toBe(OK)
    }
    expect(reached).toBe(0)
    real.close()
  })

  it('runs a configuration of 1500 sites', async () => {
    const sites = Array.from(
      { length: 1500 },
      (_, i) =>
        `upstream pool${i} { server 10.0.${i >> 8}.${i & 255}:80; }
         server { listen 80; server_name s${i}.test; location / { proxy_pass http://pool${i}; } location /a { proxy_pass http://host${i}:1; } }`,
    )
    const { before } = await proofOf({
      files: {
        'nginx.conf': inHttp(
          `server_names_hash_max_size 8192; ${MAP} ${sites.join('\n')} server { listen 80; server_name app.test; ${location(good())} }`,
        ),
      },
    })
    expect(before.run?.outcome?.text, before.run?.config_test?.output.join('\n')).toBe(OK)
    expect(before.run?.backend?.backend).toBe('http://app:3000')
  })

  it('asks for the host when several could be meant, or when a pattern is no Host', async () => {
    const server = (name: string) => `server { listen 80; server_name ${name}; ${location(good())} }`
    const two = { 'nginx.conf': inHttp(`${MAP} ${server('a.test')} ${server('b.test')} ${server('~^c')}`) }
    expect((await proofOf({ files: two, host: null })).conclusion[0]).toContain('give --host, one of a.test, b.test')
    expect((await proofOf({ files: two, host: '~^c', sent: 'c.test' })).ok).toBe(true)
    expect((await proofOf({ files: two, host: '~^c', sent: 'localhost' })).conclusion[0]).toContain(
      'Host "localhost" leads to another block',
    )
    expect((await proofOf({ files: two, host: 'b.test' })).ok).toBe(true)
  })

  it('enters by the plain listener when asked, and sees the redirect', async () => {
    const { before } = await proofOf({
      ...(PASSES['a Debian tree, TLS with certificates that are not here'] as Asked),
      plain: true,
    })
    expect(before.run?.outcome?.text).toBe('HTTP/1.1 301 Moved Permanently')
    expect(before.run?.backend).toBeNull()
  })

  it('says that it was not run where nginx is missing', async () => {
    const proof = await proofOf({
      files: { 'nginx.conf': inServer(location('proxy_pass http://app:3000;')) },
      to: inServer(location(good()), MAP),
      nginx: '/nonexistent/nginx',
    })
    expect(proof.nginx).toBeNull()
    expect(proof.ok).toBe(false)
    expect(proof.before.run).toBeNull()
    expect(proof.conclusion.join('\n')).toContain('*not run*')
    expect(proof.before.expected.passes).toBe(false)
    expect(proof.after?.expected.passes).toBe(true)
  })

  it('refuses a patch that does not apply, and one for another file', async () => {
    const files = { 'nginx.conf': inServer(location(good()), MAP) }
    await expect(proofOf({ files, patch: wholeDiff('nginx.conf', 'other {\n}', 'x;') })).rejects.toThrow(
      /line 1 is not what the patch expects/,
    )
    await expect(proofOf({ files, patch: wholeDiff('../passwd', 'a', 'b') })).rejects.toThrow(
      /not part of the configuration/,
    )
    await expect(proofOf({ files, patch: 'hello' })).rejects.toThrow(/no unified diff/)
  })

  it.each(['SIGKILL', 'SIGINT'] as const)(
    'leaves nothing behind after %s',
    async (signal) => {
      const folder = folderWith({ 'nginx.conf': inServer(location(good()), MAP) })
      const root = join(import.meta.dirname, '../..')
      const script = `const { main } = await import(${JSON.stringify(join(root, 'server/cli/main.ts'))}); process.exitCode = await main(process.argv.slice(1))`
      const args = ['prove', '--config', join(folder, 'nginx.conf'), '--path', '/ws', '--idle', '1h']
      const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script, '--', ...args], {
        cwd: root,
        stdio: 'ignore',
      })
      const mine = (): string[] =>
        ps().filter((line) => line.includes('halfopen-prove-') && line.includes(` ${child.pid} `))
      await until('nginx is up', () => mine().some((line) => line.includes('master process')))
      const at = /\/tmp\/halfopen-prove-\w+/.exec(mine().join('\n'))?.[0] ?? ''
      expect(existsSync(at)).toBe(true)
      child.kill(signal)
      await until('it is gone', () => !existsSync(at) && !ps().some((line) => line.includes(at)))
      await until('the command ended', () => child.exitCode !== null || child.signalCode !== null)
      expect(child.signalCode ?? child.exitCode).toBe(signal === 'SIGKILL' ? 'SIGKILL' : 130)
    },
    120_000,
  )
})

/** `pid ppid command` of every process. */
const ps = (): string[] =>
  execFileSync('ps', ['-eo', 'pid,ppid,args'], { encoding: 'utf8' })
    .split('\n')
    .map((line) => ` ${line.trim().replaceAll(/\s+/g, ' ')} `)

async function until(what: string, done: () => boolean): Promise<void> {
  for (const end = Date.now() + 40_000; !done();) {
    if (Date.now() > end) throw new Error(`not within 40 s: ${what}`)
    await new Promise((resolve) => void setTimeout(resolve, 50))
  }
}
