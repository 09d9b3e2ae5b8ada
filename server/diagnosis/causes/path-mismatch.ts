/** The handshake reached something that is no socket: another location won, proxy_pass rewrote the path, or the
 *  application has no socket there. Source: ngx_http_core_find_location; measured answers of six backends. */
import { fixOf, handshake, settingsOf } from '../advice.ts'
import type { Cause, Reason } from '../cause.ts'
import { countOf, groupBy, times } from '../group.ts'

const STATUSES = new Set([200, 404, 405])

export const pathMismatch: Cause = {
  id: 'path-mismatch',
  title: 'Handshakes{which} reach something that is no WebSocket endpoint',
  severity: 'warning',
  docs: 'https://nginx.org/en/docs/http/ngx_http_core_module.html#location',

  weigh(view, config) {
    // A bare 404 or 200 never decides: that the client asked has to be known, and that the headers are not the reason.
    const refused = view.failedHandshakes.filter(
      (o) => o.status !== null && STATUSES.has(o.status) && o.asked === 'yes',
    )
    return groupBy(refused, 'server+path').flatMap(({ scope, members }) => {
      const settings = scope.path === null ? null : (config?.settings(scope.server, scope.path) ?? null)
      const passes =
        settings?.set_headers.get('upgrade') !== undefined && settings.set_headers.get('connection') !== undefined
      const byNginx = members.every((o) => o.answered_by === 'nginx')
      if (!passes && !byNginx) return []
      const statuses = [...new Set(members.map((o) => o.status))].join(', ')
      const reasons: Reason[] = [
        {
          weight: byNginx ? 0.75 : 0.4,
          text: `${byNginx ? 'nginx itself' : 'the backend'} answered ${statuses} to a client that sent Upgrade: websocket (${times(countOf(members))})`,
        },
      ]
      if (passes && !byNginx)
        reasons.push({
          weight: 0.35,
          text: `your configuration passes the upgrade on in ${settings.context} (${settings.file}:${settings.line})`,
        })
      const good = view.upgradedAt(scope)
      const against: Reason[] =
        good.count > 0
          ? [{ weight: 0.4, successes: true, text: `${good.count} handshakes on this path succeeded` }]
          : []
      return [
        {
          scope,
          for: reasons,
          against,
          observations: members,
          values: { which: scope.path === null ? '' : ` at ${scope.path}` },
          // One path asked for once or twice by one client is a scanner or a typing mistake.
          severity: countOf(members) >= 3 ? ('warning' as const) : ('info' as const),
          alternatives: byNginx
            ? []
            : [
                {
                  cause: 'handshake-rejected',
                  confidence: 0.25,
                  check: `${handshake(scope, 'backend')} # the same answer: the application refuses`,
                },
              ],
        },
      ]
    })
  },

  fix: (w, config) =>
    fixOf({
      layer: w.observations.every((o) => o.answered_by === 'nginx') ? 'nginx' : 'application',
      summary:
        'Compare three paths: what the client asks for, what the location sends on (a URI part in proxy_pass replaces the matched prefix), and what the application serves. A static or regex location may win over the socket location; ^~ on the socket location prevents that.',
      verify: [
        handshake(w.scope, 'nginx', settingsOf(w.scope, config)),
        handshake(w.scope, 'backend', settingsOf(w.scope, config)),
      ],
    }),
}
