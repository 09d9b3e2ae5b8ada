/** One form of time everywhere, in the reader's zone. */
import { expect, it } from 'vitest'
import { fullTime, stepLabel, timesIn, utcTime, withTimes } from '../../web/text/time.ts'

const AT = Date.UTC(2026, 10, 21, 8, 5, 9)
const local = fullTime(AT)

it('is written as the report writes it', () => {
  const d = new Date(AT)
  const two = (n: number) => String(n).padStart(2, '0')
  const clock = [d.getHours(), d.getMinutes(), d.getSeconds()].map(two).join(':')
  expect(local).toBe(`${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${clock}`)
  expect(stepLabel(AT, 3600)).toBe(local.slice(11, 16))
  expect(stepLabel(AT, 7 * 86_400)).toBe(local.slice(5, 16))
})

it('has its age and UTC beside it', () => {
  expect(utcTime(AT, AT + 5000)).toBe('just now, 2026-11-21 08:05:09 UTC')
  expect(utcTime(AT, AT + 3 * 60_000)).toBe('3 min ago, 2026-11-21 08:05:09 UTC')
  expect(utcTime(AT, AT + 40 * 86_400_000)).toBe('2026-11-21 08:05:09 UTC')
  expect(utcTime(AT + 250, AT - 3_600_000)).toBe('2026-11-21 08:05:09.250 UTC')
})

it('replaces the times in a sentence, and nothing else', () => {
  expect(timesIn('since 2026-11-21T08:05:09Z, none')).toEqual(['since ', '2026-11-21T08:05:09Z', ', none'])
  expect(withTimes('since 2026-11-21T08:05:09.000Z (T)')).toBe(`since ${local} (T)`)
  expect(withTimes('GET /2026-11-21T08 and 2026-11-21T08:05:09+01:00')).toBe(
    'GET /2026-11-21T08 and 2026-11-21T08:05:09+01:00',
  )
})
