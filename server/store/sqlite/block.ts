/** Events as they are kept: some hundred of them in one blob, column by column, packed. A row for each with its two indexes
 *  takes some 80 bytes and its text, most of which repeats; in a block an event takes 25 to 55 in all. Pure. */
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib'
import { Packer, Unpacker } from './packing.ts'
import { unpackRun } from './run-block.ts'

/** Most events of one block: reading a page unpacks two of them, about 3 ms. */
export const BLOCK_EVENTS = 1000
/** Characters of text after which a block is full. */
export const BLOCK_TEXT = 400_000
/** A few events are not worth 30 µs of packing; merging packs them. */
const PACK_FROM = 1024

export interface BlockEvent {
  /** Ascending within a block, mostly without gaps; never used twice. */
  id: number
  source: number
  seq: number
  ordinal: number
  /** Epoch ms; null when the line has none. */
  time: number | null
  /** What it is as old as, epoch ms: its time, or when it was read. */
  kept: number
  class: number
  scope: number
  origin: number
  line: number | null
  client: string | null
  text: string
}

const PLAIN = 0
const DEFLATED = 1
/** Those of run-block.ts. */
const RUN = 2
const DEFLATED_RUN = 3
const CHECKSUM = 4
/** Bytes of an event of a run from which texts of its own are most of it. */
const LONG = 64

/** @param level of zlib: 3 while lines are read, 6 when blocks are merged (a fifth less, twice the time) */
export function packBlock(events: readonly BlockEvent[], level: 3 | 6): Buffer {
  const columns = new Packer(events.length * 350)
  const texts = new Packer(events.length * 300)
  columns.number(events.length)
  packDelta(columns, events, ({ id }) => id)
  pack(columns, events, ({ source }) => source)
  packDelta(columns, events, ({ seq }) => seq)
  pack(columns, events, ({ ordinal }) => ordinal)
  packDelta(columns, events, ({ kept }) => kept)
  // 0: its own time is how old it is; 1: it has none.
  pack(columns, events, ({ time }) => (time === null ? 1 : 0))
  pack(columns, events, (event) => event.class)
  pack(columns, events, ({ scope }) => scope)
  pack(columns, events, ({ origin }) => origin)
  pack(columns, events, ({ line }) => (line === null ? 0 : 1))
  packDelta(columns, events, ({ line }) => line ?? 0)
  const clients = new Map<string, number>()
  for (const { client } of events) if (client !== null && !clients.has(client)) clients.set(client, clients.size + 1)
  columns.number(clients.size)
  for (const client of clients.keys()) columns.number(texts.text(client))
  pack(columns, events, ({ client }) => (client === null ? 0 : (clients.get(client) as number)))
  for (const { text } of events) columns.number(texts.text(text))
  columns.append(texts)
  const plain = columns.packed()
  const packed = plain.length < PACK_FROM ? plain : deflateRawSync(plain, { level })
  return Buffer.concat([Buffer.of(packed === plain ? PLAIN : DEFLATED), packed])
}

/** The block of what RunPacker packed. With a checksum: without deflating, damage would show as other events. */
export function runBlock(packed: Buffer, events: number): Buffer {
  const long = packed.length > Math.max(PACK_FROM, events * LONG)
  const head = Buffer.alloc(1 + CHECKSUM)
  head[0] = long ? DEFLATED_RUN : RUN
  head.writeUInt32LE(crc32(packed), 1)
  return Buffer.concat([head, long ? deflateRawSync(packed, { level: 3 }) : packed])
}

function runOf(blob: Uint8Array): Uint8Array {
  const rest = blob.subarray(1 + CHECKSUM)
  const packed = blob[0] === RUN ? rest : inflateRawSync(rest)
  if (new DataView(blob.buffer, blob.byteOffset).getUint32(1, true) !== crc32(packed))
    throw new RangeError('block is damaged')
  return packed
}

/** Throws when the blob is none of packBlock's or runBlock's. */
export function unpackBlock(blob: Uint8Array): BlockEvent[] {
  const rest = blob.subarray(1)
  if (blob[0] === RUN || blob[0] === DEFLATED_RUN) return unpackRun(runOf(blob), 2 * BLOCK_EVENTS)
  if (blob[0] !== PLAIN && blob[0] !== DEFLATED) throw new RangeError('block of an unknown form')
  const from = new Unpacker(blob[0] === PLAIN ? rest : inflateRawSync(rest))
  const n = from.number()
  if (n > 2 * BLOCK_EVENTS) throw new RangeError('block of too many events')
  const id = unpackDelta(from, n)
  const source = unpack(from, n)
  const seq = unpackDelta(from, n)
  const ordinal = unpack(from, n)
  const kept = unpackDelta(from, n)
  const timeless = unpack(from, n)
  const classes = unpack(from, n)
  const scope = unpack(from, n)
  const origin = unpack(from, n)
  const hasLine = unpack(from, n)
  const line = unpackDelta(from, n)
  const lengths = unpack(from, from.number())
  const client = unpack(from, n)
  const textLengths = unpack(from, n)
  const clients = lengths.map((length) => from.text(length))
  return textLengths.map((length, i) => ({
    id: id[i] as number,
    source: source[i] as number,
    seq: seq[i] as number,
    ordinal: ordinal[i] as number,
    time: timeless[i] === 1 ? null : (kept[i] as number),
    kept: kept[i] as number,
    class: classes[i] as number,
    scope: scope[i] as number,
    origin: origin[i] as number,
    line: hasLine[i] === 0 ? null : (line[i] as number),
    client: client[i] === 0 ? null : (clients[(client[i] as number) - 1] ?? null),
    text: from.text(length),
  }))
}

type Column = (event: BlockEvent) => number

function pack(into: Packer, events: readonly BlockEvent[], column: Column): void {
  for (const event of events) into.number(column(event))
}

/** Lines follow one another: the difference to the one before is short. */
function packDelta(into: Packer, events: readonly BlockEvent[], column: Column): void {
  let before = 0
  for (const event of events) {
    const value = column(event)
    into.signed(value - before)
    before = value
  }
}

function unpack(from: Unpacker, n: number): number[] {
  const column: number[] = []
  for (let i = 0; i < n; i++) column.push(from.number())
  return column
}

function unpackDelta(from: Unpacker, n: number): number[] {
  const column: number[] = []
  for (let i = 0, value = 0; i < n; i++) column.push((value += from.signed()))
  return column
}
