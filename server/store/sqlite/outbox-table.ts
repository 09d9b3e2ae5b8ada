/** Messages to receivers, and what became of them. */
import type { DeliveryQuery, DeliveryResult, GoneReceiver, OutboxRow } from '../contract.ts'
import type { Db, Statement } from './driver.ts'

const WAITING = 'delivered_at IS NULL AND dead_at IS NULL'

export class OutboxTable {
  private readonly insert: Statement<[OutboxRow]>
  private readonly newestOf: Statement<[string], number | null>
  private readonly waiting: Statement<[number], OutboxRow>
  private readonly waitingFor: Statement<[string, number], OutboxRow>
  private readonly names: Statement<[], string>
  private readonly delivered: Statement<[{ id: string; at: number }]>
  private readonly failed: Statement<[{ id: string; at: number; error: string }]>
  private readonly died: Statement<[{ id: string; at: number; error: string; attempts: number }]>
  private readonly before: Statement<[{ id: string }], number | null>
  private readonly listed: Statement<
    [{ before: number; limit: number; state: string | null; channel: string | null; from: number; to: number }],
    OutboxRow & { number: number }
  >
  private readonly byId: Statement<[string], OutboxRow>
  private readonly after: Statement<[{ id: string; limit: number }], OutboxRow>
  private readonly replaying: { immediate(ids: readonly string[], at: number): void }
  private readonly counted: Statement<[], { waiting: number; dead: number }>
  private readonly goneOnes: Statement<[], GoneReceiver>
  private readonly insertGone: Statement<[GoneReceiver]>
  private readonly deleteGone: Statement<[string]>

  constructor(db: Db) {
    this.insert = db.prepare(
      `INSERT INTO outbox (id, problem_id, channel, type, reason, rule, body, created_at, attempts, last_attempt_at,
         delivered_at, dead_at, replayed_at, last_error)
       VALUES ($id, $problem_id, $channel, $type, $reason, $rule, $body, $created_at, $attempts, $last_attempt_at,
         $delivered_at, $dead_at, $replayed_at, $last_error)
       ON CONFLICT (id) DO NOTHING`,
    )
    this.newestOf = db
      .prepare(`SELECT max(created_at) FROM outbox WHERE channel = ? AND ${WAITING}`)
      .pluck() as Statement<[string], number | null>
    this.waiting = db.prepare(`SELECT * FROM outbox WHERE ${WAITING} ORDER BY created_at, rowid LIMIT ?`)
    this.waitingFor = db.prepare(
      `SELECT * FROM outbox WHERE channel = ? AND ${WAITING} ORDER BY created_at, rowid LIMIT ?`,
    )
    this.names = db.prepare(`SELECT DISTINCT channel FROM outbox WHERE ${WAITING}`).pluck() as Statement<[], string>
    this.delivered = db.prepare(
      'UPDATE outbox SET delivered_at = $at, dead_at = NULL, last_attempt_at = $at, attempts = attempts + 1 WHERE id = $id',
    )
    this.failed = db.prepare(
      'UPDATE outbox SET last_error = $error, last_attempt_at = $at, attempts = attempts + 1 WHERE id = $id',
    )
    this.died = db.prepare(
      `UPDATE outbox SET last_error = $error, dead_at = $at, attempts = attempts + $attempts,
         last_attempt_at = iif($attempts > 0, $at, last_attempt_at) WHERE id = $id`,
    )
    this.before = db
      .prepare(
        `SELECT o.dead_at IS NOT NULL FROM outbox m JOIN outbox o ON o.channel = m.channel AND o.problem_id = m.problem_id
         WHERE m.id = $id AND o.rowid < m.rowid ORDER BY o.rowid DESC LIMIT 1`,
      )
      .pluck() as Statement<[{ id: string }], number | null>
    this.listed = db.prepare(
      `SELECT rowid AS number, * FROM outbox WHERE rowid < $before AND ($channel IS NULL OR channel = $channel)
         AND created_at >= $from AND created_at < $to AND ($state IS NULL OR $state = CASE WHEN dead_at IS NOT NULL THEN 'dead' WHEN delivered_at IS NOT NULL
           THEN 'delivered' ELSE 'waiting' END) ORDER BY rowid DESC LIMIT $limit`,
    )
    this.byId = db.prepare('SELECT * FROM outbox WHERE id = ?')
    this.after = db.prepare(
      `SELECT o.* FROM outbox m JOIN outbox o ON o.channel = m.channel WHERE m.id = $id AND o.rowid > m.rowid
         AND NOT (o.delivered_at IS NULL AND o.dead_at IS NULL) ORDER BY o.rowid LIMIT $limit`,
    )
    const again = db.prepare<[{ id: string; at: number }]>(
      'UPDATE outbox SET dead_at = NULL, delivered_at = NULL, replayed_at = $at WHERE id = $id',
    )
    this.replaying = db.transaction((ids: readonly string[], at: number) => {
      for (const id of ids) again.run({ id, at })
    })
    this.counted = db.prepare(
      `SELECT (SELECT count(*) FROM outbox WHERE ${WAITING}) AS waiting,
         (SELECT count(*) FROM outbox WHERE dead_at IS NOT NULL) AS dead`,
    )
    this.goneOnes = db.prepare('SELECT * FROM gone_receivers')
    this.insertGone = db.prepare(
      `INSERT INTO gone_receivers (name, address, since, reason) VALUES ($name, $address, $since, $reason)
       ON CONFLICT DO UPDATE SET address = excluded.address, since = excluded.since, reason = excluded.reason`,
    )
    this.deleteGone = db.prepare('DELETE FROM gone_receivers WHERE name = ?')
  }

  /** Inside the transaction of the problems they are about. A clock that was set back must not let an end overtake the
   *  beginning that still waits. */
  post(messages: readonly OutboxRow[]): void {
    const floors = new Map(messages.map(({ channel }) => [channel, this.newestOf.get(channel) ?? -Infinity]))
    for (const message of messages)
      this.insert.run({
        ...message,
        created_at: Math.max(message.created_at, floors.get(message.channel) ?? -Infinity),
      })
  }

  undelivered(limit: number, channel?: string): OutboxRow[] {
    return channel === undefined ? this.waiting.all(limit) : this.waitingFor.all(channel, limit)
  }

  awaited(): string[] {
    return this.names.all()
  }

  mark(id: string, result: DeliveryResult): void {
    if ('delivered_at' in result) this.delivered.run({ id, at: result.delivered_at })
    else if ('dead_at' in result)
      this.died.run({ id, at: result.dead_at, error: result.error, attempts: result.attempted ? 1 : 0 })
    else this.failed.run({ id, at: result.at, error: result.error })
  }

  followsDead(id: string): boolean {
    return this.before.get({ id }) === 1
  }

  page({ cursor, limit, state, channel, from = -Infinity, to = Infinity }: DeliveryQuery): {
    rows: OutboxRow[]
    next_cursor: string | null
  } {
    const before = cursor === null ? Number.MAX_SAFE_INTEGER : Number(cursor)
    const found = this.listed.all({ before, limit: limit + 1, state, channel, from, to })
    const rows = found.slice(0, limit)
    const next = found.length > limit ? rows.at(-1)?.number : undefined
    return {
      rows: rows.map(({ number: _number, ...row }) => row),
      next_cursor: next === undefined ? null : String(next),
    }
  }

  one(id: string): OutboxRow | null {
    return this.byId.get(id) ?? null
  }

  later(id: string, limit: number): OutboxRow[] {
    return this.after.all({ id, limit })
  }

  replay(ids: readonly string[], at: number): void {
    this.replaying.immediate(ids, at)
  }

  counts(): { waiting: number; dead: number } {
    return this.counted.get() ?? { waiting: 0, dead: 0 }
  }

  gone(): GoneReceiver[] {
    return this.goneOnes.all()
  }

  setGone(receiver: GoneReceiver): void {
    this.insertGone.run(receiver)
  }

  forgetGone(name: string): void {
    this.deleteGone.run(name)
  }
}
