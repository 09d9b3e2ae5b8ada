/** Version 4: what became of each message (dead letters, replays), what receivers were told, and how sources usually write. */
export const DELIVERIES = `
-- JSON of Told: what the receivers were told of this problem, and why something is held back.
ALTER TABLE problems ADD COLUMN told TEXT;

-- Why it was sent, by which rule. dead_at: given up, last_error says why. replayed_at: sent again by hand.
ALTER TABLE outbox ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN rule TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN last_attempt_at INTEGER;
ALTER TABLE outbox ADD COLUMN dead_at INTEGER;
ALTER TABLE outbox ADD COLUMN replayed_at INTEGER;
UPDATE outbox SET dead_at = delivered_at, delivered_at = NULL
  WHERE delivered_at IS NOT NULL AND last_error LIKE 'given up:%';
DROP INDEX outbox_waiting;
CREATE INDEX outbox_waiting ON outbox(channel, created_at) WHERE delivered_at IS NULL AND dead_at IS NULL;
CREATE INDEX outbox_of ON outbox(channel, problem_id);

-- Receivers that said that their address is gone. address: hash of what it was, so that another address is tried.
CREATE TABLE gone_receivers (
  name TEXT PRIMARY KEY, address TEXT NOT NULL, since INTEGER NOT NULL, reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;
-- JSON of WatchedSource.
CREATE TABLE watched_sources (path TEXT PRIMARY KEY, watched TEXT NOT NULL) STRICT, WITHOUT ROWID;
`
