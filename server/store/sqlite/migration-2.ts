/** Version 2: events in blocks, counts by minute, hour and day, session lengths and latencies as histograms.
 *  A million events take 50 to 70 MB; a row for each of them took several times that. */
import type { Lifetimes } from '../../diagnosis/contract.ts'
import { BLOCK_EVENTS, packBlock, type BlockEvent } from './block.ts'
import type { Db } from './driver.ts'
import { HistogramSum } from './histogram-blob.ts'

/** Number of a histogram in the tables: 0 are handshake latencies, the others session lengths by what they were read from.
 *  Part of the stored form: only ever add. */
export const MEASURES: readonly ['latency', ...Lifetimes['measured_by'][]] = [
  'latency',
  'upstream_response_time',
  'request_time',
  'upstream_response_time_unused',
  'request_time_unused',
]
/** Number of a tally in the tables. Part of the stored form: only ever add. */
export const TALLIES = ['status', 'requests', 'suspects_dropped', 'other_scope'] as const

const TABLES = `
ALTER TABLE sources ADD COLUMN committed_at INTEGER NOT NULL DEFAULT 0;

-- Events in the order of reading. last_id is the id of the last of the n events of a block; ids are never used twice.
-- first and last: what the oldest and the newest of them are as old as, epoch ms.
CREATE TABLE event_blocks (
  last_id INTEGER PRIMARY KEY AUTOINCREMENT, n INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
  data BLOB NOT NULL
) STRICT;
CREATE INDEX event_blocks_age ON event_blocks(first);

ALTER TABLE counts RENAME TO old_counts;
ALTER TABLE tallies RENAME TO old_tallies;

-- tier: 0 minutes, 1 hours, 2 days. start: minutes since 1970. first, last: ms after start.
CREATE TABLE counts (
  tier INTEGER NOT NULL, start INTEGER NOT NULL, scope_id INTEGER NOT NULL, class_id INTEGER NOT NULL,
  timed INTEGER NOT NULL, n INTEGER NOT NULL, first INTEGER, last INTEGER, assumed INTEGER NOT NULL,
  PRIMARY KEY (tier, start, scope_id, class_id, timed)
) STRICT, WITHOUT ROWID;
-- The same for all scopes together, without what has no time: charts of everything.
CREATE TABLE trend (
  tier INTEGER NOT NULL, start INTEGER NOT NULL, class_id INTEGER NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY (tier, start, class_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE tallies (
  tier INTEGER NOT NULL, what INTEGER NOT NULL, start INTEGER NOT NULL, key INTEGER NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY (tier, what, start, key)
) STRICT, WITHOUT ROWID;
-- Handshake latencies (measure 0) and session lengths; first and last: epoch ms of what was counted.
CREATE TABLE histograms (
  tier INTEGER NOT NULL, start INTEGER NOT NULL, scope_id INTEGER NOT NULL, measure INTEGER NOT NULL,
  first INTEGER, last INTEGER, data BLOB NOT NULL, PRIMARY KEY (tier, start, scope_id, measure)
) STRICT, WITHOUT ROWID;
CREATE TABLE histogram_sums (
  tier INTEGER NOT NULL, measure INTEGER NOT NULL, start INTEGER NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (tier, measure, start)
) STRICT, WITHOUT ROWID;
-- Hours and days that are to be summed up again.
CREATE TABLE stale (tier INTEGER NOT NULL, start INTEGER NOT NULL, PRIMARY KEY (tier, start)) STRICT, WITHOUT ROWID;
-- What is older than this was deleted, epoch ms: 'events', 'counts'.
CREATE TABLE horizons (what TEXT PRIMARY KEY, time INTEGER NOT NULL) STRICT, WITHOUT ROWID;

INSERT INTO counts SELECT 0, minute / 60000, scope_id, class_id, timed, n, first - minute, last - minute, assumed
  FROM old_counts;
INSERT INTO trend SELECT 0, minute / 60000, class_id, sum(n) FROM old_counts WHERE timed = 1 GROUP BY 2, 3;
INSERT INTO tallies SELECT 0, CASE what WHEN 'status' THEN 0 WHEN 'requests' THEN 1 ELSE 2 END, minute / 60000, key, n
  FROM old_tallies WHERE what IN ('status', 'requests', 'suspects_dropped');
INSERT INTO stale SELECT DISTINCT 1, (start - ((start % 60) + 60) % 60) FROM counts
  UNION SELECT DISTINCT 1, (start - ((start % 60) + 60) % 60) FROM tallies
  UNION SELECT DISTINCT 2, (start - ((start % 1440) + 1440) % 1440) FROM counts
  UNION SELECT DISTINCT 2, (start - ((start % 1440) + 1440) % 1440) FROM tallies;
`

/** Runs inside the transaction of its step. */
export function slimmer(db: Db): void {
  db.exec(TABLES)
  moveEvents(db)
  moveHistograms(db)
  db.exec('DROP TABLE events; DROP TABLE old_counts; DROP TABLE old_tallies; DROP TABLE lifetimes;')
}

function moveEvents(db: Db): void {
  const page = db.prepare<[number], BlockEvent>(
    `SELECT id, source_id AS source, seq, ordinal, time, kept_since AS kept, class_id AS class, scope_id AS scope,
       origin_id AS origin, line, client, text FROM events WHERE id > ? ORDER BY id LIMIT ${BLOCK_EVENTS}`,
  )
  const insert = db.prepare('INSERT INTO event_blocks (last_id, n, first, last, data) VALUES (?, ?, ?, ?, ?)')
  for (let events = page.all(0), after = 0; events.length > 0; events = page.all(after)) {
    const ages = events.map(({ kept }) => kept)
    after = (events.at(-1) as BlockEvent).id
    insert.run(after, events.length, Math.min(...ages), Math.max(...ages), packBlock(events, 6))
  }
  // Ids that were given and deleted are not given again.
  db.exec(`INSERT INTO event_blocks (last_id, n, first, last, data)
    SELECT seq, 0, 0, 0, x'' FROM sqlite_sequence WHERE name = 'events' AND seq NOT IN (SELECT last_id FROM event_blocks);
    DELETE FROM event_blocks WHERE n = 0;`)
}

/** Latencies were not kept by scope: they go to the scope of which nothing is known. */
function moveHistograms(db: Db): void {
  db.exec(`INSERT INTO scopes (key, server, path, upstream) SELECT '[null,null,null]', NULL, NULL, NULL
    WHERE EXISTS (SELECT 1 FROM old_tallies WHERE what = 'latency') ON CONFLICT DO NOTHING`)
  const nowhere = Number(db.prepare(`SELECT id FROM scopes WHERE key = '[null,null,null]'`).pluck().get() ?? 0)
  interface Row {
    minute: number
    scope: number
    measure: string
    bucket: number
    n: number
    first: number | null
    last: number | null
  }
  const rows = db.prepare<[number, number, number], Row>(
    `SELECT minute, scope_id AS scope, measured_by AS measure, bucket, n, first, last FROM lifetimes WHERE minute = ?
     UNION ALL SELECT minute, ? AS scope, 'latency', key, n, NULL, NULL FROM old_tallies WHERE minute = ? AND what = 'latency'
     ORDER BY scope, measure`,
  )
  const next = db
    .prepare<[number, number], number | null>(
      `SELECT min(minute) FROM (SELECT min(minute) AS minute FROM lifetimes WHERE minute > ?
       UNION ALL SELECT min(minute) FROM old_tallies WHERE minute > ? AND what = 'latency')`,
    )
    .pluck()
  const insert = db.prepare('INSERT INTO histograms VALUES (0, ?, ?, ?, ?, ?, ?)')
  const insertSum = db.prepare('INSERT INTO histogram_sums VALUES (0, ?, ?, ?)')
  const timeOf = (time: number): number | null => (Number.isFinite(time) ? time : null)
  const one = new HistogramSum()
  const all = MEASURES.map(() => new HistogramSum())
  for (let minute = next.get(-(2 ** 53), -(2 ** 53)); minute != null; minute = next.get(minute, minute)) {
    const start = Math.floor(minute / 60_000)
    const found = rows.all(minute, nowhere, minute)
    let [first, last] = [Infinity, -Infinity]
    for (const [i, row] of found.entries()) {
      const measure = measureNumber(row.measure)
      one.add(row.bucket, row.n)
      all[measure]?.add(row.bucket, row.n)
      first = Math.min(first, row.first ?? Infinity)
      last = Math.max(last, row.last ?? -Infinity)
      const after = found[i + 1]
      if (after?.scope === row.scope && after.measure === row.measure) continue
      insert.run(start, row.scope, measure, timeOf(first), timeOf(last), one.blob())
      one.clear()
      ;[first, last] = [Infinity, -Infinity]
    }
    for (const [measure, sum] of all.entries()) {
      if (sum.total > 0) insertSum.run(measure, start, sum.blob())
      sum.clear()
    }
  }
}

export function measureNumber(name: string): number {
  const number = MEASURES.findIndex((known) => known === name)
  if (number < 0) throw new Error(`unknown histogram ${name}`)
  return number
}
