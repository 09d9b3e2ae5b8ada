/** Random configurations that nginx accepts, and requests that play with their names and paths. */
import { Random } from './random.ts'

export interface Asked {
  /** Position in the list of ports. */
  port: number
  host: string
  target: string
  headers: Readonly<Record<string, string>>
}

export interface Generated {
  /** Blocks of http context. `PORT0` … stand for ports, `BACKEND` for the backend's address. */
  http: string
  asked: Asked[]
}

const WORDS = ['ws', 'api', 'app', 'chat', 'socket.io', 'a', 'b', 'c.js', 'W']
export const PORTS = 3

/** @param id makes names, variables and upstreams of one configuration its own: many are served by one nginx. */
export function generate(seed: number, id: number): Generated {
  return new Generator(new Random(seed * 7919 + id), id).make()
}

class Generator {
  private readonly r: Random
  private readonly id: number
  private readonly paths: string[] = ['/', '/ws', '/ws/', '/none/x']
  private readonly hosts: string[] = []
  private maps: string[] = []
  private named: string[] = []

  constructor(random: Random, id: number) {
    this.r = random
    this.id = id
  }

  make(): Generated {
    const { r, id } = this
    const domain = `c${id}.test`
    this.maps = r.times(2, (i) => `m${id}_${i}`)
    const maps = this.maps.map((name) => this.map(name)).join('')
    const upstream = `upstream up${id} { server BACKEND; ${r.pick(['', 'keepalive 4;', 'ip_hash;'])} }\n`
    const servers = Array.from({ length: 1 + r.below(3) }, (_, i) => this.server(domain, i)).join('')
    return { http: `${maps}${upstream}${servers}`, asked: this.requests(domain) }
  }

  private map(name: string): string {
    const { r } = this
    const source = r.pick(['$http_upgrade', '$http_upgrade', '$uri', '$host', '$arg_k', '$http_x_test', '$request_uri'])
    const values = () => r.pick(['upgrade', "''", 'close', 'one', '"$scheme-x"', '$http_connection', '/mapped'])
    const keys = ["''", 'websocket', '~^/ws', '~*TEST', '/ws', 'v1', '~^/(?<cap>[a-z]+)/', `*.c${this.id}.test`]
    const chosen = keys.filter(() => r.chance(0.4))
    const hostnames = source === '$host' ? '  hostnames;\n' : ''
    const lines = chosen
      .filter((key) => !key.startsWith('*.') || hostnames !== '')
      .map((key) => `  ${key} ${key.includes('cap') ? r.pick(['$cap', values()]) : values()};\n`)
    const fallback = r.chance(0.7) ? `  default ${values()};\n` : ''
    return `map ${source} $${name} {\n${hostnames}${fallback}${lines.join('')}}\n`
      .replaceAll('?<cap>', `?<cap${this.id}>`)
      .replaceAll('$cap', `$cap${this.id}`)
  }

  private server(domain: string, index: number): string {
    const { r } = this
    const names = [
      `s${index}.${domain}`,
      `*.w${index}.${domain}`,
      `.dot${index}.${domain}`,
      `~^r${index}[a-z]+\\.c(?<num${this.id}>\\d+)\\.test$`,
      `tail${index}.c${this.id}.*`,
    ]
    const own = names.filter(() => r.chance(0.5))
    if (own.length === 0) own.push(names[0] as string)
    if (r.chance(0.1)) own.push(`s0.${domain}`)
    this.hosts.push(...own.map((name) => hostFor(name, r)))
    const ports = [0, 1, 2].filter(() => r.chance(0.8))
    const listens = (ports.length > 0 ? ports : [0]).map(
      (port) => `  listen ${r.pick(['127.0.0.1:', '127.0.0.1:', '*:', ''])}PORT${port};\n`,
    )
    this.named = r.times(2, (i) => `@n${i}`)
    const head = [
      r.chance(0.1) ? '  merge_slashes off;\n' : '',
      ...this.proxySettings(0.4),
      ...this.script(0.25, 'server'),
      r.chance(0.3)
        ? `  error_page 418 404 ${r.pick(['', '= ', '=200 '])}${r.pick([...this.named, '/ws', '/app/err'])};\n`
        : '',
      r.chance(0.1) ? '  recursive_error_pages on;\n' : '',
    ].join('')
    const named = this.named.map((name) => `  location ${name} {\n${this.body('named', '', 4)}  }\n`).join('')
    return `server {\n${listens.join('')}  server_name ${own.join(' ')};\n  root /nonexistent;\n${head}${this.locations('', 0)}${named}}\n`
  }

  private locations(parent: string | null, depth: number): string {
    const { r } = this
    const seen = new Set<string>()
    let out = ''
    if (depth === 0 && r.chance(0.8)) {
      seen.add('/')
      out += `  location / {\n${this.body('prefix', '/', depth)}  }\n`
    }
    const count = depth === 0 ? 1 + r.below(5) : r.below(3)
    for (let i = 0; i < count; i++) {
      // In a location given by a pattern nginx takes no others.
      const kind = r.pick(parent === null ? ['~ ', '~* '] : ['', '', '', '^~ ', '= ', '~ ', '~* '])
      const pattern = kind.startsWith('~') ? this.regex() : this.prefix(parent ?? '')
      const key = kind.startsWith('~') ? kind + pattern : kind === '= ' ? `=${pattern}` : pattern
      if (seen.has(key)) continue
      seen.add(key)
      const glued = kind === '^~ ' && r.chance(0.3) ? '^~' : kind
      if (!kind.startsWith('~')) this.paths.push(pattern)
      const type = kind.startsWith('~') ? 'regex' : 'prefix'
      const nested =
        depth < 2 && kind !== '= ' && r.chance(0.3)
          ? this.locations(kind.startsWith('~') ? null : pattern, depth + 1)
          : ''
      out += `${'  '.repeat(depth + 1)}location ${glued}${pattern} {\n${this.body(type, pattern, depth)}${nested}  }\n`
    }
    return out
  }

  private prefix(parent: string): string {
    const { r } = this
    const start = parent === '' ? '/' : parent
    const more = r.chance(0.2) ? '' : r.times(2, () => r.pick(WORDS)).join('/')
    const joined = start + (start.endsWith('/') || more === '' || r.chance(0.2) ? '' : '/') + more
    return joined + (!joined.endsWith('/') && r.chance(0.4) ? '/' : '')
  }

  private regex(): string {
    return this.r.pick([
      '^/ws',
      '\\.js$',
      '^/(api|app)/(.*)$',
      '^/a/',
      '/$',
      '^/(?:chat|b)/([^/]+)',
      'io',
      `^/(?<seg${this.id}>[a-z]+)/`,
      '^/W',
      's$',
    ])
  }

  private body(type: 'prefix' | 'regex' | 'named', pattern: string, depth: number): string {
    const { r } = this
    const parts = [...this.script(0.3, 'location'), ...this.proxySettings(0.35)]
    if (r.chance(0.06) && type !== 'named') parts.push('    internal;\n')
    if (r.chance(0.08) && type !== 'named')
      parts.push(`    try_files /nofile ${r.pick([...this.named, '/ws', '/app/x?try=1', '=404', '$uri/sub'])};\n`)
    if (r.chance(0.1)) parts.push(`    error_page 418 ${r.pick([...this.named, '/api/err'])};\n`)
    if (r.chance(0.12)) parts.push('    if ($http_upgrade = websocket) {\n      proxy_pass http://BACKEND;\n    }\n')
    if (r.chance(0.04)) parts.push('    limit_except POST {\n      proxy_pass http://BACKEND;\n    }\n')
    if (r.chance(0.93) || depth === 4) parts.push(`    ${this.pass(type, pattern)}\n`)
    else parts.push(r.pick(['    return 204;\n', '    return 418;\n', '', '    deny all;\n']))
    return parts.join('')
  }

  private pass(type: string, pattern: string): string {
    const { r, id } = this
    const base = r.pick(['http://BACKEND', 'http://BACKEND', `http://up${id}`])
    const variable = [
      '$request_uri',
      '$uri',
      '$uri$is_args$args',
      '/v$uri',
      '/fixed',
      '/',
      '/q?x=$arg_k',
      ...(type === 'regex' ? ['/r/$1', '/$1?$args'] : []),
    ]
    const plain = type === 'prefix' ? ['', '', '/', '/x', '/x/', '/a/b/', '/q?y=1', pattern] : ['']
    if (r.chance(0.25)) return `set $up${id} ${base.slice(7)}; proxy_pass http://$up${id}${r.pick(['', ...variable])};`
    return `proxy_pass ${base}${r.pick(r.chance(0.25) ? variable.filter((uri) => type === 'prefix' || uri.includes('$')) : plain)};`
  }

  private proxySettings(share: number): string[] {
    const { r } = this
    const out: string[] = []
    const variables = [
      ...this.maps.map((name) => `$${name}`),
      '$http_upgrade',
      '$host',
      '$http_host',
      '$proxy_host',
      '$server_name',
      '$uri',
      '$args',
      '$1',
      `$s${this.id}`,
      '$request_uri',
      '$http_connection',
      '"$host:$server_port"',
      '""',
      'fixed',
    ]
    if (r.chance(share)) {
      if (r.chance(0.7))
        out.push(
          `    proxy_set_header ${r.pick(['Upgrade', 'upgrade'])} ${r.pick(['$http_upgrade', '$http_upgrade', '""', 'websocket'])};\n`,
        )
      if (r.chance(0.7))
        out.push(
          `    proxy_set_header Connection ${r.pick(['"upgrade"', '$http_connection', '""', ...this.maps.map((m) => `$${m}`)])};\n`,
        )
      if (r.chance(0.6))
        out.push(
          `    proxy_set_header Host ${r.pick(['$host', '$http_host', '$proxy_host', 'fixed.test', '"$host:$server_port"'])};\n`,
        )
      if (r.chance(0.5)) out.push(`    proxy_set_header X-A ${r.pick(variables)};\n`)
      if (r.chance(0.3))
        out.push(
          `    proxy_set_header X-B "${r.pick(['$uri', '$args', '$arg_k', 'v-${host}', '$cookie_sid', '$scheme'])}";\n`,
        )
    }
    if (r.chance(share)) out.push(`    proxy_http_version ${r.pick(['1.0', '1.1', '1.1'])};\n`)
    return out
  }

  private script(share: number, where: 'server' | 'location'): string[] {
    const { r, id } = this
    const out: string[] = []
    // Set somewhere, so that nginx knows the variable.
    if (where === 'server') out.push(`  set $s${id} ${r.pick(['one', '$uri', '"$host-$arg_k"', "''"])};\n`)
    while (r.chance(share)) out.push(`    ${this.command(where, false)}\n`)
    return out
  }

  private command(where: 'server' | 'location', inner: boolean): string {
    const { r, id } = this
    const choices = [
      () => `set $s${id} ${r.pick(['two', '$uri', '$1', '$args', '$http_x_test'])};`,
      () =>
        `rewrite ${r.pick(['^/ws(.*)$', '^/api/(.*)$', '^/a/?(.*)', '^/(b|chat)/', 'js$'])} ${r.pick(['/app$1', '/ws/$1', '/r/$1?k=$arg_k', '/moved?', '/x?y=2'])}${r.pick(['', ' last', ' break', ' last', ' break'])};`,
      () => `rewrite ^/redir(.*)$ ${r.pick(['/to$1 redirect', 'http://x.test/$1', '/to$1? permanent'])};`,
      () => (inner ? 'break;' : `if ${this.condition()} {\n      ${this.command(where, true)}\n    }`),
      () =>
        inner || r.chance(0.1)
          ? `return ${r.pick(['418', '404', '301 /elsewhere', '204', '200 text', '302 http://y.test$request_uri'])};`
          : '',
      () => (r.chance(0.3) ? 'break;' : ''),
    ]
    return r.pick(choices)()
  }

  private condition(): string {
    const { r } = this
    return r.pick([
      '($http_upgrade)',
      '($http_upgrade = "websocket")',
      '($http_upgrade != websocket)',
      '($uri ~ ^/(ws|api))',
      '($uri ~* "JS$")',
      '($uri !~ ^/ws)',
      '($arg_k)',
      '($args ~ k=(\\w))',
      '($http_x_test = v1)',
      '(!-f $request_filename)',
      '(-f $request_filename)',
      '($host ~* ^s(\\d))',
      ...this.maps.map((name) => `($${name} = one)`),
    ])
  }

  private requests(domain: string): Asked[] {
    const { r } = this
    return Array.from({ length: 10 }, () => {
      const base = r.pick(this.paths)
      const path =
        base +
        r.pick(
          ['', '', 'x', '/x', '/c.js', 'ws', '/a%20b', '/../ws', '//ws', '/%2Fx', '/.', '%3Fq', '/é'.normalize()]
            .map(encodeURI)
            .map((t) => t.replaceAll('%25', '%')),
        )
      const target = (r.chance(0.08) ? `/redir${path}` : path) + r.pick(['', '', '?k=v', '?k=1&b=/ws', '?'])
      // Node.js would add this one by itself.
      const headers: Record<string, string> = { connection: 'close' }
      if (r.chance(0.8))
        Object.assign(headers, {
          upgrade: 'websocket',
          connection: r.pick(['Upgrade', 'upgrade', 'keep-alive, Upgrade']),
        })
      if (r.chance(0.3)) headers['x-test'] = r.pick(['v1', 'test', '/ws'])
      if (r.chance(0.2)) headers['cookie'] = 'a=b; sid=42'
      const host = r.chance(0.85)
        ? r.pick(this.hosts)
        : r.pick([`none.${domain}`, 'Unknown.Test', `S0.${domain}:81`, `s0.${domain}.`])
      return { port: r.below(PORTS), host, target, headers }
    })
  }
}

function hostFor(name: string, r: Random): string {
  if (name.startsWith('~'))
    return (
      name.replace(/^~\^(r\d).*?(?=\\\.c)/, `$1${r.pick(['ab', 'z'])}`).replace(/\\\.c.*/, '') +
      name.replace(/.*num(\d+).*/, '.c$1.test')
    )
  if (name.startsWith('*.')) return r.pick(['x', 'y.z']) + name.slice(1)
  if (name.startsWith('.')) return r.pick([name.slice(1), `q${name}`])
  return name.endsWith('.*') ? name.slice(0, -1) + r.pick(['org', 'a.b']) : name
}
