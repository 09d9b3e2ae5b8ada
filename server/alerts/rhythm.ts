/** Sources that stopped: unreadable, or silent for far longer than they ever are. Pure. */
import type { Decision, WatchedSource } from './contract.ts'

const MINUTE = 60_000
const DAY = 86_400_000
/** Days whose longest pauses count: a week with its Sunday, and today. */
const DAYS = 8
/** Before it was watched for so long nothing is known of its nights. */
const LEARN = DAY
/** Silent: longer than `TIMES` its longest pause, and than this. */
const TIMES = 2
const LEAST = 30 * MINUTE
/** Rotation, a restart of a container: over sooner. */
const BROKEN_FOR = 2 * MINUTE

export interface SeenSource {
  path: string
  state: 'reading' | 'idle' | 'missing' | 'unreadable'
  hint: string | null
  /** Lines were read since the last look. */
  fresh: boolean
}

export interface Watched {
  next: WatchedSource
  decision: Decision
  /** One sentence for the message; null when there is none. */
  text: string | null
  /** Since when it is so, epoch ms. */
  since: number
}

/** @param watch false: it is not to be told of, as a rule says; what was told is still taken back. */
export function watchSources(
  before: WatchedSource | null,
  { path, state, hint, fresh }: SeenSource,
  now: number,
  watch: { silent: boolean; unreadable: boolean },
): Watched {
  const readable = state === 'reading' || state === 'idle'
  const last = before?.last_line ?? null
  const row: WatchedSource = {
    path,
    since: before?.since ?? now,
    last_line: fresh ? now : last,
    pauses: fresh && last !== null ? withPause(before?.pauses ?? [], now, now - last) : (before?.pauses ?? []),
    // What was never there is waited for, not missed.
    broken_since: readable || last === null ? null : (before?.broken_since ?? now),
    told: before?.told ?? null,
  }
  const keep: Watched = { next: row, decision: { notify: false, reason: 'still-there' }, text: null, since: now }
  if (row.told === 'unreadable' && readable) return back(row, now, `${path} can be read again.`)
  if (row.told === 'silent' && fresh) return back(row, now, `${path} has lines again.`)
  if (row.told !== null) return keep
  if (row.broken_since !== null)
    return watch.unreadable && now - row.broken_since >= BROKEN_FOR
      ? {
          next: { ...row, told: 'unreadable' },
          decision: { notify: true, type: 'source.unreadable', reason: 'source-unreadable' },
          text: hint ?? `${path} ${state === 'missing' ? 'is not there' : 'cannot be read'} any more.`,
          since: row.broken_since,
        }
      : keep
  const usual = usualPause(row, now)
  if (!watch.silent || usual === null || row.last_line === null || now - row.last_line < usual) return keep
  const longest = Math.max(...row.pauses.map(([, ms]) => ms))
  return {
    next: { ...row, told: 'silent' },
    decision: { notify: true, type: 'source.silent', reason: 'source-silent' },
    text: `${path} has had no line for ${span(now - row.last_line)}; its longest pause in a week was ${span(longest)}.`,
    since: row.last_line,
  }
}

/** How long it may be silent, ms; null: not known yet. */
function usualPause({ since, pauses, last_line }: WatchedSource, now: number): number | null {
  // What it wrote since it was first seen has to cover a day, or a first night would be an alarm.
  if (pauses.length === 0 || last_line === null || last_line - since < LEARN || now - since < LEARN) return null
  return Math.max(LEAST, TIMES * Math.max(...pauses.map(([, ms]) => ms)))
}

function withPause(pauses: WatchedSource['pauses'], now: number, ms: number): WatchedSource['pauses'] {
  const today = Math.floor(now / DAY)
  const longest = Math.max(ms, ...pauses.filter(([day]) => day === today).map(([, known]) => known))
  // A clock that was set back must not make a pause negative.
  const kept = pauses.filter(([day]) => day !== today && day > today - DAYS && day < today)
  return ms < 0 ? pauses : [...kept, [today, longest]]
}

const back = (row: WatchedSource, now: number, text: string): Watched => ({
  next: { ...row, told: null },
  decision: { notify: true, type: 'source.recovered', reason: 'source-back' },
  text,
  since: now,
})

function span(ms: number): string {
  const minutes = Math.round(ms / MINUTE)
  if (minutes < 1) return 'less than a minute'
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`
}
