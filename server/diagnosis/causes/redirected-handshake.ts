/** A redirect answered the handshake; browsers do not follow redirects for WebSockets (Fetch standard, WebSocket opening
 *  handshake: redirect mode "error"). */
import { fixOf, handshake, settingsOf } from '../advice.ts'
import { agentsOf } from '../agents.ts'
import type { Cause } from '../cause.ts'
import type { ConfigView, EffectiveProxy, Observation, Scope } from '../contract.ts'
import { countOf, groupBy, times } from '../group.ts'
import { comesAgain } from '../rhythm.ts'

const STATUSES = new Set([301, 302, 303, 307, 308])
/** What login pages, single sign-on and Cloudflare Access answer; also what some redirect to https or to a slash with. */
const OF_LOGINS = new Set([302, 303])

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
      const slash = members.some((o) => o.status === 301 && o.answered_by !== 'backend') ? slashed(scope, config) : null
      const n = countOf(members)
      const login = members.every((o) => OF_LOGINS.has(o.status ?? 0))
      return {
        scope,
        for: [
          {
            weight: asked ? (login ? 0.6 : 0.85) : 0.35,
            text: `the answer was ${[...new Set(members.map((o) => o.status))].join(', ')} (${times(n)})`,
          },
          ...(slash === null
            ? []
            : [
                {
                  weight: 0.75,
                  text: `your configuration has ${slash.context} (${slash.file}:${slash.line}), and nginx sends who asks for ${scope.path} to ${scope.path}/`,
                },
              ]),
        ],
        against: [],
        observations: members,
        values: { which: scope.path === null ? '' : ` at ${scope.path}` },
        severity: asked
          ? ('error' as const)
          : slash !== null && comesAgain(members) === true && agentsOf(members) !== 'tools'
            ? ('warning' as const)
            : ('info' as const),
        alternatives:
          slash === null
            ? [
                {
                  cause: 'auth-rejected',
                  confidence: login ? 0.4 : 0.2,
                  check: `${whereTo(scope, config)} # a login page: the session is missing`,
                },
              ]
            : [],
      }
    })
  },

  fix: (w, config) =>
    fixOf({
      layer: 'nginx',
      summary:
        bySlash(w.scope, w.observations, config) ??
        'Let the client use the final URL: wss:// instead of ws://, and the path with or without its slash as the application has it. A location /x/ with proxy_pass redirects /x to /x/.',
      verify: [whereTo(w.scope, config)],
    }),
}

/** The location that ends in a slash and proxies: nginx redirects its name without the slash to it. Null: there is none, or
 *  the path has a location of its own. */
function slashed({ server, path }: Scope, config: ConfigView | null): EffectiveProxy | null {
  if (config === null || path === null || path.endsWith('/')) return null
  const without = config.settings(server, path)
  const served = config.settings(server, `${path}/`)
  const same = without !== null && served !== null && without.file === served.file && without.line === served.line
  return same && without.proxy_pass === null && served.proxy_pass !== null ? served : null
}

function bySlash(scope: Scope, members: readonly Observation[], config: ConfigView | null): string | null {
  const slash = members.some((o) => o.status === 301 && o.answered_by !== 'backend') ? slashed(scope, config) : null
  if (slash === null) return null
  return `The client asks for ${scope.path}, and the location is ${scope.path}/ with its slash (${slash.file}:${slash.line}): let the client ask for ${scope.path}/ if the application has its socket there, or name the location ${scope.path} without the slash, which serves both.`
}

const whereTo = (scope: Scope, config: ConfigView | null): string =>
  handshake(scope, 'nginx', settingsOf(scope, config)).replace('| head -1', '| grep -i ^location')
