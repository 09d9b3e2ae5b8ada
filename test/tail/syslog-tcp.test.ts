/** Syslog over TCP: half messages, many and silent connections, senders that have to wait. */
import { createServer, type Socket } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { receiveTcp } from '../../server/tail/syslog/tcp.ts'
import { until } from '../live/harness/deadline.ts'
import { freePort } from '../live/harness/nginx.ts'
import { receive, tcp } from './receive.ts'

it('several connections, half messages, a connection that breaks off', async () => {
  const it = await receive('tcp')
  const [a, b, c] = [tcp(it.port), tcp(it.port), tcp(it.port)]
  a.write('<11>from a, first ha')
  b.write('20 <11>from b')
  c.write('<11>whole\n<11>broken o')
  await it.have(1)
  c.end('ff')
  await it.have(2)
  a.write('lf and second\n')
  await it.have(3)
  b.destroy()
  await it.have(4)
  expect(it.texts()).toEqual(['<11>whole', '<11>broken off', '<11>from a, first half and second', '<11>from b'])
  await it.shows('idle', /^since the start: 1 message came cut off or longer than 64 KiB$/)
})

it('too many connections and silent ones', async () => {
  const port = await freePort()
  const got: string[] = []
  const receiver = receiveTcp(
    '127.0.0.1',
    port,
    {
      onListening() {},
      onMessage: (message) => got.push(message.toString()) > 0,
      onError(error) {
        throw error
      },
    },
    { connections: 2, silent: 300, idle: 60_000 },
  )
  onTestFinished(() => receiver.close())
  const talking = tcp(port)
  talking.write('<11>here\n')
  await until('a message', () => got.length === 1)
  const silent = tcp(port)
  const ends = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('close', () => resolve()))
  const silentEnds = ends(silent)
  await new Promise<void>((resolve) => silent.once('connect', () => resolve()))
  await ends(tcp(port))
  expect(receiver.losses()).toEqual(['1 connection refused, since 2 were open'])
  silent.write('<11>hal')
  await silentEnds
  await until('what it had sent', () => got.length === 2)
  talking.write('<11>still here\n')
  await until('a message', () => got.length === 3)
  expect(got).toEqual(['<11>here', '<11>hal', '<11>still here'])
})

it('while nothing can be stored the sender waits; then everything comes, in order', async () => {
  let broken = true
  const it = await receive('tcp', {
    onChunk() {
      if (broken) throw new Error('disk full')
    },
  })
  const socket = tcp(it.port)
  const count = 100_000
  const text = 'y'.repeat(150)
  const all = Buffer.from(Array.from({ length: count }, (_, n) => `<11>${n} ${text}\n`).join(''))
  let written = false
  socket.write(all, () => (written = true))
  await it.shows('unreadable', /disk full/)
  const late = tcp(it.port)
  late.write('<11>another connection\n')
  const held = await until('it stopped', async () => {
    const before = it.source.status().lag_bytes
    await new Promise((resolve) => setTimeout(resolve, 150))
    return it.source.status().lag_bytes === before && before > 0 ? before : null
  })
  expect(held).toBeLessThan(3 * 2 ** 20)
  expect(written).toBe(false)
  broken = false
  await until('all', () => it.lines.length === count + 1, {
    deadlineMs: 25_000,
    state: () => String(it.lines.length),
  })
  const numbers = it.texts().map((line) => Number.parseInt(line.slice(4), 10))
  expect(numbers.filter((n) => !Number.isNaN(n))).toEqual([...Array(count).keys()])
})

it('close ends the connections and frees the port', async () => {
  const it = await receive('tcp')
  const socket = tcp(it.port)
  socket.write('<11>a\n')
  await it.have(1)
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  await it.source.close()
  await ended
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(it.port, '127.0.0.1', () => resolve()))
  await new Promise<void>((resolve) => server.close(() => resolve()))
})
