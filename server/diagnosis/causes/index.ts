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
import { idleTimeout } from './idle-timeout.ts'
import { invalidUpstreamResponse } from './invalid-upstream-response.ts'
import { missingUpgradeHeaders } from './missing-upgrade-headers.ts'
import { originRejected } from './origin-rejected.ts'
import { pathMismatch } from './path-mismatch.ts'
import { redirectedHandshake } from './redirected-handshake.ts'
import { resourceLimit } from './resource-limit.ts'
import { unclassified } from './unclassified.ts'
import { upstreamTlsMismatch } from './upstream-tls-mismatch.ts'

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
  idleTimeout,
  invalidUpstreamResponse,
  missingUpgradeHeaders,
  originRejected,
  pathMismatch,
  redirectedHandshake,
  resourceLimit,
  unclassified,
  upstreamTlsMismatch,
]
