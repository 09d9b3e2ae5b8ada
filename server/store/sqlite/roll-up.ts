/** Sums minutes up to hours and hours to days, in steps of some ms between commits. A step is one transaction, and an hour
 *  counts as out of date until its last one: kill -9 leaves nothing half done that anybody reads.
 *  Done here and not with each commit: an hour's histogram is some KB, and rewriting it for every batch would write a
 *  hundred times what was read. */
import type { CountColumns } from './count-columns.ts'
import type { Db, Statement } from './driver.ts'
import { HistogramSum } from './histogram-blob.ts'
import { earlier, later } from './slab-writer.ts'
import type { Stale } from './stale.ts'
import { LENGTH, MINUTE, type Tier } from './tiers.ts'

/** An hour that lines still arrive for is left alone: until they stop for so long, ms. Days: it gets 24 hours anyway. */
const QUIET = { 1: 120_000, 2: 3_600_000 } as const
/** More than these are a history that was imported: they are summed up at once. */
const MANY = { 1: 3, 2: 3 } as const
/** Longest step that is begun knowingly, ms. */
const STEP = 8

/** What is being summed up. */
interface Work {
  tier: 1 | 2
  start: number
  /** The next step of the finer tier, minutes since 1970. */
  next: number
  /** When it was written to last: when that changes, it begins anew. */
  touched: number
}

interface HistogramRow {
  scope_id: number
  measure: number
  first: number | null
  last: number | null
  data: Buffer
}

export class RollUp {
  private readonly stale: Stale
  private readonly columns: readonly CountColumns[]
  private readonly clear: Statement<[{ tier: Tier; start: number }]>[]
  private readonly addCounts: Statement
  private readonly addTrend: Statement
  private readonly addTallies: Statement
  private readonly histograms: Statement<[Tier, number, number], HistogramRow>
  private readonly insertHistogram: Statement
  private readonly sums: Statement<[Tier, number, number], { measure: number; data: Buffer }>
  private readonly insertSum: Statement
  private readonly part: { immediate(work: Work): boolean }
  private readonly sum = new HistogramSum()
  private work: Work | null = null

  constructor(db: Db, stale: Stale, columns: readonly CountColumns[]) {
    this.stale = stale
    this.columns = columns
    this.clear = ['counts', 'trend', 'tallies', 'histograms', 'histogram_sums'].map((table) => {
      const whats = table === 'tallies' ? ' AND what IN (0, 1, 2, 3)' : ''
      const measures = table === 'histogram_sums' ? ' AND measure IN (0, 1, 2, 3, 4)' : ''
      return db.prepare(`DELETE FROM ${table} WHERE tier = $tier AND start = $start${whats}${measures}`)
    })
    this.addCounts = db.prepare(
      `INSERT INTO counts (tier, start, scope_id, class_id, timed, n, first, last, assumed)
       SELECT $tier, $start, scope_id, class_id, timed, n, first + $offset, last + $offset, assumed FROM counts
         WHERE tier = $from AND start = $at
       ON CONFLICT DO UPDATE SET n = n + excluded.n,
         first = ifnull(min(first, excluded.first), ifnull(first, excluded.first)),
         last = ifnull(max(last, excluded.last), ifnull(last, excluded.last)), assumed = max(assumed, excluded.assumed)`,
    )
    this.addTrend = db.prepare(
      `INSERT INTO trend (tier, start, class_id, n) SELECT $tier, $start, class_id, n FROM trend
         WHERE tier = $from AND start = $at ON CONFLICT DO UPDATE SET n = n + excluded.n`,
    )
    this.addTallies = db.prepare(
      `INSERT INTO tallies (tier, what, start, key, n) SELECT $tier, what, $start, key, n FROM tallies
         WHERE tier = $from AND what IN (0, 1, 2, 3) AND start = $at ON CONFLICT DO UPDATE SET n = n + excluded.n`,
    )
    this.histograms = db.prepare(
      `SELECT scope_id, measure, first, last, data FROM histograms
       WHERE tier = ? AND start >= ? AND start < ? ORDER BY scope_id, measure`,
    )
    this.insertHistogram = db.prepare(
      'INSERT INTO histograms (tier, start, scope_id, measure, first, last, data) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
    this.sums = db.prepare(
      `SELECT measure, data FROM histogram_sums
       WHERE tier = ? AND measure IN (0, 1, 2, 3, 4) AND start >= ? AND start < ? ORDER BY measure`,
    )
    this.insertSum = db.prepare('INSERT INTO histogram_sums (tier, measure, start, data) VALUES (?, ?, ?, ?)')
    this.part = db.transaction((work: Work) => this.some(work))
  }

  /** One step. True when there is more to do now. */
  step(): boolean {
    if (this.work !== null && this.stale.touched(this.work.tier, this.work.start) !== this.work.touched)
      this.work = null
    this.work ??= this.find(1) ?? this.find(2)
    const { work } = this
    if (work === null) return false
    try {
      if (this.part.immediate(work)) this.work = null
    } catch (error) {
      this.work = null
      this.stale.reload()
      throw error
    }
    for (const columns of this.columns) columns.forgetStep(work.tier, work.start)
    return true
  }

  private find(tier: 1 | 2): Work | null {
    const oldest = this.stale.oldest(tier)
    if (oldest === null) return null
    const { start, touched } = oldest
    const quiet = performance.now() - touched >= QUIET[tier] || this.stale.size(tier) > MANY[tier]
    // A day is the sum of its hours.
    return quiet && !(tier === 2 && this.hoursLeft(start)) ? { tier, start, next: start, touched } : null
  }

  private hoursLeft(day: number): boolean {
    for (let hour = day; hour < day + LENGTH[2]; hour += LENGTH[1]) if (this.stale.has(1, hour)) return true
    return false
  }

  /** Part of the work; true when it was the last one. */
  private some(work: Work): boolean {
    const { tier, start } = work
    const from = (tier - 1) as Tier
    const began = performance.now()
    if (work.next === start) for (const statement of this.clear) statement.run({ tier, start })
    for (; work.next < start + LENGTH[tier]; work.next += LENGTH[from]) {
      if (performance.now() - began > STEP) return false
      const at = { tier, start, from, at: work.next }
      this.addCounts.run({ ...at, offset: (work.next - start) * MINUTE })
      this.addTrend.run(at)
      this.addTallies.run(at)
    }
    if (performance.now() - began > STEP / 2) return false
    this.sumHistograms(tier, start)
    this.stale.done(tier, start)
    return true
  }

  private sumHistograms(tier: 1 | 2, start: number): void {
    const window = [(tier - 1) as Tier, start, start + LENGTH[tier]] as const
    const rows = this.histograms.all(...window)
    let [first, last]: (number | null)[] = [null, null]
    for (const [i, row] of rows.entries()) {
      this.sum.addBlob(row.data)
      first = earlier(first ?? null, row.first)
      last = later(last ?? null, row.last)
      const after = rows[i + 1]
      if (after?.scope_id === row.scope_id && after.measure === row.measure) continue
      this.insertHistogram.run(tier, start, row.scope_id, row.measure, first, last, this.sum.blob())
      this.sum.clear()
      ;[first, last] = [null, null]
    }
    const sums = this.sums.all(...window)
    for (const [i, { measure, data }] of sums.entries()) {
      this.sum.addBlob(data)
      if (sums[i + 1]?.measure === measure) continue
      this.insertSum.run(tier, measure, start, this.sum.blob())
      this.sum.clear()
    }
  }
}
