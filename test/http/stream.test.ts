import express from 'express'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { Stream } from '../../server/http/contract.ts'
import { MAX_CLIENTS, MAX_WAITING } from '../../server/http/stream.ts'
import type { EventRow } from '../../server/http/wire.ts'
import { openStream, type SseClient } from './sse.ts'

const closing: (() => void)[] = []
afterEach(() => closing.splice(0).forEach((close) => close()))

async function serve(stream: Stream): Promise<number> {
  const app = express()
  app.get('/stream', (request, response) => stream.open(request, response))
  app.use(
    ((_error, _request, response, _next) => void response.status(503).end()) satisfies express.ErrorRequestHandler,
  )
  const server: Server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(
    () => stream.close(),
    () => void server.close(),
  )
  return (server.address() as AddressInfo).port
}
const newStream = (heartbeat = 15_000): Stream =>
  new Stream({ version: '1.2.3', started_at: '2026-11-21T12:00:00.000Z', heartbeat })
async function open(port: number, headers: Record<string, string> = {}): Promise<SseClient> {
  const client = await openStream(port, '/stream', headers)
  closing.push(() => client.close())
  return client
}
const event = (id: number, text = 'x'): EventRow => ({
  id,
  time: null,
  kind: 'other_error',
  sign: 's',
  server: null,
  path: null,
  upstream: null,
  status: null,
  client: null,
  source: 'a',
  line: id,
  text,
})
const ids = (client: SseClient): number[] =>
  client.messages.filter((m) => m.event === 'event').map((m) => (m.data as EventRow).id)

it('greets, with headers that keep proxies from holding messages back', async () => {
  const client = await open(await serve(newStream()))
  await client.until('hello', () => client.messages.length > 0)
  expect(client.status).toBe(200)
  expect(client.headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'x-accel-buffering': 'no',
    'cache-control': 'no-cache, no-store, no-transform',
  })
  expect(client.messages).toEqual([
    { id: null, event: 'hello', data: { version: '1.2.3', started_at: '2026-11-21T12:00:00.000Z' } },
  ])
})

it('breaks the silence with a comment', async () => {
  const client = await open(await serve(newStream(20)))
  await client.until('two heartbeats', () => client.comments.length >= 2)
})

it('gives a client that comes back what it missed, once', async () => {
  const stream = newStream()
  const port = await serve(stream)
  const first = await open(port)
  await first.until('hello', () => first.messages.length === 1)
  stream.publish('event', event(1))
  stream.publish('event', event(2))
  await first.until('two events', () => ids(first).length === 2)
  const seen = first.messages.find((m) => m.event === 'event')?.id ?? ''
  first.close()
  stream.publish('event', event(3))
  const again = await open(port, { 'Last-Event-ID': seen })
  stream.publish('event', event(4))
  await again.until('event 4', () => ids(again).includes(4))
  expect(ids(again)).toEqual([2, 3, 4])
})

it('says how much is gone when the client was away too long', async () => {
  const stream = newStream()
  const port = await serve(stream)
  const first = await open(port)
  await first.until('hello', () => first.messages.length === 1)
  for (let i = 1; i <= 510; i++) stream.publish('event', event(i))
  await first.until('all', () => ids(first).length === 510)
  const again = await open(port, { 'Last-Event-ID': first.messages.find((m) => m.event === 'event')?.id ?? '' })
  await again.until('the kept ones', () => ids(again).includes(510))
  expect(again.messages[0]?.data).toMatchObject({ skipped: 9 })
  expect(ids(again)[0]).toBe(11)
})

it.each(['garbage', 'zzz-5', '999999999999999999999-1'])('ignores Last-Event-ID %s', async (id) => {
  const stream = newStream()
  stream.publish('event', event(1))
  const client = await open(await serve(stream), { 'Last-Event-ID': id })
  stream.publish('event', event(2))
  await client.until('event 2', () => ids(client).includes(2))
  expect(ids(client)).toEqual([2])
})

it('a client that does not read costs a bounded amount and is told what it lost', async () => {
  const stream = newStream()
  const port = await serve(stream)
  const slow = await open(port)
  await slow.until('hello', () => slow.messages.length === 1)
  slow.socket.pause()
  const text = 'y'.repeat(16_384)
  let published = 0
  // Loopback sockets take several MB before they push back.
  const publishSome = async (): Promise<void> => {
    for (let i = 0; i < 100; i++) stream.publish('event', event(++published, text))
    await new Promise(setImmediate)
  }
  while (stream.waiting === 0 && published < 5000) await publishSome()
  expect(stream.waiting).toBeGreaterThan(0)
  for (let i = 0; i < 10; i++) {
    await publishSome()
    expect(stream.waiting).toBeLessThanOrEqual(MAX_WAITING)
  }
  slow.socket.resume()
  await slow.until('the newest event', () => ids(slow).includes(published))
  const lost = slow.messages.reduce((sum, m) => sum + ((m.data as { skipped?: number }).skipped ?? 0), 0)
  expect(lost).toBeGreaterThan(0)
  expect(ids(slow).length + lost).toBe(published)
  expect(ids(slow)).toEqual(ids(slow).toSorted((a, b) => a - b))
})

it('has room for a limited number of clients', async () => {
  const stream = newStream()
  const port = await serve(stream)
  const all = await Promise.all(Array.from({ length: MAX_CLIENTS }, () => open(port)))
  expect(all.every(({ status }) => status === 200)).toBe(true)
  expect((await open(port)).status).toBe(503)
  const gone = new Promise<void>((resolve) => all[0]?.socket.once('close', () => resolve()))
  all[0]?.close()
  await gone
  await expect.poll(() => stream.size).toBe(MAX_CLIENTS - 1)
  expect((await open(port)).status).toBe(200)
})
