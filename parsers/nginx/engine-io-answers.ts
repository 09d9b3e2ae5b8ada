/** What Engine.IO says when it refuses: its answers are so short, and so fixed, that their size tells which one it was.
 *  Source: engine.io lib/server.ts (`abortRequest`, `abortUpgrade`, `Server.errorMessages`), the same since Socket.IO 2;
 *  sizes measured through nginx. Other servers of the protocol (python-engineio) answer with other texts. */
import { ENGINE_IO } from '../known-sockets.ts'

/** `session-unknown`: the session lives in another process, or did. `no-upgrade`: a request for the WebSocket transport
 *  that came without its upgrade. `upgrade-refused`: such a request that is not allowed there, with its upgrade or not.
 *  `version-refused`: a client of another generation. */
export type EngineAnswer = 'session-unknown' | 'no-upgrade' | 'upgrade-refused' | 'version-refused'

/** `{"code":1,"message":"Session ID unknown"}`; codes 3 `Bad request`, 0 `Transport unknown`, 5 `Unsupported protocol
 *  version`. */
const [SESSION_UNKNOWN, BAD_REQUEST, NO_TRANSPORT, OTHER_VERSION] = [41, 34, 40, 51] as const
/** Without a Content-Length nginx sends them to HTTP/1.1 in one chunk: two digits of size, three line ends, the last one. */
const CHUNKED = 11
/** The same to an upgrade, as plain text. */
const UNKNOWN_TO_UPGRADE = 18
const REFUSED_UPGRADE: ReadonlySet<number> = new Set([11, 17, 28])

/** @param uri request URI with its query
 *  @param bytes `$body_bytes_sent` of an answer with status 400 */
export function engineAnswer(uri: string, bytes: number): EngineAnswer | null {
  const q = uri.indexOf('?')
  if (!ENGINE_IO.test(q < 0 ? uri : uri.slice(0, q))) return null
  const says = (size: number): boolean => bytes === size || bytes === size + CHUNKED
  if (says(SESSION_UNKNOWN)) return 'session-unknown'
  if (q >= 0 && /[?&]transport=websocket(?:&|$)/.test(uri.slice(q))) {
    if (bytes === UNKNOWN_TO_UPGRADE) return 'session-unknown'
    if (says(BAD_REQUEST)) return 'no-upgrade'
    return says(NO_TRANSPORT) || says(OTHER_VERSION) || REFUSED_UPGRADE.has(bytes) ? 'upgrade-refused' : null
  }
  // In HTTP/2 it has the size of another answer in one chunk.
  return bytes === OTHER_VERSION + CHUNKED ? 'version-refused' : null
}
