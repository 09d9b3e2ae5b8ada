/** How loud a failure between nginx and a backend may be. */
import { asksHub, ENGINE_IO } from '../../parsers/known-sockets.ts'
import type { ConfigView, Observation, Severity } from './contract.ts'
import { countOf } from './group.ts'
import { CALM, outages } from './rhythm.ts'
import { passesUpgrade } from './upgrade-told.ts'
import type { View } from './view.ts'

/** Deployments take minutes. */
export const DEPLOYMENT = 300

/** A failure of WebSocket traffic is as severe as its cause says. The same line about ordinary pages is somebody else's
 *  topic: it is a warning while it lasts and when it lasted long, since sockets share that backend, and information when it
 *  was a moment (a deployment, one slow page), however often there was one. */
export function severityOf(
  members: readonly Observation[],
  view: View,
  ofSockets: Severity,
  config: ConfigView | null = null,
): Severity {
  if (members.some((o) => view.isSocket(o.scope) || asksForSocket(o))) return ofSockets
  const place = members.map((o) => servesSockets(o, config)).find((found) => found !== null)
  // Below / all pages of a site pass through the block of its sockets.
  if (place !== undefined) return place === 'location /' || place.startsWith('server') ? 'warning' : ofSockets
  if (countOf(members) < 10) return 'info'
  const last = Math.max(...members.map((o) => o.last ?? -Infinity))
  const now = (view.evidence.last ?? 0) < last + CALM
  const all = outages(members)
  const lasts = all.some(
    ({ seconds, count }, i) => count >= 10 && seconds >= (now && i === all.length - 1 ? 60 : DEPLOYMENT),
  )
  return lasts ? 'warning' : 'info'
}

/** The block of the configuration that passes upgrades on there; null: none, or none was given. */
function servesSockets({ scope: { server, path } }: Observation, config: ConfigView | null): string | null {
  const settings = path === null ? null : (config?.settings(server, path) ?? null)
  return settings !== null && settings.proxy_pass !== null && passesUpgrade(settings) ? settings.context : null
}

/** Engine.IO has one path for polling and for WebSocket: the query of the kept lines tells which it was. Of SignalR nothing
 *  tells; whichever it was is a session. */
const asksForSocket = ({ scope, exemplars }: Observation): boolean =>
  asksHub(scope.path, exemplars) ||
  (scope.path !== null &&
    ENGINE_IO.test(scope.path) &&
    exemplars.some(({ text }) => text.includes('transport=websocket')))
