/** What worked after the last failure: when it ends a problem, when it does not, and what is said of it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Finding } from '../../server/diagnosis/contract.ts'
import { reportOf } from '../cases/run-case.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'halfopen-worked-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

const START = Date.UTC(2026, 10, 21, 8)
const CLIENT = '192.0.2.7'
interface Line {
  minute: number
  status: number
  client?: string
  /** Null: combined, which names no host and no length. */
  host?: string | null
}
const stamp = (minute: number): string =>
  new Date(START + minute * 60_000).toUTCString().replace(/^\w+, (\d\d) (\w+) (\d+) (.*) GMT$/, '$1/$2/$3:$4 +0000')
const access = ({ minute, status, client = CLIENT, host = null }: Line, i: number): string =>
  `${client} - - [${stamp(minute + i / 600)}] "GET /ws HTTP/1.1" ${status} 0 "-" "Mozilla/5.0"` +
  (host === null ? '' : ` rt=0.010 host="${host}" upgrade="websocket"`)
const many = (n: number, line: Line): Line[] => Array.from({ length: n }, () => line)

async function findings(lines: readonly Line[]): Promise<Finding[]> {
  const log = join(dir, 'access.log')
  writeFileSync(log, lines.map((line, i) => `${access(line, i)}\n`).join(''))
  return (await reportOf(log)).findings
}
const missing = async (lines: readonly Line[]): Promise<Finding> => {
  const found = (await findings(lines)).find(({ cause }) => cause === 'missing-upgrade-headers')
  if (found === undefined) throw new Error('the cause is named')
  return found
}

describe('combined, which names no host and no begin of a session', () => {
  const failed = many(4, { minute: 0, status: 426 })

  it('ends a problem when several sessions ended long enough after it, and says that it went by the path', async () => {
    const found = await missing([...failed, ...many(3, { minute: 15, status: 101 })])
    expect(found.over).toMatchObject({ why: 'succeeded', successes: 3, was: { severity: 'error' } })
    expect(found).toMatchObject({ severity: 'info', worked: { by: 'path', dated: 'end', decides: true } })
    expect(found.worked?.told).toBe(
      '3 WebSocket sessions ended on this path since 2026-11-21T08:15:00Z (the log does not say the host, nor when a session began)',
    )
  })

  it.each([
    ['two of them', many(2, { minute: 15, status: 101 })],
    ['so soon that they may be older', many(9, { minute: 2, status: 101 })],
    ['of visitors who never failed', many(5, { minute: 60, status: 101, client: '192.0.2.99' })],
  ])('does not by %s, and says what is known', async (_, later) => {
    const found = await missing([...failed, ...later])
    expect(found).toMatchObject({ severity: 'error', worked: { decides: false, handshakes: later.length } })
    expect(found.over).toBeUndefined()
    expect(found.worked?.told).toMatch(/^\d WebSocket sessions ended on this path since .*; they may be older than/)
  })

  it('does not where it worked beside the failures, as another host does', async () => {
    const beside = [0, 1, 2, 3, 4].flatMap((minute) => [
      { minute, status: 426 },
      { minute, status: 101 },
    ])
    const found = await missing([...beside, ...many(5, { minute: 30, status: 101 })])
    expect(found.over).toBeUndefined()
    expect(found.worked).toMatchObject({ decides: false, handshakes: 5 })
  })

  it('does not where another log names two hosts with this path', async () => {
    const named = (host: string): string =>
      `2026/11/21 08:20:00 [error] 9#9: *4 connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.8, server: ${host}, request: "GET /ws HTTP/1.1", upstream: "http://127.0.0.1:3000/ws", host: "${host}"`
    const lines = [...failed, ...many(3, { minute: 15, status: 101 })]
    for (const [hosts, over] of [
      [['a.example'], true],
      [['a.example', 'b.example'], false],
    ] as const) {
      const [log, error] = [join(dir, 'access.log'), join(dir, 'error.log')]
      writeFileSync(log, lines.map((line, i) => `${access(line, i)}\n`).join(''))
      writeFileSync(error, hosts.map((host) => `${named(host)}\n`).join(''))
      const found = (await reportOf([log, error])).findings.find(({ cause }) => cause === 'missing-upgrade-headers')
      expect(found?.over !== undefined, hosts.join()).toBe(over)
    }
  })
})

describe('a log with the host, and times of handshakes', () => {
  const host = 'app.example'

  it('tells what worked since as such, and neither for nor against', async () => {
    const found = await missing([
      ...many(4, { minute: 0, status: 426, host }),
      ...many(2, { minute: 1, status: 101, host }),
    ])
    expect(found.over).toMatchObject({ why: 'succeeded' })
    expect(found.worked).toMatchObject({ by: 'place', dated: 'start', decides: true })
    expect(found.worked?.told).toMatch(/^2 handshakes succeeded there since 2026-11-21T08:0[01]:\d\dZ$/)
    expect([...found.because, ...found.against].join()).not.toMatch(/succeeded/)
  })

  it('of another host says nothing', async () => {
    const found = await missing([
      ...many(4, { minute: 0, status: 426, host }),
      ...many(20, { minute: 30, status: 101, host: 'other.example' }),
    ])
    expect(found.worked).toBeUndefined()
  })

  it('still says against it what worked beside it', async () => {
    const both = [0, 1, 2].flatMap((minute) => [
      { minute, status: 101, host },
      { minute, status: 426, host },
    ])
    const found = await missing(both)
    expect(found.worked).toBeUndefined()
    expect(found.against.join()).toMatch(/3 handshakes on this path succeeded in the same period/)
  })
})
