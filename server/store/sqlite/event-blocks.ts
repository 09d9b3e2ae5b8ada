/** Stored events: appended in blocks, listed newest read first, merged and deleted later. */
import type { EventPage, EventRow } from '../../http/wire.ts'
import { BLOCK_EVENTS, BLOCK_TEXT, packBlock, runBlock, unpackBlock, type BlockEvent } from './block.ts'
import type { Dimensions } from './dimensions.ts'
import type { Db, Statement } from './driver.ts'
import { RunPacker, type StoredRun } from './run-block.ts'

const MAX_PAGE = 500
/** A block with fewer events is merged with its neighbours. */
const SMALL = BLOCK_EVENTS / 2
/** Blocks deleted in one step: 5000 events at most. */
const BLOCKS = 5
/** A block that is old in part is written anew without that part; not for every minute that passes. */
export const SLACK = 600_000

interface Block {
  last_id: number
  n: number
  first: number
  last: number
  data: Buffer
}
type Size = Pick<Block, 'last_id' | 'n'>

export class EventBlocks {
  private readonly dimensions: Dimensions
  private readonly insert: Statement<[number, number, number, number, Buffer]>
  private readonly newest: Statement<[], number>
  private readonly containing: Statement<[number], Block>
  private readonly below: Statement<[number], Block>
  private readonly sizes: Statement<[number], Size>
  private readonly between: Statement<[number, number], Block>
  private readonly remove: Statement<[number, number]>
  private readonly old: Statement<[number], Omit<Block, 'data'>>
  private readonly oldest: Statement<[], number | null>
  private readonly horizon: Statement<[number]>
  private readonly steps: {
    merge: { immediate(run: readonly Size[]): void }
    expire: { immediate(before: number): boolean }
  }
  private readonly packer = new RunPacker()
  /** Id of the newest event; null: ask the table. */
  private last: number | null = null
  /** Blocks up to this id are merged. */
  private merged = 0
  /** `last_id` of blocks that cannot be read. They stay as they are, for whoever can mend them, until they are too old. */
  readonly damaged = new Set<number>()

  constructor(db: Db, dimensions: Dimensions) {
    this.dimensions = dimensions
    this.insert = db.prepare('INSERT INTO event_blocks (last_id, n, first, last, data) VALUES (?, ?, ?, ?, ?)')
    this.newest = db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'event_blocks'").pluck() as Statement<
      [],
      number
    >
    this.containing = db.prepare('SELECT * FROM event_blocks WHERE last_id >= ? ORDER BY last_id LIMIT 1')
    this.below = db.prepare('SELECT * FROM event_blocks WHERE last_id < ? ORDER BY last_id DESC LIMIT 1')
    this.sizes = db.prepare(
      `SELECT last_id, n FROM event_blocks WHERE last_id > ? ORDER BY last_id LIMIT ${BLOCK_EVENTS}`,
    )
    this.between = db.prepare('SELECT * FROM event_blocks WHERE last_id >= ? AND last_id <= ? ORDER BY last_id')
    this.remove = db.prepare('DELETE FROM event_blocks WHERE last_id >= ? AND last_id <= ?')
    this.old = db.prepare(
      `SELECT last_id, n, first, last FROM event_blocks WHERE first < ? ORDER BY first LIMIT ${BLOCKS}`,
    )
    this.oldest = db.prepare('SELECT min(first) FROM event_blocks').pluck() as Statement<[], number | null>
    this.horizon = db.prepare(
      `INSERT INTO horizons (what, time) VALUES ('events', ?) ON CONFLICT DO UPDATE SET time = max(time, excluded.time)`,
    )
    this.steps = {
      merge: db.transaction((run: readonly Size[]) => this.mergeRun(run)),
      expire: db.transaction((before: number) => this.expireSome(before)),
    }
  }

  /** Ids of a transaction that was rolled back were not given. */
  reload(): void {
    this.last = null
  }

  /** Inside the transaction of the commit; the events in the order of reading. They get their ids. */
  append(events: readonly BlockEvent[], repeated: StoredRun | null): void {
    if (repeated !== null) return this.appendRun(events, repeated)
    let id = (this.last ??= this.newest.get() ?? 0)
    for (let from = 0, to = 0; from < events.length; from = to) {
      for (let text = 0; to < events.length && to - from < BLOCK_EVENTS && text < BLOCK_TEXT; to++) {
        const event = events[to] as BlockEvent
        event.id = ++id
        text += event.text.length
      }
      this.write(id, events.slice(from, to), 3)
    }
    this.last = id
  }

  private appendRun(events: readonly BlockEvent[], repeated: StoredRun): void {
    const { run, offset } = repeated
    let id = (this.last ??= this.newest.get() ?? 0)
    for (let [own, row] = [0, 0]; own < events.length || row < run.size;) {
      const entries: (BlockEvent | number)[] = []
      const before = id
      let [first, last] = [Infinity, -Infinity]
      for (let text = 0; entries.length < BLOCK_EVENTS && text < BLOCK_TEXT;) {
        const event = events[own]
        const at = row < run.size ? offset + (run.at[row] as number) : Infinity
        const isOwn = event !== undefined && event.seq < at
        if (!isOwn && at === Infinity) break
        const kept = isOwn ? event.kept : (run.time[row] as number)
        id++
        if (isOwn) {
          event.id = id
          text += event.text.length
          entries.push(event)
          own++
        } else {
          text += run.length[row] as number
          entries.push(row)
          row++
        }
        if (kept < first) first = kept
        if (kept > last) last = kept
      }
      const packed = this.packer.pack(entries, repeated, before + 1)
      this.insert.run(id, entries.length, first, last, runBlock(packed, entries.length))
    }
    this.last = id
  }

  /** In the order of reading: event ids are never reused, so a page does not move when new events arrive. A cursor that
   *  is none gives the first page. */
  list({ cursor, limit }: { cursor: string | null; limit: number }): EventPage {
    const given = cursor !== null && /^\d{1,15}$/.test(cursor) ? Number(cursor) : null
    const most = Math.min(MAX_PAGE, Math.max(1, Math.floor(limit)))
    const events: EventRow[] = []
    let block = given === null ? undefined : this.containing.get(given)
    block ??= this.below.get(given ?? Number.MAX_SAFE_INTEGER)
    for (; block !== undefined; block = this.below.get(block.last_id)) {
      for (const event of (this.read(block) ?? []).toReversed()) {
        if (given !== null && event.id >= given) continue
        if (events.length === most) return { events, next_cursor: String(events.at(-1)?.id) }
        events.push(this.row(event))
      }
    }
    return { events, next_cursor: null }
  }

  /** Merges a run of small blocks into one, in a few ms. True when there may be more to do. */
  merge(): boolean {
    const blocks = this.sizes.all(this.merged)
    const at = blocks.findIndex(({ n }) => n < SMALL)
    if (at !== 0) this.merged = blocks.at(at < 0 ? at : at - 1)?.last_id ?? this.merged
    if (at < 0) return blocks.length === BLOCK_EVENTS
    let end = at
    let events = 0
    for (; end < blocks.length; end++) {
      const { n } = blocks[end] as Size
      if (n >= SMALL || events + n > BLOCK_EVENTS) break
      events += n
    }
    // The newest ones wait for more.
    if (end === blocks.length && events < SMALL && blocks.length < BLOCK_EVENTS) return false
    const run = blocks.slice(at, end)
    if (run.length > 1) this.steps.merge.immediate(run)
    this.merged = run.at(-1)?.last_id ?? this.merged
    return true
  }

  /** Deletes what is older (epoch ms), at most five blocks of it. True when there may be more. */
  expire(before: number): boolean {
    return this.old.get(before - SLACK) !== undefined && this.steps.expire.immediate(before)
  }

  /** Epoch ms of the oldest event; null when there is none. */
  oldestTime(): number | null {
    return this.oldest.get() ?? null
  }

  private write(lastId: number, events: readonly BlockEvent[], level: 3 | 6): void {
    let [first, last] = [Infinity, -Infinity]
    for (const { kept } of events) {
      if (kept < first) first = kept
      if (kept > last) last = kept
    }
    this.insert.run(lastId, events.length, first, last, packBlock(events, level))
  }

  private mergeRun(run: readonly Size[]): void {
    const [from, to] = [run[0]?.last_id ?? 0, run.at(-1)?.last_id ?? 0]
    const blocks = this.between.all(from, to).map((block) => this.read(block))
    if (blocks.includes(null)) return
    this.remove.run(from, to)
    this.write(
      to,
      blocks.flatMap((events) => events ?? []),
      6,
    )
  }

  private expireSome(before: number): boolean {
    const blocks = this.old.all(before - SLACK)
    this.horizon.run(before)
    let done = 0
    for (const { last_id, last } of blocks) {
      if (last < before) {
        this.remove.run(last_id, last_id)
        done++
        continue
      }
      const [block] = this.between.all(last_id, last_id)
      const events = block === undefined ? null : this.read(block)
      if (events === null) continue
      const kept = events.filter((event) => event.kept >= before)
      this.remove.run(last_id, last_id)
      this.write(last_id, kept, 6)
      done++
    }
    return done === BLOCKS
  }

  /** Null, and noted, when it is damaged: one bad page must not keep the server from everything else. */
  private read({ last_id, data }: Block): BlockEvent[] | null {
    try {
      return unpackBlock(data)
    } catch {
      this.damaged.add(last_id)
      return null
    }
  }

  private row(event: BlockEvent): EventRow {
    const { id, time, line, client, text } = event
    const { kind, sign, status } = this.dimensions.class(event.class)
    const { server, path, upstream } = this.dimensions.scope(event.scope)
    const iso = time === null ? null : new Date(time).toISOString()
    const source = this.dimensions.origin(event.origin)
    return { id, time: iso, kind, sign, server, path, upstream, status, client, source, line, text }
  }
}
