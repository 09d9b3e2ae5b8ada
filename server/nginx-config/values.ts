/** Variables of one request. Source: http/ngx_http_variables.c, ngx_http_map_module.c. */
import { fromPcre, isAffordable } from './pcre.ts'
import { descendants, httpNodes, type NginxConfig, type Node } from './tree.ts'

/** Stands for what only a running nginx knows (a client's address, a geo lookup). In no configuration: private use. */
export const UNKNOWN = '\ue000'

export const isKnown = (text: string): boolean => !text.includes(UNKNOWN)

/** What a request line and its headers say. */
export interface RequestFacts {
  scheme: 'http' | 'https'
  method: string
  /** The request target as sent, query included. */
  target: string
  /** By lower-case name; `host` among them. */
  headers: ReadonlyMap<string, string>
  /** nginx's own port; null when it is not known. */
  port: number | null
  /** merge_slashes of the server that reads the request line. */
  mergeSlashes: boolean
}

/** The parts of a request that change while nginx works on it. */
export interface Current {
  path: string
  args: string
  server_name: string
  /** As `$proxy_host` says it; null before proxy_pass. */
  proxy_host: string | null
  proxy_port: string | null
}

const MAX_NESTED = 20
/** A few lines that double a text are enough to fill the memory; nginx takes no request that long. */
const LONGEST = 1 << 20

export class Values {
  /** Of the regular expression that matched last; `$1` is element 1. */
  captures: readonly (string | undefined)[] = []
  private readonly own = new Map<string, string>()
  /** nginx evaluates a map once for a request, whatever a rewrite changes later; `volatile` ones each time. */
  private readonly mapped = new Map<string, string>()
  private readonly defined: Definitions
  private readonly facts: RequestFacts
  private readonly current: () => Current
  private depth = 0

  constructor(config: NginxConfig, facts: RequestFacts, current: () => Current) {
    this.defined = definitions(config)
    this.facts = facts
    this.current = current
  }

  /** A text with its variables replaced. */
  expand(text: string): string {
    if (!text.includes('$')) return text
    let length = text.length
    const expanded = text.replace(
      /\$(?:\{(\w+)\}|(\d)|(\w+))/g,
      (_, braced?: string, digit?: string, name?: string) => {
        const value = length > LONGEST ? '' : this.get(braced ?? digit ?? name ?? '')
        length += value.length
        return value
      },
    )
    return length > LONGEST ? UNKNOWN : expanded
  }

  set(name: string, value: string): void {
    this.own.set(name, value)
  }

  /** Tries a pattern; numbered and named captures stay until the next match. Null: it cannot be judged. */
  match(pattern: string, ignoreCase: boolean, text: string): boolean | null {
    const expression = fromPcre(pattern, ignoreCase)
    if (!expression || !isKnown(text) || !isAffordable(expression, text.length)) return null
    const found = expression.exec(text)
    if (!found) return false
    this.captures = found
    for (const [name, value] of Object.entries(found.groups ?? {})) this.own.set(name, value ?? '')
    return true
  }

  /** As `match`, in a rewrite or an `if`: there a pattern that does not match empties the numbered captures. */
  test(pattern: string, ignoreCase: boolean, text: string): boolean | null {
    const matched = this.match(pattern, ignoreCase, text)
    if (matched === false) this.captures = []
    return matched
  }

  get(name: string): string {
    if (/^\d$/.test(name)) return this.captures[Number(name)] ?? ''
    const own = this.own.get(name)
    if (own !== undefined) return own
    const map = this.defined.maps.get(name)
    if (map) return this.fromMap(name, map)
    return this.builtIn(name) ?? (this.defined.set.has(name) ? '' : UNKNOWN)
  }

  private fromMap(name: string, map: Node): string {
    const known = this.mapped.get(name)
    if (known !== undefined) return known
    if (map.statement.name !== 'map' || this.depth >= MAX_NESTED) return UNKNOWN
    this.depth++
    const value = this.lookUp(map)
    this.depth--
    if (!map.children.some(({ statement }) => statement.name === 'volatile')) this.mapped.set(name, value)
    return value
  }

  private lookUp(map: Node): string {
    const source = this.expand(map.statement.args[0] ?? '')
    if (!isKnown(source)) return agreed(map) ?? UNKNOWN
    const entries = map.children.map(({ statement: { name, args } }) => ({ key: name, value: args[0] ?? '' }))
    const hostnames = entries.some(({ key }) => key === 'hostnames')
    const text = hostnames ? source.replace(/\.$/, '') : source
    const lower = text.toLowerCase()
    const special = hostnames ? SPECIAL : KEYWORD
    const plain = entries.find(({ key }) => !special.test(key) && key.replace(/^\\/, '').toLowerCase() === lower)
    if (plain) return this.expand(plain.value)
    if (hostnames) {
      const wild = entries
        .filter(({ key }) => /^\*?\.|\.\*$/.test(key))
        .map((it) => ({ ...it, rank: rank(it.key, lower) }))
      const best = wild.reduce<(typeof wild)[number] | null>((a, b) => (b.rank > (a?.rank ?? 0) ? b : a), null)
      if (best) return this.expand(best.value)
    }
    for (const { key, value } of entries) {
      if (!key.startsWith('~')) continue
      const caseless = key.startsWith('~*')
      const matched = this.match(key.slice(caseless ? 2 : 1), caseless, text)
      if (matched === null) return UNKNOWN
      if (matched) return this.expand(value)
    }
    const fallback = entries.find(({ key }) => key === 'default')
    return fallback ? this.expand(fallback.value) : map.gaps.length > 0 ? UNKNOWN : ''
  }

  private builtIn(name: string): string | null {
    const { headers, scheme, target, method, port } = this.facts
    const { path, args, server_name, proxy_host, proxy_port } = this.current()
    switch (name) {
      case 'uri':
      case 'document_uri':
        return path
      case 'args':
      case 'query_string':
        return args
      case 'is_args':
        return args === '' ? '' : '?'
      case 'request_uri':
        return target
      case 'host':
        return hostName(headers.get('host') ?? '') || server_name
      case 'server_name':
        return server_name
      case 'server_port':
        return port === null ? UNKNOWN : String(port)
      case 'scheme':
        return scheme
      case 'https':
        return scheme === 'https' ? 'on' : ''
      case 'request_method':
        return method
      case 'server_protocol':
        return 'HTTP/1.1'
      case 'request':
        return `${method} ${target} HTTP/1.1`
      case 'proxy_host':
        return proxy_host ?? ''
      case 'proxy_port':
        return proxy_port ?? ''
      case 'content_type':
        return headers.get('content-type') ?? ''
      case 'content_length':
        return headers.get('content-length') ?? ''
      case 'http2':
      case 'http3':
      case 'remote_user':
        return ''
      default:
    }
    if (name.startsWith('http_')) return headers.get(name.slice(5).replaceAll('_', '-')) ?? ''
    if (name.startsWith('arg_')) return valueIn(args.split('&'), name.slice(4)) ?? ''
    if (name.startsWith('cookie_')) return valueIn((headers.get('cookie') ?? '').split(/; */), name.slice(7)) ?? ''
    return null
  }
}

const KEYWORD = /^(?:~|default$|hostnames$|volatile$)/
/** Only with `hostnames` asterisks and dots at the ends mean something. */
const SPECIAL = /^(?:~|default$|hostnames$|volatile$|\*\.|\.)|\.\*$/

/** The one value all lines of a map give, when they all give the same. */
function agreed(map: Node): string | null {
  const lines = map.children.filter(({ statement }) => statement.args.length > 0)
  const values = new Set(lines.map(({ statement }) => statement.args[0] ?? ''))
  if (!lines.some(({ statement }) => statement.name === 'default')) values.add('')
  const [only] = values
  return values.size === 1 && only !== undefined && !only.includes('$') && map.gaps.length === 0 ? only : null
}

function rank(key: string, host: string): number {
  if (key.endsWith('.*')) return host.startsWith(key.slice(0, -1)) ? key.length : 0
  const suffix = key.replace(/^\*/, '')
  return host.endsWith(suffix) || `.${host}` === suffix ? 1e6 + suffix.length : 0
}

function valueIn(pairs: readonly string[], name: string): string | null {
  const start = `${name.toLowerCase()}=`
  const found = pairs.find((pair) => pair.toLowerCase().startsWith(start))
  return found === undefined ? null : found.slice(start.length)
}

/** The name of a Host header: lower case, without port and last dot. */
export function hostName(host: string): string {
  const [, name = ''] = /^(\[[^\]]*\]|[^:]*)/.exec(host.toLowerCase()) ?? []
  return name.replace(/\.$/, '')
}

interface Definitions {
  /** The last definition of a variable is the one nginx takes. */
  maps: ReadonlyMap<string, Node>
  /** Set by some `set` or capture: empty where that did not run. */
  set: ReadonlySet<string>
}

const known = new WeakMap<NginxConfig, Definitions>()

function definitions(config: NginxConfig): Definitions {
  const before = known.get(config)
  if (before) return before
  const maps = new Map<string, Node>()
  const set = new Set<string>()
  const top = config.kind === 'main' ? httpNodes(config) : config.root.children
  for (const node of descendants(top)) {
    const { name, args } = node.statement
    const last = args.at(-1)
    if ((name === 'map' || name === 'geo' || name === 'split_clients') && last?.startsWith('$') === true)
      maps.set(last.slice(1), node)
    else if (name === 'set' && args[0]?.startsWith('$') === true) set.add(args[0].slice(1))
    else if (args.some((arg) => arg.includes('(?')))
      for (const [, group = ''] of args.join(' ').matchAll(/\(\?P?<(\w+)>/g)) set.add(group)
  }
  const found = { maps, set }
  known.set(config, found)
  return found
}
