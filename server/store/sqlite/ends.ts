/** Session ends by second (diagnosis/session-ends.ts) as one histogram a minute: 32 buckets for each second of it, one for
 *  each age. Sums over hours would say nothing, and only histogram_sums has them: of all places together. */
import type { SessionEnds } from '../../diagnosis/contract.ts'
import type { Db, Statement } from './driver.ts'
import { bucketsOf } from './histogram-blob.ts'
import { MEASURES } from './migration-2.ts'

/** Number of the histogram in the table, behind the others. Part of the stored form. */
export const ENDS_MEASURE = 5
if (MEASURES.length !== ENDS_MEASURE) throw new Error('the number of session ends is another histogram')
const AGES = 32
/** Minutes that one answer reads, the latest first. */
const MOST = 20_000
/** From so many on only seconds in which several ended are of use: a drop is never less. */
const MANY = 2000
const SEVERAL = 3

/** Buckets by minute since 1970. */
export function minutesOf(ends: SessionEnds): Map<number, Map<number, number>> {
  const minutes = new Map<number, Map<number, number>>()
  for (const [second, ages] of ends) {
    const minute = Math.floor(second / 60)
    let buckets = minutes.get(minute)
    if (buckets === undefined) minutes.set(minute, (buckets = new Map()))
    for (const [age, n] of ages) buckets.set((second - minute * 60) * AGES + age, n)
  }
  return minutes
}

export class EndsReader {
  private readonly blobs: Statement<[number, number], { start: number; data: Buffer }>

  constructor(db: Db) {
    this.blobs = db.prepare(
      `SELECT start, data FROM histogram_sums WHERE tier = 0 AND measure = ${ENDS_MEASURE} AND start >= ? AND start < ?
       ORDER BY start DESC LIMIT ${MOST}`,
    )
  }

  /** @param from @param to minutes since 1970 */
  read(into: SessionEnds, from: number, to: number): void {
    const rows = this.blobs.all(from, to)
    const least = rows.length > MANY ? SEVERAL : 1
    const perSecond = new Float64Array(60)
    for (const { start, data } of rows) {
      perSecond.fill(0)
      for (const [bucket, n] of bucketsOf(data)) add(perSecond, Math.floor(bucket / AGES), n)
      for (const [bucket, n] of bucketsOf(data)) {
        const second = Math.floor(bucket / AGES)
        if ((perSecond[second] as number) >= least) into.add(start * 60 + second, bucket % AGES, n)
      }
    }
  }
}

function add(to: Float64Array, at: number, n: number): void {
  to[at] = (to[at] ?? 0) + n
}
