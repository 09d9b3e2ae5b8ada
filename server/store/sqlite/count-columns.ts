/** A table of counts, column by column in memory. Diagnosis reads a day of it every second and every problem draws a
 *  line of it: as rows that is 150 ms a time, as columns 5. Only what was written to is read again. */
import type { Db, Statement } from './driver.ts'
import type { Stale } from './stale.ts'
import { MINUTE, type Segment, type Tier } from './tiers.ts'

/** Rows that are kept (30 bytes each); those not used for longest go first. */
const MAX_ROWS = 400_000
const MAX_SIZES = 10_000
/** Minutes of what is read and kept at once: an hour of minutes, a day of hours, 64 days. */
const CHUNK: Readonly<Record<Tier, number>> = { 0: 60, 1: 1440, 2: 64 * 1440 }

export interface Columns {
  size: number
  /** Minutes since 1970, ascending. */
  start: Float64Array
  scope: Int32Array
  class: Int32Array
  n: Float64Array
  /** Epoch ms; NaN: no time. */
  first: Float64Array
  last: Float64Array
  /** 1: timed; 2: of an assumed zone. */
  flags: Uint8Array
}
export const TIMED = 1
export const ASSUMED = 2

type Row = [
  start: number,
  scope: number,
  kind: number,
  timed: number,
  n: number,
  first: number | null,
  last: number | null,
  assumed: number,
]

export class CountColumns {
  private readonly stale: Stale
  private readonly rows: Statement<[number, number, number], Row>
  private readonly few: Statement<[number, number, number, number], number>
  /** `tier start` → columns, the one used last at the end. */
  private readonly kept = new Map<string, Columns>()
  private size = 0
  /** Rows of chunks that are not kept. */
  private readonly sizes = new Map<string, number>()

  /** @param table `trend`: of all places together, under the scope 0 */
  constructor(db: Db, stale: Stale, table: 'counts' | 'trend') {
    this.stale = stale
    const columns =
      table === 'counts' ? 'scope_id, class_id, timed, n, first, last, assumed' : '0, class_id, 1, n, NULL, NULL, 0'
    this.rows = db
      .prepare(`SELECT start, ${columns} FROM ${table} WHERE tier = ? AND start >= ? AND start < ?`)
      .raw() as Statement<[number, number, number], Row>
    this.few = db
      .prepare(`SELECT count(*) FROM (SELECT 1 FROM ${table} WHERE tier = ? AND start >= ? AND start < ? LIMIT ?)`)
      .pluck() as Statement<[number, number, number, number], number>
  }

  /** These minutes since 1970 were written to. */
  forget(minutes: Iterable<number>): void {
    for (const minute of minutes) this.drop(0, minute)
  }

  /** This hour or day was summed up again. */
  forgetStep(tier: 1 | 2, start: number): void {
    this.drop(tier, start)
  }

  /** Everything before this minute since 1970 may have been deleted. */
  forgetBefore(minute: number): void {
    for (const key of [...this.kept.keys(), ...this.sizes.keys()]) {
      const [tier, start] = key.split(' ').map(Number) as [Tier, number]
      if (start < minute) this.drop(tier, start)
    }
  }

  /** The finest tier in which [from, to) has at most `most` rows; days when none has. */
  finest(from: number, to: number, most: number): Tier {
    return this.fits(0, from, to, most) ? 0 : this.fits(1, from, to, most) ? 1 : 2
  }

  private fits(tier: Tier, from: number, to: number, most: number): boolean {
    const length = CHUNK[tier]
    let rows = 0
    for (let chunk = Math.floor(from / length) * length; chunk < to; chunk += length) {
      const key = `${tier} ${chunk}`
      let size = this.kept.get(key)?.size ?? this.sizes.get(key)
      if (size === undefined) {
        size = this.few.get(tier, chunk, chunk + length, most + 1) ?? 0
        if (this.sizes.size >= MAX_SIZES) this.sizes.clear()
        this.sizes.set(key, size)
      }
      rows += size
      if (rows > most) return false
    }
    return true
  }

  /** Columns of [from, to), minutes since 1970, with steps up to `tier`. Each with the rows of it that are inside. */
  *read(from: number, to: number, tier: Tier): Generator<{ columns: Columns; at: number; end: number; tier: Tier }> {
    for (const segment of this.stale.cover(from, to, tier)) yield* this.segment(segment)
  }

  private *segment({ tier, from, to }: Segment): ReturnType<CountColumns['read']> {
    const length = CHUNK[tier]
    for (let chunk = Math.floor(from / length) * length; chunk < to; chunk += length) {
      const columns = this.chunk(tier, chunk)
      const at = firstFrom(columns, from)
      const end = firstFrom(columns, to)
      if (at < end) yield { columns, at, end, tier }
    }
  }

  private chunk(tier: Tier, start: number): Columns {
    const key = `${tier} ${start}`
    const known = this.kept.get(key)
    if (known !== undefined) {
      this.kept.delete(key)
      this.kept.set(key, known)
      return known
    }
    const columns = toColumns(this.rows.all(tier, start, start + CHUNK[tier]))
    this.kept.set(key, columns)
    this.size += columns.size
    for (const [oldest, { size }] of this.kept) {
      if (this.size <= MAX_ROWS || oldest === key) break
      this.kept.delete(oldest)
      this.size -= size
    }
    return columns
  }

  private drop(tier: Tier, minute: number): void {
    const key = `${tier} ${Math.floor(minute / CHUNK[tier]) * CHUNK[tier]}`
    this.size -= this.kept.get(key)?.size ?? 0
    this.kept.delete(key)
    this.sizes.delete(key)
  }
}

function toColumns(rows: readonly Row[]): Columns {
  const size = rows.length
  const columns: Columns = {
    size,
    start: new Float64Array(size),
    scope: new Int32Array(size),
    class: new Int32Array(size),
    n: new Float64Array(size),
    first: new Float64Array(size),
    last: new Float64Array(size),
    flags: new Uint8Array(size),
  }
  for (let i = 0; i < size; i++) {
    const [start, scope, kind, timed, n, first, last, assumed] = rows[i] as Row
    columns.start[i] = start
    columns.scope[i] = scope
    columns.class[i] = kind
    columns.n[i] = n
    columns.first[i] = first === null ? NaN : start * MINUTE + first
    columns.last[i] = last === null ? NaN : start * MINUTE + last
    columns.flags[i] = (timed === 1 ? TIMED : 0) | (assumed === 1 ? ASSUMED : 0)
  }
  return columns
}

/** Index of the first row that starts at `minute` or later. */
function firstFrom({ start, size }: Columns, minute: number): number {
  let [low, high] = [0, size]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((start[middle] as number) < minute) low = middle + 1
    else high = middle
  }
  return low
}
