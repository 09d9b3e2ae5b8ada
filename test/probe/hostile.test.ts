/** Servers that mean harm: the probe ends in time, keeps little, and says what came. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stepText } from '../../server/cli/probe-text.ts'
import { acceptFor, FrameReader, serverFrame } from '../../server/probe/contract.ts'
import { clientFrame } from '../../server/probe/frames.ts'
import { parseHead, unchunked } from '../../server/probe/http.ts'
import { readHeader, readTarget } from '../../server/probe/target.ts'
import { probed, raw, step } from './servers.ts'

const accept = (request: string): string =>
  `HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptFor(/key: (\S+)/i.exec(request)?.[1] ?? '')}\r\n\r\n`

describe('a hostile server', () => {
  it('sends headers without end', async () => {
    const port = await raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n')
      const flood = (): void => {
        while (socket.writable && socket.write(`X: ${'a'.repeat(1000)}\r\n`));
        socket.once('drain', flood)
      }
      flood()
    })
    const result = await probed(`ws://127.0.0.1:${port}/`)
    expect(step(result, 'handshake')?.title).toContain('longer than 64 kB')
    expect(result.took).toBeLessThan(10_000)
  })

  it('sends one byte at a time', async () => {
    const port = await raw((socket) => {
      const timer = setInterval(() => socket.write('H'), 50)
      socket.on('close', () => clearInterval(timer))
    })
    const result = await probed(`ws://127.0.0.1:${port}/`, { timeout: 500 })
    expect(result.ok).toBe(false)
    expect(result.took).toBeLessThan(5000)
  })

  it('says nothing at all', async () => {
    const port = await raw(() => undefined)
    const result = await probed(`ws://127.0.0.1:${port}/`, { timeout: 300 })
    expect(result.causes[0]?.cause).toBe('backend-slow')
    expect(result.took).toBeLessThan(5000)
  })

  it('sends a body without end', async () => {
    const port = await raw((socket) => {
      socket.write('HTTP/1.1 403 Forbidden\r\n\r\n')
      const flood = (): void => {
        while (socket.writable && socket.write('b'.repeat(65_536)));
        socket.once('drain', flood)
      }
      flood()
    })
    const result = await probed(`ws://127.0.0.1:${port}/`)
    expect(JSON.stringify(result).length).toBeLessThan(10_000)
  })

  it('acts on the terminal', async () => {
    const port = await raw((socket) =>
      socket.end('HTTP/1.1 400 \x1b[2Jgone\r\nServer: \x1b]0;title\x07\u202e\r\n\r\nbody \x1b[31m\x9b'),
    )
    const result = await probed(`ws://127.0.0.1:${port}/`)
    const text = result.steps.map((one) => stepText(one, { width: 80, colour: false })).join('')
    expect(text.replaceAll('\n', '')).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202e]/)
    expect(text).toContain(String.raw`\u{1b}[2Jgone`)
  })

  it('announces a frame of 2 GB and floods with pings', async () => {
    for (const bytes of [
      Buffer.from([0x82, 127, 0, 0, 0, 0, 0x7f, 255, 255, 255]),
      Buffer.concat(Array.from({ length: 5000 }, () => serverFrame('ping', 'x'))),
    ]) {
      const port = await raw((socket, request) => {
        if (!/upgrade/i.test(request)) return socket.end('HTTP/1.1 200 OK\r\n\r\n')
        socket.write(accept(request))
        socket.write(bytes)
        socket.write(Buffer.alloc(1_000_000))
        return undefined
      })
      const result = await probed(`ws://127.0.0.1:${port}/`)
      expect(step(result, 'session')).toBeDefined()
      expect(result.took).toBeLessThan(15_000)
    }
  })

  it('is no HTTP server', async () => {
    const port = await raw((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'))
    const result = await probed(`ws://127.0.0.1:${port}/`)
    expect(step(result, 'handshake')?.title).toContain('no HTTP: "SSH-2.0-OpenSSH_9.2')
  })
})

describe('frames', () => {
  it('come out as they went in, in any pieces', () => {
    const kinds = ['text', 'binary', 'ping', 'pong', 'close'] as const
    fc.assert(
      fc.property(
        fc.array(fc.record({ kind: fc.constantFrom(...kinds), size: fc.nat(70_000) }), { maxLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 50_000 }), { minLength: 1, maxLength: 20 }),
        fc.boolean(),
        (frames, cuts, masked) => {
          const sent = frames.map(({ kind, size }) => ({
            kind,
            size: kind === 'text' || kind === 'binary' ? size : size % 126,
          }))
          const bytes = Buffer.concat(
            sent.map(({ kind, size }) => (masked ? clientFrame : serverFrame)(kind, Buffer.alloc(size, 7))),
          )
          const reader = new FrameReader(masked)
          const got = []
          for (let at = 0, i = 0; at < bytes.length; i++) {
            const end = at + (cuts[i % cuts.length] ?? 1)
            got.push(...reader.push(bytes.subarray(at, end)))
            at = end
          }
          expect(reader.fault).toBeNull()
          expect(got.map(({ kind, length }) => ({ kind, size: length }))).toEqual(sent)
          for (const frame of got) expect(frame.payload.every((byte) => byte === 7)).toBe(true)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('of any bytes never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void new FrameReader().push(Buffer.from(bytes))),
    )
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void unchunked(Buffer.from(bytes))))
    fc.assert(fc.property(fc.string(), (text) => void parseHead(text)))
  })

  it('unmasked from a client, masked from a server: a fault', () => {
    const reader = new FrameReader()
    reader.push(clientFrame('text', 'x'))
    expect(reader.fault).toContain('masked')
    const other = new FrameReader(true)
    other.push(serverFrame('text', 'x'))
    expect(other.fault).toContain('not masked')
  })
})

describe('what the user types', () => {
  it('cannot break the request', () => {
    for (const header of ['X: a\r\nEvil: 1', 'Upgrade: x', 'no header', 'Host: a', 'X\r\n: b'])
      expect(readHeader(header).ok, header).toBe(false)
    expect(readHeader('X-A:b')).toEqual({ ok: true, value: ['X-A', 'b'] })
    for (const url of ['', 'ftp://a/', 'ws://', 'ws://u:p@a/', 'nonsense'])
      expect(readTarget(url, null, null).ok, url).toBe(false)
    expect(readTarget('ws://a/', null, 'a\r\nX: 1').ok).toBe(false)
    expect(readTarget('ws://a/', 'b', null).ok).toBe(false)
    expect(readTarget('wss://a/x y\r\n?z=ü', '[::1]:8443', 'b:1')).toEqual({
      ok: true,
      value: { tls: true, connect: { host: '::1', port: 8443 }, name: 'b', host: 'b:1', path: '/x%20y?z=%C3%BC' },
    })
  })
})
