/** A database as version 1 wrote it: a row for each event, counts by minute alone. */
import { closeSync, openSync } from 'node:fs'
import { openDriver } from '../../server/store/sqlite/driver.ts'
import { APPLICATION_ID, MIGRATIONS } from '../../server/store/sqlite/migrations.ts'
import { summaryOf, T0 } from './material.ts'

/** Of three events one has no time; two are a second apart each; every tenth is a session of n/10 seconds that was opened
 *  after 10 ms. */
export function makeVersion1(file: string, events: number): void {
  closeSync(openSync(file, 'wx', 0o600))
  const db = openDriver(file)
  db.pragma('journal_mode = WAL')
  db.transaction(() => {
    db.pragma(`application_id = ${APPLICATION_ID}`)
    db.exec(MIGRATIONS[0] as string)
    db.pragma('user_version = 1')
    db.exec(`INSERT INTO scopes VALUES (1, '["a.example","/ws","10.0.0.1:80"]', 'a.example', '/ws', '10.0.0.1:80');
      INSERT INTO classes VALUES (1, '["handshake_failed","refused",400,"yes","backend",0]', 'handshake_failed', 'refused', 400, 'yes', 'backend', 0);
      INSERT INTO classes VALUES (2, '["session_closed","session",null,null,null,0]', 'session_closed', 'session', NULL, NULL, NULL, 0);
      INSERT INTO origins VALUES (1, 'error.log');
      INSERT INTO facts VALUES ('level', 'info', ${T0}, ${T0});
      INSERT INTO problems VALUES ('p', 'resolved', ${T0}, ${T0}, ${T0}, NULL, 0, '{"id":"p"}')`)
    db.prepare('INSERT INTO sources VALUES (1, ?, ?, ?, ?, ?, 1)').run(
      'g1',
      '/var/log/nginx/error.log',
      events,
      `{"offset":${events}}`,
      JSON.stringify(summaryOf('/var/log/nginx/error.log')),
    )
    const event = db.prepare('INSERT INTO events VALUES (?, 1, ?, 0, ?, ?, ?, 1, 1, ?, ?, ?)')
    const count = db.prepare(
      `INSERT INTO counts VALUES (?, 1, ?, ?, 1, ?, ?, 0) ON CONFLICT DO UPDATE SET n = n + 1,
       first = min(first, excluded.first), last = max(last, excluded.last)`,
    )
    const length = db.prepare(
      "INSERT INTO lifetimes VALUES (?, 1, 'request_time', ?, 1, ?, ?) ON CONFLICT DO UPDATE SET n = n + 1, last = excluded.last",
    )
    const tally = db.prepare('INSERT INTO tallies VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET n = n + 1')
    for (let n = 0; n < events; n++) {
      const time = n % 3 === 2 ? null : T0 + n * 1000
      const kept = time ?? T0
      const minute = kept - (kept % 60_000)
      const isSession = n % 10 === 0
      event.run(n + 1, n, time, kept, isSession ? 2 : 1, n, `192.0.2.${n % 250}`, `line ${n}`)
      count.run(minute, isSession ? 2 : 1, time === null ? 0 : 1, time, time)
      tally.run(minute, 'requests', 0)
      tally.run(minute, 'status', 101)
      if (!isSession) continue
      length.run(minute, Math.floor(n % 6000), time, time)
      tally.run(minute, 'latency', 59)
    }
    // The newest three were deleted: their ids are not given again.
    db.prepare('DELETE FROM events WHERE id > ?').run(events)
  })()
  db.close()
}
