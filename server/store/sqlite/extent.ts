/** Between which minutes anything was counted: questions about "all of it" have no ends of their own. */
import type { Db, Statement } from './driver.ts'
import { TALLIES } from './migration-2.ts'

export class Extent {
  private readonly ends: Statement<[], { from: number | null; to: number | null }>

  constructor(db: Db) {
    const tables = ['counts WHERE tier = 0', ...TALLIES.map((_, what) => `tallies WHERE tier = 0 AND what = ${what}`)]
    const end = (order: string): string =>
      tables
        .map((rows) => `SELECT * FROM (SELECT start FROM ${rows} ORDER BY start ${order} LIMIT 1)`)
        .join(' UNION ALL ')
    this.ends = db.prepare(
      `SELECT (SELECT min(start) FROM (${end('')})) AS "from", (SELECT max(start) FROM (${end('DESC')})) AS "to"`,
    )
  }

  /** [from, to) in minutes since 1970, cut to where anything was counted; null when that is nowhere. */
  clamp(from: number, to: number): [from: number, to: number] | null {
    const ends = this.ends.get()
    if (ends === undefined || ends.from === null || ends.to === null) return null
    const inside: [number, number] = [Math.max(from, ends.from), Math.min(to, ends.to + 1)]
    return inside[0] < inside[1] ? inside : null
  }
}
