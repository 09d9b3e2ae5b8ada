/** Blocks of events of which most say again what others said: what is said is in the block once, cut into pieces that
 *  several of them share, and an event is its place in the log, its time, serial and client, some 20 bytes. That is so
 *  little that deflating it, the dearest part of other blocks, is not worth its time. Pure.
 *
 *  A block: events, id of the first, source, stretch of numbers for the pieces (lengths), for what is said, for the events, and
 *  the text of the pieces. */
import { slashStamp, type EventRun, type Said } from '../../../parsers/event-run.ts'
import type { BlockEvent } from './block.ts'
import { Packer, Unpacker } from './packing.ts'

/** What is said, with the numbers that the database has for it. */
export interface StoredSaid {
  said: Said
  class: number
  scope: number
  origin: number
}

/** A run as it is to be stored. */
export interface StoredRun {
  run: EventRun
  offset: number
  source: number
  /** By the index of what is said. */
  said: readonly StoredSaid[]
}

/** An event of the batch: a row of its run, or one of its own. */
export type Entry = number | BlockEvent

// What an entry of the table is.
const OWN = 0
const SAID = 1

/** Packs one block after another. */
export class RunPacker {
  private readonly head = new Packer(64)
  private readonly lengths = new Packer(1024)
  private readonly table = new Packer(4096)
  private readonly events = new Packer(32_768)
  private readonly texts = new Packer(16_384)
  private pieces = 0
  private entries = 0
  /** By the index of what is said, and by the number of a piece: its number in the block, from `block` on. */
  private saidIn = new Numbers()
  private pieceIn = new Numbers()

  /** @param entries in the order of their ids, of which `firstId` is the first; own events have theirs */
  pack(entries: readonly Entry[], stored: StoredRun, firstId: number): Buffer {
    this.clear()
    const { run, offset, said } = stored
    const { events } = this
    let [seq, time, line, serial, wall] = [0, 0, 0, 0, 0]
    for (const entry of entries) {
      if (typeof entry === 'object') {
        events.number(this.own(entry, entry.ordinal))
        events.signed(entry.seq - seq)
        events.signed(entry.kept - time)
        seq = entry.seq
        time = entry.kept
        if (entry.line !== null) line = this.line(entry.line, line)
        continue
      }
      const row = entry
      const what = said[run.which[row] as number] as StoredSaid
      const at = offset + (run.at[row] as number)
      const then = run.time[row] as number
      const isOwn = what.said.text === null
      events.number(isOwn ? this.ownRow(what, run, row) : this.saidAs(what, run.which[row] as number))
      events.signed(at - seq)
      events.signed(then - time)
      seq = at
      time = then
      line = this.line(run.line[row] as number, line)
      if (isOwn) continue
      const number = run.serial[row] as number
      events.signed(number - serial)
      serial = number
      const ahead = run.wall[row] as number
      events.signed(ahead - wall)
      wall = ahead
      const length = run.clientLength[row] as number
      events.number(length)
      events.bytes(run.bytes, run.client[row] as number, length)
    }
    return this.finish(entries.length, firstId, stored.source)
  }

  private line(line: number, before: number): number {
    this.events.signed(line - before - 1)
    return line
  }

  private clear(): void {
    if (shared.texts.length > MAX_PIECES) shared = new SharedPieces()
    for (const part of [this.head, this.lengths, this.table, this.events, this.texts]) part.clear()
    this.pieces = 0
    this.entries = 0
    this.saidIn.clear()
    this.pieceIn.clear()
  }

  private finish(n: number, firstId: number, source: number): Buffer {
    const { head, lengths, table, events, texts } = this
    head.number(n)
    head.number(firstId)
    head.number(source)
    head.number(this.pieces)
    head.number(this.entries)
    return Buffer.concat([head, lengths, table, events, texts].map((part) => part.packed()))
  }

  private saidAs(what: StoredSaid, index: number): number {
    const known = this.saidIn.get(index)
    if (known >= 0) return known
    const { table } = this
    table.number(SAID)
    this.place(what.class, what.scope, what.origin)
    for (const part of piecesOf(what.said)) {
      table.number(part.length)
      for (const piece of part) table.number(this.shared(piece))
    }
    this.saidIn.set(index, this.entries)
    return this.entries++
  }

  private shared(piece: number): number {
    const known = this.pieceIn.get(piece)
    if (known >= 0) return known
    this.pieceIn.set(piece, this.pieces)
    return this.piece(shared.texts[piece] as string)
  }

  private ownRow({ class: kind, scope, origin }: StoredSaid, run: EventRun, row: number): number {
    const from = run.client[row] as number
    const client = Buffer.from(run.bytes.buffer, run.bytes.byteOffset + from, run.clientLength[row])
    const text = run.texts.get(row) ?? ''
    const own = { class: kind, scope, origin, client: client.length === 0 ? null : client.toString('latin1') }
    return this.own({ ...own, text, time: 0, line: 1 }, 0)
  }

  private own(
    event: Pick<BlockEvent, 'class' | 'scope' | 'origin' | 'client' | 'text' | 'time' | 'line'>,
    ordinal: number,
  ): number {
    const { table } = this
    table.number(OWN)
    this.place(event.class, event.scope, event.origin)
    table.number(ordinal)
    table.number((event.time === null ? 1 : 0) + (event.line === null ? 2 : 0) + (event.client === null ? 4 : 0))
    if (event.client !== null) table.number(this.piece(event.client))
    table.number(this.piece(event.text))
    return this.entries++
  }

  private place(kind: number, scope: number, origin: number): void {
    this.table.number(kind)
    this.table.number(scope)
    this.table.number(origin)
  }

  private piece(text: string): number {
    this.lengths.number(this.texts.text(text))
    return this.pieces++
  }
}

/** Small numbers by small numbers, for a moment: nothing is cleared that was not set. */
class Numbers {
  private numbers = new Int32Array(256)
  private of = new Int32Array(256)
  private moment = 1

  /** -1: none. */
  get(key: number): number {
    return key < this.of.length && this.of[key] === this.moment ? (this.numbers[key] as number) : -1
  }

  set(key: number, number: number): void {
    if (key >= this.of.length) {
      const [numbers, of] = [new Int32Array(key * 2), new Int32Array(key * 2)]
      numbers.set(this.numbers)
      of.set(this.of)
      Object.assign(this, { numbers, of })
    }
    this.numbers[key] = number
    this.of[key] = this.moment
  }

  clear(): void {
    this.moment++
  }
}

/** Before a field of the context: what stands in them is said in many combinations. */
const BOUNDARY = /(?=, (?:client|server|request|subrequest|upstream|host|referrer): )/

/** Numbers of the pieces that were seen, and of the texts that are made of them. */
class SharedPieces {
  readonly texts: string[] = []
  readonly of = new WeakMap<Said, readonly (readonly number[])[]>()
  private readonly numbers = new Map<string, number>()

  numberOf(text: string): number {
    let number = this.numbers.get(text)
    if (number === undefined) this.numbers.set(text, (number = this.texts.push(text) - 1))
    return number
  }
}

/** From so many on they are numbered anew: those that are of use come again. */
const MAX_PIECES = 20_000
let shared = new SharedPieces()

/** Before the serial, between, and behind the client. */
function piecesOf(said: Said): readonly (readonly number[])[] {
  const known = shared.of.get(said)
  if (known !== undefined) return known
  const pieces = (said.text ?? []).map((text) => text.split(BOUNDARY).map((piece) => shared.numberOf(piece)))
  shared.of.set(said, pieces)
  return pieces
}

interface Table {
  class: number
  scope: number
  origin: number
  ordinal: number
  hasTime: boolean
  hasLine: boolean
  client: string | null
  /** Whole, or before, between and behind what is left out. */
  text: string | [string, string, string]
}

/** @param bytes what RunPacker made. Throws RangeError when they are none of it. @param most events */
export function unpackRun(bytes: Uint8Array, most: number): BlockEvent[] {
  const from = new Unpacker(bytes)
  const [n, firstId, source] = [from.number(), from.number(), from.number()]
  const [pieces, entries] = [from.number(), from.number()]
  if (n > most || entries > n || pieces > bytes.length) throw new RangeError('block of too many events')
  const lengths = Array.from({ length: pieces }, () => from.number())
  // The pieces stand at the end.
  let at = bytes.length - lengths.reduce((sum, length) => sum + length, 0)
  const texts = lengths.map((length) => {
    const text = textAt(bytes, at, length)
    at += length
    return text
  })
  const table = Array.from({ length: entries }, () => readTable(from, texts))
  const events: BlockEvent[] = []
  let [seq, kept, line, serial, wall] = [0, 0, 0, 0, 0]
  for (let i = 0; i < n; i++) {
    const entry = table[from.number()]
    if (entry === undefined) throw new RangeError('block with an unknown entry')
    seq += from.signed()
    kept += from.signed()
    if (entry.hasLine) line += from.signed() + 1
    let { client, text } = entry
    if (typeof text === 'object') {
      serial += from.signed()
      wall += from.signed()
      const address = from.text(from.number())
      client = address === '' ? null : address
      const [before, between, behind] = text
      text = `${slashStamp(kept, wall)}${before}${serial < 0 ? '' : serial}${between}${address}${behind}`
    }
    events.push({
      id: firstId + i,
      source,
      seq,
      ordinal: entry.ordinal,
      time: entry.hasTime ? kept : null,
      kept,
      class: entry.class,
      scope: entry.scope,
      origin: entry.origin,
      line: entry.hasLine ? line : null,
      client,
      text,
    })
  }
  return events
}

function readTable(from: Unpacker, texts: readonly string[]): Table {
  const kind = from.number()
  const piece = (): string => {
    const text = texts[from.number()]
    if (text === undefined) throw new RangeError('block with an unknown piece')
    return text
  }
  const place = { class: from.number(), scope: from.number(), origin: from.number() }
  if (kind === OWN) {
    const ordinal = from.number()
    const flags = from.number()
    const client = (flags & 4) === 0 ? piece() : null
    const what = { hasTime: (flags & 1) === 0, hasLine: (flags & 2) === 0 }
    return { ...place, ordinal, ...what, client, text: piece() }
  }
  if (kind !== SAID) throw new RangeError('block with an entry of an unknown kind')
  const part = (): string => {
    let text = ''
    for (let left = from.number(); left > 0; left--) text += piece()
    return text
  }
  return { ...place, ordinal: 0, hasTime: true, hasLine: true, client: null, text: [part(), part(), part()] }
}

function textAt(bytes: Uint8Array, at: number, length: number): string {
  if (at < 0) throw new RangeError('packed text is cut off')
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString('utf8')
}
