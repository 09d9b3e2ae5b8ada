/** Histograms of diagnosis/histogram.ts as blobs: pairs of (bucket after the last one, count), in the order of the
 *  buckets. A minute of session lengths takes 3 bytes each where a row of its own took 60. Pure. */
import { Packer, Unpacker } from './packing.ts'

/** Buckets there are: 9,401 of session lengths, 401 of latencies. */
export const MAX_BUCKET = 9_400

/** Counts by bucket. Made once and used again, for sums over many blobs. */
export class HistogramSum {
  readonly counts = new Float64Array(MAX_BUCKET + 1)
  total = 0
  /** Smallest and largest bucket that may have a count. */
  private low = MAX_BUCKET
  private high = 0

  add(bucket: number, n: number): void {
    this.counts[bucket] = (this.counts[bucket] as number) + n
    this.total += n
    if (bucket < this.low) this.low = bucket
    if (bucket > this.high) this.high = bucket
  }

  /** As bucketsOf, written out: a chart of 30 days adds up two million buckets. */
  addBlob(blob: Uint8Array): void {
    const { counts } = this
    const end = blob.length
    let [bucket, total] = [0, 0]
    for (let at = 0; at < end;) {
      let byte = blob[at++] as number
      let value = byte & 127
      for (let unit = 128; byte > 127 && at < end; unit *= 128) value += ((byte = blob[at++] as number) & 127) * unit
      bucket += value
      if (total === 0 && bucket < this.low) this.low = bucket
      byte = at < end ? (blob[at++] as number) : 255
      value = byte & 127
      for (let unit = 128; byte > 127 && at < end; unit *= 128) value += ((byte = blob[at++] as number) & 127) * unit
      if (byte > 127 || bucket > MAX_BUCKET) {
        // The next sum must not begin with half of this one.
        counts.fill(0)
        this.clear()
        throw new RangeError('histogram is cut off or has an unknown bucket')
      }
      counts[bucket] = (counts[bucket] as number) + value
      total += value
    }
    this.total += total
    if (end > 0 && bucket > this.high) this.high = bucket
  }

  *[Symbol.iterator](): Generator<[bucket: number, n: number]> {
    for (let bucket = this.low; bucket <= this.high; bucket++) {
      const n = this.counts[bucket] as number
      if (n > 0) yield [bucket, n]
    }
  }

  /** Buckets that hold each of the quantiles (0..1), as quantileBucket finds them; null when nothing was counted. */
  quantiles(quantiles: readonly number[]): (number | null)[] {
    if (this.total === 0) return quantiles.map(() => null)
    const ranks = quantiles.map((q) => Math.max(1, Math.ceil(q * this.total)))
    const found: (number | null)[] = ranks.map(() => null)
    let next = Math.min(...ranks)
    for (let bucket = this.low, seen = 0; bucket <= this.high; bucket++) {
      seen += this.counts[bucket] as number
      if (seen < next) continue
      next = Infinity
      for (const [i, rank] of ranks.entries()) {
        if (seen < rank) next = Math.min(next, rank)
        else found[i] ??= bucket
      }
    }
    return found
  }

  /** [bucket, count, bucket, count, …], as SortedCounts takes them. */
  pairs(): Int32Array {
    const pairs: number[] = []
    for (let bucket = this.low; bucket <= this.high; bucket++) {
      const n = this.counts[bucket] as number
      if (n > 0) pairs.push(bucket, Math.min(n, 0xffffffff) | 0)
    }
    return Int32Array.from(pairs)
  }

  clear(): void {
    if (this.total > 0) this.counts.fill(0, this.low, this.high + 1)
    this.total = 0
    this.low = MAX_BUCKET
    this.high = 0
  }

  blob(): Buffer {
    const packer = new Packer(64)
    let before = 0
    for (const [bucket, n] of this) {
      packer.number(bucket - before)
      packer.number(n)
      before = bucket
    }
    return Buffer.from(packer.packed())
  }
}

/** Throws RangeError when the blob is none of ours. */
export function* bucketsOf(blob: Uint8Array): Generator<[bucket: number, n: number]> {
  const from = new Unpacker(blob)
  for (let bucket = 0; !from.atEnd;) {
    bucket += from.number()
    if (bucket > MAX_BUCKET) throw new RangeError('histogram with an unknown bucket')
    yield [bucket, from.number()]
  }
}
