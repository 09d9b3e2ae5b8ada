import { expect, it } from 'vitest'
import { ERROR_SIGNS } from '../../parsers/nginx/error-signs.ts'
import { WEBSOCKET_TEXTS } from '../../parsers/apps/websocket-texts.ts'
import { PROOFS } from '../../parsers/explain/proofs.ts'
import { REQUEST_SIGNS } from '../../parsers/nginx/access-events.ts'

/** Signs of requests in logs of applications, which app-events.ts names itself, and of files that are not there. */
const OTHERS = ['app-plain-get-on-socket', 'static-not-found']

it('sentences on what a line proves belong to signs that exist', () => {
  const signs = new Set([...ERROR_SIGNS, ...WEBSOCKET_TEXTS].map(({ sign }) => sign).concat(OTHERS, ...REQUEST_SIGNS))
  expect(Object.keys(PROOFS).filter((sign) => !signs.has(sign))).toEqual([])
  for (const sentence of Object.values(PROOFS)) expect(sentence).toMatch(/^[A-Z].*\.$/)
})
