/** Events of lines that say again what others said, in columns: of a flood, an object for each would be most of the work. */
import type { Event } from './event.ts'

/** What such lines have in common. The same object stands for them in every run, for as long as it is of use. */
export interface Said {
  /** Without time, client and serial. */
  readonly event: Event
  /** The line without its secrets, as it is between stamp, serial and client, and behind these; a line without a serial
   *  has all that is before the client in the second part. Null: each line has a text of its own. */
  readonly text: readonly [string, string, string] | null
}

/** Events in the order of their lines, each the only one of its line. Valid until more is read. */
export interface EventRun {
  /** Rows in the columns; what is behind them is left over from others. */
  size: number
  /** What was read; places are counted from its beginning. */
  bytes: Uint8Array
  /** What is said in it, in the order of first sight, and by row which of it. */
  said: readonly Said[]
  which: Int32Array
  /** Where the line is, and its number from 1. */
  at: Int32Array
  length: Int32Array
  line: Float64Array
  /** Epoch ms, and how many minutes the clock of the stamp is ahead of UTC. */
  time: Float64Array
  wall: Int32Array
  /** The number behind `*`; -1: none. */
  serial: Float64Array
  /** The client's address in `bytes`; length 0: none. */
  client: Int32Array
  clientLength: Int32Array
  /** Texts of rows that have their own, without their secrets. */
  texts: ReadonlyMap<number, string>
}

/** `2026/11/21 06:13:51` of a clock that is so many minutes ahead of UTC. */
export function slashStamp(time: number, wall: number): string {
  const iso = new Date(time + wall * 60_000).toISOString()
  return `${iso.slice(0, 4)}/${iso.slice(5, 7)}/${iso.slice(8, 10)} ${iso.slice(11, 19)}`
}

/** The event of a row. */
export function eventAt(run: EventRun, row: number): Event {
  const { event } = run.said[run.which[row] as number] as Said
  const serial = run.serial[row] as number
  const connection = serial < 0 ? null : serial
  return { ...event, time: run.time[row] as number, client: clientAt(run, row), connection }
}

/** The client of a row, in memory of its own. */
export function clientAt({ bytes, client, clientLength }: EventRun, row: number): string | null {
  const length = clientLength[row] as number
  if (length === 0) return null
  const from = client[row] as number
  // ASCII, and short: a decoder takes longer to be asked.
  return String.fromCharCode(...bytes.subarray(from, from + length))
}

/** The line of a row without its secrets. */
export function textAt(run: EventRun, row: number): string {
  const { text } = run.said[run.which[row] as number] as Said
  if (text === null) return run.texts.get(row) ?? ''
  const [before, between, behind] = text
  const serial = run.serial[row] as number
  const stamp = slashStamp(run.time[row] as number, run.wall[row] as number)
  return `${stamp}${before}${serial < 0 ? '' : serial}${between}${clientAt(run, row) ?? ''}${behind}`
}
