/** Wall-clock readings into moments: both edges of daylight saving time, in both hemispheres. */
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { zoneClock, zoneShift } from '../../server/scan/contract.ts'

const wall = (text: string): number => Date.parse(`${text.replace(' ', 'T')}Z`)
const utc = (time: number): string => new Date(time).toISOString().slice(0, 16).replace('T', ' ')
/** A log of one input with these stamps, read in a zone. */
const follow = (zone: string | null, ...stamps: string[]): string[] => {
  const shift = zoneClock(zone).follow()
  return stamps.map((stamp) => utc(shift(wall(stamp))))
}

const TZ = process.env['TZ']
afterEach(() => {
  process.env['TZ'] = TZ
})

/** Runs `check` with the zone named and as the machine's own. */
const bothWays = (zone: string, check: (zone: string | null) => void): void => {
  check(zone)
  process.env['TZ'] = zone
  check(null)
}

describe('the hour that comes twice', () => {
  it('is read once before and once after the log steps back', () => {
    bothWays('Europe/Berlin', (zone) => {
      expect(
        follow(
          zone,
          '2026-10-25 01:59',
          '2026-10-25 02:10',
          '2026-10-25 02:59',
          '2026-10-25 02:00',
          '2026-10-25 02:30',
          '2026-10-25 03:00',
        ),
      ).toEqual([
        '2026-10-24 23:59',
        '2026-10-25 00:10',
        '2026-10-25 00:59',
        '2026-10-25 01:00',
        '2026-10-25 01:30',
        '2026-10-25 02:00',
      ])
    })
  })

  it('is so in the south in April, and where the clocks go back by half an hour', () => {
    bothWays('Australia/Sydney', (zone) => {
      expect(follow(zone, '2026-04-05 02:50', '2026-04-05 02:05', '2026-04-05 03:00')).toEqual([
        '2026-04-04 15:50',
        '2026-04-04 16:05',
        '2026-04-04 17:00',
      ])
    })
    // 02:00 +11 becomes 01:30 +10:30.
    bothWays('Australia/Lord_Howe', (zone) => {
      expect(follow(zone, '2026-04-05 01:29', '2026-04-05 01:58', '2026-04-05 01:31', '2026-04-05 02:00')).toEqual([
        '2026-04-04 14:29',
        '2026-04-04 14:58',
        '2026-04-04 15:01',
        '2026-04-04 15:30',
      ])
    })
  })

  it('in America and on a minute of its own', () => {
    bothWays('America/New_York', (zone) => {
      expect(follow(zone, '2026-11-01 01:45', '2026-11-01 01:15', '2026-11-01 02:00')).toEqual([
        '2026-11-01 05:45',
        '2026-11-01 06:15',
        '2026-11-01 07:00',
      ])
    })
    // Until 2011 Newfoundland changed a minute past midnight.
    bothWays('America/St_Johns', (zone) => {
      expect(follow(zone, '2010-11-07 00:00', '2010-11-06 23:30', '2010-11-07 00:01')).toEqual([
        '2010-11-07 02:30',
        '2010-11-07 03:00',
        '2010-11-07 03:31',
      ])
    })
  })

  it('lines a little out of order do not pass for the second time', () => {
    expect(follow('Europe/Berlin', '2026-10-25 02:31', '2026-10-25 02:30', '2026-10-25 02:32')).toEqual([
      '2026-10-25 00:31',
      '2026-10-25 00:30',
      '2026-10-25 00:32',
    ])
    // A log that stamps the beginning of what it logs at its end shows that before.
    expect(
      follow('Europe/Berlin', '2026-10-25 01:40', '2026-10-25 01:10', '2026-10-25 02:31', '2026-10-25 02:10'),
    ).toEqual(['2026-10-24 23:40', '2026-10-24 23:10', '2026-10-25 00:31', '2026-10-25 00:10'])
  })

  it('a late line of the second time stays there when the hour is over', () => {
    expect(follow('Europe/Berlin', '2026-10-25 03:00', '2026-10-25 02:59')).toEqual([
      '2026-10-25 02:00',
      '2026-10-25 01:59',
    ])
  })

  it('another file that begins has its own first time, whatever came before', () => {
    expect(
      follow('Europe/Berlin', '2026-11-21 06:13', '2026-10-25 02:10', '2026-10-25 02:59', '2026-10-25 02:01'),
    ).toEqual(['2026-11-21 05:13', '2026-10-25 00:10', '2026-10-25 00:59', '2026-10-25 01:01'])
  })

  it('is gone on with where a source was left', () => {
    const shift = zoneClock('Europe/Berlin').follow(Date.parse('2026-10-25T01:05:00Z'))
    expect(utc(shift(wall('2026-10-25 02:06')))).toBe('2026-10-25 01:06')
  })

  it('each input has its own', () => {
    const zone = zoneClock('Europe/Berlin')
    const one = zone.follow()
    one(wall('2026-10-25 02:59'))
    expect(utc(one(wall('2026-10-25 02:00')))).toBe('2026-10-25 01:00')
    expect(utc(zone.follow()(wall('2026-10-25 02:00')))).toBe('2026-10-25 00:00')
    expect(utc(zone.shift(wall('2026-10-25 02:00')))).toBe('2026-10-25 00:00')
  })
})

describe('the hour that is skipped', () => {
  it('has the offset that was in use before it, everywhere', () => {
    const cases: [string, string, string][] = [
      ['Europe/Berlin', '2026-03-29 02:30', '2026-03-29 01:30'],
      ['America/New_York', '2026-03-08 02:30', '2026-03-08 07:30'],
      ['Australia/Sydney', '2026-10-04 02:30', '2026-10-03 16:30'],
      ['Australia/Lord_Howe', '2026-10-04 02:15', '2026-10-03 15:45'],
      // A whole day: Samoa went over the date line.
      ['Pacific/Apia', '2011-12-30 12:00', '2011-12-30 22:00'],
    ]
    for (const [name, stamp, moment] of cases) {
      bothWays(name, (zone) => {
        expect(follow(zone, stamp), `${name} ${zone}`).toEqual([moment])
      })
    }
  })

  it('what lies around it is read as ever', () => {
    bothWays('Europe/Berlin', (zone) => {
      expect(follow(zone, '2026-03-29 01:59', '2026-03-29 03:00')).toEqual(['2026-03-29 00:59', '2026-03-29 01:00'])
    })
  })
})

it('a log of any zone that runs through its changes is read back to the very moments', () => {
  const format = (zone: string): ((time: number) => number) => {
    const f = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' })
    return (time) => wall(f.format(time))
  }
  fc.assert(
    fc.property(
      fc.constantFrom(
        'Europe/Berlin',
        'America/New_York',
        'America/St_Johns',
        'Australia/Lord_Howe',
        'Australia/Sydney',
        'Asia/Kathmandu',
        'America/Sao_Paulo',
        'Africa/Casablanca',
        'Pacific/Chatham',
      ),
      fc.integer({ min: 1995, max: 2027 }),
      fc.integer({ min: 0, max: 364 }),
      // No pause of more than ten minutes: a longer one may hide the step back.
      fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 300, maxLength: 500 }),
      (zone, year, day, steps) => {
        const stamp = format(zone)
        const shift = zoneClock(zone).follow()
        let time = Date.UTC(year, 0, 1 + day)
        // What begins in the second time cannot be known.
        if (shift(stamp(time)) !== time) return
        for (const step of steps) {
          time += step * 1000
          expect(shift(stamp(time))).toBe(time)
        }
      },
    ),
    { numRuns: 200, examples: [['Europe/Berlin', 2026, 297, Array.from({ length: 300 }, () => 600)]] },
  )
})

it('offsets are read in their usual spellings; what is none is refused', () => {
  for (const zone of ['+05:30', '+0530', '+5:30', '+530', 'UTC+5:30', 'gmt+05:30'])
    expect(utc(zoneShift(zone)(wall('2026-11-21 06:00'))), zone).toBe('2026-11-21 00:30')
  expect(utc(zoneShift('-03')(wall('2026-11-21 06:00')))).toBe('2026-11-21 09:00')
  for (const zone of ['+25', '+02:75', '+14:30', 'Mars/Olympus', '', 'Europe/Berln'])
    expect(() => zoneShift(zone), zone).toThrow(RangeError)
})
