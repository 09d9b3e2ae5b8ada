/** `halfopen db check`: is the file whole, and do its counts agree with its events and with one another? Reads one
 *  snapshot, so a server may go on writing. */
import { resolve } from 'node:path'
import type { DatabaseCheck } from '../contract.ts'
import { unpackBlock, type BlockEvent } from './block.ts'
import { openReadOnly, type Db } from './driver.ts'
import { sizeOf } from './expire.ts'
import { HistogramSum } from './histogram-blob.ts'
import { isLocked, refuseOtherNames } from './lock.ts'
import { refuseForeign, MIGRATIONS } from './migrations.ts'
import { asStoreError, existing } from './open.ts'
import { LENGTH, MINUTE, minuteNumber } from './tiers.ts'

/** The version from which on events are in blocks and counts have tiers. */
const IN_BLOCKS = 2
/** Places named per kind of fault; a thousand say no more. */
const MAX_FAULTS = 5

/** Throws StoreError when there is no database that can be read. */
export function checkDatabase(path: string): DatabaseCheck {
  const file = resolve(path)
  let db: Db | null = null
  try {
    existing(file)
    refuseOtherNames(file)
    db = openReadOnly(file)
    db.exec('BEGIN')
    const { version } = refuseForeign(db, file)
    const faults = [...sound(db)]
    // What is damaged need not be counted, and an older form is brought up to date before it is.
    const current = version >= IN_BLOCKS
    if (faults.length === 0 && current) for (const fault of agreeing(db)) faults.push(fault)
    const count = (sql: string): number => {
      try {
        return Number(db?.prepare(sql).pluck().get() ?? 0)
      } catch (error) {
        // The fault is told already.
        if (faults.length > 0) return 0
        throw error
      }
    }
    return {
      database: file,
      version,
      current_version: MIGRATIONS.length,
      in_use: isLocked(file),
      ...sizeOf(db),
      events: current ? count('SELECT sum(n) FROM event_blocks') : count('SELECT count(*) FROM events'),
      minutes: count(
        current
          ? 'SELECT count(DISTINCT start) FROM counts WHERE tier = 0'
          : 'SELECT count(DISTINCT minute) FROM counts',
      ),
      places: count('SELECT count(*) FROM scopes'),
      problems: count('SELECT count(*) FROM problems'),
      sources: count('SELECT count(DISTINCT path) FROM sources'),
      faults,
    }
  } catch (error) {
    throw asStoreError(error, file)
  } finally {
    db?.close()
  }
}

function* sound(db: Db): Generator<string> {
  let whole = true
  try {
    for (const line of db.prepare(`PRAGMA integrity_check(${MAX_FAULTS})`).pluck().all()) {
      if (line === 'ok') continue
      whole = false
      // "*** in database main ***" comes first.
      yield `the file is damaged: ${
        String(line)
          .replace(/^\*\*\*.*\n/, '')
          .split('\n', 1)[0]
      }`
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code?.startsWith('SQLITE_CORRUPT') !== true) throw error
    yield `the file is damaged: ${(error as Error).message}`
    return
  }
  if (whole && db.prepare('PRAGMA foreign_key_check').all().length > 0) yield 'rows refer to rows that are not there'
}

/** Every sum that is kept twice, made again. */
function* agreeing(db: Db): Generator<string> {
  yield* eventsAgree(db)
  yield* histogramsAgree(db)
  const horizon = horizonOf(db, 'counts')
  const differ = function* (what: string, one: string, other: string): Generator<string> {
    const rows = db
      .prepare(`SELECT * FROM (${one} EXCEPT ${other}) UNION ALL SELECT * FROM (${other} EXCEPT ${one}) LIMIT 1`)
      .all() as Record<string, unknown>[]
    if (rows[0] !== undefined) yield `${what} do not agree, first at ${JSON.stringify(rows[0])}`
  }
  yield* differ(
    'counts of all places together and those of each',
    'SELECT start, class_id, sum(n) FROM counts WHERE tier = 0 AND timed = 1 GROUP BY 1, 2',
    'SELECT start, class_id, n FROM trend WHERE tier = 0',
  )
  for (const [tier, name] of [
    [1, 'hours and their minutes'],
    [2, 'days and their hours'],
  ] as const) {
    const step = `start - (start % ${LENGTH[tier]} + ${LENGTH[tier]}) % ${LENGTH[tier]}`
    const fresh = (start: string): string =>
      `${start} >= ${horizon} AND ${start} NOT IN (SELECT start FROM stale WHERE tier = ${tier})`
    const finer = (table: string, columns: string): string =>
      `SELECT ${step} AS step, ${columns} FROM ${table} WHERE tier = ${tier - 1} AND ${fresh(step)} GROUP BY`
    const own = (table: string, columns: string): string =>
      `SELECT start, ${columns} FROM ${table} WHERE tier = ${tier} AND ${fresh('start')}`
    yield* differ(
      name,
      `${finer('counts', `scope_id, class_id, timed, sum(n), min(first + (start - (${step})) * ${MINUTE}), max(last + (start - (${step})) * ${MINUTE}), max(assumed)`)} 1, 2, 3, 4`,
      own('counts', 'scope_id, class_id, timed, n, first, last, assumed'),
    )
    yield* differ(`${name} (all places)`, `${finer('trend', 'class_id, sum(n)')} 1, 2`, own('trend', 'class_id, n'))
    yield* differ(
      `${name} (requests)`,
      `${finer('tallies', 'what, key, sum(n)')} 1, 2, 3`,
      own('tallies', 'what, key, n'),
    )
  }
}

/** Minutes since 1970 before which something may have been deleted. */
function horizonOf(db: Db, what: 'events' | 'counts'): number {
  const time = db.prepare('SELECT time FROM horizons WHERE what = ?').pluck().get(what) as number | undefined
  return time === undefined ? -(2 ** 52) : Math.ceil(time / MINUTE)
}

function* eventsAgree(db: Db): Generator<string> {
  const from = Math.max(horizonOf(db, 'events'), horizonOf(db, 'counts'))
  const counted = new Map<string, number>()
  const last = new Map<number, BlockEvent>()
  let [id, twice] = [0, 0]
  const blocks = db.prepare<[], { last_id: number; n: number; data: Buffer }>(
    'SELECT last_id, n, data FROM event_blocks ORDER BY last_id',
  )
  for (const { last_id, n, data } of blocks.iterate()) {
    let events: BlockEvent[]
    try {
      events = unpackBlock(data)
    } catch (error) {
      yield `events up to ${last_id} cannot be read: ${error instanceof Error ? error.message : String(error)}`
      return
    }
    if (events.length !== n) yield `events up to ${last_id}: ${events.length} of ${n} are there`
    for (const event of events) {
      const before = last.get(event.source)
      const follows =
        before === undefined || event.seq > before.seq || (event.seq === before.seq && event.ordinal > before.ordinal)
      if (event.id <= id || !follows) twice++
      id = event.id
      last.set(event.source, event)
      const minute = minuteNumber(event.kept)
      if (minute < from) continue
      const key = `${minute} ${event.scope} ${event.class} ${event.time === null ? 0 : 1}`
      counted.set(key, (counted.get(key) ?? 0) + 1)
    }
  }
  if (twice > 0) yield `${twice} events are stored twice or out of order`
  const rows = db.prepare<[number], { key: string; n: number }>(
    `SELECT start || ' ' || scope_id || ' ' || class_id || ' ' || timed AS key, n FROM counts JOIN classes c ON c.id = class_id
     WHERE tier = 0 AND start >= ? AND c.kind <> 'request'`,
  )
  let wrong = 0
  for (const { key, n } of rows.iterate(from)) {
    if (counted.get(key) !== n && wrong++ < 1)
      yield `counts and events do not agree: ${n} counted and ${counted.get(key) ?? 0} stored at (minute, place, class, timed) ${key}`
    counted.delete(key)
  }
  const [left] = counted.keys()
  if (left !== undefined && wrong === 0) yield `events without a count at (minute, place, class, timed) ${left}`
}

/** Sums of histograms, of all places and of longer times, against those of each place and minute. */
function* histogramsAgree(db: Db): Generator<string> {
  const horizon = horizonOf(db, 'counts')
  const sum = new HistogramSum()
  for (const tier of [0, 1, 2] as const) {
    const each = db.prepare<[number], { measure: number; start: number; data: Buffer }>(
      `SELECT measure, start, data FROM histograms WHERE tier = ${tier} AND start >= ? ORDER BY measure, start`,
    )
    const all = db
      .prepare(`SELECT data FROM histogram_sums WHERE tier = ${tier} AND measure = ? AND start = ?`)
      .pluck() as { get(measure: number, start: number): Buffer | undefined }
    const rows = each.all(horizon)
    for (const [i, { measure, start, data }] of rows.entries()) {
      sum.addBlob(data)
      const next = rows[i + 1]
      if (next?.measure === measure && next.start === start) continue
      const same = isStale(db, tier, start) || all.get(measure, start)?.equals(sum.blob()) === true
      sum.clear()
      if (same) continue
      yield `histograms do not agree: measure ${measure}, tier ${tier}, start ${start}`
      return
    }
    if (tier === 0) continue
    const finer = db.prepare<[number, number, number], Buffer>(
      `SELECT data FROM histogram_sums WHERE tier = ${tier - 1} AND measure = ? AND start >= ? AND start < ?`,
    )
    const steps = db.prepare<[number], { measure: number; start: number; data: Buffer }>(
      `SELECT measure, start, data FROM histogram_sums WHERE tier = ${tier} AND start >= ?`,
    )
    for (const { measure, start, data } of steps.all(horizon)) {
      if (isStale(db, tier, start)) continue
      for (const blob of finer.pluck().all(measure, start, start + LENGTH[tier]) as unknown as Buffer[])
        sum.addBlob(blob)
      const same = sum.blob().equals(data)
      sum.clear()
      if (same) continue
      yield `histograms do not add up: measure ${measure}, tier ${tier}, start ${start}`
      return
    }
  }
}

const isStale = (db: Db, tier: number, start: number): boolean =>
  tier > 0 && db.prepare('SELECT 1 FROM stale WHERE tier = ? AND start = ?').get(tier, start) !== undefined
