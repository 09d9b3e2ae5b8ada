/** What the name of a log says about its rotation: which log it belongs to, and which of its files is older.
 *  Names as written by logrotate (numbers, dateext, dateformat with %s, extension), savelog, newsyslog, cronolog-like
 *  dates, Plesk (`access_log.processed.1.gz`) and cPanel (`example.com-ssl_log-Nov-2026.gz`). */

export interface RotatedName {
  /** The name of the live log. */
  log: string
  /** Compressed, by its name; only a hint. */
  packed: boolean
  /** Null: not rotated. `number` grows with age, `time` (comparable digits) falls. */
  rotation: { number: number } | { time: string } | null
}

const PACKED = /\.(?:gz|zst|bz2|xz)$/i
const DATE = String.raw`(20\d\d)([-_.]?)(0[1-9]|1[0-2])\3(0[1-9]|[12]\d|3[01])`
/** Of the day, then seconds of 1970 or a counter. */
const CLOCK = String.raw`(?:[-_.T]?(\d\d)[-:._]?(\d\d)?[-:._]?(\d\d)?)?`
const DATED = new RegExp(String.raw`^(.+?)[-_.]${DATE}${CLOCK}(?:[-_.](\d{1,11}))?(\.log)?$`)
const MONTH = /^(.+)-(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-(\d{4})$/
const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec'
const EPOCH = /^(.+)[-.](\d{10})(\.log)?$/
/** The last alternative is logrotate's `extension .log`; `192.0.2.7.log` is a host's. */
const NUMBERED = /^(.+?)(?:\.processed)?\.(\d{1,4})$|^(.*[^\d.])\.(\d{1,4})\.log$/

export function rotatedName(name: string): RotatedName {
  const packed = PACKED.test(name)
  const plain = name.replace(PACKED, '')
  const rotated = (log: string, rotation: RotatedName['rotation']): RotatedName => ({ log, packed, rotation })

  const dated = DATED.exec(plain)
  if (dated) {
    const [, log, year, , month, day, ...clock] = dated
    const time = [year, month, day, ...clock.slice(0, 3).map((part) => part ?? '00')].join('')
    return rotated(`${log}${dated[10] ?? ''}`, { time: `${time}${(dated[9] ?? '').padStart(11, '0')}` })
  }
  const month = MONTH.exec(plain)
  if (month) {
    const number = String(MONTHS.indexOf(month[2] as string) / 3 + 1).padStart(2, '0')
    return rotated(month[1] as string, { time: `${month[3]}${number}` })
  }
  const epoch = EPOCH.exec(plain)
  if (epoch) {
    const digits = new Date(Number(epoch[2]) * 1000).toISOString().replace(/\D/g, '')
    return rotated(`${epoch[1]}${epoch[3] ?? ''}`, { time: digits.slice(0, 14) })
  }
  const numbered = NUMBERED.exec(plain)
  if (numbered) {
    const log = numbered[1] ?? `${numbered[3]}.log`
    return rotated(log, { number: Number(numbered[2] ?? numbered[4]) + 2 })
  }
  // Plesk adds the live log to this one once an hour, and rotates this one.
  if (plain.endsWith('.processed')) return rotated(plain.slice(0, -'.processed'.length), { number: 1 })
  if (plain.endsWith('.old')) return rotated(plain.slice(0, -'.old'.length), { number: 3 })
  return { log: plain, packed, rotation: null }
}

type Aged = readonly { name: RotatedName; mtime: number | null }[]

/** Oldest first by when they were written last, the live log last; by their names where that is the same. */
export function byWriting(files: Aged): number[] {
  const live = (index: number): number => Number(files[index]?.name.rotation === null)
  const written = (index: number): number => files[index]?.mtime ?? 0
  return byAge(files).sort((a, b) => live(a) - live(b) || written(a) - written(b))
}

/** Oldest first, the live log last. `mtime` in epoch ms decides between a number and a date, which a set has when its
 *  rotation was changed: null when unknown. */
export function byAge(files: Aged): number[] {
  const rotations = files.map(({ name }) => name.rotation)
  const mixed = rotations.some((r) => r && 'time' in r) && rotations.some((r) => r && 'number' in r)
  const order = files.map((_, index) => index)
  return order.sort((a, b) => {
    const [left, right] = [rotations[a] ?? null, rotations[b] ?? null]
    if (!left || !right) return Number(left === null) - Number(right === null)
    if (mixed) return (files[a]?.mtime ?? 0) - (files[b]?.mtime ?? 0)
    if ('number' in left) return 'number' in right ? right.number - left.number : 0
    return 'time' in right && left.time !== right.time ? (left.time < right.time ? -1 : 1) : 0
  })
}
