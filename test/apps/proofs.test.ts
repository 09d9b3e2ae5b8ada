import { expect, it } from 'vitest'
import { ERROR_SIGNS } from '../../parsers/nginx/error-signs.ts'
import { WEBSOCKET_TEXTS } from '../../parsers/apps/websocket-texts.ts'
import { PROOFS } from '../../parsers/explain/proofs.ts'

/** Signs of requests, which access-events.ts and app-events.ts name themselves. */
const OF_REQUESTS = [
  'app-plain-get-on-socket',
  'client-left-handshake-499',
  'handshake-101',
  'handshake-101-at-close',
  'handshake-426',
  'handshake-refused',
  'handshake-refused-known-url',
  'engine-io-no-upgrade',
  'engine-io-session-unknown',
  'engine-io-upgrade-refused',
  'engine-io-version-refused',
  'session-closed',
  'session-cut',
  'static-not-found',
  'plain-http-page',
  'upgrade-lost-before-nginx',
]

it('sentences on what a line proves belong to signs that exist', () => {
  const signs = new Set([...ERROR_SIGNS, ...WEBSOCKET_TEXTS].map(({ sign }) => sign).concat(OF_REQUESTS))
  expect(Object.keys(PROOFS).filter((sign) => !signs.has(sign))).toEqual([])
  for (const sentence of Object.values(PROOFS)) expect(sentence).toMatch(/^[A-Z].*\.$/)
})
