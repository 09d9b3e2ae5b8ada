/** Which hours and days are not what their minutes add up to (yet). Kept in a table, so that kill -9 forgets none, and in
 *  memory, since every commit asks. */
import type { Db, Statement } from './driver.ts'
import { cover, floorTo, type Segment, type Tier } from './tiers.ts'

export class Stale {
  private readonly insert: Statement<[number, number]>
  private readonly remove: Statement<[number, number]>
  private readonly all: Statement<[], { tier: 1 | 2; start: number }>
  /** Tier → start → when it was last written to, ms of `performance.now()`; -Infinity: before this process. */
  private readonly marks: Record<1 | 2, Map<number, number>> = { 1: new Map(), 2: new Map() }
  private sorted: Record<1 | 2, readonly number[] | null> = { 1: null, 2: null }

  constructor(db: Db) {
    this.insert = db.prepare('INSERT INTO stale (tier, start) VALUES (?, ?) ON CONFLICT DO NOTHING')
    this.remove = db.prepare('DELETE FROM stale WHERE tier = ? AND start = ?')
    this.all = db.prepare('SELECT tier, start FROM stale')
    this.reload()
  }

  /** Forgets marks of a transaction that was rolled back. */
  reload(): void {
    const rows = this.all.all()
    for (const tier of [1, 2] as const) {
      const before = new Map(this.marks[tier])
      this.marks[tier].clear()
      for (const row of rows) if (row.tier === tier) this.marks[tier].set(row.start, before.get(row.start) ?? -Infinity)
    }
    this.sorted = { 1: null, 2: null }
  }

  /** Inside the transaction that writes to the minute. */
  touch(minute: number): void {
    const now = performance.now()
    for (const tier of [1, 2] as const) {
      const start = floorTo(minute, tier)
      const marks = this.marks[tier]
      if (!marks.has(start)) {
        this.insert.run(tier, start)
        this.sorted[tier] = null
      }
      marks.set(start, now)
    }
  }

  /** Inside the transaction that summed it up. */
  done(tier: 1 | 2, start: number): void {
    this.remove.run(tier, start)
    this.marks[tier].delete(start)
    this.sorted[tier] = null
  }

  has(tier: 1 | 2, start: number): boolean {
    return this.marks[tier].has(start)
  }

  touched(tier: 1 | 2, start: number): number {
    return this.marks[tier].get(start) ?? -Infinity
  }

  /** The one that has been left alone for longest, and since when. */
  oldest(tier: 1 | 2): { start: number; touched: number } | null {
    let found: { start: number; touched: number } | null = null
    for (const [start, touched] of this.marks[tier])
      if (found === null || touched < found.touched) found = { start, touched }
    return found
  }

  size(tier: 1 | 2): number {
    return this.marks[tier].size
  }

  /** [from, to) in minutes since 1970, in steps up to `tier`, walking around what is out of date. */
  cover(from: number, to: number, tier: Tier): Segment[] {
    return cover(from, to, tier, (of) => (of === 0 ? [] : this.starts(of)))
  }

  private starts(tier: Tier & (1 | 2)): readonly number[] {
    return (this.sorted[tier] ??= [...this.marks[tier].keys()].sort((a, b) => a - b))
  }
}
