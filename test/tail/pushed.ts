/** A source that pushes, opened as the server opens it: what it handed out, and what a store would have kept. */
import { onTestFinished } from 'vitest'
import type { Chunk, Resume, Source, SourceOptions, SourceStatus } from '../../server/tail/contract.ts'
import { until } from '../live/harness/deadline.ts'

export interface Line {
  text: string
  history: boolean
  /** Its number, and its place in the generation. */
  line: number
  offset: number
}

export interface Listening {
  source: Source
  /** Taken so far. */
  lines: Line[]
  states: SourceStatus[]
  texts: () => string[]
  /** What a store would have kept. */
  saved: () => Resume | null
  /** Waits for so many lines. */
  have: (count: number) => Promise<void>
  /** Waits for a status. */
  shows: (state: SourceStatus['state'], hint: RegExp | null) => Promise<SourceStatus>
}

export function listen(
  open: (options: SourceOptions) => Source,
  { resume = null, onChunk = () => {} }: { resume?: Resume | null; onChunk?: (chunk: Chunk) => void } = {},
): Listening {
  const lines: Line[] = []
  const states: SourceStatus[] = []
  let saved = resume
  const source = open({
    resume,
    onChunk(chunk) {
      onChunk(chunk)
      const { bytes, history, line, offset } = chunk
      let at = 0
      for (let n = 0; at < bytes.length; n++) {
        const end = bytes.indexOf(10, at)
        lines.push({ text: bytes.toString('utf8', at, end), history, line: line + n, offset: offset + at })
        at = end + 1
      }
      saved = { generation: chunk.generation, ...chunk.after(bytes.length) }
      return bytes.length
    },
    onStatus: (status) => states.push(status),
  })
  onTestFinished(() => source.close())
  const seen = (): string => JSON.stringify({ status: source.status(), lines: lines.slice(-5) })
  return {
    source,
    lines,
    states,
    texts: () => lines.map(({ text }) => text),
    saved: () => structuredClone(saved),
    async have(count) {
      await until(`${count} lines`, () => lines.length >= count, { state: seen })
    },
    shows: (state, hint) =>
      until(
        `${state}: ${String(hint)}`,
        () => {
          const now = source.status()
          const said = hint === null ? now.hint === null : now.hint !== null && hint.test(now.hint)
          return now.state === state && said ? now : null
        },
        { state: seen },
      ),
  }
}
