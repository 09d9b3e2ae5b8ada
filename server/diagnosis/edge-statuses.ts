/** Statuses that say by themselves who refused a handshake and why. Cloudflare's own are of its leg to the origin, and no
 *  other server of note sends them (developers.cloudflare.com, "Cloudflare 5xx errors"); 414, 429 and 431 are limits, whoever
 *  has them (RFC 6585, RFC 9110 section 15.5.15). */
import type { Weighed } from './cause.ts'
import type { Observation } from './contract.ts'
import { countOf, groupBy, shareMinutes, times } from './group.ts'
import type { View } from './view.ts'

interface Meaning {
  cause: 'backend-down' | 'backend-slow' | 'backend-reset' | 'upstream-tls-mismatch' | 'resource-limit'
  weight: number
  text: string
}

const MEANINGS: Readonly<Record<number, Meaning>> = {
  414: { cause: 'resource-limit', weight: 0.8, text: 'the URL was longer than a limit on the way allows (414)' },
  429: { cause: 'resource-limit', weight: 0.65, text: 'a limit of requests refused it (429 Too Many Requests)' },
  431: {
    cause: 'resource-limit',
    weight: 0.85,
    text: 'the request header was larger than a limit on the way allows (431), mostly through cookies',
  },
  520: {
    cause: 'backend-reset',
    weight: 0.45,
    text: 'Cloudflare got no answer that it understands from your server (520)',
  },
  521: { cause: 'backend-down', weight: 0.75, text: 'your server refused the connection of Cloudflare (521)' },
  522: { cause: 'backend-down', weight: 0.72, text: 'your server did not accept the connection of Cloudflare (522)' },
  523: { cause: 'backend-down', weight: 0.7, text: 'Cloudflare finds no way to your server (523)' },
  524: {
    cause: 'backend-slow',
    weight: 0.75,
    text: 'your server took the request of Cloudflare and did not answer in time (524)',
  },
  525: {
    cause: 'upstream-tls-mismatch',
    weight: 0.8,
    text: 'the TLS handshake of Cloudflare with your server failed (525)',
  },
  526: {
    cause: 'upstream-tls-mismatch',
    weight: 0.82,
    text: "Cloudflare does not accept your server's certificate (526)",
  },
}

export const saysItself = (status: number | null): boolean => status !== null && MEANINGS[status] !== undefined
/** Whether it is of the leg between Cloudflare and the origin. */
export const ofCloudflare = (o: Observation): boolean => o.status !== null && o.status >= 520 && o.status <= 526

/** What these statuses say for one cause. Nothing where the error log has a limit's own lines of the same minutes. */
export function fromEdgeStatus(view: View, cause: Meaning['cause']): Weighed[] {
  const said = view.signs('limit-conn', 'limit-req', 'request-too-large')
  const found = view.failedHandshakes.filter(
    (o) =>
      o.status !== null &&
      MEANINGS[o.status]?.cause === cause &&
      (o.status !== 429 || o.asked !== 'unknown') &&
      !(said.length > 0 && shareMinutes(said, [o])),
  )
  return groupBy(found, 'server+path').map(({ scope, members }) => {
    const n = countOf(members)
    return {
      scope,
      for: [...new Set(members.map((o) => o.status as number))].map((status) => ({
        weight: (MEANINGS[status] as Meaning).weight,
        text: `${(MEANINGS[status] as Meaning).text} (${times(countOf(members.filter((o) => o.status === status)))})`,
      })),
      against: [],
      observations: members,
      // One visitor with one odd cookie or one moment's limit is no failure of the site.
      severity: members.some((o) => o.asked === 'yes') || n >= 3 ? 'warning' : 'info',
      values: {
        which: scope.path === null ? '' : ` at ${scope.path}`,
        who: members.every(ofCloudflare) ? 'Cloudflare' : 'a hop',
      },
      alternatives: [],
    }
  })
}

/** What to do about it, for the causes whose advice is about nginx and its own backend. */
export const CLOUDFLARE_ADVICE =
  'This is the leg from Cloudflare to your server, not the one from nginx to the application. Check that nginx runs and listens on that port, that the firewall and the router let the addresses of Cloudflare in, and that the DNS record names the right address.'
export const CLOUDFLARE_TLS_ADVICE =
  'This is the leg from Cloudflare to your nginx. With "Full (strict)" nginx needs a certificate for that name which is valid, or one of Cloudflare\'s origin certificates; a listener of 443 with ssl must be there.'
