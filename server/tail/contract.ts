/** Public surface of tail/: sources of lines with a resumable position. One kind of source = one file + one line of
 *  kinds.ts. */

/** A run of whole lines. `bytes` holds them with their line ends; it is only valid until the next read. At most 1 MiB.
 *  Two exceptions lack the line end, both with `final`: the first 1 MiB of a longer line (its rest is skipped, so the
 *  next chunk's `offset` leaves a gap), and what a rotated file ends with when its writer broke off. */
export interface Chunk {
  bytes: Buffer
  /** Place of `bytes[0]` within this generation, growing with every byte: in a file its byte offset (decompressed),
   *  elsewhere the bytes handed out before. */
  offset: number
  /** Number of the first line in the chunk, from 1. */
  line: number
  generation: string
  /** True for bytes that existed when the source was first seen: history, which never alerts. */
  history: boolean
  /** True: nothing more will come soon (1 s of quiet, the last history, a rotated file that is finished), so an unfinished
   *  record is not to be held back. */
  final?: boolean
  /** What is to be stored once `consumed` of `bytes`, up to a line end, are done with. */
  after(consumed: number): Place
}

/** Where a source is to go on. */
export interface Place {
  /** The `offset` of what comes next. */
  seq: number
  /** Plain JSON, of the source's own. */
  position: object
}

/** A place that was stored. */
export interface Resume extends Place {
  generation: string
}

export interface SourceStatus {
  state: 'reading' | 'idle' | 'missing' | 'unreadable'
  lag_bytes: number
  hint: string | null
}

/** A file position that survives rename, truncation and restart. */
export interface FilePosition {
  dev: number
  ino: number
  offset: number
  line: number
  /** sha256 of the first `head_bytes` (≤ 1024) bytes, to recognise the file again. */
  head_bytes: number
  head_sha256: string
  /** Offset up to which the bytes were there at first sight (history). */
  history_until: number
  /** Last change of the file, or of one read before it, ms of the file system's clock: files rotated later changed later. */
  mtime?: number
  /** Where the file is, when the log's path is a link to it. */
  at?: string
  /** `offset` lies inside a line longer than 1 MiB: what is left of that line is skipped. */
  in_line?: true
}

export interface Source {
  /** What it is called in reports: a file's path, `docker:NAME`, `syslog:udp://127.0.0.1:5514`. */
  path: string
  /** Reads what is there and hands chunks to `onChunk`; resolves when caught up or when it cannot go on (see status());
   *  never rejects. A position only moves when onChunk returned. */
  poll(): Promise<void>
  status(): SourceStatus
  close(): Promise<void>
}

/** What every kind of source is opened with. */
export interface SourceOptions {
  /** Where the store says it was left; null at first sight. */
  resume: Resume | null
  /** Epoch ms: at first sight, lines that are older are of no interest. A source need not go by it. */
  history_since?: number | null
  /** Called with whole lines, in order; `chunk.after(consumed)` is what to store. Returns how many bytes were consumed as
   *  finished records, up to a line end; the rest is offered again with more, or alone with `final`. Throwing makes the
   *  source `unreadable` with the message as hint; the same bytes are offered again after 250 ms, doubling to 30 s. */
  onChunk(chunk: Chunk): number
  onStatus(status: SourceStatus): void
}

export interface FollowOptions extends SourceOptions {
  path: string
}

export { followFile } from './file.ts'
export { kindOf, type SourceKind } from './kinds.ts'
export { NotNow } from './not-now.ts'
