/** Version 6: what people decide about problems, their notes, and what became of each problem. */
export const BY_HAND = `
-- JSON of Hand: muted until when, or resolved by hand.
ALTER TABLE problems ADD COLUMN hand TEXT;

-- Steps of a problem's life (HistoryRow), written with the change itself, and notes.
CREATE TABLE problem_history (
  id INTEGER PRIMARY KEY AUTOINCREMENT, problem_id TEXT NOT NULL, at INTEGER NOT NULL, what TEXT NOT NULL, text TEXT
) STRICT;
CREATE INDEX problem_history_of ON problem_history(problem_id, what);
-- A problem that outlived the retention takes its history along, whoever deletes it.
CREATE TRIGGER problem_gone AFTER DELETE ON problems BEGIN
  DELETE FROM problem_history WHERE problem_id = OLD.id;
END;
`
