/** Where a probe goes and what it says it is. Pure. */
import { isIP } from 'node:net'

export interface Target {
  tls: boolean
  /** Where the connection goes: the URL's host and port, or those of --connect. */
  connect: { host: string; port: number }
  /** Name for SNI and the certificate; the Host header without its port. */
  name: string
  /** The Host header. */
  host: string
  /** Path and query as sent. */
  path: string
}

export type Read<T> = { ok: true; value: T } | { ok: false; reason: string }

const SCHEMES: Readonly<Record<string, boolean>> = { 'ws:': false, 'http:': false, 'wss:': true, 'https:': true }

/** Reads `wss://host/path`. @param connect `HOST:PORT` of --connect: another address for the same Host and SNI.
 *  @param host of --host: another Host and SNI for the same address. */
export function readTarget(text: string, connect: string | null, host: string | null): Read<Target> {
  if (!URL.canParse(text)) return no(`${text}: not a URL; write it as wss://host/path`)
  const url = new URL(text)
  const tls = SCHEMES[url.protocol]
  if (tls === undefined) return no(`${text}: the scheme must be ws, wss, http or https`)
  if (url.username !== '' || url.password !== '')
    return no(`${text}: browsers refuse a WebSocket URL with a user name; give it with --header "Authorization: …"`)
  if (url.hostname === '') return no(`${text}: no host; write it as wss://host/path`)
  const port = url.port === '' ? (tls ? 443 : 80) : Number(url.port)
  const to = connect === null ? { ok: true as const, value: { host: bare(url.hostname), port } } : readAddress(connect)
  if (!to.ok) return no(`--connect: ${to.reason}`)
  const named = host ?? url.host
  if (!/^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i.test(named)) return no(`--host: "${named}" is no host name`)
  const name = bare(named.replace(/:\d+$/, ''))
  // The WHATWG parser has percent-encoded whatever may not stand in a request line.
  return { ok: true, value: { tls, connect: to.value, name, host: named, path: `${url.pathname}${url.search}` } }
}

/** The backend of --direct, asked as a proxy that passes Host on would ask it: its own address, the site's Host, and the
 *  site's path unless the URL names one. */
export function readDirect(text: string, site: Target): Read<Target> {
  const read = readTarget(text, null, null)
  if (!read.ok) return { ok: false, reason: `--direct: ${read.reason}` }
  const path = read.value.path === '/' ? site.path : read.value.path
  return { ok: true, value: { ...read.value, host: site.host, path } }
}

/** `host:port`, `[::1]:443`. */
export function readAddress(text: string): Read<{ host: string; port: number }> {
  const [, host, port] = /^(\[[\da-f:.]+\]|[^\s:/[\]]+):(\d{1,5})$/i.exec(text) ?? []
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535)
    return no(`"${text}" is no address; write it as HOST:PORT`)
  return { ok: true, value: { host: bare(host), port: Number(port) } }
}

/** `Name: value` as on curl's -H. */
export function readHeader(text: string): Read<[string, string]> {
  const [, name, value = ''] = /^([!#$%&'*+.^`|~\w-]+):[ \t]*(.*)$/s.exec(text) ?? []
  if (name === undefined) return no(`"${text}" is no header; write it as "Name: value"`)
  if (/[\r\n\0]/.test(value)) return no(`the value of ${name} has a line break in it`)
  if (OWN.has(name.toLowerCase())) return no(`${name} is what the handshake is made of and cannot be set`)
  return { ok: true, value: [name, value.trim()] }
}

/** RFC 6455 4.1 says what these are. */
const OWN = new Set(['upgrade', 'connection', 'sec-websocket-key', 'sec-websocket-version', 'content-length', 'host'])

/** What a browser sends as Origin when the page comes from the same place. */
export const originOf = (target: Target): string => `http${target.tls ? 's' : ''}://${target.host}`

/** The URL with the scheme asked for, for messages and curl. */
export const urlOf = (target: Target, scheme: 'ws' | 'http'): string =>
  `${scheme}${target.tls ? 's' : ''}://${target.host}${target.path}`

/** SNI carries names only (RFC 6066 section 3). */
export const sniOf = (target: Target): string | undefined => (isIP(target.name) === 0 ? target.name : undefined)

const bare = (host: string): string => host.replace(/^\[(.*)\]$/, '$1')
const no = (reason: string): { ok: false; reason: string } => ({ ok: false, reason })
