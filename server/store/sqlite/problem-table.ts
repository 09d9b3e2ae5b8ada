/** Problems, and what is known of the sources, saved together with the messages about them. */
import type { Hand, OutboxRow, ProblemRow, Told, WatchedSource } from '../contract.ts'
import type { Db, Statement } from './driver.ts'
import type { HistoryTable } from './history-table.ts'
import type { OutboxTable } from './outbox-table.ts'

type Stored = Omit<ProblemRow, 'alerted' | 'finding' | 'told' | 'hand' | 'notes'> & {
  alerted: number
  finding: string
  told: string | null
  hand: string | null
}

export class ProblemTable {
  private readonly all: Statement<[], Stored & { notes: number }>
  private readonly sources: Statement<[], string>
  private readonly saving: {
    immediate(changed: ProblemRow[], messages: OutboxRow[], watched: readonly WatchedSource[]): void
  }

  constructor(db: Db, outbox: OutboxTable, history: HistoryTable) {
    this.all = db.prepare(
      `SELECT *, (SELECT count(*) FROM problem_history h WHERE h.problem_id = p.id AND h.what = 'note') AS notes
       FROM problems p ORDER BY changed_at DESC, id`,
    )
    const before = db.prepare<[string], { state: ProblemRow['state']; hand: string | null }>(
      'SELECT state, hand FROM problems WHERE id = ?',
    )
    this.sources = db.prepare('SELECT watched FROM watched_sources').pluck() as Statement<[], string>
    const save = db.prepare<[Stored]>(
      `INSERT INTO problems (id, state, opened_at, changed_at, resolved_at, last_live, alerted, finding, told, hand)
       VALUES ($id, $state, $opened_at, $changed_at, $resolved_at, $last_live, $alerted, $finding, $told, $hand)
       ON CONFLICT (id) DO UPDATE SET state = excluded.state, opened_at = excluded.opened_at,
         changed_at = excluded.changed_at, resolved_at = excluded.resolved_at, last_live = excluded.last_live,
         alerted = excluded.alerted, finding = excluded.finding, told = excluded.told,
         hand = excluded.hand`,
    )
    const watch = db.prepare<[string, string]>(
      'INSERT INTO watched_sources (path, watched) VALUES (?, ?) ON CONFLICT DO UPDATE SET watched = excluded.watched',
    )
    this.saving = db.transaction((changed: ProblemRow[], messages: OutboxRow[], watched: readonly WatchedSource[]) => {
      for (const row of changed) {
        const known = before.get(row.id)
        history.record(known ? { state: known.state, ...handOf(known.hand) } : null, row)
        const { told, hand, notes: _notes, ...p } = row
        save.run({
          ...p,
          alerted: p.alerted ? 1 : 0,
          finding: JSON.stringify(p.finding),
          told: told === undefined ? null : JSON.stringify(told),
          hand: hand === undefined ? null : JSON.stringify(hand),
        })
      }
      for (const source of watched) watch.run(source.path, JSON.stringify(source))
      outbox.post(messages)
    })
  }

  problems(): ProblemRow[] {
    return this.all.all().map(({ told, hand, notes, ...row }) => ({
      ...row,
      alerted: row.alerted === 1,
      finding: JSON.parse(row.finding) as ProblemRow['finding'],
      ...(told === null ? {} : { told: JSON.parse(told) as Told }),
      ...handOf(hand),
      ...(notes === 0 ? {} : { notes }),
    }))
  }

  watched(): WatchedSource[] {
    return this.sources.all().map((text) => JSON.parse(text) as WatchedSource)
  }

  save(changed: ProblemRow[], messages: OutboxRow[], watched: readonly WatchedSource[]): void {
    this.saving.immediate(changed, messages, watched)
  }
}

const handOf = (text: string | null): { hand?: Hand } => (text === null ? {} : { hand: JSON.parse(text) as Hand })
