/** Sizes for limits that refused sockets. A limit is raised, never taken away. Pure. */
import { fixOf, prepare, rollBack, servingLocation, TEST_AND_RELOAD } from './advice.ts'
import type { Weighed } from './cause.ts'
import type { ConfigPatch, ConfigView, Directive, Fix } from './contract.ts'
import type { View } from './view.ts'

/** What serves some thousand sockets at two connections each; a connection takes less than 500 bytes of a worker. */
const CONNECTIONS = 8192
/** nginx's own (NGX_HTTP's events module), without a line. */
const DEFAULT_CONNECTIONS = 512

/** @param ranOut of worker_connections, else of open files only. */
export function connectionsFix(ranOut: boolean, config: ConfigView | null): Fix {
  const now = (name: string): number => Number(config?.args?.(null, null, name)[0]?.[0] ?? 0)
  const before = now('worker_connections') || DEFAULT_CONNECTIONS
  // Without the configuration both are named: which of them is too low is not known.
  const raise = ranOut || config?.whole !== true
  const connections = raise ? Math.max(CONNECTIONS, 2 * before) : before
  // Each connection is a file, and logs and the like are files, too.
  const files = Math.max(2 * Math.max(connections, CONNECTIONS), ranOut ? 0 : 2 * now('worker_rlimit_nofile'))
  const directives: Directive[] = [
    ...(files > now('worker_rlimit_nofile') ? [{ context: 'main', text: `worker_rlimit_nofile ${files};` }] : []),
    ...(raise ? [{ context: 'events', text: `worker_connections ${connections};` }] : []),
  ]
  const patch = config?.patch(null, null, directives) ?? null
  return fixOf({
    layer: 'nginx',
    summary:
      'Raise worker_connections above twice the number of sockets expected at once, and worker_rlimit_nofile above worker_connections.',
    directives,
    snippet: directives
      .map(({ context, text }) => (context === 'events' ? `events {\n    ${text}\n}` : text))
      .join('\n'),
    patch: patch?.patch ?? null,
    target: patch?.target ?? null,
    prepare: prepare(config),
    verify: [TEST_AND_RELOAD],
    rollback: rollBack(config),
  })
}

/** What a household or a small office opens: a socket per tab, and all of them again at once after an outage. */
const TABS = 20

/** A larger limit_conn, or a burst of limit_req, for a place of sockets, where ordinary visitors meet the limit: it is below what
 *  one of them may need, or several addresses met it. Null when nothing tells so, or the limit is not in what was given. */
export function limitFix(
  w: Weighed,
  config: ConfigView | null,
  view: View,
): { directives: Directive[]; patch: ConfigPatch; because: string } | null {
  const { server, path } = w.scope
  if (path === null || !config?.args || !view.isSocket(w.scope)) return null
  const visitors = new Set(w.observations.flatMap(({ clients }) => [...clients])).size
  const texts = w.observations.flatMap(({ exemplars }) => exemplars.map(({ text }) => text))
  const context = config.settings(server, path)?.context ?? servingLocation(w.scope)
  for (const { name, zone } of texts.flatMap(refusedBy)) {
    const args = config
      .args(server, path, name)
      .find((one) => one.includes(name === 'limit_conn' ? zone : `zone=${zone}`))
    if (!args) continue
    const before = Number(name === 'limit_conn' ? args[1] : (/burst=(\d+)/.exec(args.join(' '))?.[1] ?? 0))
    if (before >= TABS && visitors <= 1) continue
    const most = Math.max(TABS, 2 * before)
    const directives = [{ context, text: enlarged(name, zone, most, args) }]
    const patch = config.patch(server, path, directives)
    const change = name === 'limit_conn' ? `from ${before} to ${most} at once` : `the burst from ${before} to ${most}`
    const because = ` The patch raises ${name} for this block alone, ${change}: one visitor has a socket per tab. Where one address opens them on purpose, leave it as it is.`
    if (patch) return { directives, patch, because }
  }
  return null
}

/** Source: ngx_http_limit_conn_handler, ngx_http_limit_req_handler. */
function refusedBy(line: string): { name: 'limit_conn' | 'limit_req'; zone: string }[] {
  const [, what, zone] = /limiting (connection|request)s\b[^"]{0,40} by zone "([\w.-]+)"/.exec(line) ?? []
  return zone === undefined ? [] : [{ name: what === 'connection' ? 'limit_conn' : 'limit_req', zone }]
}

const enlarged = (name: string, zone: string, most: number, args: readonly string[]): string =>
  name === 'limit_conn'
    ? `limit_conn ${zone} ${most};`
    : `limit_req zone=${zone} burst=${most} ${args.find((one) => one.startsWith('delay=')) ?? 'nodelay'};`
