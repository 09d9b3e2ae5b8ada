/** The registry of lint rules, the most useful first. */
import type { Rule } from '../rule.ts'
import { authOnSocket } from './auth-on-socket.ts'
import { authWithoutTls } from './auth-without-tls.ts'
import { backendPublic } from './backend-public.ts'
import { bufferingNoEffect } from './buffering-no-effect.ts'
import { connectTimeout } from './connect-timeout.ts'
import { connectionCleared } from './connection-cleared.ts'
import { connectionHardCoded } from './connection-hard-coded.ts'
import { errorPageStatus } from './error-page-status.ts'
import { forwardedForged } from './forwarded-forged.ts'
import { forwardedProto } from './forwarded-proto.ts'
import { forwardedMissing } from './forwarded-missing.ts'
import { headerInWrongPlace } from './header-in-wrong-place.ts'
import { hostMissing } from './host-missing.ts'
import { httpVersion } from './http-version.ts'
import { httpsRedirect } from './https-redirect.ts'
import { keepaliveMapClose } from './keepalive-map-close.ts'
import { limitedSockets } from './limited-sockets.ts'
import { logBlindSpots } from './log-blind-spots.ts'
import { loginWithoutLimit } from './login-without-limit.ts'
import { mapDefinedTwice } from './map-defined-twice.ts'
import { mapIncomplete } from './map-incomplete.ts'
import { mapMissing } from './map-missing.ts'
import { mapWrongContext } from './map-wrong-context.ts'
import { originUnchecked } from './origin-unchecked.ts'
import { pathRewritten } from './path-rewritten.ts'
import { pathTaken } from './path-taken.ts'
import { readTimeout } from './read-timeout.ts'
import { redirectedSocket } from './redirected-socket.ts'
import { resolverMissing } from './resolver-missing.ts'
import { shutdownTimeout } from './shutdown-timeout.ts'
import { slashRedirect } from './slash-redirect.ts'
import { stickyMissing } from './sticky-missing.ts'
import { timeValue } from './time-value.ts'
import { typographicQuotes } from './typographic-quotes.ts'
import { upgradeHeaderFixed } from './upgrade-header-fixed.ts'
import { upgradeHeadersDropped } from './upgrade-headers-dropped.ts'
import { upgradeHeadersMissing } from './upgrade-headers-missing.ts'
import { upgradeHeadersPartial } from './upgrade-headers-partial.ts'
import { upgradeHeadersTwice } from './upgrade-headers-twice.ts'
import { upstreamScheme } from './upstream-scheme.ts'
import { upstreamSni } from './upstream-sni.ts'
import { workerConnections } from './worker-connections.ts'

export const RULES: readonly Rule[] = [
  upgradeHeadersMissing,
  upgradeHeadersPartial,
  upgradeHeadersDropped,
  connectionCleared,
  upgradeHeadersTwice,
  mapMissing,
  mapWrongContext,
  mapIncomplete,
  mapDefinedTwice,
  keepaliveMapClose,
  httpVersion,
  headerInWrongPlace,
  upgradeHeaderFixed,
  connectionHardCoded,
  typographicQuotes,
  pathTaken,
  pathRewritten,
  slashRedirect,
  redirectedSocket,
  httpsRedirect,
  errorPageStatus,
  upstreamScheme,
  upstreamSni,
  resolverMissing,
  readTimeout,
  timeValue,
  connectTimeout,
  hostMissing,
  forwardedMissing,
  forwardedForged,
  forwardedProto,
  stickyMissing,
  limitedSockets,
  authOnSocket,
  authWithoutTls,
  loginWithoutLimit,
  backendPublic,
  workerConnections,
  shutdownTimeout,
  bufferingNoEffect,
  logBlindSpots,
  originUnchecked,
]
