/** Which trial shows a finding's failure: a session that is cut after 60 s passes any handshake. Pure. */
import { nginxSeconds, type NginxConfig } from '../nginx-config/contract.ts'
import { ANY_NAME, type Demands } from './backend.ts'
import type { Trial } from './exercise.ts'

export interface Circumstances {
  trial: Trial
  demands: Demands
  speaks: 'plain' | 'tls' | null
  sni: readonly string[] | null
}

/** The part of a finding of `analyze --output json` that matters here. */
export interface FindingPart {
  cause: string
  path: string | null
  /** Its evidence lines. */
  evidence: readonly string[]
}

export const PLAIN_TRIAL: Circumstances = {
  trial: { idle: null, sessions: 1, reload: null },
  demands: { path: null, origin: false, header_bytes: 0 },
  speaks: null,
  sni: null,
}

/** Longest idle time that is waited for, twice; beyond it timeouts are compared, not measured. */
export const MOST_IDLE_MS = 30_000

/** @param readTimeout the effective proxy_read_timeout before the change, seconds.
 *  @param name the server_name, for a backend that insists on SNI. */
export function circumstancesOf(
  { cause, path, evidence }: FindingPart,
  config: NginxConfig,
  readTimeout: number | null,
): Circumstances {
  const { trial, demands } = PLAIN_TRIAL
  const said = evidence.join('\n')
  switch (cause) {
    case 'idle-timeout': {
      const idle = (readTimeout ?? 60) * 1000 + 1000
      return { ...PLAIN_TRIAL, trial: { ...trial, idle: idle > MOST_IDLE_MS ? null : idle } }
    }
    case 'resource-limit':
      return { ...PLAIN_TRIAL, trial: { ...trial, sessions: sessionsFor(config, said) } }
    case 'reload-drop':
      return { ...PLAIN_TRIAL, trial: { ...trial, reload: reloadFor(config) } }
    case 'invalid-upstream-response':
      return /too big/.test(said)
        ? { ...PLAIN_TRIAL, demands: { ...demands, header_bytes: headerFor(config) } }
        : PLAIN_TRIAL
    case 'upstream-tls-mismatch':
      if (/wrong version number/.test(said)) return { ...PLAIN_TRIAL, speaks: 'plain' }
      if (/unrecognized name|alert number 112\b/.test(said)) return { ...PLAIN_TRIAL, speaks: 'tls', sni: [ANY_NAME] }
      return /HTTP request (?:was sent )?to (?:an )?HTTPS|400/.test(said)
        ? { ...PLAIN_TRIAL, speaks: 'tls' }
        : PLAIN_TRIAL
    case 'path-mismatch':
      // The application has its WebSocket where the browser looks for it: else the URL is wrong, and no config is.
      return { ...PLAIN_TRIAL, demands: { ...demands, path } }
    case 'origin-rejected':
      return { ...PLAIN_TRIAL, demands: { ...demands, origin: true } }
    default:
      return PLAIN_TRIAL
  }
}

/** Enough sessions to meet the limit that refused some: two connections of a worker each, one of the zone of limit_conn, as
 *  many handshakes as limit_req lets through at once. Where the lines do not name it, the lowest that the config sets. */
function sessionsFor(config: NginxConfig, said: string): number {
  const zone = /limiting (?:connection|request)s\b[^"\n]{0,40} by zone "([\w.-]+)"/.exec(said)?.[1]
  const limits: number[] = []
  let connections = DEFAULT_CONNECTIONS
  const walk = (node: NginxConfig['root']): void => {
    const { name, args } = node.statement
    if (name === 'limit_conn' && (zone === undefined || args[0] === zone)) limits.push(Number(args[1]) + 1)
    if (name === 'limit_req' && (zone === undefined || args.includes(`zone=${zone}`)))
      limits.push(Number(/burst=(\d+)/.exec(args.join(' '))?.[1] ?? 0) + 2)
    if (name === 'worker_connections') connections = Number(args[0])
    node.children.forEach(walk)
  }
  walk(config.root)
  const workers = Math.ceil(connections / 2)
  const met = /worker_connections are not enough/.test(said) ? [workers] : [...limits, workers]
  return Math.min(...met.filter((limit) => limit > 1), MOST_SESSIONS)
}

/** More than the proxy_buffer_size of the config holds, and less than the patch makes of it. */
function headerFor(config: NginxConfig): number {
  let most = 0
  const walk = (node: NginxConfig['root']): void => {
    const { name, args } = node.statement
    const [, digits, unit] = (name === 'proxy_buffer_size' && /^(\d+)([km]?)$/i.exec(args[0] ?? '')) || []
    if (digits !== undefined)
      most = Math.max(most, Number(digits) * (/m/i.test(unit ?? '') ? 1_048_576 : /k/i.test(unit ?? '') ? 1024 : 1))
    node.children.forEach(walk)
  }
  walk(config.root)
  return Math.max(20_000, Math.min(Math.ceil(most * 1.5), 1_000_000))
}

/** nginx's own, without a worker_connections line. */
const DEFAULT_CONNECTIONS = 512
/** Each takes four sockets of this machine. */
export const MOST_SESSIONS = 1000

/** As long as old workers are left, and a little more. */
function reloadFor(config: NginxConfig): number | null {
  const node = config.root.children.find(({ statement }) => statement.name === 'worker_shutdown_timeout')
  const seconds = nginxSeconds(node?.statement.args[0] ?? '')
  return seconds !== null && seconds * 1000 + 1500 <= MOST_IDLE_MS ? seconds * 1000 + 1500 : null
}
