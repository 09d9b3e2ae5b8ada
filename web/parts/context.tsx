/** A line of evidence: what decides in it is marked, and what stands around it is shown when asked for. */
import { useSignal } from '@preact/signals'
import type { ContextLines } from '../../server/http/wire.ts'
import { get } from '../api.ts'
import { decisive } from '../data/decisive.ts'
import { asApiError } from '../state.ts'
import { visible, visibleLines } from '../text/visible.ts'

export function Marked({ text }: { text: string }) {
  const part = decisive(text)
  if (part === null) return <bdi>{visibleLines(text)}</bdi>
  const [start, end] = part
  return (
    <bdi>
      {visibleLines(text.slice(0, start))}
      <mark>{visibleLines(text.slice(start, end))}</mark>
      {visibleLines(text.slice(end))}
    </bdi>
  )
}

export function Context({ problem, source, line }: { problem: string; source: string; line: number }) {
  const lines = useSignal<ContextLines['lines'] | null>(null)
  const failed = useSignal<string | null>(null)
  const toggle = async () => {
    failed.value = null
    if (lines.value !== null) {
      lines.value = null
      return
    }
    try {
      const query = `source=${encodeURIComponent(source)}&line=${line}`
      lines.value = (await get<ContextLines>(`problems/${encodeURIComponent(problem)}/context?${query}`)).lines
    } catch (error) {
      failed.value = asApiError(error).message
    }
  }
  return (
    <>
      <button type="button" class="button small" aria-expanded={lines.value !== null} onClick={() => void toggle()}>
        {lines.value === null ? 'Lines around it' : 'Hide them'}
        <span class="offscreen"> {line}</span>
      </button>
      {failed.value !== null && <span role="alert"> {failed.value}</span>}
      {lines.value !== null && (
        <ol class="excerpt" tabIndex={0} aria-label={`Lines around line ${line}`}>
          {lines.value.map((one) => (
            <li key={one.line} class={one.line === line ? 'here' : ''}>
              <span class="excerpt-line">{one.line}</span>
              <code>
                <bdi>{visible(one.text)}</bdi>
              </code>
            </li>
          ))}
        </ol>
      )}
    </>
  )
}
