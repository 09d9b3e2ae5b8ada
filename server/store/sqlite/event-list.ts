/** Stored events, newest read first. */
import type { EventPage, EventRow } from '../../http/wire.ts'
import type { Dimensions } from './dimensions.ts'
import type { Db, Statement } from './driver.ts'

const MAX_PAGE = 500

interface Row {
  id: number
  time: number | null
  class_id: number
  scope_id: number
  origin_id: number
  line: number | null
  client: string | null
  text: string
}

export class EventList {
  private readonly dimensions: Dimensions
  private readonly page: Statement<[number, number], Row>

  constructor(db: Db, dimensions: Dimensions) {
    this.dimensions = dimensions
    this.page = db.prepare(
      `SELECT id, time, class_id, scope_id, origin_id, line, client, text FROM events
       WHERE id < ? ORDER BY id DESC LIMIT ?`,
    )
  }

  /** In the order of reading: event ids are never reused, so a page does not move when new events arrive. A cursor that
   *  is none gives the first page. */
  read({ cursor, limit }: { cursor: string | null; limit: number }): EventPage {
    const before = cursor !== null && /^\d{1,15}$/.test(cursor) ? Number(cursor) : Number.MAX_SAFE_INTEGER
    const most = Math.min(MAX_PAGE, Math.max(1, Math.floor(limit)))
    const rows = this.page.all(before, most + 1)
    const events = rows.slice(0, most).map((row) => this.event(row))
    return { events, next_cursor: rows.length > most ? String(events.at(-1)?.id) : null }
  }

  private event(row: Row): EventRow {
    const { id, time, line, client, text } = row
    const { kind, sign, status } = this.dimensions.class(row.class_id)
    const { server, path, upstream } = this.dimensions.scope(row.scope_id)
    const iso = time === null ? null : new Date(time).toISOString()
    const source = this.dimensions.origin(row.origin_id)
    return { id, time: iso, kind, sign, server, path, upstream, status, client, source, line, text }
  }
}
