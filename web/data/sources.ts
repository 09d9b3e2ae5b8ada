/** Which logs say nothing, and why: a problem that is open must not hide that another log is dead. */
import type { SourceState } from '../../server/http/wire.ts'
import { age, plural } from '../text/words.ts'

/** A log that had lines and has none for so long is called silent. An error log may well be; the reader knows. */
const SILENT = 3_600_000

/** `dead`: it cannot be read, or nothing of it can. `silent`: it can, and says nothing. */
export interface Quiet {
  kind: 'dead' | 'silent'
  why: string
}

/** Null for a log that is being read and speaks. `now`: epoch ms. */
export function quiet(
  source: Pick<SourceState, 'state' | 'lines' | 'parsed' | 'to' | 'last_read_at'>,
  now: number,
): Quiet | null {
  if (source.state === 'missing') return { kind: 'dead', why: 'is missing' }
  if (source.state === 'unreadable') return { kind: 'dead', why: 'cannot be read' }
  if (source.lines === 0) return { kind: 'silent', why: 'has no line yet' }
  if (source.parsed === 0)
    return { kind: 'dead', why: `has ${plural(source.lines, 'line')}, none of which could be understood` }
  const newest = Math.max(...[source.to, source.last_read_at].flatMap((iso) => (iso === null ? [] : [Date.parse(iso)])))
  const silent = now - newest
  return Number.isFinite(newest) && silent > SILENT
    ? { kind: 'silent', why: `nothing new for ${age(silent / 1000)}` }
    : null
}

const URGENCY = { dead: 0, silent: 1, none: 2 }

/** The dead first, then the silent; else in the order given. */
export const quietFirst = <S extends Parameters<typeof quiet>[0]>(sources: readonly S[], now: number): S[] =>
  sources.toSorted((a, b) => URGENCY[quiet(a, now)?.kind ?? 'none'] - URGENCY[quiet(b, now)?.kind ?? 'none'])
