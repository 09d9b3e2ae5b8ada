/** Where proxied requests go in a proof: every backend of the config becomes a stand-in on loopback, none is reached. Pure. */
import { serve, type NginxConfig, type Node } from '../nginx-config/contract.ts'
import type { BackendRole } from './backend.ts'

export interface PlannedBackend extends BackendRole {
  /** What it stands for: `http://app:3000`, `app:3000 of upstream pool`. */
  original: string
  /** The Host that nginx sends by default ($proxy_host), as the real config would. */
  host: string
}

/** A listener of the config that nginx itself provides on loopback. */
export interface PlannedListener {
  /** As nginx tells listeners apart: `*:443`. */
  socket: string
  port: string
  tls: boolean
  proxy_protocol: boolean
}

/** Stand for ports, which are known only when the sockets are open. */
export const backendMark = (index: number): string => `@halfopen:b${index}@`
export const listenerMark = (index: number): string => `@halfopen:l${index}@`
export const NAME_SERVER_MARK = '@halfopen:ns@'

/** `socket` of an address in `listen`; null for unix sockets. */
export function readListen(address: string): { socket: string; port: string } | null {
  if (address.startsWith('unix:')) return null
  if (/^\d+$/.test(address)) return { socket: `*:${address}`, port: address }
  const [, name = '', port = '80'] = /^(\[.*\]|[^:]*)(?::(\d+))?$/.exec(address) ?? []
  return { socket: `${name === '0.0.0.0' ? '*' : name}:${port}`, port }
}

/** Loopback names under which the config's own listeners are reached. */
const OWN_HOST = /^(?:127(?:\.\d+){3}|localhost|\[::1\]|0\.0\.0\.0)$/i

export type Destination =
  | { kind: 'listener'; index: number }
  /** A server of the config that answers by itself: the stand-in speaks what that server speaks. */
  | { kind: 'static'; speaks: 'plain' | 'tls'; sni: string[] | null }
  | { kind: 'elsewhere' }

/** Whether `host:port` is a server of the same configuration, and what that does with the request. */
export function destination(
  config: NginxConfig,
  listeners: readonly PlannedListener[],
  authority: string,
  asked: { host: string | null; path: string },
): Destination {
  const [, host = '', port = '80'] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(authority) ?? []
  const index = listeners.findIndex(
    (one) => one.port === port && (one.socket === `*:${port}` || OWN_HOST.test(one.socket.replace(/:\d+$/, ''))),
  )
  const listener = listeners[index]
  if (!listener || !OWN_HOST.test(host)) return { kind: 'elsewhere' }
  const inner = serve(config, `${(asked.host ?? 'localhost').replace(/:\d+$/, '')}:${port}`, asked.path)
  if (inner?.pass) return { kind: 'listener', index }
  const servers = serversOn(config, listener.socket)
  const rejects = servers.some((server) => isOn(server, 'ssl_reject_handshake'))
  const names = servers
    .filter((server) => !isOn(server, 'ssl_reject_handshake'))
    .flatMap((server) => argsOf(server, 'server_name'))
  return { kind: 'static', speaks: listener.tls ? 'tls' : 'plain', sni: listener.tls && rejects ? names : null }
}

function serversOn(config: NginxConfig, socket: string): Node[] {
  const http = config.kind === 'main' ? config.root.children.filter((n) => n.statement.name === 'http') : [config.root]
  return http
    .flatMap((node) => node.children)
    .filter((node) => node.statement.name === 'server')
    .filter((node) =>
      node.children.some(
        (one) => one.statement.name === 'listen' && readListen(one.statement.args[0] ?? '')?.socket === socket,
      ),
    )
}

const isOn = (node: Node, name: string): boolean => argsOf(node, name)[0] === 'on'
const argsOf = (node: Node, name: string): string[] =>
  node.children.filter((one) => one.statement.name === name).flatMap((one) => one.statement.args)

/** `http://host:port/uri` in parts; null when a variable is in front of the URI. */
export function splitPass(target: string): { scheme: string; authority: string; uri: string } | null {
  const unix = /^(https?):\/\/(unix:[^:]*)(?::(.*))?$/is.exec(target)
  const [, scheme, authority, uri = ''] = unix ?? /^(https?):\/\/([^/?#]+)(.*)$/is.exec(target) ?? []
  if (scheme === undefined || authority === undefined || authority.includes('$')) return null
  // With a variable anywhere nginx evaluates the whole value at each request.
  return uri.includes('$') ? null : { scheme: scheme.toLowerCase(), authority, uri }
}

/** A word for nginx: quoted, so that spaces, braces and semicolons in it mean nothing. */
export const quote = (value: string): string => `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`

/** A map that sends whatever a `proxy_pass` with variables evaluates to, to the stand-in: addresses at once, names by way
 *  of the resolver (or of the upstream group that has the name), exactly as nginx would look them up. */
export function passMap(n: number, expression: string, groups: readonly string[], mark: string): string[] {
  const v = `halfopen_${n}`
  const known = groups.map((group) => group.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).join('|')
  const rows = [
    [
      `~*^(?<${v}a>https?://)(?:\\d+(?:\\.\\d+){3}|\\[[^\\]]*\\])(?::\\d+)?(?<${v}b>[/?].*)?$`,
      `\${${v}a}127.0.0.1:${mark}$${v}b`,
    ],
    [`~*^(?<${v}c>https?://)unix:[^:]*:?(?<${v}d>[/?].*)?$`, `\${${v}c}127.0.0.1:${mark}$${v}d`],
    ...(known === '' ? [] : [[`~*^(?<${v}e>https?://(?:${known}))(?<${v}f>[/?].*)?$`, `$${v}e$${v}f`]]),
    [`~*^(?<${v}g>https?://[^/:?\\[]+)(?::\\d+)?(?<${v}h>[/?].*)?$`, `$${v}g:${mark}$${v}h`],
  ]
  return [
    `map ${quote(expression)} $${v} {`,
    ...rows.map(([from = '', to = '']) => `    ${patternWord(from)} ${quote(to)};`),
    '    default "";',
    '}',
  ]
}

/** In quotes nginx takes a backslash away only before a quote, a backslash, and t, r, n. */
const patternWord = (pattern: string): string => `"${pattern.replaceAll('"', String.raw`\"`)}"`
