/** Causes that are left out where only requests were read would have nothing to say there. */
import { expect, it } from 'vitest'
import type { Event } from '../../parsers/event.ts'
import { REQUEST_SIGNS } from '../../parsers/nginx/access-events.ts'
import { allCauses, emptyEvidence, foldEvent } from '../../server/diagnosis/contract.ts'
import { causesFor } from '../../server/diagnosis/causes/index.ts'
import { inspect } from '../../server/diagnosis/view.ts'

const event = (sign: string, status: number): Event => ({
  time: Date.UTC(2026, 10, 21),
  zone: 'known',
  scope: { server: 'app.example', path: '/ws', upstream: '10.0.0.1:80' },
  sign,
  kind: 'handshake_failed',
  status,
  asked: 'yes',
  answered_by: 'backend',
  client: '192.0.2.1',
  connection: null,
})
const line = { source: 'access.log', line: 1, text: 'GET /ws', time: null }

it('of signs that requests have, and of no others', () => {
  const evidence = emptyEvidence()
  for (const sign of REQUEST_SIGNS)
    for (const status of [400, 403, 404, 426, 499, 502, 503, 504]) foldEvent(evidence, event(sign, status), line)
  const some = causesFor(evidence)
  const left = allCauses().filter((cause) => !some.includes(cause))
  expect(left.length).toBeGreaterThan(5)
  const view = inspect(evidence)
  expect(left.filter((cause) => cause.weigh(view, null).length > 0).map(({ id }) => id)).toEqual([])

  foldEvent(evidence, event('app-session-unknown', 400), line)
  expect(causesFor(evidence)).toEqual(allCauses())
})

it.each([414, 429, 431, 505, 525, 526])('%i says itself what only those know', (status) => {
  const evidence = emptyEvidence()
  foldEvent(evidence, event('handshake-refused', status), line)
  expect(causesFor(evidence)).toEqual(allCauses())
})
