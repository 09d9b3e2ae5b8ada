import { expect, it } from 'vitest'
import type { EventRow } from '../../server/http/wire.ts'
import { filterEvents, mergeEvents } from '../../web/data/events.ts'

const event = (id: number, changes: Partial<EventRow> = {}): EventRow => ({
  id,
  time: null,
  kind: 'handshake_failed',
  sign: 'access-4xx',
  server: 'chat.example.org',
  path: '/ws',
  upstream: null,
  status: 400,
  client: null,
  source: 'access.log',
  line: id,
  text: 'GET /ws',
  ...changes,
})
const ids = (events: readonly EventRow[]) => events.map(({ id }) => id)

it('keeps the newest, each once, whatever order they come in', () => {
  expect(ids(mergeEvents([event(3), event(1)], [event(4), event(3), event(2)], 3))).toEqual([4, 3, 2])
})

it('finds rows that hold every word, in any column and case', () => {
  const rows = [event(3, { status: 502 }), event(2, { text: 'upstream TIMED out' }), event(1)]
  expect(ids(filterEvents(rows, 'chat 400'))).toEqual([2, 1])
  expect(ids(filterEvents(rows, 'timed ws'))).toEqual([2])
  expect(ids(filterEvents(rows, '  '))).toEqual([3, 2, 1])
  expect(filterEvents(rows, 'chat nowhere')).toEqual([])
})
