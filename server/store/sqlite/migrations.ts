/** The database, step by step: `MIGRATIONS[n]` takes user_version n to n + 1. A released step is never edited. */
import { StoreError } from '../store-error.ts'
import type { Db } from './driver.ts'
import { slimmer } from './migration-2.ts'
import { DELIVERIES } from './migration-4.ts'
import { BY_HAND } from './migration-6.ts'

/** `PRAGMA application_id` of our files: "hfop". */
export const APPLICATION_ID = 0x68666f70

export const MIGRATIONS: readonly (string | ((db: Db) => void))[] = [
  `
-- One row per generation of a source; the newest commit of a path is where it is read on.
CREATE TABLE sources (
  id INTEGER PRIMARY KEY, generation TEXT NOT NULL UNIQUE, path TEXT NOT NULL, seq INTEGER NOT NULL,
  position TEXT NOT NULL, summary TEXT NOT NULL, committed INTEGER NOT NULL
) STRICT;

-- Dimensions: what repeats is an integer in the big tables. "key" is the JSON of the other columns, since UNIQUE takes
-- every NULL for another value. Rows that use them are no foreign keys: deleting an unused scope would search them all.
CREATE TABLE scopes (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, server TEXT, path TEXT, upstream TEXT) STRICT;
CREATE TABLE classes (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, sign TEXT NOT NULL, status INTEGER,
  asked TEXT, answered_by TEXT, echo INTEGER NOT NULL
) STRICT;
CREATE TABLE origins (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

-- kept_since: the event's time, or when it was read if it has none.
CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT, source_id INTEGER NOT NULL REFERENCES sources(id), seq INTEGER NOT NULL,
  ordinal INTEGER NOT NULL, time INTEGER, kept_since INTEGER NOT NULL, class_id INTEGER NOT NULL,
  scope_id INTEGER NOT NULL, origin_id INTEGER NOT NULL, line INTEGER, client TEXT, text TEXT NOT NULL, UNIQUE (source_id, seq, ordinal)
) STRICT;
CREATE INDEX events_age ON events(kept_since);

-- Slabs: evidence per minute. Untimed events are in the minute they were read in, with timed = 0.
CREATE TABLE counts (
  minute INTEGER NOT NULL, scope_id INTEGER NOT NULL, class_id INTEGER NOT NULL, timed INTEGER NOT NULL,
  n INTEGER NOT NULL, first INTEGER, last INTEGER, assumed INTEGER NOT NULL,
  PRIMARY KEY (minute, scope_id, class_id, timed)
) STRICT, WITHOUT ROWID;
CREATE TABLE lifetimes (
  minute INTEGER NOT NULL, scope_id INTEGER NOT NULL, measured_by TEXT NOT NULL, bucket INTEGER NOT NULL,
  n INTEGER NOT NULL, first INTEGER, last INTEGER,
  PRIMARY KEY (minute, scope_id, measured_by, bucket)
) STRICT, WITHOUT ROWID;
CREATE TABLE tallies (
  minute INTEGER NOT NULL, what TEXT NOT NULL, key INTEGER NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY (minute, what, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE spans (minute INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL) STRICT;
-- Error levels, variables and formats, with the time between which they were seen.
CREATE TABLE facts (
  what TEXT NOT NULL, value TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (what, value)
) STRICT, WITHOUT ROWID;

-- Proof, bounded per scope and class; not deleted with the events.
CREATE TABLE exemplars (
  id INTEGER PRIMARY KEY, scope_id INTEGER NOT NULL, class_id INTEGER NOT NULL, time INTEGER,
  origin_id INTEGER NOT NULL, line INTEGER, text TEXT NOT NULL
) STRICT;
CREATE INDEX exemplars_of ON exemplars(scope_id, class_id);
CREATE TABLE lifetime_exemplars (
  id INTEGER PRIMARY KEY, scope_id INTEGER NOT NULL, measured_by TEXT NOT NULL, bucket INTEGER NOT NULL, time INTEGER,
  origin_id INTEGER NOT NULL, line INTEGER, text TEXT NOT NULL,
  UNIQUE (scope_id, measured_by, bucket)
) STRICT;
CREATE TABLE clients (
  id INTEGER PRIMARY KEY, day INTEGER NOT NULL, scope_id INTEGER NOT NULL, class_id INTEGER NOT NULL,
  client TEXT NOT NULL, UNIQUE (scope_id, class_id, day, client)
) STRICT;
CREATE INDEX clients_age ON clients(day);

CREATE TABLE problems (
  id TEXT PRIMARY KEY, state TEXT NOT NULL, opened_at INTEGER NOT NULL, changed_at INTEGER NOT NULL,
  resolved_at INTEGER, last_live INTEGER, alerted INTEGER NOT NULL, finding TEXT NOT NULL
) STRICT;
CREATE TABLE outbox (
  id TEXT PRIMARY KEY, problem_id TEXT NOT NULL, channel TEXT NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL,
  created_at INTEGER NOT NULL, attempts INTEGER NOT NULL, delivered_at INTEGER, last_error TEXT
) STRICT;
CREATE INDEX outbox_waiting ON outbox(created_at) WHERE delivered_at IS NULL;
`,
  slimmer,
  // day: epoch ms; registers: a HyperLogLog of paths (distinct.ts).
  'CREATE TABLE other_paths (day INTEGER PRIMARY KEY, registers BLOB NOT NULL) STRICT',
  DELIVERIES,
  // Version 5 has the same tables. Whoever does not know blocks of runs (run-block.ts) would take them for damaged.
  '-- blocks of runs',
  BY_HAND,
]

/** Brings a database to the newest version, each step in a transaction of its own. */
export function migrate(db: Db, file: string): void {
  const { version } = refuseForeign(db, file)
  for (const [n, step] of MIGRATIONS.entries()) {
    if (n < version) continue
    db.transaction(() => {
      db.pragma(`application_id = ${APPLICATION_ID}`)
      if (typeof step === 'string') db.exec(step)
      else step(db)
      db.pragma(`user_version = ${n + 1}`)
    }).immediate()
  }
}

/** Throws StoreError for a database of another program or of a newer halfopen. */
export function refuseForeign(db: Db, file: string): { version: number } {
  const version = Number(db.pragma('user_version', { simple: true }))
  const id = Number(db.pragma('application_id', { simple: true }))
  const tables = Number(db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get())
  if (id !== APPLICATION_ID && (id !== 0 || version !== 0 || tables > 0)) {
    throw new StoreError('database-damaged', `${file} is a database of another program; name another file for halfopen`)
  }
  if (version > MIGRATIONS.length) {
    throw new StoreError(
      'database-newer',
      `${file} was made by a newer halfopen (version ${version}, this one knows ${MIGRATIONS.length}); upgrade halfopen, or name another file`,
    )
  }
  return { version }
}
