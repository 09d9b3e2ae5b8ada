/** What every request passes before it reaches a route. */
import type { RequestHandler } from 'express'
import helmet from 'helmet'
import { HalfopenError } from './errors.ts'
import { isOwnHost } from './listen-address.ts'

const NONE = ["'none'"]
const SELF = ["'self'"]

/** Log text is written by attackers; should it ever reach the page as markup, nothing of it may run or load. No HSTS:
 *  on a plain-HTTP port it would lock the host's other services out of browsers. */
export const securityHeaders: RequestHandler = helmet({
  strictTransportSecurity: false,
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: NONE,
      scriptSrc: SELF,
      styleSrc: SELF,
      imgSrc: [...SELF, 'data:'],
      connectSrc: SELF,
      fontSrc: SELF,
      baseUri: NONE,
      formAction: NONE,
      frameAncestors: NONE,
      requireTrustedTypesFor: ["'script'"],
    },
  },
})

/** Stops DNS rebinding: other sites' pages cannot read what is served here under their own name. */
export function ownHostsOnly(listen: string, allowed: readonly string[]): RequestHandler {
  return (request, _response, next) => {
    if (isOwnHost(request.headers.host, listen, allowed)) return next()
    throw new HalfopenError('host-not-allowed', 'This host name is not one of the dashboard.')
  }
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Stops cross-site request forgery: what changes something must come from a page of this origin. */
export const sameOriginWrites: RequestHandler = (request, _response, next) => {
  if (SAFE.has(request.method)) return next()
  const site = request.headers['sec-fetch-site']
  // Browsers send Sec-Fetch-Site only to https and localhost; everywhere else they still send Origin.
  const same = site === undefined ? isSameOrigin(request.headers.origin, request.headers.host) : site === 'same-origin'
  if (same) return next()
  throw new HalfopenError('cross-site', 'This request does not come from a page of the dashboard.')
}

/** The scheme is left out: behind a proxy that speaks TLS it differs. */
function isSameOrigin(origin: string | undefined, host: string | undefined): boolean {
  const found = /^https?:\/\/([^/]+)$/i.exec(origin ?? '')
  return found?.[1] !== undefined && found[1].toLowerCase() === host?.toLowerCase()
}
