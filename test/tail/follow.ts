/** A follower on real files, with the test's own clock and wake-ups: nothing happens but in poll(). */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Chunk, FilePosition, Resume, SourceStatus } from '../../server/tail/contract.ts'
import { followFile } from '../../server/tail/file.ts'

/** Longer than a rotated file must be quiet. */
export const LINGERED = 6000

export type Given = Omit<Chunk, 'bytes' | 'after'> & { text: string; size: number }
export type FileResume = Resume & { position: FilePosition }

export interface Options {
  resume?: FileResume | null
  /** How many bytes onChunk takes; default all. */
  take?: (chunk: Chunk) => number
}

export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'halfopen-tail-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

export function follow(path: string, { resume = null, take = ({ bytes }) => bytes.length }: Options = {}) {
  const chunks: Given[] = []
  const taken: string[] = []
  const states: SourceStatus[] = []
  let saved = resume
  let skew = 0
  const source = followFile(
    {
      path,
      resume,
      onChunk(chunk) {
        const { bytes, after, ...rest } = chunk
        // Long texts would only slow the comparison down.
        chunks.push({ ...rest, size: bytes.length, text: bytes.length > 10_000 ? '…' : bytes.toString() })
        const used = take(chunk)
        saved = { generation: chunk.generation, ...after(used) } as FileResume
        if (used > 0 && bytes.length <= 10_000) taken.push(bytes.toString('utf8', 0, used))
        return used
      },
      onStatus: (status) => states.push(status),
    },
    { now: () => Date.now() + skew, wake: () => ({ plan() {}, close() {} }) },
  )
  onTestFinished(() => source.close())
  return {
    chunks,
    states,
    source,
    poll: () => source.poll(),
    /** Time passes, then one look. */
    async later(ms: number) {
      skew += ms
      await source.poll()
    },
    /** Everything consumed so far. */
    text: () => taken.join(''),
    /** What a store would have kept. */
    saved() {
      if (!saved) throw new Error('nothing was read yet')
      return structuredClone(saved)
    },
  }
}
