/** Authentication refused the handshake, in nginx (auth_basic, auth_request, deny) or in the application. */
import { accessControl } from '../access-control.ts'
import { fixOf, handshake, settingsOf } from '../advice.ts'
import { agentsOf } from '../agents.ts'
import { reasonsFor, which, type Signs } from '../by-signs.ts'
import type { Cause, Reason } from '../cause.ts'
import type { Observation, Scope } from '../contract.ts'
import { countOf, groupBy, times } from '../group.ts'
import { comesAgain } from '../rhythm.ts'
import { forbiddenRequests, joinPlaces } from '../silent-refusals.ts'
import { toldByApplication } from '../told-by-application.ts'
import type { View } from '../view.ts'

const SIGNS: Signs = {
  'auth-credentials-refused': { weight: 0.92, text: 'nginx did not accept the name or the password that was sent' },
  'auth-service-failed': {
    weight: 0.92,
    text: 'the service behind auth_request gave neither leave nor refusal, and nginx answered 500',
  },
  'auth-refused': { weight: 0.9, text: "nginx's own access control refused it" },
}
/** The application's own words. Its status line says the same again. */
const TOLD: Signs = {
  'app-auth-refused': { weight: 0.88, text: 'the application says that the handshake came without a valid login' },
}
// What a browser says of a 401 that it cannot answer.
const BROWSER: Signs = {
  'browser-unauthorised': {
    weight: 0.85,
    text: 'the browser was asked for a name and a password on the handshake (401)',
  },
}
const SERIOUS = new Set(['auth-credentials-refused', 'auth-service-failed'])
const STATUSES = new Set([401, 403, 407])

export const authRejected: Cause = {
  id: 'auth-rejected',
  title: 'Handshakes are refused by access control{which}',
  severity: 'warning',
  docs: 'https://nginx.org/en/docs/http/ngx_http_auth_request_module.html',

  weigh(view, config) {
    // Logins fail on every web site: only places that carry sockets are of interest.
    const said = view.signs(...Object.keys(SIGNS)).filter((o) => view.isSocket(o.scope))
    const refused = view.failedHandshakes.filter((o) => o.status !== null && STATUSES.has(o.status))
    const told = toldByApplication(view, { ...TOLD, ...BROWSER }, 'warning', () => [
      {
        cause: 'origin-rejected',
        confidence: 0.1,
        check: 'does it work at the address of the application itself? then look at Host, Origin and the cookie domain',
      },
    ])
    const places = groupBy([...said, ...refused], 'server+path').map(({ scope, members }) => {
      const answers = members.filter((o) => o.kind === 'handshake_failed')
      const reasons = reasonsFor(SIGNS, members)
      const asked = answers.some((o) => o.asked === 'yes' || o.sign === 'handshake-refused-known-url')
      const unauthorised = asked && answers.some((o) => o.status === 401 || o.status === 407)
      const statuses = [...new Set(answers.map((o) => o.status))].join(', ')
      if (answers.length > 0)
        reasons.push({
          weight: unauthorised ? 0.75 : asked ? 0.55 : 0.3,
          text: `handshakes were answered ${statuses} (${times(countOf(answers))})`,
        })
      // nginx asks for a login there by itself, and that is what refuses.
      const own =
        answers.map((o) => accessControl(scope, o.status ?? 0, config)).find((found) => found !== null) ?? null
      if (own !== null)
        reasons.push({ weight: 0.75, text: `your configuration has ${own} where the handshake is served` })
      const again = own !== null && comesAgain(answers) === true && agentsOf(answers) !== 'tools'
      const passing = others(scope, members, view)
      return {
        scope,
        for: reasons,
        against: passing,
        observations: members,
        values: which(scope.path === null ? null : `at ${scope.path}`),
        count: Math.max(countOf(answers), countOf(members) - countOf(answers)),
        // A scanner at /ws without credentials is no failure of anybody's socket, nor is a login that has run out. One with a
        // password is a user, and a service that fails refuses everybody.
        severity:
          ((asked || again) && passing.length === 0) || members.some((o) => SERIOUS.has(o.sign))
            ? ('warning' as const)
            : ('info' as const),
        alternatives:
          unauthorised || own !== null
            ? []
            : [
                {
                  cause: 'origin-rejected',
                  confidence: 0.35,
                  check: `${handshake(scope, 'nginx', settingsOf(scope, config)).replace(' | head -1', '')} # 101 without an Origin header: the application checks Origin or Host`,
                },
              ],
      }
    })
    return [...told, ...joinPlaces(places, forbiddenRequests(view))]
  },

  fix: (w, config) =>
    fixOf({
      layer:
        w.observations.some((o) => o.sign.startsWith('auth-')) ||
        w.observations.some((o) => accessControl(w.scope, o.status ?? 0, config) !== null)
          ? 'nginx'
          : 'application',
      summary:
        (w.observations.some((o) => o.sign === 'auth-service-failed')
          ? 'Look first at the service that auth_request asks: it must answer 2xx, 401 or 403, and its own failure is in the line before. '
          : '') +
        'Do not remove the protection. Check that the client sends its cookie or token on the handshake (browsers cannot add an Authorization header to a WebSocket), and that auth_request answers for this path as for the page.',
      verify: [handshake(w.scope, 'nginx', settingsOf(w.scope, config))],
    }),
}

/** So many handshakes for each that is refused. */
const PASS = 20

/** Nearly everybody passes, and who is refused does not come back until it has logged in. */
function others(scope: Scope, members: readonly Observation[], view: View): Reason[] {
  const good = view.upgradedAt(scope)
  if (good.count < PASS * countOf(members) || comesAgain(members) === true) return []
  return [
    {
      weight: 0.3,
      text: `${times(good.count)} a handshake on this path succeeded: those who are refused have no login, or one that has run out`,
    },
  ]
}
