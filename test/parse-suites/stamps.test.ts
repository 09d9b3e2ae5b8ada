/** Time stamps at the edges of the calendar, and numbers since 1970 in every unit. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { appTime, keyTime } from '../../parsers/apps/app-time.ts'
import { anyTime, clfTime, dateTime, isoTime, kitchenTime, slashTime } from '../../parsers/time.ts'
import { emptyEvidence } from '../../server/diagnosis/contract.ts'
import { RecordReader } from '../../server/scan/contract.ts'

describe('numbers since 1970', () => {
  const units: [string, string][] = [
    ['1795241614', '2026-11-21T06:13:34.000Z'],
    ['1795241614.123', '2026-11-21T06:13:34.123Z'],
    ['1795241614123', '2026-11-21T06:13:34.123Z'],
    ['1795241614123456', '2026-11-21T06:13:34.123Z'],
    ['1795241614123456789', '2026-11-21T06:13:34.123Z'],
    // The units of one number do not meet: 1999 in ns, µs and ms.
    ['946684799', '1999-12-31T23:59:59.000Z'],
    ['946684799000', '1999-12-31T23:59:59.000Z'],
    ['946684799000000', '1999-12-31T23:59:59.000Z'],
    ['946684799000000000', '1999-12-31T23:59:59.000Z'],
  ]
  it.each(units)('%s', (text, iso) => {
    expect(anyTime(text)).toMatchObject({ iso, ms: Date.parse(iso), zoned: true })
    expect(keyTime(Number(text))).toMatchObject({ iso })
    if (text.length >= 10) expect(keyTime(text)).toMatchObject({ iso })
  })
  it('is no time outside of 1990 to 2100', () => {
    for (const text of ['123456789', '5000000000', '0']) expect(anyTime(text)).toBeNull()
  })
})

describe('the calendar', () => {
  const last = '31 December 1999, a second before midnight'
  it(last, () => {
    const ms = Date.UTC(1999, 11, 31, 23, 59, 59)
    expect(clfTime('31/Dec/1999:23:59:59 +0000')?.ms).toBe(ms)
    expect(slashTime('1999/12/31 23:59:59')).toMatchObject({ ms, zoned: false })
    expect(isoTime('1999-12-31T23:59:59-05:00')?.ms).toBe(ms + 5 * 3_600_000)
    expect(dateTime('Friday, 31-Dec-1999 23:59:59 GMT')?.ms).toBe(ms)
    expect(appTime('31/Dec/1999 23:59:59')?.ms).toBe(ms)
  })
  it('29 February is a day in leap years only', () => {
    expect(slashTime('2028/02/29 12:00:00')?.iso).toBe('2028-02-29T12:00:00')
    expect(slashTime('2000/02/29 12:00:00')).not.toBeNull()
    for (const year of ['2026', '1900', '2100']) expect(slashTime(`${year}/02/29 12:00:00`)).toBeNull()
    expect(kitchenTime('2026/02/29 12:00PM')).toBeNull()
    expect(clfTime('29/Feb/2027:12:00:00 +0000')).toBeNull()
  })
  it('a leap second is the second after', () => {
    expect(isoTime('2016-12-31T23:59:60Z')).toMatchObject({ iso: '2017-01-01T00:00:00Z', ms: Date.UTC(2017, 0, 1) })
    expect(isoTime('2017-01-01T05:29:60.5+05:30')).toMatchObject({
      iso: '2017-01-01T05:30:00.5+05:30',
      ms: Date.UTC(2017, 0, 1) + 500,
    })
    expect(clfTime('31/Dec/2016:23:59:60 +0000')?.ms).toBe(Date.UTC(2017, 0, 1))
    expect(slashTime('2016/12/31 23:59:60')?.iso).toBe('2017-01-01T00:00:00')
    for (const text of ['2016-12-31T23:58:60Z', '2016-12-31T23:59:61Z', '2016-02-30T23:59:60Z'])
      expect(isoTime(text)).toBeNull()
  })
})

describe('stamps without a year', () => {
  afterEach(() => {
    vi.useRealTimers()
  })
  const times = (reader: RecordReader, ...lines: string[]): string[] => {
    const found: string[] = []
    reader.onRecord = (record, _line, _raw, _reason, wrapping) => {
      found.push(record?.time?.iso ?? wrapping?.time?.iso ?? '')
    }
    reader.read(Buffer.from(`${lines.join('\n')}\n`), 1, emptyEvidence(), null, true)
    return found
  }
  const reader = (): RecordReader => new RecordReader({ path: 'syslog', shift: (wall) => wall })
  const at = (iso: string): void => {
    vi.useFakeTimers({ now: Date.parse(iso), toFake: ['Date'] })
  }

  it('over New Year are of the year before and of this one', () => {
    at('2027-01-02T10:00:00Z')
    expect(times(reader(), 'Dec 31 23:59:59 vm app: text', 'Jan  1 00:00:01 vm app: text')).toEqual([
      '2026-12-31T23:59:59',
      '2027-01-01T00:00:01',
    ])
  })
  it('on 29 February are of the last leap year', () => {
    at('2026-11-21T10:00:00Z')
    expect(times(reader(), 'Feb 29 12:00:00 vm app: text')).toEqual(['2024-02-29T12:00:00'])
  })
  it('stay in the present for a reader that follows a log for months', () => {
    at('2026-11-21T10:00:00Z')
    const following = reader()
    expect(times(following, 'Nov 21 10:00:00 vm app: text')).toEqual(['2026-11-21T10:00:00'])
    at('2027-02-03T10:00:00Z')
    expect(times(following, 'Feb  3 10:00:00 vm app: text')).toEqual(['2027-02-03T10:00:00'])
  })
})
