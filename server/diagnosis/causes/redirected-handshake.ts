/** A redirect answered the handshake; browsers do not follow redirects for WebSockets (Fetch standard, WebSocket opening
 *  handshake: redirect mode "error"). */
import { fixOf, handshake, settingsOf } from '../advice.ts'
import type { Cause } from '../cause.ts'
import type { ConfigView, Scope } from '../contract.ts'
import { countOf, groupBy, times } from '../group.ts'

const STATUSES = new Set([301, 302, 303, 307, 308])

export const redirectedHandshake: Cause = {
  id: 'redirected-handshake',
  title: 'Handshakes{which} are answered with a redirect, which browsers do not follow',
  severity: 'error',
  docs: 'https://websockets.spec.whatwg.org/#opening-handshake',

  weigh(view, config) {
    const redirected = view.failedHandshakes.filter((o) => o.status !== null && STATUSES.has(o.status))
    return groupBy(redirected, 'server+path').map(({ scope, members }) => {
      // Scanners meet the redirect of port 80 at every URL: only a logged Upgrade shows that a socket was meant.
      const asked = members.some((o) => o.asked === 'yes')
      return {
        scope,
        for: [
          {
            weight: asked ? 0.85 : 0.35,
            text: `the answer was ${[...new Set(members.map((o) => o.status))].join(', ')} (${times(countOf(members))})`,
          },
        ],
        against: [],
        observations: members,
        values: { which: scope.path === null ? '' : ` at ${scope.path}` },
        severity: asked ? ('error' as const) : ('info' as const),
        alternatives: [
          {
            cause: 'auth-rejected',
            confidence: 0.3,
            check: `${whereTo(scope, config)} # a login page: the session is missing`,
          },
        ],
      }
    })
  },

  fix: (w, config) =>
    fixOf({
      layer: 'nginx',
      summary:
        'Let the client use the final URL: wss:// instead of ws://, and the path with or without its slash as the application has it. A location /x/ with proxy_pass redirects /x to /x/.',
      verify: [whereTo(w.scope, config)],
    }),
}

const whereTo = (scope: Scope, config: ConfigView | null): string =>
  handshake(scope, 'nginx', settingsOf(scope, config)).replace('| head -1', '| grep -i ^location')
