/** What became of each problem, and notes on it. */
import type { HistoryRow, ProblemRow } from '../contract.ts'
import type { Db, Statement } from './driver.ts'

/** Steps kept per problem: one that flaps for a year must not fill the database. Notes are not counted among them. */
const STEPS = 100
export const MAX_NOTES = 100

/** What is stored of a problem before it is saved again. */
export type Before = Pick<ProblemRow, 'state' | 'hand'>

export class HistoryTable {
  private readonly insert: Statement<[{ problem: string; at: number; what: string; text: string | null }]>
  private readonly prune: Statement<[{ problem: string }]>
  private readonly listed: Statement<[string], HistoryRow>
  private readonly notes: Statement<[string], number>
  private readonly removed: Statement<[{ problem: string; note: number }]>

  constructor(db: Db) {
    this.insert = db.prepare(
      'INSERT INTO problem_history (problem_id, at, what, text) VALUES ($problem, $at, $what, $text)',
    )
    this.prune = db.prepare(
      `DELETE FROM problem_history WHERE problem_id = $problem AND what <> 'note' AND id <=
         (SELECT id FROM problem_history WHERE problem_id = $problem AND what <> 'note'
          ORDER BY id DESC LIMIT 1 OFFSET ${STEPS})`,
    )
    this.listed = db.prepare('SELECT id, at, what, text FROM problem_history WHERE problem_id = ? ORDER BY id')
    this.notes = db
      .prepare(`SELECT count(*) FROM problem_history WHERE problem_id = ? AND what = 'note'`)
      .pluck() as Statement<[string], number>
    this.removed = db.prepare(
      `DELETE FROM problem_history WHERE id = $note AND problem_id = $problem AND what = 'note'`,
    )
  }

  /** Inside the transaction that saves the change. `before` null: it is new. */
  record(before: Before | null, row: ProblemRow): void {
    const step = stepOf(before, row)
    if (step === null) return
    this.insert.run({ problem: row.id, at: row.changed_at, ...step })
    this.prune.run({ problem: row.id })
  }

  of(problem: string): HistoryRow[] {
    return this.listed.all(problem)
  }

  addNote(problem: string, at: number, text: string): boolean {
    if ((this.notes.get(problem) ?? 0) >= MAX_NOTES) return false
    this.insert.run({ problem, at, what: 'note', text })
    return true
  }

  deleteNote(problem: string, note: number): boolean {
    return this.removed.run({ problem, note }).changes > 0
  }
}

type Step = Pick<HistoryRow, 'what' | 'text'>

/** Null: nothing that a reader would call a step. That an hour has passed is none. */
function stepOf(before: Before | null, { state, hand, finding }: ProblemRow): Step | null {
  const plain = (what: Step['what']): Step => ({ what, text: null })
  if (before?.state === state && JSON.stringify(before.hand) === JSON.stringify(hand)) return null
  switch (state) {
    case 'muted':
      return { what: 'muted', text: JSON.stringify(hand?.is === 'muted' ? hand.until : null) }
    case 'resolved': {
      if (hand?.is === 'resolved') return plain('resolved-by-hand')
      const proven = finding.over?.why === 'succeeded' || finding.worked?.decides === true
      return { what: 'resolved', text: proven ? 'succeeded-since' : 'quiet' }
    }
    case 'ongoing':
    case 'imported':
      if (before?.state === 'muted') return plain('unmuted')
      if (before?.state === 'resolved') return plain('reopened')
      return before === null ? plain(state) : null
    case 'new':
    case 'regressed':
      return plain(state)
  }
}
