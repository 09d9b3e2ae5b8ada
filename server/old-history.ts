/** Tells chunks of a first import that hold nothing new enough, from a few of their lines: reading every line of years of
 *  logs only to leave it out takes minutes for each gigabyte. */
import type { Parser } from '../parsers/parser.ts'
import { emptyEvidence } from './diagnosis/contract.ts'
import { RecordReader, type Shift } from './scan/contract.ts'
import type { Chunk } from './tail/contract.ts'

/** Looked at of each end of a chunk. Logs are in the order of time, but for what several processes write at once. */
const LOOK = 8192
const LINE_FEED = 10

export interface OldHistoryOptions {
  path: string
  parsers: readonly Parser[]
  shift: Shift
  /** Epoch ms. */
  since: number
}

export class OldHistory {
  private readonly since: number
  private readonly reader: RecordReader

  constructor({ path, parsers, shift, since }: OldHistoryOptions) {
    this.since = since
    this.reader = new RecordReader({ path, parsers, shift })
  }

  /** True when all lines at both ends that tell a time are older. Short chunks are rather read. */
  holds({ bytes, history }: Chunk): boolean {
    if (!history || bytes.length < 8 * LOOK) return false
    const head = bytes.subarray(0, bytes.lastIndexOf(LINE_FEED, LOOK) + 1)
    const tail = bytes.subarray(bytes.indexOf(LINE_FEED, bytes.length - LOOK) + 1)
    return this.isOld(head) && this.isOld(tail)
  }

  private isOld(lines: Buffer): boolean {
    const evidence = emptyEvidence()
    this.reader.read(lines, 1, evidence, null, true)
    return evidence.last !== null && evidence.last < this.since
  }
}
