/** The signs of applications' texts: each wording is read as its sign, and what only looks like one is not. */
import { describe, expect, test } from 'vitest'
import { NORMAL, textSign, WEBSOCKET_TEXTS } from '../../parsers/apps/websocket-texts.ts'
import { GO } from '../../parsers/apps/signs/go.ts'
import { NODE } from '../../parsers/apps/signs/node.ts'
import { PLATFORMS } from '../../parsers/apps/signs/platforms.ts'
import { PROXIES, TERMINATIONS } from '../../parsers/apps/signs/proxies.ts'
import { PYTHON } from '../../parsers/apps/signs/python.ts'
import { EVENT_KINDS } from '../../parsers/event.ts'

const WORDINGS = [...GO, ...NODE, ...PYTHON, ...PLATFORMS, ...PROXIES]

test('a sign has one id, one kind, and at least one wording', () => {
  const ids = WEBSOCKET_TEXTS.map((t) => t.sign)
  expect(new Set(ids).size).toBe(ids.length)
  for (const { sign, kind, wordings } of WEBSOCKET_TEXTS) {
    expect(sign).toMatch(/^app-[a-z0-9-]+$/)
    expect(EVENT_KINDS).toContain(kind)
    expect(wordings.length, sign).toBeGreaterThan(0)
  }
  for (const { sign, kind } of TERMINATIONS) {
    expect(ids).not.toContain(sign)
    expect(EVENT_KINDS).toContain(kind)
  }
})

// An unknown id in a family file would never be tried.
test('every wording belongs to a sign', () => {
  const known = new Set(WEBSOCKET_TEXTS.map((t) => t.sign))
  expect(WORDINGS.filter((w) => !known.has(w.sign))).toEqual([])
})

test('the signs that causes rest on are there', () => {
  expect(WEBSOCKET_TEXTS.map((t) => t.sign)).toEqual(
    expect.arrayContaining([
      'app-connection-token-missing',
      'app-upgrade-token-missing',
      'app-origin-refused',
      'app-handshake-invalid',
      'app-agent-unreachable',
      'app-1006',
      'app-1006-echo',
      'app-copy-failed',
    ]),
  )
})

describe('each wording', () => {
  test.each(WORDINGS.map((w) => [`${w.sign}: ${w.from}`, w] as const))('%s', (_, wording) => {
    expect(wording.text.test(wording.example), 'its own pattern').toBe(true)
    expect(textSign(wording.example)?.sign, 'the sign that is found').toBe(wording.sign)
  })

  test('no pattern keeps state between lines', () => {
    expect([...WORDINGS, ...NORMAL].filter(({ text }) => text.global || text.sticky)).toEqual([])
  })
})

describe('what is no sign', () => {
  test.each(NORMAL.map((n) => [n.example, n.text] as const))('%s', (example, text) => {
    expect(text.test(example)).toBe(true)
    expect(textSign(example)).toBe(null)
    // Without the exception it would be one, else the exception is not needed.
    expect(WORDINGS.some((w) => w.text.test(example))).toBe(true)
  })

  test.each([
    'websocket: connected to 10.0.0.4',
    'Closing WS connection from 192.0.2.7',
    'connection open',
    'dial tcp 10.0.0.9:5432: connect: connection refused',
    'read tcp 10.0.0.2:80->10.0.0.9:51234: i/o timeout',
    'getaddrinfo ENOTFOUND db',
    'Origin header accepted',
    'Server stopped after 1006 requests',
    'error 1006 in job 7',
    'Successfully upgraded to WebSocket (REQUEST_METHOD: GET, HTTP_CONNECTION: Upgrade, HTTP_UPGRADE: websocket)',
  ])('%s', (message) => expect(textSign(message)).toBe(null))
})

test('a reason goes before a symptom, and another leg before both', () => {
  expect(
    textSign(
      "Failed to upgrade websocket connection: websocket: the client is not using the websocket protocol: 'upgrade' token not found in 'Connection' header",
    )?.sign,
  ).toBe('app-connection-token-missing')
  expect(textSign("websocketproxy: couldn't dial to remote backend url websocket: bad handshake")?.sign).toBe(
    'app-agent-unreachable',
  )
  expect(textSign('sent 1011 keepalive ping timeout; no close frame received or sent')?.sign).toBe('app-ping-timeout')
})

test('time is bounded on any text', () => {
  // Beginnings of patterns, repeated: what makes a pattern start over again and again.
  const beginnings = [
    'HTTPServerRequest(protocol=',
    "'Connection': '",
    'Failed to upgrade to WebSocket (HTTP_CONNECTION: ',
    '[HPM] Error occurred',
    'http.log.error',
    'Failed to connect to a:1',
    'copying from ',
    'websocket.NextReader',
    'request Origin "',
    'Connection header "',
    'failed to get reader',
    'socket ',
    'Origin (',
    "uri='/ws",
  ]
  for (const beginning of beginnings) {
    const text = `websocket ${beginning.repeat(Math.ceil(64_000 / beginning.length))}`
    const start = performance.now()
    textSign(text)
    expect(performance.now() - start, beginning).toBeLessThan(250)
  }
})
