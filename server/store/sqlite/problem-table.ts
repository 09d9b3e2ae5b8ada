/** Problems and the messages about them. */
import type { OutboxRow, ProblemRow } from '../contract.ts'
import type { Db, Statement } from './driver.ts'

type Stored = Omit<ProblemRow, 'alerted' | 'finding'> & { alerted: number; finding: string }
type Failed = { id: string; error: string }

export class ProblemTable {
  private readonly all: Statement<[], Stored>
  private readonly saving: { immediate(changed: ProblemRow[], messages: OutboxRow[]): void }
  private readonly waiting: Statement<[number], OutboxRow>
  private readonly delivered: Statement<[{ id: string; delivered_at: number }]>
  private readonly failed: Statement<[Failed]>

  constructor(db: Db) {
    this.all = db.prepare('SELECT * FROM problems ORDER BY changed_at DESC, id')
    const save = db.prepare<[Stored]>(
      `INSERT INTO problems (id, state, opened_at, changed_at, resolved_at, last_live, alerted, finding)
       VALUES ($id, $state, $opened_at, $changed_at, $resolved_at, $last_live, $alerted, $finding)
       ON CONFLICT (id) DO UPDATE SET state = excluded.state, opened_at = excluded.opened_at,
         changed_at = excluded.changed_at, resolved_at = excluded.resolved_at, last_live = excluded.last_live,
         alerted = excluded.alerted, finding = excluded.finding`,
    )
    const post = db.prepare<[OutboxRow]>(
      `INSERT INTO outbox (id, problem_id, channel, type, body, created_at, attempts, delivered_at, last_error)
       VALUES ($id, $problem_id, $channel, $type, $body, $created_at, $attempts, $delivered_at, $last_error)
       ON CONFLICT (id) DO NOTHING`,
    )
    this.saving = db.transaction((changed: ProblemRow[], messages: OutboxRow[]) => {
      for (const p of changed) save.run({ ...p, alerted: p.alerted ? 1 : 0, finding: JSON.stringify(p.finding) })
      for (const message of messages) post.run(message)
    })
    this.waiting = db.prepare('SELECT * FROM outbox WHERE delivered_at IS NULL ORDER BY created_at, rowid LIMIT ?')
    // A message that is given up is noted as failed and then closed: its last error stays.
    this.delivered = db.prepare(
      'UPDATE outbox SET delivered_at = $delivered_at, attempts = attempts + 1 WHERE id = $id',
    )
    this.failed = db.prepare('UPDATE outbox SET last_error = $error, attempts = attempts + 1 WHERE id = $id')
  }

  problems(): ProblemRow[] {
    return this.all.all().map((row) => ({
      ...row,
      alerted: row.alerted === 1,
      finding: JSON.parse(row.finding) as ProblemRow['finding'],
    }))
  }

  save(changed: ProblemRow[], messages: OutboxRow[]): void {
    this.saving.immediate(changed, messages)
  }

  undelivered(limit: number): OutboxRow[] {
    return this.waiting.all(limit)
  }

  mark(id: string, result: { delivered_at: number } | { error: string }): void {
    if ('error' in result) this.failed.run({ id, error: result.error })
    else this.delivered.run({ id, delivered_at: result.delivered_at })
  }
}
