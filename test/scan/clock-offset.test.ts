/** Logs of one incident by two clocks: which offset brings them together, and when there is none to be found. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Clocks, emptyEvidence, type Evidence, type InputSummary } from '../../server/diagnosis/contract.ts'
import { RecordReader } from '../../server/scan/contract.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = Date.UTC(2026, 10, 21)
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

interface Log {
  path: string
  text: string
}

const iso = (time: number): string => new Date(time).toISOString()

/** Combined format in UTC. */
function access(times: readonly number[], path = '/ws', client = '192.0.2.7', status = 502): Log {
  const line = (time: number): string => {
    const t = iso(time)
    const stamp = `${t.slice(8, 10)}/${MONTHS[Number(t.slice(5, 7)) - 1]}/${t.slice(0, 4)}:${t.slice(11, 19)} +0000`
    return `${client} - - [${stamp}] "GET ${path} HTTP/1.1" ${status} 157 "-" "Mozilla/5.0"\n`
  }
  return { path: 'access.log', text: times.map(line).join('') }
}

/** nginx's error log, whose clock is `offset` ms ahead. */
function error(times: readonly number[], offset: number, path = '/ws', client = '192.0.2.7'): Log {
  const line = (time: number): string =>
    `${iso(time + offset)
      .slice(0, 19)
      .replaceAll('-', '/')
      .replace(
        'T',
        ' ',
      )} [error] 2#2: *1 connect() failed (111: Connection refused) while connecting to upstream, client: ${client}, server: app.test, request: "GET ${path} HTTP/1.1", upstream: "http://127.0.0.1:3000${path}", host: "app.test"\n`
  return { path: 'error.log', text: times.map(line).join('') }
}

/** Portainer's console: minutes only, no path. */
function portainer(times: readonly number[], offset: number): Log {
  const line = (time: number): string => {
    const t = iso(time + offset)
    const hour = Number(t.slice(11, 13))
    const clock = `${String(hour % 12 || 12).padStart(2, '0')}:${t.slice(14, 16)}${hour < 12 ? 'AM' : 'PM'}`
    return `${t.slice(0, 10).replaceAll('-', '/')} ${clock} ERR github.com/portainer/portainer/api/http/handler/websocket/hijack.go:70 > error during websocket exec operation | error="websocket: close 1006 (abnormal closure): unexpected EOF"\n`
  }
  return { path: 'portainer.log', text: times.map(line).join('') }
}

function read({ path, text }: Log): { summary: InputSummary; evidence: Evidence } {
  const reader = new RecordReader({ path, shift: (wall) => wall })
  const evidence = emptyEvidence()
  reader.read(Buffer.from(text), 1, evidence, null, true)
  reader.finish()
  expect(reader.summary.unparsed).toBe(0)
  return { summary: reader.summary, evidence }
}

function settle(logs: readonly Log[], given = false): { evidence: Evidence; inputs: InputSummary[] } {
  const clocks = new Clocks()
  const inputs = logs.map((log) => {
    const { summary, evidence } = read(log)
    clocks.add(summary, evidence)
    return summary
  })
  return { evidence: clocks.settle(given) ?? emptyEvidence(), inputs }
}

/** Seconds added to the times of an input; null when nothing was. */
const moved = (logs: readonly Log[], path = 'error.log'): number | null =>
  settle(logs).inputs.find((input) => input.path === path)?.clock_offset_seconds ?? null

const inOrder = (times: readonly number[]): number[] => times.toSorted((a, b) => a - b)
const later = (times: readonly number[]): number[] => times.map((time, i) => time + (i % 3 === 1 ? SECOND : 0))

/** Moments of one day without a pattern, in order. */
const incident = (minLength: number, hours = 10): fc.Arbitrary<number[]> =>
  fc
    .uniqueArray(fc.integer({ min: 0, max: hours * 3600 }), { minLength, maxLength: 40 })
    .map((seconds) => seconds.toSorted((a, b) => a - b).map((second) => DAY + 7 * HOUR + second * SECOND))

const halves = fc.integer({ min: -28, max: 28 }).map((k) => k * 30 * MINUTE)

describe('one incident', () => {
  it('told by two clocks is brought to one: any whole or half hour is found again', () => {
    let found = 0
    fc.assert(
      fc.property(incident(6), halves, (times, offset) => {
        const solved = moved([access(later(times)), error(times, offset)])
        expect([null, -offset / SECOND]).toContain(solved)
        if (offset === 0 || solved !== null) found++
      }),
      { numRuns: 100, seed: 11 },
    )
    // The rest are bursts that fit more than one.
    expect(found).toBeGreaterThan(95)
  })

  it('of one event is enough when client, path and second agree and nothing else does', () => {
    const time = DAY + 6 * HOUR + 13 * MINUTE + 35 * SECOND
    expect(moved([access([time]), error([time], 2 * HOUR)])).toBe(-7200)
    expect(moved([access([time]), error([time], -5.5 * HOUR)])).toBe(19_800)
    expect(moved([access([time + 2 * SECOND]), error([time], 2 * HOUR)])).toBeNull()
    expect(moved([access([time], '/other'), error([time], 2 * HOUR)])).toBeNull()
    expect(moved([access([time], '/ws', '192.0.2.8'), error([time], 2 * HOUR)])).toBeNull()
    // Timers and people do things at full five minutes.
    expect(moved([access([DAY + 6 * HOUR]), error([DAY + 6 * HOUR], 2 * HOUR)])).toBeNull()
  })

  it('is also found when the logs begin and end elsewhere, so that other lines of it were kept', () => {
    fc.assert(
      fc.property(incident(24), halves, (times, offset) => {
        fc.pre(offset !== 0)
        const solved = moved([access(times.slice(4)), error(times.slice(0, -4), offset)])
        expect([null, -offset / SECOND]).toContain(solved)
      }),
      { numRuns: 12 },
    )
    const times = [3, 11, 17, 52, 67, 98, 121, 144, 173, 209, 251, 307].map(
      (minute) => DAY + 8 * HOUR + minute * MINUTE,
    )
    expect(moved([access(times.slice(3)), error(times.slice(0, -3), 2 * HOUR)])).toBe(-7200)
  })

  it('that lasted for hours is placed by its first and last lines', () => {
    const times = Array.from({ length: 400 }, (_, i) => DAY + 8 * HOUR + 73_000 + i * 26_000 + ((i * i) % 13) * SECOND)
    expect(moved([access(times), error(times, 2 * HOUR)])).toBe(-7200)
  })

  it('at a quarter to the hour needs more of it', () => {
    const times = [3, 11, 17, 52, 67, 98, 121, 144].map((minute) => DAY + 8 * HOUR + minute * MINUTE + 7 * SECOND)
    expect(moved([access(times), error(times, 5.75 * HOUR)])).toBe(-20_700)
    expect(moved([access(times.slice(0, 2)), error(times.slice(0, 2), 5.75 * HOUR)])).toBeNull()
  })

  it("moves everything that the log told: counts, lines, the report's window", () => {
    const times = [3, 11, 17, 52].map((minute) => DAY + 8 * HOUR + minute * MINUTE + 7 * SECOND)
    const apart = settle([access(times), error(times, 2 * HOUR)])
    const together = settle([access(times), error(times, 0)])
    expect(apart.inputs.map(({ from, to }) => [from, to])).toEqual(together.inputs.map(({ from, to }) => [from, to]))
    const told = ({ evidence }: { evidence: Evidence }): unknown => ({
      window: [evidence.first, evidence.last],
      observations: [...evidence.observations.values()].map(({ first, last, minutes, exemplars }) => [
        first,
        last,
        [...minutes],
        exemplars.map(({ time, line }) => [time, line]),
      ]),
    })
    expect(told(apart)).toEqual(told(together))
    expect(apart.inputs[1]?.clock_offset_reason).toBe(
      'error.log has no time zone; its times were moved by -2 h because all 4 events that can be compared then meet those of access.log; --timezone settles it',
    )
  })

  it('rotated files of one log move together, those with nothing to compare as well', () => {
    const times = [3, 11, 17, 52].map((minute) => DAY + 8 * HOUR + minute * MINUTE + 7 * SECOND)
    const old = { ...error([DAY - 20 * HOUR], 2 * HOUR), path: 'error.log.2.gz' }
    const { inputs } = settle([access(times), old, { ...error(times, 2 * HOUR), path: 'error.log' }])
    expect(inputs.map(({ clock_offset_seconds }) => clock_offset_seconds)).toEqual([undefined, -7200, -7200])
    expect(inputs[1]?.from).toBe(iso(DAY - 20 * HOUR))
  })

  it('of an application without paths is found by its minutes', () => {
    const minutes = [3, 11, 17, 52, 67, 98, 121, 144, 173, 209, 251, 307]
    const times = minutes.map((minute) => DAY + 8 * HOUR + minute * MINUTE + 7 * SECOND)
    const sessions = access(times, '/api/websocket/exec', '192.0.2.7', 101)
    expect(moved([sessions, portainer(times, 2 * HOUR)], 'portainer.log')).toBe(-7200)
    // Neither has a zone: nginx's clock is kept, the application comes to it.
    const both = [portainer(times, -2 * HOUR), error(times, 0)]
    expect(moved(both, 'portainer.log')).toBe(7200)
    expect(moved(both, 'error.log')).toBeNull()
    // Through one that has been placed itself.
    const elsewhere = times.map((time) => time + 20_000)
    const three = [
      portainer(times, 3 * HOUR),
      error(inOrder([...times, ...elsewhere]), 2 * HOUR),
      access(times.slice(0, 3)),
    ]
    expect(settle(three).inputs.map(({ clock_offset_seconds }) => clock_offset_seconds ?? null)).toEqual([
      -10_800,
      -7200,
      null,
    ])
  })

  it('is the same report whatever the order of the inputs', () => {
    fc.assert(
      fc.property(incident(8), halves, halves, (times, one, other) => {
        const logs = [access(later(times)), error(times, one), portainer(times, other)]
        const results = [
          [0, 1, 2],
          [0, 2, 1],
          [1, 0, 2],
          [1, 2, 0],
          [2, 0, 1],
          [2, 1, 0],
        ].map((order) => {
          const { evidence, inputs } = settle(order.map((i) => logs[i] as Log))
          const byPath = inputs.toSorted((a, b) => (a.path < b.path ? -1 : 1))
          return JSON.stringify([
            byPath,
            evidence.first,
            evidence.last,
            [...evidence.requests_per_minute].sort(([a], [b]) => a - b),
          ])
        })
        expect(new Set(results).size).toBe(1)
      }),
      { numRuns: 12 },
    )
  })
})

describe('logs that tell of different things', () => {
  it('are left where they are', () => {
    // One in a hundred is what the threshold admits; by second and client it is far fewer.
    let solved = 0
    fc.assert(
      fc.property(incident(1, 12), incident(1, 12), (one, other) => {
        fc.pre(!one.some((time) => other.some((o) => Math.abs(o - time) % (30 * MINUTE) < 2 * SECOND)))
        if (moved([access(one), error(other, 0)]) !== null) solved++
      }),
      { numRuns: 150, seed: 7 },
    )
    expect(solved).toBeLessThanOrEqual(1)
  })

  it('even when both are regular', () => {
    const every = (minutes: number, from: number, count: number): number[] =>
      Array.from({ length: count }, (_, i) => DAY + from + i * minutes * MINUTE + 7 * SECOND)
    for (const period of [1, 15, 30, 60, 120]) {
      for (const [a, b] of [
        [0, 3 * HOUR],
        [2 * HOUR, 2 * HOUR + 30 * MINUTE],
        [13 * MINUTE, 90 * MINUTE + 13 * MINUTE],
      ] as const) {
        const logs = [access(every(period, a, 600 / period)), error(every(period, b, 360 / period), 0)]
        expect(moved(logs), `every ${period} min`).toBeNull()
      }
    }
    // The same minute of every day.
    const daily = every(24 * 60, 3 * HOUR + 17 * MINUTE, 12)
    const nightly = every(24 * 60, 5 * HOUR + 17 * MINUTE, 12)
    expect(
      moved([access(daily, '/api/websocket/exec', '192.0.2.7', 101), portainer(nightly, 0)], 'portainer.log'),
    ).toBeNull()
  })

  it('a pattern that fits several offsets is told of', () => {
    const hourly = (from: number): number[] =>
      [0, 1, 2, 3, 4, 5].flatMap((hour) =>
        [3, 11, 47].map((minute) => DAY + (from + hour) * HOUR + minute * MINUTE + 7 * SECOND),
      )
    const { inputs } = settle([access(hourly(1)), error(hourly(9), 0)])
    expect(inputs[1]?.clock_offset_seconds).toBeUndefined()
    expect(inputs[1]?.clock_doubt).toMatch(
      /^error\.log has no time zone, and as its times are read, its events hardly meet/,
    )
  })

  it('what agrees as it is read stays, though another offset joins more', () => {
    const times = [3, 11, 17, 52, 67].map((minute) => DAY + 8 * HOUR + minute * MINUTE + 7 * SECOND)
    const more = [
      ...times,
      ...times.map((time) => time + 2 * HOUR),
      times.map((time) => time + 2 * HOUR + 20_000),
    ].flat()
    expect(moved([access(inOrder(more)), error(times, 0)])).toBeNull()
  })
})

it('the zone that the user gave stands; what speaks against it is told', () => {
  const times = [3, 11, 17, 52].map((minute) => DAY + 8 * HOUR + minute * MINUTE + 7 * SECOND)
  const { inputs } = settle([access(times), error(times, 2 * HOUR)], true)
  expect(inputs[1]?.clock_offset_seconds).toBeUndefined()
  expect(inputs[1]?.from).toBe(iso((times[0] as number) + 2 * HOUR))
  expect(inputs[1]?.clock_doubt).toBe(
    'error.log has no time zone and its times were read as --timezone says; moved by -2 h, all 4 events that can be compared meet those of access.log',
  )
})
