/** How often something happened in which minute, in bounded memory: a log of years must not need more than one of days.
 *  Where more buckets would be needed than there is room for, all of them become longer, along a fixed ladder. */
import { SortedCounts } from './sorted-counts.ts'

export const MINUTE = 60_000
/** A week minute by minute, which is what logrotate leaves in a file; five weeks by 5 minutes, 105 days by 15, more than
 *  a year by the hour. 80 KB. */
export const MAX_BUCKETS = 10_080
/** Minutes of a bucket. Each step divides the next, so that buckets only ever join and it does not matter when. With the
 *  last one 41 buckets hold every minute there is. */
const LADDER = [1, 5, 15, 60, 240, 1_440, 10_080, 40_320, 524_160, 5_241_600, 104_832_000] as const
/** Stamps of the years before -2000 or after 5900 are counted there. */
const FARTHEST = 20 * LADDER[10]

/** The step is always the shortest with which what was counted needs no more buckets than `limit`, so it depends on what
 *  was counted and not on the order or on how it was merged. Iterates as [start of the bucket in epoch ms, count]. */
export class MinuteCounts {
  #step: number = LADDER[0]
  #limit: number
  #counts = new SortedCounts()

  /** @param limit buckets, at least 41. Infinity: every minute is told apart, for what is known to be small. */
  constructor(limit = MAX_BUCKETS) {
    this.#limit = limit
  }

  /** Minutes of a bucket; 1 when nothing was joined. */
  get step(): number {
    return this.#step
  }

  /** Buckets in which something was counted. */
  get size(): number {
    return this.#counts.size
  }

  /** @param time epoch ms */
  add(time: number, n: number): void {
    this.#counts.add(this.#bucket(Math.floor(time / MINUTE)), n)
    if (this.#counts.size > this.#limit) this.#fit()
  }

  /** Allows fewer buckets than so far. */
  lower(limit: number): void {
    if (limit < this.#limit) this.#limit = limit
    this.#fit()
  }

  merge(other: MinuteCounts): void {
    if (other.#step > this.#step) this.#join(other.#step)
    if (other.#step === this.#step) this.#counts.merge(other.#counts)
    else for (const [minute, n] of other.#counts) this.#counts.add(this.#bucket(minute), n)
    this.#fit()
  }

  copy(limit = this.#limit): MinuteCounts {
    const copy = new MinuteCounts(limit)
    copy.#step = this.#step
    copy.#counts = this.#counts.copy()
    copy.#fit()
    return copy
  }

  /** The same counts `ms` later. */
  moved(ms: number): MinuteCounts {
    const moved = new MinuteCounts(this.#limit)
    moved.#step = this.#step
    for (const [start, n] of this) moved.add(start + ms, n)
    return moved
  }

  /** Count of the bucket that `time` is in. */
  get(time: number): number | undefined {
    return this.#counts.get(this.#bucket(Math.floor(time / MINUTE)))
  }

  /** What was counted in buckets that begin after `time`, epoch ms, and where the first of them begins. */
  after(time: number): { count: number; first: number | null } {
    const from = Math.floor(time / MINUTE) + 1
    const first = this.#counts.from(from)
    return { count: this.#counts.sum(from), first: first === null ? null : first * MINUTE }
  }

  /** True when a bucket shares time with [from, to), epoch ms. */
  touches(from: number, to: number): boolean {
    const next = this.#counts.from(this.#bucket(Math.floor(from / MINUTE)))
    return next !== null && next * MINUTE < to
  }

  *[Symbol.iterator](): Generator<[start: number, n: number]> {
    for (const [minute, n] of this.#counts) yield [minute * MINUTE, n]
  }

  *keys(): Generator<number> {
    for (const [start] of this) yield start
  }

  toJSON(): { step: number; counts: [number, number][] } {
    return { step: this.#step, counts: [...this] }
  }

  /** For another thread: the step and the pairs of SortedCounts. */
  pack(): { step: number; pairs: Int32Array } {
    return { step: this.#step, pairs: this.#counts.pack() }
  }

  static unpack(step: number, pairs: Int32Array, limit: number): MinuteCounts {
    const counts = new MinuteCounts(limit)
    counts.#step = step
    counts.#counts = SortedCounts.unpack(pairs)
    return counts
  }

  #bucket(minute: number): number {
    const near = Math.min(FARTHEST, Math.max(-FARTHEST, minute))
    return (Math.floor(near / this.#step) * this.#step) | 0
  }

  #join(step: number): void {
    this.#step = step
    this.#counts.regroup((minute) => this.#bucket(minute))
  }

  #fit(): void {
    for (const step of LADDER) {
      if (this.#counts.size <= this.#limit) return
      if (step > this.#step) this.#join(step)
    }
  }
}
