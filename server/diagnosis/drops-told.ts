/** Many closures without a close frame in one second of an application's log, where nginx's logs tell of none. People leave
 *  one by one; so many at once were ended together, and not by them. By whom the line does not say. */
import type { Weighed } from './cause.ts'
import type { Alternative, Observation } from './contract.ts'
import { clientsOf, countOf } from './group.ts'
import type { View } from './view.ts'

/** Ten tabs of one visitor end together, too: an application's line seldom names the address. */
const LEAST = 10
const TOGETHER = 2000
const MINUTE = 60_000
/** Of what the log has besides. */
const MOSTLY = 0.8

export function ofApplication(view: View): Weighed | null {
  return restartTold(view) ?? togetherTold(view)
}

/** Close code 1012: the server said so before it went (RFC 6455, IANA registry of close codes). */
function restartTold(view: View): Weighed | null {
  const told = view.signs('app-service-restart')
  if (told.length === 0) return null
  return {
    scope: { server: null, path: null, upstream: null },
    source: told[0]?.exemplars[0]?.source ?? 'application',
    for: [{ weight: 0.85, text: `the server closed sessions with code 1012, service restart (${countOf(told)})` }],
    against: [],
    observations: told,
    // A deployment is what people do.
    severity: 'info',
    values: { what: ' when the backend restarts', by: 'backend' },
    alternatives: [],
    count: countOf(told),
  }
}

function togetherTold(view: View): Weighed | null {
  const all = view.signs('app-1006', 'app-copy-failed').filter((o) => !o.echo && o.first !== null)
  const drop = all.find((o) => inOneMoment(o))
  if (drop === undefined || countOf(all) * MOSTLY > drop.count) return null
  return {
    scope: { server: null, path: null, upstream: null },
    source: drop.exemplars[0]?.source ?? 'application',
    for: [
      {
        weight: 0.55,
        text: `${drop.count} sessions ended without a close frame within a second or two of ${new Date(drop.first ?? 0).toISOString().replace('.000Z', 'Z')}: visitors leave one by one`,
      },
    ],
    against:
      clientsOf([drop]) === 1
        ? [{ weight: 0.3, text: 'all lines name one address: one visitor with many tabs, or a proxy in front' }]
        : [],
    observations: [drop],
    severity: 'info',
    values: { what: '', by: 'unknown' },
    alternatives: ALTERNATIVES,
    count: drop.count,
  }
}

/** The first and the last line say the same second, and the stamp has seconds at all. */
function inOneMoment({ count, first, last, exemplars }: Observation): boolean {
  if (count < LEAST || first === null || last === null || last - first > TOGETHER) return false
  return first !== last || first % MINUTE !== 0 || exemplars.some(({ text }) => /\d\d:\d\d:\d\d/.test(text))
}

const ALTERNATIVES: readonly Alternative[] = [
  {
    cause: 'backend-reset',
    confidence: 0.3,
    check:
      'what does the application connect to? if these are its own connections, their other side restarted or crashed',
  },
  {
    cause: 'abnormal-closure',
    confidence: 0.25,
    check: 'did the network of all visitors fail at that moment (a router, a VPN, a tunnel)?',
  },
]
