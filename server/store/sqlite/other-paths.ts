/** The paths of places that found no room, by the day they were read on: not which they are, but how many. */
import type { Db, Statement } from './driver.ts'
import { Distinct } from './distinct.ts'

const DAY = 86_400_000

export class OtherPaths {
  private readonly load: Statement<[number], Buffer>
  private readonly all: Statement<[], Buffer>
  private readonly write: Statement<[number, Buffer]>
  /** Read since the last commit. */
  private fresh: Distinct | null = null
  /** How many there are; null: count again. */
  private known: number | null = null

  constructor(db: Db) {
    this.load = db.prepare('SELECT registers FROM other_paths WHERE day = ?').pluck() as Statement<[number], Buffer>
    this.all = db.prepare('SELECT registers FROM other_paths').pluck() as Statement<[], Buffer>
    this.write = db.prepare(
      'INSERT INTO other_paths (day, registers) VALUES (?, ?) ON CONFLICT DO UPDATE SET registers = excluded.registers',
    )
  }

  add(path: string | null): void {
    if (path !== null) (this.fresh ??= new Distinct()).add(path)
  }

  /** Inside the transaction of the commit; `now` in epoch ms. */
  save(now: number): void {
    if (this.fresh === null) return
    const day = Math.floor(now / DAY) * DAY
    const stored = this.load.get(day)
    if (stored !== undefined) this.fresh.merge(new Distinct(stored))
    this.write.run(day, Buffer.from(this.fresh.registers))
    this.reload()
  }

  /** Forgets what is not stored. */
  reload(): void {
    this.fresh = null
    this.known = null
  }

  /** About how many different ones, within the retention. */
  estimate(): number {
    if (this.known !== null) return this.known
    const sum = new Distinct()
    for (const registers of this.all.iterate()) sum.merge(new Distinct(registers))
    return (this.known = sum.estimate)
  }
}
