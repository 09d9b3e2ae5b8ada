/** What a browser's console says behind `failed:` is a sign of its own, and a cause weighs it. */
import { expect, it } from 'vitest'
import { BROWSER_REASONS, browserReason } from '../../parsers/apps/browser-reasons.ts'
import { toEvents } from '../../parsers/events.ts'
import { browserConsole } from '../../parsers/apps/browser-console.ts'
import { consider, emptyEvidence, foldEvent } from '../../server/diagnosis/contract.ts'

it.each(BROWSER_REASONS.map((reason) => [reason.sign, reason] as const))('%s', (sign, { example, kind }) => {
  expect(browserReason(example)?.sign).toBe(sign)
  const line = `app.js:7 WebSocket connection to 'wss://chat.example/ws' failed: ${example}`
  const parsed = browserConsole.parse(line)
  if (!parsed.ok) throw new Error(parsed.reason)
  const { events } = toEvents(parsed.record, (wall) => wall)
  expect(events.map((event) => [event.sign, event.kind, event.scope.path])).toEqual([[sign, kind, '/ws']])
  const evidence = emptyEvidence()
  for (const event of events) foldEvent(evidence, event, { source: 'x', line: 1, text: line, time: null })
  expect(consider(evidence, null)[0]?.confidence ?? 0).toBeGreaterThanOrEqual(0.5)
})

it('a status says more than any reason', () => {
  const line =
    "WebSocket connection to 'wss://chat.example/ws' failed: Error during WebSocket handshake: Unexpected response code: 403"
  const parsed = browserConsole.parse(line)
  if (!parsed.ok) throw new Error(parsed.reason)
  expect(toEvents(parsed.record, (wall) => wall).events).toMatchObject([
    { sign: 'browser-unexpected-response', status: 403 },
  ])
})
