/** What is stored against what was written. */
import { openSqliteStore, type Store } from '../../server/store/contract.ts'
import { minuteOf, numbersIn, statusOf } from './numbered.ts'
import type { WrittenLog } from './written-log.ts'

export interface Difference {
  /** Lines that should be stored and are not; for counted ones, how many and where. */
  lost: string[]
  doubled: string[]
  /** Lines that no file holds any more and nobody had to have read: copytruncate threw them away. */
  thrownAway: number
  /** How many lines of each log were read as none, with the first of them: torn ones, or what explains a loss. */
  unread: { unparsed: number; sample: string | null }[]
}

export function compare(database: string, logs: readonly WrittenLog[]): Difference {
  const store = openSqliteStore(database)
  const { requests_per_minute, status, observations } = store.evidence(-Infinity, Infinity)
  const unread = store.inputs().map(({ unparsed, unparsed_samples: [first] }) => ({
    unparsed,
    sample: first === undefined ? null : `${first.reason}: ${first.text}`,
  }))
  const texts = storedTexts(store)
  store.close()
  const events = [...observations.values()].reduce((sum, { count }) => sum + count, 0)
  const difference: Difference = { lost: [], doubled: [], thrownAway: 0, unread }
  for (const log of logs) {
    const owed = [...log.owed]
    difference.thrownAway += log.written - owed.length
    if (log.kind === 'error') numbered(texts, owed, events, difference)
    else {
      counted('minute', requests_per_minute, owed, log, minuteOf, difference)
      counted('status', status, owed, log, statusOf, difference)
    }
  }
  return difference
}

/** Every event by its number; and the counts of the store are those of its events. */
function numbered(
  stored: readonly string[],
  owed: readonly number[],
  events: number,
  { lost, doubled }: Difference,
): void {
  const seen = new Set<number>()
  for (const n of stored.flatMap((text) => numbersIn('error', `${text}\n`))) {
    if (seen.has(n)) doubled.push(`event ${n}`)
    seen.add(n)
  }
  for (const n of owed) if (!seen.has(n)) lost.push(`event ${n}`)
  // A line that was torn by a truncation may be an event too, without its end.
  if (events !== stored.length) lost.push(`${stored.length} events, but ${events} counted`)
}

function storedTexts(store: Store): string[] {
  const texts: string[] = []
  for (let cursor: string | null = null; ;) {
    const page = store.events({ cursor, limit: 500 })
    for (const { text } of page.events) texts.push(text)
    cursor = page.next_cursor
    if (cursor === null) return texts
  }
}

/** Counted lines: at least those that are owed, at most those that were written. */
function counted(
  what: string,
  stored: Iterable<[number, number]>,
  owed: readonly number[],
  { written }: WrittenLog,
  keyOf: (n: number) => number,
  { lost, doubled }: Difference,
): void {
  const least = new Map<number, number>()
  for (const n of owed) least.set(keyOf(n), (least.get(keyOf(n)) ?? 0) + 1)
  const most = new Map<number, number>()
  for (let n = 1; n <= written; n++) most.set(keyOf(n), (most.get(keyOf(n)) ?? 0) + 1)
  const found = new Map(stored)
  for (const key of new Set([...most.keys(), ...found.keys()])) {
    const [has, low, high] = [found.get(key) ?? 0, least.get(key) ?? 0, most.get(key) ?? 0]
    if (has < low) lost.push(`${what} ${key}: ${has} of ${low}`)
    if (has > high) doubled.push(`${what} ${key}: ${has} of ${high}`)
  }
}
