/** The same lines give the same counts and the same problems, whether `analyze` reads them, `serve` finds them at its first
 *  start, or they come while it runs, in pieces of any size. */
import fc from 'fast-check'
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { PARSERS } from '../../parsers/index.ts'
import { buildReport, type Report } from '../../server/diagnosis/contract.ts'
import { ingest } from '../../server/ingest.ts'
import { zoneClock } from '../../server/scan/contract.ts'
import { openSqliteStore } from '../../server/store/contract.ts'
import { followFile } from '../../server/tail/contract.ts'
import { reportOf } from '../cases/run-case.ts'
import { Dice } from '../faults/dice.ts'
import { odd, usual } from '../scan/error-entries.ts'

const root = mkdtempSync(join(tmpdir(), 'halfopen-same-'))
afterAll(() => rmSync(root, { recursive: true }))

/** What can be compared: the evidence lines and the texts may differ, of many samples other ones are kept; and
 *  of a log of several formats it is told which most lines have, by what was read since the start. */
const counted = ({ totals, findings, inputs, blind_spots }: Report): unknown => ({
  totals,
  findings: findings.map(({ id, cause, count, confidence, severity, because, against, first_seen, last_seen }) => ({
    id,
    cause,
    count,
    confidence,
    severity,
    because,
    against,
    first_seen,
    last_seen,
  })),
  inputs: inputs.map(({ lines, parsed, unparsed, from, to }) => ({
    lines,
    parsed,
    unparsed,
    from,
    to,
  })),
  blind_spots,
})

/** By their names: what was written in one go each. */
type Logs = Record<string, string[]>

/** Entries that somebody cut. What follows in the same second may belong to one; what comes after silence does not, and
 *  only who waits can tell. */
const OPEN = /"(?:\/srv\/x|\/html\/x|PHP message: x)(?!\\?"|\/)/

/** Follows the logs, and reads the same files as `analyze` does; `there`: how much of each is there at
 *  first; `pieces` cuts what is appended. */
async function served(
  logs: Logs,
  there: (size: number) => number,
  pieces: (left: number) => number,
): Promise<{ live: unknown; whole: unknown }> {
  const dir = mkdtempSync(join(root, 'serve-'))
  const store = openSqliteStore(join(dir, 'h.sqlite'))
  const names = Object.keys(logs)
  const left: Buffer[] = []
  const sources = names.map((name) => {
    const path = join(dir, name)
    const all = logs[name] as string[]
    let first = there(all.length)
    while (first > 0 && OPEN.test(all[first - 1] as string)) first--
    writeFileSync(path, all.slice(0, first).join(''))
    left.push(Buffer.from(all.slice(first).join('')))
    return ingest({
      store,
      path,
      open: (options) => followFile({ path, ...options }),
      parsers: PARSERS,
      shift: zoneClock('UTC').follow,
      onCommitted: () => {},
    })
  })
  const poll = (): Promise<unknown> => Promise.all(sources.map((source) => source.poll()))
  await poll()
  while (left.some((rest) => rest.length > 0)) {
    for (const [i, name] of names.entries()) {
      const rest = left[i] as Buffer
      const size = Math.min(rest.length, pieces(rest.length))
      appendFileSync(join(dir, name), rest.subarray(0, size))
      left[i] = rest.subarray(size)
    }
    await poll()
  }
  // What looks unfinished is read after a second of silence.
  await expect
    .poll(
      async () => {
        await poll()
        return store.inputs().reduce((sum, { lines }) => sum + lines, 0)
      },
      { timeout: 10_000, interval: 100 },
    )
    .toBe(Object.values(logs).reduce((sum, all) => sum + all.join('').split('\n').length - 1, 0))
  const report = buildReport(store.evidence(0, 1e14), { inputs: store.inputs(), generatedAt: 0, config: null })
  for (const source of sources) await source.close()
  store.close()
  // In the order in which the store names them.
  const whole = await reportOf(names.toSorted().map((name) => join(dir, name)))
  return { live: counted(report), whole: counted(whole) }
}

const START = Date.parse('2026-11-21T06:10:00Z')
const stamp = (s: number): string => new Date(START + s * 1000).toISOString()
const access = fc
  .record({
    second: fc.nat({ max: 179 }),
    client: fc.constantFrom('192.0.2.1', '192.0.2.2', '2001:db8::1'),
    method: fc.constantFrom('GET', 'GET', 'GET', 'POST'),
    path: fc.constantFrom('/ws', '/live', '/items/7', '/socket.io/?EIO=4&transport=websocket', '/late', '/a%20b', '/'),
    status: fc.constantFrom(101, 101, 200, 400, 404, 426, 502, 504, 499, 301),
    agent: fc.constantFrom('Mozilla/5.0', 'curl/8', '-'),
  })
  .map(({ second, client, method, path, status, agent }) => {
    const time = `21/Nov/2026:06:1${Math.floor(second / 60)}:${String(second % 60).padStart(2, '0')} +0000`
    return `${client} - - [${time}] "${method} ${path} HTTP/1.1" ${status} 157 "-" "${agent}"\n`
  })
const timed = fc
  .tuple(access, fc.nat({ max: 130_000 }))
  .map(([line, ms]) => line.replace('\n', ` ${(ms / 1000).toFixed(3)}\n`))
const portainer = fc
  .record({
    second: fc.nat({ max: 179 }),
    text: fc.constantFrom(
      "websocketproxy: couldn't upgrade websocket: the client is not using the websocket protocol: 'upgrade' token not found in 'Connection' header",
      'websocketproxy: Error when copying from backend to client: websocket: close 1006 (abnormal closure): unexpected EOF',
      'http error: An error occured during websocket exec operation (err=websocket: request origin not allowed by Upgrader.CheckOrigin) (code=500)',
      'http: TLS handshake error from 192.0.2.7:51234: EOF',
      'server: Reverse tunnelling enabled',
    ),
  })
  .map(({ second, text }) => {
    const time = stamp(second)
    return `time="${time.slice(0, 19)}Z" level=info msg="${time.slice(0, 19).replaceAll('-', '/').replace('T', ' ')} ${text}"\n`
  })
const odds = fc.constantFrom(
  '\n',
  'something else\n',
  '2026/11/21 06:12:00 [error] 1#1: *6 open() "/html/x\n',
  '2026/11/21 06:12:01 [error] 1#1: *6 open() "/html/x\n2026/11/21 06:12:02 [error] 1#1: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 6.6.6.6, server: evil, request: "GET /ws HTTP/1.1", upstream: "http://127.0.0.1:3000/ws", host: "evil"\n" failed (2: No such file or directory), client: 127.0.0.1, server: a, request: "GET /x%0a2026/11/21%2006:12:02%20[error] HTTP/1.1", host: "a"\n',
  '2026/11/21 06:12:03 [error] 7#7: *3 lua entry thread aborted: runtime error: x.lua:1: boom\nstack traceback:\ncoroutine 0:\n\tx.lua: in main chunk, client: 127.0.0.1, server: app.test, request: "GET /ws HTTP/1.1", host: "app.test"\n',
)

const SCALE = Number(process.env.HALFOPEN_TEST_SAME_SCALE ?? 1)
const RUNS = Number(process.env.HALFOPEN_TEST_SAME_RUNS ?? 2)
/** As Docker keeps what a container prints. */
const docker = (log: string[]): string[] =>
  log.map((entry, n) => {
    const time = `2026-11-21T06:20:${String(n % 60).padStart(2, '0')}.000000001Z`
    const stream = n % 5 === 0 ? 'stdout' : 'stderr'
    return entry.replaceAll(/.*\n/g, (line) => `${JSON.stringify({ log: line, stream, time })}\n`)
  })

describe.each(Array.from({ length: RUNS }, (_, i) => Number(process.env.HALFOPEN_TEST_SEED ?? 1) + i))(
  'seed %i',
  (seed) => {
    const some = (lines: fc.Arbitrary<string>, numRuns: number): string[] =>
      fc.sample(lines, { seed, numRuns: numRuns * SCALE })
    const error = fc.oneof(
      { weight: 8, arbitrary: usual },
      { weight: 2, arbitrary: odd },
      { weight: 1, arbitrary: odds },
    )
    const logs: Logs = {
      'access.log': some(fc.oneof({ weight: 20, arbitrary: access }, { weight: 1, arbitrary: odds }), 800),
      'error.log': some(error, 800),
      'docker.log': docker(some(fc.oneof(error, portainer), 400)),
      'mixed.log': some(fc.oneof(access, error, portainer), 400),
      'portainer.log': some(portainer, 300),
      'timed.log': some(timed, 300),
    }
    const names = process.env.HALFOPEN_TEST_LOGS?.split(',') ?? Object.keys(logs)
    const alone = names.map((name): [string, Logs] => [name, { [name]: logs[name] as string[] }])
    const cases: [string, Logs][] = process.env.HALFOPEN_TEST_LOGS === undefined ? [['all of them', logs]] : alone

    it.each(cases)(
      '%s',
      async (_, these) => {
        const random = new Dice(seed)
        const pieces = (left: number): number => (left < 500 ? left : 1 + random.below(random.pick([7, 300, 9000])))
        for (const [how, there] of [
          ['imported', (size: number) => size],
          ['live', () => 0],
          ['half of each', (size: number) => random.below(size)],
        ] as const) {
          const { live, whole } = await served(these, there, pieces)
          expect(live, how).toEqual(whole)
        }
      },
      60_000,
    )
  },
)
