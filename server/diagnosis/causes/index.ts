/** The registry of causes: one file each. Order decides nothing; ranking does. */
import { REQUEST_SIGNS } from '../../../parsers/nginx/access-events.ts'
import type { Cause } from '../cause.ts'
import type { Evidence } from '../contract.ts'
import { abnormalClosure } from './abnormal-closure.ts'
import { agentLeg } from './agent-leg.ts'
import { authRejected } from './auth-rejected.ts'
import { backendDown } from './backend-down.ts'
import { backendReset } from './backend-reset.ts'
import { backendSlow } from './backend-slow.ts'
import { clientGone } from './client-gone.ts'
import { clientUrlMismatch } from './client-url-mismatch.ts'
import { configNotApplied } from './config-not-applied.ts'
import { connectionVariableUndefined } from './connection-variable-undefined.ts'
import { dnsFailure } from './dns-failure.ts'
import { edgeProxy } from './edge-proxy.ts'
import { forwardedHeaders } from './forwarded-headers.ts'
import { handshakeRejected } from './handshake-rejected.ts'
import { idleTimeout } from './idle-timeout.ts'
import { invalidUpstreamResponse } from './invalid-upstream-response.ts'
import { missingUpgradeHeaders } from './missing-upgrade-headers.ts'
import { originRejected } from './origin-rejected.ts'
import { pathMismatch } from './path-mismatch.ts'
import { peerVanished } from './peer-vanished.ts'
import { protocolError } from './protocol-error.ts'
import { redirectedHandshake } from './redirected-handshake.ts'
import { reloadDrop } from './reload-drop.ts'
import { resourceLimit } from './resource-limit.ts'
import { stickySessionMissing } from './sticky-session-missing.ts'
import { unclassified } from './unclassified.ts'
import { upstreamHttpVersion } from './upstream-http-version.ts'
import { upstreamTlsMismatch } from './upstream-tls-mismatch.ts'
import { workerCrash } from './worker-crash.ts'

/** Those that requests alone may show. */
const OF_REQUESTS: readonly Cause[] = [
  authRejected,
  backendDown,
  backendReset,
  backendSlow,
  clientGone,
  clientUrlMismatch,
  edgeProxy,
  handshakeRejected,
  idleTimeout,
  missingUpgradeHeaders,
  originRejected,
  pathMismatch,
  redirectedHandshake,
  reloadDrop,
  stickySessionMissing,
  unclassified,
]

/** Those that take a word of an error log or of an application. A function, since a run that reads none does not load them
 *  (the group `told` of server/setup/rolldown.config.mjs). */
const told = (): readonly Cause[] => [
  abnormalClosure,
  agentLeg,
  configNotApplied,
  connectionVariableUndefined,
  dnsFailure,
  forwardedHeaders,
  invalidUpstreamResponse,
  peerVanished,
  protocolError,
  resourceLimit,
  upstreamHttpVersion,
  upstreamTlsMismatch,
  workerCrash,
]

/** By their ids. */
export const allCauses = (): readonly Cause[] => [...OF_REQUESTS, ...told()].sort((a, b) => (a.id < b.id ? -1 : 1))

/** Those that may have something to say of it. */
export function causesFor({ observations, suspects }: Evidence): readonly Cause[] {
  for (const { sign, status } of observations.values())
    if (!REQUEST_SIGNS.has(sign) || saysItself(status)) return allCauses()
  for (const { status } of suspects.values()) if (saysItself(status)) return allCauses()
  return OF_REQUESTS
}

/** A limit, a version or a certificate that the status alone names. */
const saysItself = (status: number | null): boolean => status !== null && OWN_WORDS.has(status)
const OWN_WORDS: ReadonlySet<number> = new Set([414, 429, 431, 505, 525, 526])
