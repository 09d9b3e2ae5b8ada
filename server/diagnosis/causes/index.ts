/** The registry of causes: one file each. Order decides nothing; ranking does. */
import type { Cause } from '../cause.ts'
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

export const CAUSES: readonly Cause[] = [
  abnormalClosure,
  agentLeg,
  authRejected,
  backendDown,
  backendReset,
  backendSlow,
  clientGone,
  clientUrlMismatch,
  configNotApplied,
  connectionVariableUndefined,
  dnsFailure,
  edgeProxy,
  forwardedHeaders,
  handshakeRejected,
  idleTimeout,
  invalidUpstreamResponse,
  missingUpgradeHeaders,
  originRejected,
  pathMismatch,
  peerVanished,
  protocolError,
  redirectedHandshake,
  reloadDrop,
  resourceLimit,
  stickySessionMissing,
  unclassified,
  upstreamHttpVersion,
  upstreamTlsMismatch,
  workerCrash,
]
