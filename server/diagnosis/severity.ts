/** How loud a failure between nginx and a backend may be. */
import type { Observation, Severity } from './contract.ts'
import { countOf, spread } from './group.ts'
import type { View } from './view.ts'

/** A failure of WebSocket traffic is as severe as its cause says. The same line about ordinary pages is somebody else's
 *  topic: it is a warning when it lasts, since sockets share that backend, and information when it was a moment
 *  (a deployment, one slow page). */
export function severityOf(members: readonly Observation[], view: View, ofSockets: Severity): Severity {
  if (members.some((o) => view.isSocket(o.scope) || asksForSocket(o))) return ofSockets
  return countOf(members) >= 10 && spread(members) >= 60 ? 'warning' : 'info'
}

/** Engine.IO has one path for polling and for WebSocket: the query of the kept lines tells which it was. */
const asksForSocket = ({ scope, exemplars }: Observation): boolean =>
  scope.path !== null &&
  ENGINE_IO.test(scope.path) &&
  exemplars.some(({ text }) => text.includes('transport=websocket'))

const ENGINE_IO = /\/(?:socket|engine)\.io\/?$/
