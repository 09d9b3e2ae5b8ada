/** Changes that take more than setting directives: which Host a backend sees, which location a socket path gets, on which
 *  backend a visitor stays. Each says what it does, or why nothing can be written. Pure. */
import type { Directive, Repair, RepairKind } from '../diagnosis/contract.ts'
import { backendOf } from './backend.ts'
import { insertAtStart, insertWord, overwrite, type Edits } from './edit.ts'
import { headerLevel, headerName, headersIn } from './effective.ts'
import { childrenNamed, levels } from './levels.ts'
import { lookUpLocation, readLocation } from './locations.ts'
import { diffOf, patchFor } from './patch.ts'
import { passesUpgrade, socketsIn } from './sockets.ts'
import { serve, type Served } from './serve.ts'
import { listensOf, publicAddress } from './servers.ts'
import { httpNodes, lineOf, parseFile, type NginxConfig, type Node, type Statement } from './tree.ts'
import { trustedProxies, protoDirectives } from './trusted-edge.ts'

/** @param path null: that of the only location of the configuration that passes upgrades on. Null when the configuration does not serve
 *  it for certain, or an include that was not given may say otherwise. */
export function repairFor(
  config: NginxConfig,
  kind: RepairKind,
  server: string | null,
  path: string | null,
  version: string | null,
): Repair | null {
  const served = path === null ? socketsIn(config) : serve(config, server, path)
  if (!served) return null
  switch (kind) {
    case 'host':
      return host(config, served, version)
    case 'path':
      return path === null ? null : way(config, served, path)
    case 'sticky':
      return sticky(config, served)
  }
}

const at = ({ statement }: Node): string => `${statement.source.file}:${lineOf(statement)}`
const nothing = (text: string): Repair => ({ patch: null, directives: [], text })

/** Host as the browser sent it; where it is already, the scheme behind a proxy that speaks TLS. Origin is never touched. */
function host(config: NginxConfig, served: Served, version: string | null): Repair | null {
  const { server, block, pass } = served
  if (!pass) return null
  const level = headerLevel(block)
  for (let one: Node | null = block; one; one = one === level ? null : one.parent) if (one.gaps.length > 0) return null
  const lines = level ? headersIn(level) : []
  const find = (name: string): Node | undefined => lines.find((line) => headerName(line) === name)
  const own = find('host')
  const port = publicAddress(server)?.port
  // $host drops the port, which is part of an Origin where it is not the scheme's own.
  const usual = port === undefined || port === 80 || port === 443
  const wanted = usual ? '$host' : '$http_host'
  const value = own?.statement.args[1] ?? ''
  const patched = (directives: Directive[], text: string): Repair | null => {
    const patch = patchFor(config, served, directives, version)
    return patch && { patch, directives, text }
  }
  const context = `location that serves the socket`
  if (!GOOD.test(value) && !(usual && value === '$host')) {
    if (own && !OWN_NAME.test(value) && value !== '$host')
      return nothing(
        `${at(own)} sends Host "${value}", on purpose as it seems: the application compares Origin with that name. Send ${wanted} in its place if it is the name that visitors use.`,
      )
    if (PUBLIC.test(pass.statement.args[0] ?? ''))
      return nothing(
        `${at(pass)} goes to another site, which wants its own name in Host: add the public address to the origins it allows.`,
      )
    return patched(
      [{ context, text: `proxy_set_header Host ${wanted};` }],
      `The application is told ${own ? `Host "${value}"` : 'the name in proxy_pass'} and compares Origin with that; the patch passes on the name that the browser asked for.`,
    )
  }
  const proto = find('x-forwarded-proto')
  const plain = listensOf(server).every(({ tls }) => !tls)
  const trusted = trustedProxies(block)
  if (plain && trusted.length > 0 && (!proto || proto.statement.args[1] === '$scheme'))
    return patched(
      protoDirectives(config, trusted, context),
      `Host arrives as the browser sent it, but X-Forwarded-Proto says http, since the proxy in front speaks TLS; the patch takes its word for https, and only its: ${trusted.join(', ')} of set_real_ip_from.`,
    )
  if (!proto)
    return patched(
      [{ context, text: 'proxy_set_header X-Forwarded-Proto $scheme;' }],
      'Host arrives as the browser sent it; the patch tells the application the scheme, too, which is part of an Origin.',
    )
  return nothing(
    `Nothing to change in nginx: ${own ? `${at(own)} passes Host on as the browser sent it` : 'Host is passed on'}. Add the public address to the allowed origins of the application.`,
  )
}

const GOOD = /^\$(?:http_host|\{http_host\}|host:\$server_port)$/
const OWN_NAME = /^(?:|\$\{?proxy_host\}?(?::\$\{?proxy_port\}?)?)$/
const PUBLIC = /^https?:\/\/[^/:]+\.[a-z]{2,}(?::\d+)?(?:\/|$)/i

/** The socket's own location gets the path, and the backend gets the path the browser asked for. */
function way(config: NginxConfig, served: Served, path: string): Repair | null {
  const { server, block, pass } = served
  const prefix = lookUpLocation(server, path, () => false)
  const meant = prefix === 'unknown' ? null : prefix.location
  if (meant && meant !== block && !levels(block).includes(meant) && isPrefix(meant) && isSocketPlace(meant)) {
    if (pass && passesUpgrade(block)) return null
    const edits: Edits = new Map()
    insertWord(edits, meant.statement, 1, '^~')
    return written(
      config,
      edits,
      meant.statement,
      `${at(block)} takes the path away from the location of the socket (${at(meant)}): regular expressions go before prefixes. ^~ on the location of the socket prevents that.`,
    )
  }
  const target = pass?.statement.args[0] ?? ''
  const sent = pass && backendOf(config, served)
  if (!pass || !sent) return null
  const arrives = new URL(sent.url).pathname
  if (arrives === path) return null
  const asked = `so the backend is asked for ${arrives}, not for ${path}`
  const changes = ownPath(target) ? null : rewriteOf(block)
  if (changes)
    return nothing(
      `${at(changes)} changes the path, ${asked}. If the application's socket is at ${path}, the socket wants a location of its own without that rewrite; if not, nothing is wrong here.`,
    )
  const told = `${at(pass)} has a path of its own, ${asked}`
  const { modifier, pattern } = readLocation(block)
  const own = modifier === '=' || pattern.replace(/\/$/, '') === path.replace(/\/$/, '')
  // Pages of the same location may live by the change of their path.
  if (!own || !isPrefix(block) || target.includes('$'))
    return nothing(
      `${told}. Other requests of that location may need it, so the socket wants a location of its own, with proxy_pass without a path.`,
    )
  const bare = /^https?:\/\/[^/?#]+/i.exec(target)?.[0]
  const [wanted] = parseFile({ file: '', real: '', text: `proxy_pass ${bare};`, encoding: 'utf8' }).statements
  if (bare === undefined || !wanted) return null
  const edits: Edits = new Map()
  overwrite(edits, [pass], wanted, 1, [])
  return written(config, edits, pass.statement, `${told}; without it the path stays as it is.`)
}

/** proxy_pass has a URI part. */
const ownPath = (target: string): boolean => /^[a-z]+:\/\/[^/?#]+[/?#]/i.test(target)

/** The rewrite of a location, in an `if` of it, or of a level around. */
const rewriteOf = (block: Node): Node | null =>
  levels(block)
    .flatMap((level) => [level, ...childrenNamed(level, 'if')])
    .flatMap((level) => childrenNamed(level, 'rewrite'))[0] ?? null

/** Only these can be decided by their text, and take `^~`. */
const isPrefix = (location: Node): boolean => ['', '^~', '='].includes(readLocation(location).modifier)

const isSocketPlace = (location: Node): boolean =>
  childrenNamed(location, 'proxy_pass').length > 0 && location.statement.args.length === 1 && passesUpgrade(location)

const METHODS = ['least_conn', 'random', 'least_time']
const STICKY = ['ip_hash', 'hash', 'sticky', 'sticky_cookie_insert', 'sticky_route']

/** Source: ngx_http_upstream_ip_hash: the /24 of an address; it takes no backup servers, and has to stand above keepalive. */
function sticky(config: NginxConfig, { pass }: Served): Repair | null {
  const name = /^https?:\/\/([^/:?#]+)/i.exec(pass?.statement.args[0] ?? '')?.[1]?.toLowerCase()
  const group = httpNodes(config).find(
    ({ statement }) => statement.name === 'upstream' && statement.args[0]?.toLowerCase() === name,
  )
  if (!group || group.gaps.length > 0) return null
  const before = STICKY.map((one) => childrenNamed(group, one)[0]).find((one) => one !== undefined)
  if (before)
    return nothing(
      `${at(before)} keeps visitors on one backend already: look whether they all come from one address, or whether the key is empty.`,
    )
  const servers = childrenNamed(group, 'server')
  if (servers.length < 2) return null
  if (servers.some(({ statement }) => statement.args.includes('backup')))
    return nothing(
      `ip_hash and hash take no backup servers, and ${at(group)} has one: make it an ordinary server, then add ip_hash.`,
    )
  const edits: Edits = new Map()
  const [wanted] = parseFile({ file: '', real: '', text: 'ip_hash;', encoding: 'utf8' }).statements
  const method = METHODS.map((one) => childrenNamed(group, one)[0]).find((one) => one !== undefined)
  if (method && wanted) overwriteName(edits, method.statement)
  else insertAtStart(edits, group, ['ip_hash;'])
  return written(
    config,
    edits,
    (method ?? group).statement,
    `The patch keeps each visitor on one backend of ${group.statement.args[0]} (${at(group)}).`,
  )

  function overwriteName(into: Edits, { source, start, wordsEnd }: Statement): void {
    into.set(source, [...(into.get(source) ?? []), { start, end: wordsEnd, text: 'ip_hash' }])
  }
}

function written(config: NginxConfig, edits: Edits, { source, line }: Statement, text: string): Repair | null {
  const patch = diffOf(config, edits)
  return patch === null ? null : { patch: { patch, target: { file: source.file, line } }, directives: [], text }
}
