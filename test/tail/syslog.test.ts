/** syslog receivers: real nginx, real logger, real sockets. */
import { execFile } from 'node:child_process'
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { request } from 'node:http'
import { connect, createServer, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { emptyEvidence } from '../../server/diagnosis/contract.ts'
import { choose, RecordReader, zoneClock } from '../../server/scan/contract.ts'
import type { Chunk, Resume } from '../../server/tail/contract.ts'
import { receiveTcp } from '../../server/tail/syslog-tcp.ts'
import { dropsOf } from '../../server/tail/syslog-udp.ts'
import { syslog } from '../../server/tail/syslog.ts'
import { until } from '../live/harness/deadline.ts'
import { freePort, startNginx } from '../live/harness/nginx.ts'
import { describeWith } from '../needs.ts'
import { listen, type Listening } from './pushed.ts'

type Options = { resume?: Resume | null; onChunk?: (chunk: Chunk) => void }

async function receive(
  protocol: 'udp' | 'tcp',
  options: Options & { port?: number } = {},
): Promise<Listening & { port: number }> {
  const { port = await freePort(), ...rest } = options
  const it = listen((source) => syslog.open(`syslog:${protocol}://127.0.0.1:${port}`, source), rest)
  await listening(protocol, port)
  return { ...it, port }
}

/** TCP answers when it listens; a UDP port is taken then. */
async function listening(protocol: 'udp' | 'tcp', port: number): Promise<void> {
  await until('it listens', async () => {
    const free = protocol === 'tcp' ? canConnect(port).then((answers) => !answers) : canBind(port)
    return !(await free)
  })
}

const canConnect = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true))
    socket.on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })

const canBind = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createSocket('udp4')
    socket.on('error', () => resolve(false))
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => socket.close(() => resolve(true)))
  })

function udp(port: number): { socket: UdpSocket; send: (text: string) => Promise<void> } {
  const socket = createSocket('udp4')
  onTestFinished(() => void socket.close())
  const send = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      socket.send(text, port, '127.0.0.1', (error) => (error ? reject(error) : resolve()))
    })
  return { socket, send }
}

function tcp(port: number): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  return socket
}

/** Event kinds of the lines, as the server reads them. */
function events(lines: readonly string[], logFormat: string | null = null): string[] {
  const reader = new RecordReader({
    path: 'x',
    parsers: choose({ format: null, logFormat }),
    shift: zoneClock('UTC').follow(null),
  })
  const kinds: string[] = []
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
  const collect = (found: readonly { kind: string }[]): void => void kinds.push(...found.map(({ kind }) => kind))
  reader.read(bytes, 1, emptyEvidence(true), collect, true)
  expect(reader.summary).toMatchObject({ lines: lines.length, unparsed: 0 })
  return kinds
}

describe('names', () => {
  it.each([
    ['syslog:udp://127.0.0.1:5514', 'syslog:udp://127.0.0.1:5514'],
    ['syslog:tcp://:5514', 'syslog:tcp://127.0.0.1:5514'],
    ['syslog:udp://', 'syslog:udp://127.0.0.1:514'],
    ['syslog:tcp://[::1]:5514/', 'syslog:tcp://[::1]:5514'],
    ['syslog:udp://0.0.0.0:5514', 'syslog:udp://0.0.0.0:5514'],
  ])('%s', async (written, name) => {
    await expect(syslog.find(written)).resolves.toEqual([name])
  })
  it.each([
    'syslog',
    'syslog:',
    'syslog:5514',
    'syslog:tls://x:1',
    'syslog:udp://x:0',
    'syslog:udp://x:70000',
    'syslog:udp://a b:1',
  ])('%s makes no sense', async (name) => {
    await expect(syslog.find(name)).rejects.toThrow(/expected syslog:udp:\/\/ADDRESS:PORT/)
  })
})

describeWith('nginx', 'from nginx', () => {
  it('access and error log, with and without host name, tag and severity; entries cut at 2 KiB are counted', async () => {
    const FORMAT = '$remote_addr [$time_iso8601] "$request" $status rt=$request_time'
    const it = await receive('udp')
    const nowhere = await freePort()
    const to = `syslog:server=127.0.0.1:${it.port}`
    const nginx = await startNginx(
      ({ dir, port }) => `
        worker_processes 1; pid ${dir}/nginx.pid; error_log ${dir}/error.log;
        events { worker_connections 64; }
        http {
          client_body_temp_path ${dir}/b; proxy_temp_path ${dir}/p; fastcgi_temp_path ${dir}/f;
          uwsgi_temp_path ${dir}/u; scgi_temp_path ${dir}/s;
          log_format timed '${FORMAT}';
          server {
            listen 127.0.0.1:${port};
            access_log ${to};
            access_log ${to},nohostname,tag=web timed;
            error_log ${to},severity=alert,tag=errors error;
            location / { proxy_pass http://127.0.0.1:${nowhere}; }
          }
        }`,
    )
    onTestFinished(() => nginx.close())
    const get = (path: string): Promise<number> =>
      new Promise((resolve, reject) => {
        const headers = { Connection: 'Upgrade', Upgrade: 'websocket' }
        request(`${nginx.http}${path}`, { headers }, (answer) => {
          answer.resume().on('end', () => resolve(answer.statusCode ?? 0))
        })
          .on('error', reject)
          .end()
      })
    expect(await get('/ws')).toBe(502)
    await it.have(3)
    const [error, combined, timed] = [/ errors: /, / nginx: /, / web: /].map(
      (tag) => it.texts().find((text) => tag.test(text)) ?? '',
    )
    expect(error).toMatch(
      /^<18\d>\w{3} [ \d]\d \d\d:\d\d:\d\d \S+ errors: \d{4}\/\d\d\/\d\d .* \[error\] .*connect\(\) failed/,
    )
    expect(combined).toMatch(
      /^<190>\w{3} [ \d]\d \d\d:\d\d:\d\d \S+ nginx: 127\.0\.0\.1 - - \[.*"GET \/ws HTTP\/1\.1" 502 /,
    )
    expect(timed).toMatch(/^<190>\w{3} [ \d]\d \d\d:\d\d:\d\d web: 127\.0\.0\.1 \[.*" 502 rt=/)
    expect(events([error ?? ''])).toEqual(['upstream_refused'])
    events([combined ?? ''])
    events([timed ?? ''], FORMAT)

    expect(await get(`/${'long'.repeat(600)}`)).toBe(502)
    await it.have(6)
    const cut = it.texts().filter((text) => / errors: /.test(text))[1] ?? ''
    expect(Buffer.from(cut.slice(cut.indexOf('errors: ') + 8))).toHaveLength(2047)
    // Access lines are not cut.
    expect(it.texts().find((text) => / web: .*long.* rt=/.test(text))).toBeDefined()
    await it.shows('idle', /^since the start: 1 entry of an error log cut by nginx at 2 KiB$/)
  })
})

describeWith('logger', 'from logger', ({ logger }) => {
  const send = (...args: string[]): Promise<void> =>
    new Promise((resolve, reject) => {
      execFile(logger, ['--server', '127.0.0.1', ...args], (error) => (error ? reject(error) : resolve()))
    })
  it.each([
    ['RFC 5424, counted', ['--rfc5424', '--octet-count'], /^<13>1 .* hello$/],
    ['RFC 5424', ['--rfc5424'], /^<13>1 .* hello$/],
    ['RFC 3164', ['--rfc3164'], /^<13>\w{3} .* app: hello$/],
    ['RFC 3164, counted', ['--rfc3164', '--octet-count'], /^<13>\w{3} .* app: hello$/],
  ])('%s over TCP, over UDP', async (_name, options, expected) => {
    const both = [await receive('tcp'), await receive('udp')] as const
    await send('--tcp', '--port', String(both[0].port), '--tag', 'app', ...options, 'hello')
    await send('--udp', '--port', String(both[1].port), '--tag', 'app', ...options.slice(0, 1), 'hello')
    for (const it of both) {
      await it.have(1)
      expect(it.texts()).toEqual([expect.stringMatching(expected)])
    }
  })
})

describe('UDP', () => {
  it('a datagram is a line, whatever is in it; an empty one is none', async () => {
    const it = await receive('udp')
    const { send } = udp(it.port)
    for (const text of [
      '',
      '\n',
      '<11>a\r\n',
      '<187>Nov 21 06:31:45 vm nginx: x\n<187>Nov 21 06:31:45 vm nginx: forged',
      'é\0',
    ])
      await send(text)
    await it.have(3)
    expect(it.texts()).toEqual(['<11>a', '<187>Nov 21 06:31:45 vm nginx: x <187>Nov 21 06:31:45 vm nginx: forged', 'é'])
  })

  it('goes on counting after a restart', async () => {
    const first = await receive('udp')
    const { send } = udp(first.port)
    await send('<11>a')
    await send('<11>b')
    await first.have(2)
    await first.source.close()
    const second = await receive('udp', { resume: first.saved(), port: first.port })
    await send('<11>c')
    await second.have(1)
    expect(second.lines).toEqual([{ text: '<11>c', history: false, line: 3, offset: 12 }])
    expect(second.saved()).toMatchObject({ generation: first.saved()?.generation, position: { received: 3 } })
  })

  it('a flood while nothing can be stored: memory stays flat, and every datagram is stored, or counted as lost', async () => {
    let broken = true
    const it = await receive('udp', {
      onChunk() {
        if (broken) throw new Error('disk full')
      },
    })
    const { send } = udp(it.port)
    const count = 30_000
    const text = 'x'.repeat(200)
    for (let n = 0; n < count; n += 100)
      await Promise.all(Array.from({ length: 100 }, (_, i) => send(`<11>${n + i} ${text}`)))
    expect(it.source.status().lag_bytes).toBeLessThan(2 * 2 ** 20)
    broken = false
    const lost = (): number => {
      const said = (it.source.status().hint ?? '').matchAll(/([\d,]+) messages? came/g)
      return [...said].reduce((sum, [, n]) => sum + Number(n?.replaceAll(',', '')), 0)
    }
    await until('all of it', () => lost() > 0 && it.lines.length + lost() === count, {
      state: () => `${it.lines.length} ${JSON.stringify(it.source.status())}`,
    })
    expect(it.lines.length).toBeGreaterThan(1000)
  })

  it.runIf(process.platform === 'linux')(
    'what comes faster than it is stored is lost, and how much is said',
    async () => {
      const it = await receive('udp', {
        onChunk() {
          const end = performance.now() + 100
          while (performance.now() < end);
        },
      })
      const count = 20_000
      const flood = `
      const socket = require('node:dgram').createSocket('udp4')
      let left = ${count}
      const next = () => left-- > 0 ? socket.send('<11>' + 'x'.repeat(300), ${it.port}, '127.0.0.1', next) : socket.close()
      next()`
      const failed = await new Promise<Error | null>((resolve) => execFile(process.execPath, ['-e', flood], resolve))
      expect(failed).toBe(null)
      const { hint } = await it.shows('idle', /came faster than they could be read/)
      expect(hint).toMatch(
        /^since the start: [\d,]+ messages? came faster than they could be read and the kernel threw them away \(its buffer has \d+ KiB: raise net\.core\.rmem_max\)$/,
      )
      const lost = (): number =>
        Number(/([\d,]+) message/.exec(it.source.status().hint ?? '')?.[1]?.replaceAll(',', ''))
      await until('all of it', () => it.lines.length + lost() === count, {
        state: () => `${it.lines.length} ${JSON.stringify(it.source.status())}`,
      })
    },
  )

  it('reads what the kernel dropped from its table', () => {
    const table = [
      '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops',
      ' 1234: 0100007F:158A 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 77 2 0000000000000000 5',
      ' 1235: 0100007F:158A 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 78 2 0000000000000000 9',
    ].join('\n')
    expect(dropsOf(table, 5514, new Set(['78']))).toBe(9)
    expect(dropsOf(table, 5515, new Set(['78']))).toBe(0)
    expect(dropsOf('', 5514, new Set(['78']))).toBe(0)
  })

  it('a port that is taken: said, and tried again', async () => {
    const port = await freePort()
    const other = createSocket('udp4')
    await new Promise<void>((resolve) => other.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve()))
    const it = listen((options) => syslog.open(`syslog:udp://127.0.0.1:${port}`, options))
    await it.shows('unreadable', /udp port \d+ of 127\.0\.0\.1 is in use by another program/)
    await new Promise<void>((resolve) => other.close(() => resolve()))
    await it.shows('idle', null)
    await udp(port).send('<11>a')
    await it.have(1)
  })
})

describe('TCP', () => {
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
})
