/** Public surface of tail/: sources of lines with a resumable position. */

/** A run of whole lines. `bytes` holds them with their line ends; it is only valid until the next read. */
export interface Chunk {
  bytes: Buffer
  /** Byte offset (decompressed) of `bytes[0]` within this generation. */
  offset: number
  /** Number of the first line in the chunk, from 1. */
  line: number
  generation: string
  /** True for bytes that existed when the source was first seen: history, which never alerts. */
  history: boolean
}

export interface SourceStatus {
  state: 'reading' | 'idle' | 'missing' | 'unreadable'
  lag_bytes: number
  hint: string | null
}

/** A file position that survives rename, truncation and restart. Serialised as JSON into SourcePosition.position. */
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
}

export interface Source {
  path: string
  /** Reads what is there and hands chunks to `onChunk`; resolves when caught up. A position only moves when onChunk returned. */
  poll(): Promise<void>
  status(): SourceStatus
  close(): Promise<void>
}

export interface FollowOptions {
  path: string
  /** From SourcePosition of the store; null at first sight. */
  resume: { generation: string; position: FilePosition } | null
  /** Called with whole lines, in order. Returns how many bytes were consumed as finished records (the rest is offered again with more). Throwing stops the source; nothing is lost. */
  onChunk(chunk: Chunk, position: FilePosition): number
  onStatus(status: SourceStatus): void
}

export { followFile } from './file.ts'
