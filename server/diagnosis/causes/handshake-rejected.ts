/** The application refused the handshake for reasons of its own: version, key, protocol, a part that is not installed.
 *  RFC 6455 section 4.2.1 lists what a server has to find; nginx passes all of it on by itself but Upgrade and Connection. */
import { fixOf, handshake } from '../advice.ts'
import type { Signs } from '../by-signs.ts'
import type { Cause } from '../cause.ts'
import { withoutReason } from '../silent-refusals.ts'
import { toldByApplication } from '../told-by-application.ts'
import type { View } from '../view.ts'

const SIGNS: Signs = {
  'app-handshake-invalid': {
    weight: 0.82,
    text: 'the application misses the version, key or method of a WebSocket handshake, and does not complain of Upgrade or Connection',
  },
  'app-engine-io-mismatch': {
    weight: 0.88,
    text: 'client and server speak different versions of Socket.IO or Engine.IO',
  },
  'engine-io-upgrade-refused': {
    weight: 0.6,
    text: 'the answer 400 has the size of what Engine.IO says to a WebSocket transport, a version or a request that it does not allow there; to a lost upgrade it says something else',
  },
  'engine-io-version-refused': {
    weight: 0.7,
    text: 'a client that polls got 400 with the size of what Engine.IO says to a version that it does not speak',
  },
  'app-websocket-library-missing': { weight: 0.93, text: 'the application has no WebSocket support installed' },
  'browser-subprotocol-refused': {
    weight: 0.85,
    text: 'the answer to the handshake names no subprotocol or extension of those that the page asked for',
  },
  'app-no-hijacker': {
    weight: 0.85,
    text: 'a middleware of the application hides the connection from its WebSocket handler',
  },
  'app-connection-rejected': { weight: 0.45, text: 'the application rejected the connection and does not say why' },
  'app-unsupported-upgrade': {
    weight: 0.4,
    text: 'a request with Connection: upgrade arrived that is no handshake the application knows',
  },
  'app-upgrade-failed': { weight: 0.4, text: 'the application could not complete the upgrade and does not say why' },
  'app-client-got-no-101': { weight: 0.35, text: 'a client got another answer than 101' },
}

export const handshakeRejected: Cause = {
  id: 'handshake-rejected',
  title: 'The application refuses the handshake for a reason of its own',
  severity: 'error',
  docs: 'https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1',

  weigh: (view) =>
    toldByApplication(onlyAlone(view), SIGNS, 'error', (members) => [
      {
        cause: 'missing-upgrade-headers',
        confidence: members.some((o) => UNSURE.has(o.sign)) ? 0.3 : 0.15,
        check: `${handshake(members[0]?.scope ?? { server: null, path: null, upstream: null }, 'backend')} # 101 here and not through nginx: the headers are lost on the way`,
      },
      {
        cause: 'auth-rejected',
        confidence: members.some((o) => o.sign === 'app-connection-rejected') ? 0.35 : 0.05,
        check: 'does the line carry 401 or 403? then log in first, or look at the token that the page sends',
      },
    ]),

  fix(w) {
    const has = (sign: string): boolean => w.observations.some((o) => o.sign === sign)
    return fixOf({
      layer: 'application',
      summary:
        has('app-engine-io-mismatch') || has('engine-io-version-refused')
          ? 'Nothing to change in nginx. Use the client library that belongs to the server (Socket.IO client 2 speaks EIO=3, 3 and 4 speak EIO=4), or set allowEIO3 on the server.'
          : has('app-websocket-library-missing')
            ? "Nothing to change in nginx. Install the library that the line names (uvicorn: pip install 'uvicorn[standard]'; Flask-SocketIO: gevent-websocket) and restart the application."
            : has('app-no-hijacker')
              ? "Nothing to change in nginx. Take the middleware (compression, metrics, tracing) out of the socket's route, or update it to one that passes http.Hijacker on."
              : has('engine-io-upgrade-refused')
                ? 'Nothing to change in nginx. Look at the options of the Socket.IO server (transports has to contain "websocket"), and whether the client library is of the same generation.'
                : "Nothing to change in nginx as far as the logs show. Compare what the client sends with what the application's line asks for.",
      verify: [handshake(w.scope, 'nginx'), handshake(w.scope, 'backend')],
    })
  },
}

const UNSURE = new Set(['app-unsupported-upgrade', 'app-upgrade-failed'])
/** Lines that mostly follow one that says more; they count where they stand alone. */
const FOLLOWING = ['app-upgrade-failed', 'app-connection-rejected']

/** The view without lines that another one explains: a reason, or the refused request itself. */
function onlyAlone(view: View): View {
  const closed = view.signs('app-closed-before-accept').length > 0
  const signs: View['signs'] = (...asked) => [
    ...view.signs(...asked.filter((sign) => !FOLLOWING.includes(sign))),
    ...withoutReason(view, view.signs(...FOLLOWING.filter((sign) => asked.includes(sign)))).filter(
      (o) => !(closed && o.sign === 'app-connection-rejected'),
    ),
  ]
  return { ...view, signs }
}
