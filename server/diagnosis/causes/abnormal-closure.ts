/** 1006: the TCP connection ended without a close frame. It says that, and never why (RFC 6455 §7.1.5): a closed tab, an
 *  idle cut, a crash and a lost network look the same. */
import { fixOf } from '../advice.ts'
import type { Cause } from '../cause.ts'
import type { Observation } from '../contract.ts'
import { countOf, groupBy, times } from '../group.ts'

const COUNTED = ['app-1006', 'app-copy-failed', 'upgraded-backend-tls-error'] as const

export const abnormalClosure: Cause = {
  id: 'abnormal-closure',
  title: 'Sessions end without a close frame (1006), for a reason these logs do not show',
  severity: 'warning',
  docs: 'https://www.rfc-editor.org/rfc/rfc6455#section-7.1.5',

  weigh(view) {
    const echoes = view.signs('app-1006-echo', 'app-written-after-hijack')
    const groups = groupBy(view.signs(...COUNTED), 'server+path')
    // The peer refuses the passed-on 1006: the same closure told twice. Alone, the echo is the closure.
    if (groups.length === 0 && echoes.length > 0)
      groups.push(
        ...groupBy(
          echoes.map((o) => ({ ...o, echo: false })),
          'server+path',
        ),
      )
    return groups.map(({ scope, members }) => {
      const fromApp = scope.server === null && scope.path === null
      const n = countOf(members)
      return {
        scope,
        ...(fromApp ? { source: members[0]?.exemplars[0]?.source ?? 'application' } : {}),
        for: [{ weight: 0.55, text: `${times(n)} a session ended without a closing handshake` }],
        against: [],
        observations: fromApp
          ? [...members, ...echoes.filter((e) => !members.some((m) => m.sign === e.sign))]
          : members,
        severity: many(members) ? ('warning' as const) : ('info' as const),
        alternatives: [
          {
            cause: 'client-gone',
            confidence: 0.35,
            check: 'do the times follow visits (office hours, one user)? then visitors closed their tabs',
          },
          {
            cause: 'idle-timeout',
            confidence: 0.3,
            check: 'log session lengths (halfopen log-format): a peak at a whole number of seconds is a timeout',
          },
          {
            cause: 'backend-reset',
            confidence: 0.15,
            check: 'do many end in the same second? then the application or nginx restarted',
          },
        ],
      }
    })
  },

  fix: () =>
    fixOf({
      layer: 'none',
      summary:
        'No change is advised on this evidence. Let nginx log session lengths and set error_log to info for the socket location; then this says which side ends them.',
      verify: ['halfopen log-format'],
    }),
}

/** In an hour. */
const MANY = 20

/** A visitor who closes the lid leaves a 1006: a few mean nothing, nor do a few every day. Not measured by all sessions: an
 *  application's log does not say which of them are its own. */
function many(members: readonly Observation[]): boolean {
  const n = countOf(members)
  if (n < MANY) return false
  const hours = new Map<number, number>()
  let timed = 0
  for (const { minutes } of members)
    for (const [start, count] of minutes) {
      // Halves of an hour, so that an hour is two of them wherever it begins.
      const half = Math.floor(start / HALF)
      hours.set(half, (hours.get(half) ?? 0) + count)
      timed += count
    }
  return timed < n || [...hours].some(([half, count]) => count + (hours.get(half + 1) ?? 0) >= MANY)
}
const HALF = 30 * 60_000
