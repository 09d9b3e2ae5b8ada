/** The bounded list of newest events. */
import type { EventRow } from '../../server/http/wire.ts'

export const EVENT_LIMIT = 500

/** Newest first by id, each id once, never more than `limit`. A later reading of an id wins. */
export function mergeEvents(
  current: readonly EventRow[],
  incoming: readonly EventRow[],
  limit: number = EVENT_LIMIT,
): EventRow[] {
  const byId = new Map(current.map((event) => [event.id, event]))
  for (const event of incoming) byId.set(event.id, event)
  return [...byId.values()].sort((a, b) => b.id - a.id).slice(0, limit)
}

/** Rows that contain every word asked for, in any column a reader sees. */
export function filterEvents(events: readonly EventRow[], asked: string): EventRow[] {
  const words = asked.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return [...events]
  return events.filter((event) => {
    const { kind, sign, server, path, upstream, status, client, source, text } = event
    const row = [kind, sign, server, path, upstream, status, client, source, text].join(' ').toLowerCase()
    return words.every((word) => row.includes(word))
  })
}
