/** Which trial shows a finding's failure: a session that is cut after 60 s passes any handshake. Pure. */
import type { NginxConfig } from '../nginx-config/contract.ts'
import type { Demands } from './backend.ts'
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
      return { ...PLAIN_TRIAL, trial: { ...trial, sessions: sessionsFor(config) } }
    case 'reload-drop':
      return { ...PLAIN_TRIAL, trial: { ...trial, reload: reloadFor(config) } }
    case 'invalid-upstream-response':
      // More than the one page that proxy_buffer_size is, less than the 32k that advice raises it to.
      return /too big/.test(said) ? { ...PLAIN_TRIAL, demands: { ...demands, header_bytes: 10_000 } } : PLAIN_TRIAL
    case 'upstream-tls-mismatch':
      if (/wrong version number/.test(said)) return { ...PLAIN_TRIAL, speaks: 'plain' }
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

/** Enough sessions to meet the limits that the config sets: two connections of a worker each, one of limit_conn, and as many
 *  handshakes as limit_req lets through at once. */
function sessionsFor(config: NginxConfig): number {
  const limits: number[] = []
  let connections = DEFAULT_CONNECTIONS
  const walk = (node: NginxConfig['root']): void => {
    const { name, args } = node.statement
    if (name === 'limit_conn') limits.push(Number(args[1]) + 1)
    if (name === 'limit_req') limits.push(Number(/burst=(\d+)/.exec(args.join(' '))?.[1] ?? 0) + 2)
    if (name === 'worker_connections') connections = Number(args[0])
    node.children.forEach(walk)
  }
  walk(config.root)
  return Math.min(...[...limits, Math.ceil(connections / 2)].filter((limit) => limit > 1), MOST_SESSIONS)
}
/** nginx's own, without a worker_connections line. */
const DEFAULT_CONNECTIONS = 512
/** Each takes four sockets of this machine. */
export const MOST_SESSIONS = 1000

/** As long as old workers are left, and a little more. */
function reloadFor(config: NginxConfig): number | null {
  const node = config.root.children.find(({ statement }) => statement.name === 'worker_shutdown_timeout')
  const seconds = Number(/^(\d+)s?$/.exec(node?.statement.args[0] ?? '')?.[1])
  return seconds * 1000 + 1500 <= MOST_IDLE_MS ? seconds * 1000 + 1500 : null
}
