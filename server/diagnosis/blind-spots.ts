/** Silence is evidence too: what the logs that were read could not have shown, and the line that changes it. */
import type { BlindSpot, ConfigView, Evidence, InputSummary } from './contract.ts'

/** The same advice for a terminal and for the dashboard, which has no command line but a file of settings. */
const logged = (variable: string): Pick<BlindSpot, 'change' | 'in_dashboard'> => ({
  change: `add "${variable}" to log_format (halfopen log-format prints a complete one)`,
  in_dashboard: `add "${variable}" to the log_format of nginx.conf, then reload nginx`,
})

/** Lines of halfopen.yaml. */
const follow = (...logs: string[]): string =>
  [
    '# halfopen.yaml, beside the logs that are there; then restart halfopen',
    'sources:',
    ...logs.map((log) => `  - ${log}`),
  ].join('\n')

const REQUESTS = ['request', 'request_uri', 'uri', 'document_uri']

const ERROR_LOG = /error[^/]*$/i

/** Error logs, by their names, that were named and hold nothing yet. */
export const emptyErrorLogs = (inputs: readonly Pick<InputSummary, 'path' | 'lines'>[]): string[] =>
  inputs.filter(({ path, lines }) => lines === 0 && ERROR_LOG.test(path)).map(({ path }) => path)

/** Error logs, by their names, that are read and of which the newest line is older than `since`, epoch ms. */
export const quietErrorLogs = (
  inputs: readonly Pick<InputSummary, 'path' | 'lines' | 'to'>[],
  since: number,
): string[] =>
  inputs
    .filter(({ path, lines, to }) => lines > 0 && ERROR_LOG.test(path) && (to === null || Date.parse(to) < since))
    .map(({ path }) => path)

/** Places whose settings are asked for; scanners invent any number. */
const MOST_PLACES = 100
/** Seconds. What nginx does unless told otherwise is no surprise. */
const DEFAULT_TIMEOUT = 60

/** Sockets that the configuration cuts when they are quiet for less than a minute: what these logs would not show. */
function shortTimeouts(evidence: Evidence, config: ConfigView | null): string {
  if (config === null) return ''
  const places = [...evidence.observations.values()].filter((o) => o.kind === 'handshake_ok').slice(0, MOST_PLACES)
  const told = new Set<string>()
  for (const { scope } of places) {
    if (scope.path === null) continue
    const seconds = config.settings(scope.server, scope.path)?.proxy_read_timeout ?? null
    const at = config.where?.(scope.server, scope.path, 'proxy_read_timeout') ?? null
    if (seconds !== null && seconds < DEFAULT_TIMEOUT && at !== null)
      told.add(`${at.file}:${at.line} sets proxy_read_timeout to ${seconds} s: sessions quiet for ${seconds} s are cut`)
  }
  return [...told]
    .slice(0, 3)
    .map((text) => `. ${text}; these logs cannot show it`)
    .join('')
}

/** @param empty error logs that were read and are empty: nobody is told to name them
 *  @param quiet those that only hold lines of an earlier time */
export function blindSpots(
  evidence: Evidence,
  empty: readonly string[] = [],
  config: ConfigView | null = null,
  quiet: readonly string[] = [],
): BlindSpot[] {
  const read = [...empty, ...quiet]
  const spots: BlindSpot[] = []
  const { error_levels: levels, variables } = evidence
  const access = evidence.status.size > 0
  const timed = variables.has('upstream_response_time') || variables.has('request_time')
  const noErrorLog =
    read.length === 0
      ? 'no nginx error log of this time was read'
      : `${read.slice(0, 3).join(', ')}${read.length > 3 ? ` and ${read.length - 3} more` : ''}: read, and ${quiet.length === 0 ? 'empty' : 'without a line of this time'}`
  const failed = [502, 504].filter((status) => (evidence.status.get(status) ?? 0) > 0).join(' or ')
  const info = levels.has('info') || levels.has('debug')
  if (!info && !timed)
    spots.push({
      what: 'idle timeouts',
      why: `${levels.size === 0 ? noErrorLog : 'the error log has no line at level info: it is probably set above it'}, and ${access ? 'the access log has no session lengths' : 'no access log of this time was read'}: a session cut by proxy_read_timeout leaves no trace${shortTimeouts(evidence, config)}`,
      change:
        'error_log /var/log/nginx/error.log info;   # in the location of the socket, or add $request_time $upstream_response_time to log_format',
    })
  else if (!info && (levels.size > 0 || evidence.lifetimes.size > 0))
    spots.push({
      what: 'who ended a session',
      why: `${levels.size > 0 ? 'the error log has no line at level info, so it is probably set above it' : 'no line of an nginx error log was read, or it is empty and probably set above level info'}: idle timeouts and visitors who vanish are not written; only session lengths show them`,
      change: 'error_log /var/log/nginx/error.log info;   # in the location of the socket',
    })
  if (levels.size === 0 && access)
    spots.push({
      what: failed === '' ? 'what nginx itself complained of' : `why nginx answered ${failed}`,
      why:
        read.length === 0
          ? noErrorLog
          : `${noErrorLog}: nginx had nothing to say${failed === '' ? '' : ' at its level'}, or the log was rotated`,
      ...(read.length === 0
        ? {
            change: 'name the error log too: halfopen analyze access.log error.log',
            in_dashboard: follow('/var/log/nginx/error.log'),
          }
        : {
            change: 'if it was rotated, name the older one too: halfopen analyze access.log error.log*',
            in_dashboard: 'nothing to change, when nginx had nothing to say: what it writes will be read',
          }),
    })
  if (access && !REQUESTS.some((name) => variables.has(name)))
    spots.push({
      what: 'what was asked for',
      why: 'the access log has neither the request nor its path, so that no handshake can be told from other requests',
      ...logged('$request'),
    })
  if (access && !variables.has('http_upgrade'))
    spots.push({
      what: 'which requests asked for a WebSocket',
      why: 'the access log does not carry $http_upgrade: failed handshakes are recognised by known URLs and by paths that were upgraded elsewhere in the logs',
      ...logged('$http_upgrade'),
    })
  if (access && !variables.has('upstream_status'))
    spots.push({
      what: 'who answered',
      why: "the access log does not carry $upstream_status: a status may be the backend's or nginx's own",
      ...logged('$upstream_status'),
    })
  if (
    evidence.lifetimes.size > 0 &&
    ![...evidence.formats].some((format) => !/^(?:nginx|npm|ingress|log_format)/.test(format))
  )
    spots.push({
      what: 'why sessions ended',
      why: 'nginx logs neither the close code nor who closed: a killed backend and a visitor who left look the same',
      change: "name the application's log too: halfopen analyze app.log access.log error.log",
      in_dashboard: follow('/path/to/app.log   # or docker:NAME, or journald:app.service'),
    })
  if (!access && levels.size > 0)
    spots.push({
      what: 'refused handshakes',
      why: 'no access log of this time was read: a backend that answers 400, 403 or 426 is no error for nginx and leaves no line in its error log at any level',
      change: 'name the access log too: halfopen analyze error.log access.log',
      in_dashboard: follow('/var/log/nginx/access.log'),
    })
  if (!access && levels.size === 0 && evidence.formats.size > 0)
    spots.push({
      what: "nginx's side",
      why: "only an application's log was read: it shows that something went wrong, not at which hop",
      change: "name nginx's logs too: halfopen analyze app.log /var/log/nginx/access.log /var/log/nginx/error.log",
      in_dashboard: follow('/var/log/nginx/access.log', '/var/log/nginx/error.log'),
    })
  return spots
}

/** Inputs whose clock may differ from that of the others. */
export function clockDoubts(inputs: readonly InputSummary[]): BlindSpot[] {
  const doubts = new Set(inputs.flatMap(({ clock_doubt }) => clock_doubt ?? []))
  return [...doubts].map((why) => ({
    what: 'what happened at the same time',
    why,
    change: 'name the zone in which that log was written: --timezone UTC, or +02:00, or Europe/Berlin',
    in_dashboard:
      '# halfopen.yaml: the zone in which that log was written; then restart halfopen\nsources:\n  - path: /path/to/that.log\n    timezone: UTC   # or +02:00, or Europe/Berlin',
  }))
}
