/** What was read of one input. */
import type { InputSummary } from '../diagnosis/contract.ts'

/** The summary of an input of which nothing was read yet. */
export const unreadSummary = (path: string): InputSummary => ({
  path,
  format: null,
  bytes: 0,
  lines: 0,
  parsed: 0,
  unparsed: 0,
  from: null,
  to: null,
  unparsed_samples: [],
})

/** The summary of an input that was read in parts, in their order. Lines of samples are numbered within the whole. */
export function joinSummaries(
  parts: readonly { summary: InputSummary; formats: ReadonlyMap<string, number> }[],
): InputSummary {
  const [first] = parts
  if (parts.length === 1 && first !== undefined) return first.summary
  const summaries = parts.map(({ summary }) => summary)
  const sum = (of: (summary: InputSummary) => number): number => summaries.reduce((n, one) => n + of(one), 0)
  const times = (of: (summary: InputSummary) => string | null): string[] =>
    summaries.flatMap((one) => of(one) ?? []).sort()
  const formats = new Map<string, number>()
  for (const part of parts) for (const [id, n] of part.formats) formats.set(id, (formats.get(id) ?? 0) + n)
  const [most] = [...formats].sort(([, a], [, b]) => b - a)
  return {
    path: summaries[0]?.path ?? '',
    format: most?.[0] ?? null,
    bytes: sum(({ bytes }) => bytes),
    lines: sum(({ lines }) => lines),
    parsed: sum(({ parsed }) => parsed),
    unparsed: sum(({ unparsed }) => unparsed),
    from: times(({ from }) => from)[0] ?? null,
    to: times(({ to }) => to).at(-1) ?? null,
    unparsed_samples: summaries.flatMap(({ unparsed_samples }) => unparsed_samples).slice(0, 5),
  }
}
