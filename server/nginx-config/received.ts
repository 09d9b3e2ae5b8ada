/** What the backend receives of a request. Source: ngx_http_proxy_create_request, ngx_http_proxy_eval,
 *  ngx_http_proxy_merge_loc_conf (default headers). */
import { atLeast } from './nginx-version.ts'
import { headerLevel, headersIn, inherited } from './effective.ts'
import { readLocation } from './locations.ts'
import { levels } from './levels.ts'
import { escapePath } from './uri.ts'
import { isKnown } from './values.ts'
import type { Node } from './tree.ts'
import type { Journey } from './walk.ts'

export interface ReceivedHeader {
  /** Lower case. */
  name: string
  /** Null: known only while nginx runs. */
  value: string | null
  /** The proxy_set_header that decides; null: nginx's default, or the client's own. */
  by: Node | null
}

export interface Received {
  scheme: string
  /** Host and port, or the name of an upstream group, as proxy_pass has it; null: known only while nginx runs. */
  authority: string | null
  /** The request target; null as above. */
  target: string | null
  /** `1.0`, `1.1` or `2`. */
  version: string
  versionBy: Node | null
  headers: ReceivedHeader[]
}

const TARGET = /^(https?):\/\/(unix:[^:]+|\[[^\]]*\](?::\d+)?|[^/?#]*)(?::(?=\/))?(.*)$/is

/** Null when proxy_pass gives no URL that nginx takes: it answers 500. @param version of nginx, such as `1.22.1`; null: older than 1.29.7. */
export function received(journey: Journey, pass: Node, version: string | null): Received | null {
  const { block, values, state } = journey
  const written = pass.statement.args[0] ?? ''
  const [, scheme, authority = '', uri = ''] = TARGET.exec(values.expand(written)) ?? []
  if (scheme === undefined || authority === '') return null
  const secure = scheme.toLowerCase() === 'https'
  const host = proxyHost(authority, secure)
  values.set('proxy_host', host)
  values.set('proxy_port', proxyPort(authority, secure))
  const target = requestTarget(journey, pass, written.includes('$'), uri)
  const versionBy = inherited(block, 'proxy_http_version')
  const modern = version !== null && atLeast(version, '1.29.7')
  return {
    scheme: scheme.toLowerCase(),
    authority: isKnown(authority) ? authority : null,
    target: isKnown(target) ? target : null,
    version: versionBy?.statement.args[0] ?? (modern ? '1.1' : '1.0'),
    versionBy,
    headers: headersOf(block, host, modern, (text) => values.expand(text)),
  }

  /** A variable URI takes the place of everything; without a URI the target goes on as it came, or as it was rewritten. */
  function requestTarget({ facts }: Journey, at: Node, variable: boolean, given: string): string {
    if (variable && given !== '') return given.startsWith('/') ? given : `/${given}`
    if (given === '' && state.validUnparsed) return facts.target
    const prefix = state.validLocation && given !== '' ? prefixOf(at) : ''
    const rest = state.path.slice(Math.min(prefix.length, state.path.length))
    const sent = state.quoted || state.internal ? escapePath(rest) : rest
    const query = state.args === '' ? '' : `?${state.args}`
    return `${state.validLocation ? given : ''}${sent}${query}`
  }
}

/** What the location's name matched; an `if` or limit_except takes its location's. */
function prefixOf(pass: Node): string {
  const location = levels(pass).find(({ statement }) => statement.name === 'location')
  return location ? readLocation(location).pattern : ''
}

/** `$proxy_host`: the port only when it is not the scheme's own. */
function proxyHost(authority: string, secure: boolean): string {
  if (authority.startsWith('unix:')) return 'localhost'
  return authority.replace(secure ? /:443$/ : /:80$/, '')
}

/** `$proxy_port`: that of the scheme where none is written. Source: ngx_http_proxy_set_vars. */
function proxyPort(authority: string, secure: boolean): string {
  if (authority.startsWith('unix:')) return ''
  return /:(\d+)$/.exec(authority)?.[1] ?? (secure ? '443' : '80')
}

function headersOf(block: Node, host: string, modern: boolean, expand: (text: string) => string): ReceivedHeader[] {
  const level = headerLevel(block)
  const out: ReceivedHeader[] = []
  const set = new Set<string>()
  for (const node of level ? headersIn(level) : []) {
    const name = (node.statement.args[0] ?? '').toLowerCase()
    const value = expand(node.statement.args[1] ?? '')
    set.add(name)
    if (value !== '') out.push({ name, value: isKnown(value) ? value : null, by: node })
  }
  if (!set.has('host')) out.unshift({ name: 'host', value: isKnown(host) ? host : null, by: null })
  if (!set.has('connection') && !modern) out.push({ name: 'connection', value: 'close', by: null })
  return out
}
