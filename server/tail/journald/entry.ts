/** The parts of a `journalctl -o json` line that a follower needs, found without parsing it: within a JSON string every
 *  quote is escaped, so `"NAME":` cannot be text of a message. */

export interface JournalEntry {
  cursor: string
  /** µs since 1970. */
  time: number
  /** Entries may come without text (counters, core dumps of which only the fields are of interest). */
  hasMessage: boolean
}

const CURSOR = /"__CURSOR" ?: ?"([^"\\]{1,500})"/
const TIME = /"__REALTIME_TIMESTAMP" ?: ?"(\d{1,17})"/
/** More than either of the two takes. */
const SPAN = 600

/** Null for a line that is no entry. */
export function readEntry(line: Buffer): JournalEntry | null {
  const cursor = CURSOR.exec(around(line, '"__CURSOR"'))?.[1]
  const time = TIME.exec(around(line, '"__REALTIME_TIMESTAMP"'))?.[1]
  if (cursor === undefined || time === undefined) return null
  return { cursor, time: Number(time), hasMessage: line.includes('"MESSAGE":') || line.includes('"MESSAGE" :') }
}

function around(line: Buffer, name: string): string {
  const at = line.indexOf(name)
  return at === -1 ? '' : line.toString('latin1', at, Math.min(line.length, at + SPAN))
}

/** Looks for the same in an entry that is too long to be kept: fields come in any order. */
export class EntryScan {
  private last = Buffer.alloc(0)
  private cursor: string | null = null
  private time: number | null = null

  push(bytes: Buffer): void {
    const window = Buffer.concat([this.last, bytes])
    this.cursor ??= CURSOR.exec(around(window, '"__CURSOR"'))?.[1] ?? null
    const time = TIME.exec(around(window, '"__REALTIME_TIMESTAMP"'))?.[1]
    if (time !== undefined) this.time ??= Number(time)
    this.last = Buffer.from(window.subarray(-SPAN))
  }

  /** The entry as journalctl would have shown it without --all: with null for a text that is too long. */
  entry(): { entry: JournalEntry; line: Buffer } | null {
    const { cursor, time } = this
    if (cursor === null || time === null) return null
    const shown = { __CURSOR: cursor, __REALTIME_TIMESTAMP: String(time), MESSAGE: null }
    return { entry: { cursor, time, hasMessage: true }, line: Buffer.from(JSON.stringify(shown)) }
  }
}

/** Whether two cursors are of one entry: `s=FILES;i=NUMBER;b=BOOT;m=MONOTONIC;t=TIME;x=HASH`. Files and number change
 *  when the journal moves from /run to /var, as early in every boot. */
export function sameEntry(a: string, b: string): boolean {
  return a === b || lasting(a) === lasting(b)
}

function lasting(cursor: string): string {
  const parts = cursor.split(';').filter((part) => /^[bmtx]=/.test(part))
  return parts.length === 4 ? parts.join(';') : cursor
}
