/** Zones for stamps that have none: `Europe/Berlin`, `+02:00`, `UTC`, or the machine's own. */

/** Turns a wall-clock reading (its digits taken as UTC, in ms) into epoch ms UTC.
 *  Throws RangeError for a zone that neither is an offset nor known to Intl. */
export function zoneShift(zone: string | null): (wall: number) => number {
  if (zone === null) return (wall) => wall + localOffset(wall)
  const fixed = /^(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d\d))?$/i.exec(zone)
  if (fixed) {
    const minutes = Number(fixed[2]) * 60 + Number(fixed[3] ?? 0)
    const offset = (fixed[1] === '-' ? -1 : 1) * minutes * 60_000
    return (wall) => wall - offset
  }
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  const offsetAt = (utc: number): number => {
    const part = new Map(format.formatToParts(utc).map((p) => [p.type, Number(p.value)]))
    const get = (name: Intl.DateTimeFormatPartTypes): number => part.get(name) ?? 0
    const wall = Date.UTC(get('year'), get('month') - 1, get('day'), get('hour'), get('minute'), get('second'))
    return wall - (utc - (((utc % 1000) + 1000) % 1000))
  }
  return cached((wall) => {
    // Two steps settle every zone; in the hour that DST skips or repeats this takes the later offset.
    const first = wall - offsetAt(wall)
    return wall - offsetAt(first)
  })
}

function localOffset(wall: number): number {
  const d = new Date(wall)
  const local = new Date(
    d.getUTCFullYear(),
    d.getUTCMonth(),
    d.getUTCDate(),
    d.getUTCHours(),
    d.getUTCMinutes(),
    d.getUTCSeconds(),
    d.getUTCMilliseconds(),
  )
  return local.getTime() - wall
}

/** Offsets change on quarter hours at most: one Intl call per quarter hour of log instead of one per line. */
function cached(shift: (wall: number) => number): (wall: number) => number {
  let quarter = NaN
  let delta = 0
  return (wall) => {
    const q = Math.floor(wall / 900_000)
    if (q !== quarter) {
      quarter = q
      delta = shift(q * 900_000) - q * 900_000
    }
    return wall + delta
  }
}
