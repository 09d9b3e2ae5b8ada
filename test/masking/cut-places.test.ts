/** Places of events, read from lines that were cut in the midst of a secret. */
import { expect, test } from 'vitest'
import { toEvents } from '../../parsers/events.ts'
import { pathGroup } from '../../parsers/masking.ts'
import { nginxError } from '../../parsers/nginx/error.ts'

const S = 'sEcReT9x7Qw31LmZ'

test('nothing of user info that is cut is a path or the name of a backend', () => {
  for (const uri of [`https://user:${S}`, `https://user:p/${S}`, `http://u:1/${S}:x@`])
    expect(pathGroup(uri)).not.toContain(S)
  expect(pathGroup('http://a.test:8080/ws/live')).toBe('/ws/live')
  expect(pathGroup('http://[fe80::1]:8080/ws/live')).toBe('/ws/live')
  const line = `2026/11/21 06:13:34 [error] 7#7: *1 no live upstreams while connecting to upstream, client: 10.0.0.1, server: a.test, request: "GET /ws HTTP/1.1", upstream: "http://bob:`
  for (const end of [S, `p/${S}`, `p/${S}@back:80/ws", host: "a"`]) {
    const parsed = nginxError.parse(line + end)
    if (!parsed.ok) throw new Error('not read')
    expect(JSON.stringify(toEvents(parsed.record, (wall) => wall).events)).not.toMatch(/sEcReT|bob/)
  }
})
