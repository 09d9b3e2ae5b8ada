/** Random configurations of the corners that generate.ts leaves out: names chosen beside a pattern that also matches, `set $args`,
 *  keys of maps in every form, chained maps, nested patterns, quoted and alias locations, error_page and try_files with variables,
 *  proxy_pass with a URI where the location has no prefix, and targets with escapes and dot segments. */
import type { Asked, Generated } from './generate.ts'
import { Random } from './random.ts'

const PATHS = [
  '/ /ws /ws/ /a%20b/x /%77s/y /ws/%2e%2e/app/x /ws/.. /..%2fws /ws/./y /ws/. /ws//y //ws /ws/%2Fy',
  '/ws%3fq /ws/%25x /ws/%23 /ws/% /ws/%zz /ws/%00 /ws/a+b /ws/a%2Bb /ws/%C3%A9 /ws/%ff /ws/x;y=1',
  '/ws/... /ws/..a/b /WS/y /app/x /app/x/ /app /api/v1/ws/12 /api/v2/ws/ab /files/x.js /files/x.JS',
  '/chat/room/7/ws /chat/room/x/ws /chat/room /err/x /try/x /try /in /q/z /loop/x /e"quote /e$x',
  '/big/ws/1/2/3 /.well-known/ws',
].flatMap((line) => line.split(' '))
const QUERIES = [
  '',
  '',
  '',
  '?k=v',
  '?k=1&b=/ws',
  '?',
  '?EIO=4&transport=websocket',
  '?a=%20b+c',
  '?k=a?b',
  '?K=up&k=low',
]

/** @param id makes names and variables of one configuration its own. */
export function generateCorners(seed: number, id: number): Generated {
  return new Corners(new Random(seed * 104_729 + id), id).make()
}

class Corners {
  private readonly r: Random
  private readonly id: number
  private readonly hosts: string[] = []

  constructor(random: Random, id: number) {
    this.r = random
    this.id = id
  }

  make(): Generated {
    const { r, id } = this
    const maps = [this.map(0), this.map(1), this.chained()].join('')
    const servers = Array.from({ length: 1 + r.below(3) }, (_, i) => this.server(i)).join('')
    const upstream = `upstream k${id}up { server BACKEND; }\n`
    return { http: `${maps}${upstream}${servers}`, asked: this.requests() }
  }

  private map(n: number): string {
    const { r, id } = this
    const source = r.pick([
      '$http_upgrade',
      '$http_connection',
      '$uri',
      '$host',
      '$http_host',
      '"$uri:$http_x_test"',
      '$args',
      '$arg_k',
      '$request_uri',
      '$http_origin',
      '$scheme$http_upgrade',
      '$cookie_sid',
      `$kc${id}`,
    ])
    const value = () =>
      r.pick(['one', 'upgrade', "''", '""', '"a b"', '$uri', '${host}x', '/mapped', '$args', '"q:$http_x_test"', '$1'])
    const keys: [string, string][] = [
      ['""', value()],
      ['websocket', value()],
      ['"WebSocket x"', value()],
      ['~*^web', value()],
      ['~^Upgrade$', value()],
      ['"~^/ws(/.*)?$"', r.pick(['"$1"', value()])],
      ['"~^/api/v(?<kv' + id + '>\\d+)/"', r.pick([`"v$kv${id}"`, value()])],
      ['~keep-alive', value()],
      ['.dot.test', value()],
      ['*.star.test', value()],
      ['tail.*', value()],
      ['\\default', value()],
      ['\\hostnames', value()],
      ['/ws', value()],
      ['/WS/y', value()],
      ['v', value()],
      ['~(*bad', value()],
      [`k${id}s0.test`, value()],
      ['k=v', value()],
      ['~k=(\\w)', r.pick(['$1', value()])],
      ['"~,\\s*upgrade"', value()],
      ['~[^a-z/]', value()],
    ]
    const hostnames = r.chance(0.3)
    const chosen = keys.filter(([key]) => key !== '~(*bad' && r.chance(0.3))
    const lines = [
      ...(r.chance(0.7) ? [`  default ${value()};\n`] : []),
      ...chosen.map(([key, to]) => `  ${key} ${to};\n`),
      ...(r.chance(0.2) ? ['  volatile;\n'] : []),
    ]
    const order = lines.map((line) => ({ line, at: r.next() })).sort((a, b) => a.at - b.at)
    // nginx reads what `hostnames` means only for the keys after it.
    return `map ${source} $k${id}m${n} {\n${hostnames ? '  hostnames;\n' : ''}${order.map(({ line }) => line).join('')}}\n`
  }

  /** What another map gives, and one that depends on the first. */
  private chained(): string {
    const { r, id } = this
    const first = `map $http_upgrade $kc${id} { default ${r.pick(['yes', '""', '$http_x_test'])}; '' no; }\n`
    return `${first}map $k${id}m0$k${id}m1 $k${id}m2 { default "$k${id}m0"; '' empty; ~^one two; "a bone" three; }\n`
  }

  private server(index: number): string {
    const { r, id } = this
    const own = `k${id}s${index}.test`
    const names = [
      own,
      `~^(?<sub${id}>[a-z]+)\\.k${id}s${index}\\.test$`,
      `~^k${id}s\\d\\.(?<top${id}>test)$`,
      `~^(www\\.)?K${id}S${index}\\.(org|net)$`,
      `*.wild.k${id}s${index}.test`,
      `.both.k${id}s${index}.test`,
      `k${id}s${index}.tail.*`,
    ].filter((_, i) => i === 0 || r.chance(0.5))
    const order = r.chance(0.3) ? names.toReversed() : names
    this.hosts.push(
      own,
      `abc.k${id}s${index}.test`,
      `www.k${id}s${index}.org`,
      `k${id}s${index}.net`,
      `x.wild.k${id}s${index}.test`,
      `both.k${id}s${index}.test`,
      `y.z.both.k${id}s${index}.test`,
      `k${id}s${index}.tail.org`,
      `${own}:8080`,
      `${own.toUpperCase()}`,
      `${own}.`,
    )
    const listens = [0, 1, 2]
      .filter((port) => port === 0 || r.chance(0.6))
      .map((port) => `  listen ${r.pick(['127.0.0.1:', '*:', '0.0.0.0:', 'localhost:', ''])}PORT${port};\n`)
    const head = [
      // A variable has to be known somewhere.
      `  set $kx${id} ${r.pick(['start', `$sub${id}`, `$top${id}`, '$1', `"$server_name"`, `$k${id}m1`, '$args'])};\n`,
      ...(names.some((name) => name.includes('?<sub'))
        ? []
        : [`  if ($uri ~ "^/never(?<sub${id}>x)") { set $kx${id} z; }\n`]),
      ...(names.some((name) => name.includes('?<top'))
        ? []
        : [`  if ($uri ~ "^/never(?<top${id}>x)") { set $kx${id} z; }\n`]),
      r.chance(0.15) ? '  merge_slashes off;\n' : '',
      r.chance(0.3) ? `  error_page ${r.pick(['404', '403 404', '404 418', '405'])} ${this.page()};\n` : '',
      r.chance(0.15) ? '  recursive_error_pages on;\n' : '',
      r.chance(0.3) ? `${this.command('server', 0)}\n` : '',
      r.chance(0.4) ? this.headers() : '',
      r.chance(0.2) ? '  proxy_http_version 1.0;\n' : '',
    ].join('')
    return `server {\n${listens.join('')}  server_name ${order.join(' ')};\n  root /nonexistent;\n${head}${this.locations()}${this.named()}}\n`
  }

  private page(): string {
    const { r, id } = this
    return r.pick([
      '@n0',
      '= @n1',
      '=200 @n0',
      '/ws/err',
      '=201 /ws/err?e=1',
      '= $uri/fallback',
      `= /app$kx${id}`,
      '=302 http://y.test/',
      '/err$is_args$args',
      '@none',
    ])
  }

  private named(): string {
    return ['@n0', '@n1'].map((name) => `  location ${name} {\n${this.body('named', '', 1)}  }\n`).join('')
  }

  private locations(): string {
    const { r, id } = this
    const all: (() => string)[] = [
      () => `  location / {\n${this.body('prefix', '/', 0)}  }\n`,
      () => `  location /ws {\n${this.body('prefix', '/ws', 0)}  }\n`,
      () => `  location ${r.pick(['', '^~ '])}/ws/ {\n${this.body('prefix', '/ws/', 0)}${this.nested('/ws/')}  }\n`,
      () => `  location "/a b/" {\n${this.body('prefix', '/a b/', 0)}  }\n`,
      () => `  location = /ws {\n${this.body('prefix', '/ws', 0)}  }\n`,
      () => `  location =/app {\n${this.body('prefix', '/app', 0)}  }\n`,
      () => `  location ~* \\.js$ {\n${this.body('regex', '', 0)}  }\n`,
      () => `  location ~ "^/api/v(?<ver${id}>[0-9]{1,2})/(.+)$" {\n${this.body('regex', '', 0)}${this.inner()}  }\n`,
      () => `  location ~ ^/(ws|app)(?:/|$) {\n${this.body('regex', '', 0)}${this.inner()}  }\n`,
      () => `  location ~ ^/chat/room/(\\d+)/ws$ {\n${this.body('regex', '', 0)}  }\n`,
      () => `  location ~ [^]/x]x {\n${this.body('regex', '', 0)}  }\n`,
      () => `  location ~ "/\\.well-known|/\\.{3}$" {\n${this.body('regex', '', 0)}  }\n`,
      () => `  location /chat/ {\n${this.body('prefix', '/chat/', 0)}${this.nested('/chat/')}  }\n`,
      () =>
        `  location /files/ {\n    alias /nonexistent/f/;\n${r.pick(['', '    try_files $uri @n0;\n', this.body('prefix', '/files/', 0)])}  }\n`,
      () =>
        `  location /try {\n    try_files $uri $uri/ ${r.pick(['@n1', '/ws/try$is_args$args', '/app?$args', `/q$kx${id}`, '=418'])};\n${this.body('prefix', '/try', 0)}  }\n`,
      () => `  location /in {\n    internal;\n${this.body('prefix', '/in', 0)}  }\n`,
      () =>
        `  location /loop/ {\n    rewrite ^/loop/(.*)$ ${r.pick(['/loop/$1x', '/$1', '/loop/$1? ', '/ws/$1#f'])} ${r.pick(['', 'last', 'break'])};\n    ${this.pass('prefix')}\n  }\n`,
      () =>
        `  location /err/ {\n    ${r.pick(['return 404;', 'return 403;', 'deny all;', 'return 418;', 'return 405 text;'])}\n${r.chance(0.5) ? `    error_page 403 404 405 418 ${this.page()};\n` : ''}  }\n`,
      () => `  location /é/ {\n${this.body('prefix', '/é/', 0)}  }\n`,
      () => `  location /q {\n${this.body('prefix', '/q', 0)}  }\n`,
      () =>
        `  location ~ ^/big/(.)(?<rest${id}>.*)$ {\n    set $kx${id} "$1$rest${id}";\n${this.body('regex', '', 0)}  }\n`,
      () => `  location ~ ^/(?i)WS/y {\n    return 418;\n  }\n`,
    ]
    return all
      .filter((_, i) => i !== 21 && r.chance(i === 0 ? 0.85 : 0.35))
      .map((make) => make())
      .join('')
  }

  private nested(parent: string): string {
    const { r } = this
    if (r.chance(0.6)) return ''
    return r.pick([
      () => `  location ${parent}room {\n${this.body('prefix', `${parent}room`, 1)}  }\n`,
      () => `  location = ${parent}y {\n${this.body('prefix', `${parent}y`, 1)}  }\n`,
      () => `  location ~ /(\\d+)/ {\n${this.body('regex', '', 1)}  }\n`,
      () => `  location ~ y$ {\n${this.body('regex', '', 1)}  }\n`,
    ])()
  }

  /** In a pattern: only patterns. */
  private inner(): string {
    const { r } = this
    if (r.chance(0.6)) return ''
    return `  location ${r.pick(['~ (\\d+)$', '~* /WS/', '~ x'])} {\n${this.body('regex', '', 1)}  }\n`
  }

  private body(type: 'prefix' | 'regex' | 'named', _pattern: string, depth: number): string {
    const { r, id } = this
    const parts: string[] = []
    while (r.chance(0.35)) parts.push(`    ${this.command('location', 0)}\n`)
    if (r.chance(0.35)) parts.push(this.headers())
    if (r.chance(0.1)) parts.push('    proxy_http_version 1.1;\n')
    if (r.chance(0.1)) parts.push(`    error_page 404 418 ${this.page()};\n`)
    if (r.chance(0.12)) parts.push(`    if (${this.condition()}) {\n      ${this.bare()}\n    }\n`)
    if (r.chance(0.92) || depth === 1) parts.push(`    ${this.pass(type)}\n`)
    else parts.push(r.pick([`    return 200 "$kx${id}";\n`, '    return 404;\n', '']))
    return parts.join('')
  }

  private bare = (): string => `proxy_pass http://${this.r.pick(['BACKEND', `k${this.id}up`])};`

  private pass(type: string): string {
    const { r, id } = this
    const base = r.pick(['http://BACKEND', `http://k${id}up`, `http://K${id}up`])
    const variable = [
      '$uri',
      '$uri$is_args$args',
      '$request_uri',
      `/$kx${id}`,
      `/m/$k${id}m0`,
      '?$args',
      '/fixed?x=$arg_k',
      '/$1/$2',
      `/$sub${id}`,
    ]
    if (r.chance(0.3)) return `set $kup${id} ${base.slice(7)}; proxy_pass http://$kup${id}${r.pick(['', ...variable])};`
    if (type !== 'prefix' || r.chance(0.2)) return `proxy_pass ${base}${r.pick(['', ...variable])};`
    return `proxy_pass ${base}${r.pick(['', '', '/', '/x', '/x/', '/é', '/a b'.replace(' ', '%20'), '/q?y=1', '/?'])};`
  }

  private headers(): string {
    const { r, id } = this
    const values = [
      `$k${id}m0`,
      `$k${id}m1`,
      `$k${id}m2`,
      `$kc${id}`,
      `$kx${id}`,
      `$sub${id}`,
      `$top${id}`,
      '$uri',
      '$args',
      '"$is_args"',
      '$request_uri',
      '$arg_k',
      '$server_name',
      '$host',
      '"${host}:${server_port}"',
      '"$1-$2"',
      '$document_uri',
      '$query_string',
      '$request_method',
      '$http_x_test',
      '"$http_connection, x"',
      '$cookie_sid',
      '"$scheme://$host$request_uri"',
      '$server_protocol',
      '$proxy_port',
      '$is_args$args',
      '"a\\"b"',
      "'a\"b'",
      '$https',
      '$http_none',
      '$request',
    ]
    const out = [
      `    proxy_set_header ${r.pick(['Upgrade', 'UPGRADE'])} ${r.pick(['$http_upgrade', `$k${id}m0`, "''"])};\n`,
      `    proxy_set_header Connection ${r.pick(['upgrade', `$k${id}m1`, `$kc${id}`, '"Upgrade"'])};\n`,
      `    proxy_set_header X-A ${r.pick(values)};\n`,
      `    proxy_set_header X-B ${r.pick(values)};\n`,
      `    proxy_set_header Host ${r.pick(['$host', '$http_host', `$kx${id}.x`, '$proxy_host'])};\n`,
    ]
    return out.filter(() => r.chance(0.6)).join('')
  }

  private command(where: 'server' | 'location', depth: number): string {
    const { r, id } = this
    const choices = [
      () => `set $kx${id} ${r.pick(['two', '$1', '"$kx' + id + '+"', `$k${id}m0`, '$uri', '$arg_k', `$sub${id}`])};`,
      () => `set $args ${r.pick(['k=set', '"$args&added=1"', '""', '$uri', `k=$k${id}m1`])};`,
      () =>
        `rewrite ${r.pick(['^/ws/?(.*)$', '"^/a b/(.*)$"', '(?i)^/WS/(.*)', '^/(app|api)/(.*)$', '^(.*)x$', '^/chat/(?<r' + id + '>[^/]+)'])} ${r.pick(['/app/$1', '/ws/$1', '/r/$1/$2?k=$arg_k', '/moved?', `/$kx${id}`, '"/sp ace/$1"', '/q$uri', '$1', '/in/$1', '/é$1'])} ${r.pick(['', 'last', 'break', 'last', 'redirect', 'permanent'])};`,
      () =>
        depth > 0
          ? r.pick(['break;', `set $kx${id} in;`, 'return 418;', 'return 404;'])
          : `if (${this.condition()}) {\n      ${this.command(where, depth + 1)}\n      ${this.command(where, depth + 1)}\n    }`,
      () =>
        depth > 0
          ? `return ${r.pick(['404', '403', '301 /to$request_uri', '308 https://$host$uri', '"http://z.test$uri"'])};`
          : '',
    ]
    return r.pick(choices)().replace(/ +;/g, ';')
  }

  private condition(): string {
    const { r, id } = this
    return r.pick([
      '$http_upgrade',
      '$http_upgrade ~* "^websocket$"',
      '$http_upgrade !~* websocket',
      '$uri ~ "^/(ws|app)/?(.*)$"',
      '$uri ~ [xy]$',
      '$request_uri ~ "^/[^?]*%"',
      '$args ~ "(?:^|&)k=([^&]*)"',
      `$k${id}m0 = one`,
      `$k${id}m2 != "empty"`,
      '$arg_k = ""',
      '$arg_k != ""',
      '$host = $http_host',
      '$request_method !~ ^(GET|HEAD)$',
      '!-e $request_filename',
      '-d $document_root$uri',
      `$kx${id}`,
      '$http_x_test ~ v(\\d)',
      '$host ~* "^(?<hh' + id + '>[^.]+)\\."',
      '$http_host ~ ":(\\d+)$"',
      '$kx' + id + ' = "two"',
    ])
  }

  private requests(): Asked[] {
    const { r } = this
    return Array.from({ length: 14 }, () => {
      const path = r.pick(PATHS) + (r.chance(0.15) ? r.pick(['/x', 'x', '%2e', '/']) : '')
      const headers: Record<string, string> = { connection: 'close' }
      if (r.chance(0.8))
        Object.assign(headers, {
          upgrade: r.pick(['websocket', 'WebSocket', 'WebSocket x']),
          connection: r.pick(['Upgrade', 'upgrade', 'keep-alive, Upgrade']),
        })
      if (r.chance(0.3)) headers['x-test'] = r.pick(['v1', 'one', '', 'a b'])
      if (r.chance(0.2)) headers['cookie'] = r.pick(['sid=42', 'a=b; SID=7', 'sid=websocket;x=y', 'xsid=1; sid=v'])
      if (r.chance(0.2)) headers['origin'] = 'https://x.test'
      return { port: r.below(3), host: r.pick(this.hosts), target: path + r.pick(QUERIES), headers }
    })
  }
}
