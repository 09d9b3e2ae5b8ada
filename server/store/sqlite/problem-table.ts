/** Problems, and what is known of the sources, saved together with the messages about them. */
import type { OutboxRow, ProblemRow, Told, WatchedSource } from '../contract.ts'
import type { Db, Statement } from './driver.ts'
import type { OutboxTable } from './outbox-table.ts'

type Stored = Omit<ProblemRow, 'alerted' | 'finding' | 'told'> & {
  alerted: number
  finding: string
  told: string | null
}

export class ProblemTable {
  private readonly all: Statement<[], Stored>
  private readonly sources: Statement<[], string>
  private readonly saving: {
    immediate(changed: ProblemRow[], messages: OutboxRow[], watched: readonly WatchedSource[]): void
  }

  constructor(db: Db, outbox: OutboxTable) {
    this.all = db.prepare('SELECT * FROM problems ORDER BY changed_at DESC, id')
    this.sources = db.prepare('SELECT watched FROM watched_sources').pluck() as Statement<[], string>
    const save = db.prepare<[Stored]>(
      `INSERT INTO problems (id, state, opened_at, changed_at, resolved_at, last_live, alerted, finding, told)
       VALUES ($id, $state, $opened_at, $changed_at, $resolved_at, $last_live, $alerted, $finding, $told)
       ON CONFLICT (id) DO UPDATE SET state = excluded.state, opened_at = excluded.opened_at,
         changed_at = excluded.changed_at, resolved_at = excluded.resolved_at, last_live = excluded.last_live,
         alerted = excluded.alerted, finding = excluded.finding, told = excluded.told`,
    )
    const watch = db.prepare<[string, string]>(
      'INSERT INTO watched_sources (path, watched) VALUES (?, ?) ON CONFLICT DO UPDATE SET watched = excluded.watched',
    )
    this.saving = db.transaction((changed: ProblemRow[], messages: OutboxRow[], watched: readonly WatchedSource[]) => {
      for (const { told, ...p } of changed)
        save.run({
          ...p,
          alerted: p.alerted ? 1 : 0,
          finding: JSON.stringify(p.finding),
          told: told === undefined ? null : JSON.stringify(told),
        })
      for (const source of watched) watch.run(source.path, JSON.stringify(source))
      outbox.post(messages)
    })
  }

  problems(): ProblemRow[] {
    return this.all.all().map(({ told, ...row }) => ({
      ...row,
      alerted: row.alerted === 1,
      finding: JSON.parse(row.finding) as ProblemRow['finding'],
      ...(told === null ? {} : { told: JSON.parse(told) as Told }),
    }))
  }

  watched(): WatchedSource[] {
    return this.sources.all().map((text) => JSON.parse(text) as WatchedSource)
  }

  save(changed: ProblemRow[], messages: OutboxRow[], watched: readonly WatchedSource[]): void {
    this.saving.immediate(changed, messages, watched)
  }
}
