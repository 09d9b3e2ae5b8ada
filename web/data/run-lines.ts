/** A probe or a proof as it runs: lines of JSON, each shown when it is there. */
import type { ErrorReply, RunLine } from '../../server/http/wire.ts'
import { address, ApiError } from '../api.ts'

/** Calls back with each line. Rejects with ApiError for what was refused or broke off; AbortError when `signal` aborts. */
export async function runLines(path: string, onLine: (line: RunLine) => void, signal: AbortSignal): Promise<void> {
  const response = await fetch(address(path), { method: 'POST', signal, cache: 'no-store' })
  const type = response.headers.get('content-type') ?? ''
  if (!response.body || !type.includes('ndjson')) {
    const { error } = (await response.json().catch(() => ({}))) as Partial<ErrorReply>
    throw error
      ? new ApiError(error.code, error.message, error.hint)
      : new ApiError('not-halfopen', `Something else answered (status ${response.status}).`, null)
  }
  const lines = lineSplitter()
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  for (let part = await reader.read(); !part.done; part = await reader.read())
    for (const text of lines(part.value)) {
      const line = JSON.parse(text) as RunLine
      if ('error' in line) throw new ApiError(line.error.code, line.error.message, line.error.hint)
      onLine(line)
    }
}

/** Gives whole lines as pieces of text come in. */
export function lineSplitter(): (piece: string) => string[] {
  let rest = ''
  return (piece) => {
    const lines = (rest + piece).split('\n')
    rest = lines.pop() ?? ''
    return lines.filter((line) => line !== '')
  }
}
