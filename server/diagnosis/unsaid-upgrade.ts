/** Lines that a lost upgrade is the usual reason of, and that do not say so: below a half, with what else it could be. */
import { handshake } from './advice.ts'
import { reasonsFor, type Signs } from './by-signs.ts'
import type { Weighed } from './cause.ts'
import { groupBy } from './group.ts'
import { withoutReason } from './silent-refusals.ts'
import type { View } from './view.ts'

const SIGNS: Signs = {
  // `{"code":3}` and `Connection ID required` are what a plain GET gets at a URL that asks for the WebSocket transport. A
  // browser tab on that URL gets it, too.
  'app-engine-io-bad-request': {
    weight: 0.45,
    text: 'the application got a request for its WebSocket transport that was no handshake',
  },
  // Its page tries the WebSocket first. Another hop, or a network of the visitor's, may have refused it.
  'app-fell-back-to-http': {
    weight: 0.55,
    text: 'the application serves its tunnel over plain HTTP, which its page asks for when the WebSocket did not open',
  },
  'app-page-got-no-socket': {
    weight: 0.45,
    text: 'the page was served and its WebSocket did not open; the page does not know why',
  },
  // Portainer from 2.16 on logs the refused upgrade itself at debug: that it answered twice is all that is left of it.
  'app-answered-twice': {
    weight: 0.4,
    text: 'the application had already answered when its handler failed, which a refused upgrade does to it',
  },
}

/** A client's own word: nothing tells whether its request ever reached this nginx. */
export const BY_CLIENTS: ReadonlySet<string> = new Set(['browser-unexpected-response', 'app-client-got-status'])

export function unsaid(view: View): Weighed[] {
  const place = { server: null, path: null, upstream: null }
  return groupBy(withoutReason(view, view.signs(...Object.keys(SIGNS))), 'server+path').map(({ scope, members }) => ({
    scope,
    source: members[0]?.exemplars[0]?.source ?? 'application',
    for: reasonsFor(SIGNS, members),
    against: [],
    observations: members,
    values: { where: '' },
    alternatives: [
      {
        cause: 'origin-rejected',
        confidence: 0.25,
        check: `${handshake(place, 'nginx').replace(' | head -1', '')} # 101 without an Origin header: the application checks Origin or Host`,
      },
      {
        cause: 'client-gone',
        confidence: 0.2,
        check: 'was the URL opened in a browser tab? then no socket was meant',
      },
    ],
  }))
}
