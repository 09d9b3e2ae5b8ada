/** When a record in envelopes happened. */
import { expect, it } from 'vitest'
import { settleTime } from '../../parsers/envelopes/stamp.ts'
import type { Stamp } from '../../parsers/envelopes/envelope.ts'
import { isoTime } from '../../parsers/time.ts'
import { read } from './read.ts'

const times = (text: string): (string | null)[] => read(text).map(({ time }) => time)
const error = (time: string): string => `${time} [notice] 1#1: start worker process 7`
const docker = (time: string, line: string): string =>
  `${JSON.stringify({ log: `${line}\n`, stream: 'stderr', time })}\n`
const nowhere = Date.UTC(2020, 5, 1)
const settle = (own: string | null, ...stamps: Stamp[]): string | null =>
  settleTime(own === null ? null : isoTime(own), stamps, nowhere)?.iso ?? null
const dated = (text: string): Stamp => ({ text, yearless: false })

it("a stamp without a zone takes the envelope's when both clocks show the same", () => {
  expect(times(docker('2026-11-21T06:13:51.0023Z', error('2026/11/21 06:13:51')))).toEqual(['2026-11-21T06:13:51Z'])
  expect(times(`2026-11-21T08:13:51+0200 vm nginx[7]: ${error('2026/11/21 08:13:51')}\n`)).toEqual([
    '2026-11-21T08:13:51+02:00',
  ])
})

it("a container's own zone is what lies between its clock and the runtime's", () => {
  expect(times(docker('2026-11-21T06:13:51.5Z', error('2026/11/21 08:13:51')))).toEqual(['2026-11-21T08:13:51+02:00'])
  expect(times(docker('2026-11-21T23:13:51.5Z', error('2026/11/21 18:13:50')))).toEqual(['2026-11-21T18:13:50-05:00'])
  expect(times(docker('2026-11-21T06:13:51.5Z', error('2026/11/21 11:58:51')))).toEqual(['2026-11-21T11:58:51+05:45'])
})

it('clocks that no zone brings together stay apart', () => {
  // 7 minutes; a quarter of an hour that is nobody's zone; written before it was logged; another day.
  for (const wall of ['2026/11/21 06:20:51', '2026/11/21 06:28:51', '2026/11/21 06:13:55', '2026/11/23 06:13:51'])
    expect(times(docker('2026-11-21T06:13:51.5Z', error(wall)))).toEqual([wall.replaceAll('/', '-').replace(' ', 'T')])
})

it('a minute on the console agrees with every second of it', () => {
  const console = '2026/06/19 10:44PM INF github.com/portainer/portainer/api/main.go:330 > starting | x=1'
  expect(times(docker('2026-06-19T22:44:59.9Z', console))).toEqual(['2026-06-19T22:44:00Z'])
  expect(times(docker('2026-06-19T22:46:59.9Z', console))).toEqual(['2026-06-19T22:44:00'])
})

it('a time with a zone of its own is left as it is', () => {
  const access = '192.0.2.7 - - [21/Nov/2026:06:13:34 +0100] "GET / HTTP/1.1" 200 3 "-" "-"'
  expect(times(docker('2026-11-21T05:13:34.2Z', access))).toEqual(['2026-11-21T06:13:34+01:00'])
})

it('a payload without a time has that of its envelopes: one with a zone, else the innermost', () => {
  expect(settle(null, dated('2026-11-21T06:13:51.0023Z'))).toBe('2026-11-21T06:13:51.0023Z')
  expect(settle(null, dated('2026-11-21T06:13:51Z'), dated('2026-11-21T07:13:50.730'))).toBe('2026-11-21T06:13:51Z')
  expect(settle(null, dated('2026-11-21T06:13:51'), dated('2026-11-21T07:13:50.730'))).toBe('2026-11-21T07:13:50.73')
  expect(settle(null)).toBeNull()
})

it('zeros at the end of a fraction are not printed', () => {
  expect(settle(null, dated('2026-11-21T06:13:34.123456780+00:00'))).toBe('2026-11-21T06:13:34.12345678Z')
  expect(settle(null, dated('2026-11-21T06:13:34.000000000Z'))).toBe('2026-11-21T06:13:34Z')
  expect(settle(null, dated('2026-11-21T06:13:34.5+01:00'))).toBe('2026-11-21T06:13:34.5+01:00')
})

it('a stamp without a year is of the year that brings it next to the other times', () => {
  const short = (text: string): Stamp => ({ text, yearless: true })
  expect(settle(null, short('11-02T06:13:34'))).toBe('2020-11-02T06:13:34')
  expect(settle(null, short('12-31T23:59:59'), dated('2026-01-01T00:00:01'))).toBe('2026-01-01T00:00:01')
  expect(settle(null, dated('2026-01-01T00:00:01'), short('12-31T23:59:59'))).toBe('2025-12-31T23:59:59')
  expect(settle(null, short('02-29T10:00:00'))).toBe('2020-02-29T10:00:00')
  expect(settle(null, short('02-30T10:00:00'))).toBeNull()
})

it('lines around one with a year date those without; alone they are of the last twelve months', () => {
  const lines = [
    `Nov 21 06:13:51 vm nginx[7]: ${error('2019/11/21 06:13:51')}`,
    'Nov 21 06:13:52 vm nginx[7]: no time here',
  ]
  expect(times(`${lines.join('\n')}\n`)).toEqual(['2019-11-21T06:13:51', '2019-11-21T06:13:52'])
  const day = 86_400_000
  for (const ago of [0, 1, 100, 300]) {
    const date = new Date(Date.now() - ago * day)
    const month = date.toLocaleString('en', { month: 'short', timeZone: 'UTC' })
    const line = `<190>${month} ${String(date.getUTCDate()).padStart(2)} 06:31:45 vm app: text\n`
    expect(times(line)).toEqual([`${date.toISOString().slice(0, 10)}T06:31:45`])
  }
})
