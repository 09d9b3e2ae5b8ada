/** The bounded list of newest events. */
import type { EventRow } from '../../server/http/wire.ts'

export const EVENT_LIMIT = 10_000

/** Newest first by id, each id once, never more than `limit`. A later reading of an id wins. */
export function mergeEvents(
  current: readonly EventRow[],
  incoming: readonly EventRow[],
  limit: number = EVENT_LIMIT,
): EventRow[] {
  const newest = current[0]?.id ?? -Infinity
  // What is read live is newer than everything here: sorting 10,000 rows four times a second would be felt.
  if (incoming.length < 1000 && incoming.every(({ id }, i) => id > newest && id > (incoming[i - 1]?.id ?? -Infinity)))
    return [...incoming.toReversed(), ...current].slice(0, limit)
  const byId = new Map(current.map((event) => [event.id, event]))
  for (const event of incoming) byId.set(event.id, event)
  return [...byId.values()].sort((a, b) => b.id - a.id).slice(0, limit)
}

/** A row in one text, made once: the list is filtered anew with every line that arrives. */
const texts = new WeakMap<EventRow, string>()
function textOf(event: EventRow): string {
  const known = texts.get(event)
  if (known !== undefined) return known
  const { kind, sign, server, path, upstream, status, client, source, text } = event
  const row = [kind, sign, server, path, upstream, status, client, source, text].join(' ').toLowerCase()
  texts.set(event, row)
  return row
}

/** Rows that contain every word asked for, in any column a reader sees. */
export function filterEvents(events: readonly EventRow[], asked: string): EventRow[] {
  const words = asked.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return [...events]
  return events.filter((event) => {
    const row = textOf(event)
    return words.every((word) => row.includes(word))
  })
}

/** Which rows of a list are drawn: those in view and a few around them. */
export interface Slice {
  first: number
  /** Not drawn any more. */
  end: number
}

const AROUND = 8

/** @param top pixels of the list above the view */
export function sliceOf(total: number, rowHeight: number, top: number, viewHeight: number): Slice {
  const first = Math.max(0, Math.min(total, Math.floor(top / rowHeight)) - AROUND)
  const end = Math.min(total, Math.ceil((top + viewHeight) / rowHeight) + AROUND)
  return { first: Math.min(first, end), end }
}
