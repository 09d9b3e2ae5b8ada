/** What becomes of a problem, and whether somebody is told. Pure: the clock is an argument. */
import type { Finding } from '../diagnosis/contract.ts'
import type { ProblemRow } from '../store/contract.ts'
import { mutedUntil, NOTHING_TOLD, released, setMuted } from './by-hand.ts'
import type { Decision, MessageType, Observed, Reason, Terms, Told } from './contract.ts'

/** After so long a problem is no longer news. */
const NEWS = 3_600_000
const AT_ONCE: Terms = {
  rule: 'default',
  send: true,
  enough: true,
  cooldown: 0,
  remind_every: null,
  settle: 0,
  hush: null,
}

export interface Decided {
  decision: Decision
  /** Null: there is no problem to keep. */
  next: ProblemRow | null
}

/** The state machine: new → ongoing (after an hour) → resolved (handshakes succeeded since, or quiet for resolve_after) →
 *  regressed; imported while only history shows it; muted and resolved by hand (by-hand.ts). */
export function decide(previous: ProblemRow | null, observed: Observed): Decided {
  const { now, finding, last_live, terms } = observed
  if (previous === null) {
    if (finding === null) return silent('nothing-seen', null)
    const row = { ...blank(finding, now), last_live }
    return last_live === null ? silent('history-only', row) : open(row, 'new', 'first-live-occurrence', now, terms)
  }
  const fresh = last_live !== null && (previous.last_live === null || last_live > previous.last_live)
  const begins = fresh && (previous.state === 'imported' || previous.state === 'resolved')
  const row: ProblemRow = {
    ...previous,
    finding: finding === null ? previous.finding : begins ? finding : sameEpisode(previous, finding),
    last_live: fresh ? last_live : previous.last_live,
  }
  switch (previous.state) {
    case 'muted': {
      const until = mutedUntil(previous)
      if (typeof until === 'number' && now >= until) return decide(setMuted(previous, false, now), observed)
      return silent('muted', until === 'regressed' && isOver(row, observed, fresh) ? overInSilence(row, now) : row)
    }
    case 'imported':
      if (fresh) return open(row, 'new', 'first-live-occurrence', now, terms)
      if (finding === null && observed.watched_since === null) return silent('not-watched', row)
      if (finding === null)
        return silent('history-passed', { ...row, state: 'resolved', changed_at: now, resolved_at: now })
      return silent('history-only', row)
    case 'resolved':
      if (!fresh) return row.alerted ? endLater(row, terms, now) : silent('stays-resolved', row)
      // What was over before halfopen first looked did not come back: it is seen for the first time.
      if (previous.last_live === null) return open(row, 'new', 'first-live-occurrence', now, terms)
      return open(row, 'regressed', 'came-back', now, terms)
    case 'new':
    case 'ongoing':
    case 'regressed':
      return goOn(row, observed, fresh)
  }
}

function goOn(
  row: ProblemRow,
  { now, finding, resolve_after, watched_since, superseded, terms = AT_ONCE }: Observed,
  fresh: boolean,
): Decided {
  const named = finding?.over ? { ...row.finding, ...gradeOf(finding) } : row.finding
  const over = { state: 'resolved', changed_at: now, resolved_at: now, alerted: false } as const
  const ended: ProblemRow = { ...row, ...over, finding: named }
  const end = (reason: Reason): Decided => {
    if (!row.alerted) return silent(reason, free(ended))
    // Receivers go on believing that it is open until they may be told: see endLater.
    if (terms.hush === 'quiet-hours') return silent('quiet-hours', { ...ended, alerted: true })
    return tell('problem.resolved', reason, said(ended, now))
  }
  if (superseded === true && !fresh) return end('server-named')
  if (finding?.over?.why === 'succeeded') {
    if (now - Date.parse(finding.over.since) < terms.settle) return silent('settling', row)
    return end('succeeded-since')
  }
  const last = row.last_live ?? row.changed_at
  if (now - last >= resolve_after) {
    if (watched_since === null) return silent('not-watched', row)
    if (now - watched_since >= resolve_after)
      return end(row.finding.worked?.decides ? 'succeeded-since' : row.alerted ? 'quiet' : 'quiet-never-announced')
  }
  const old = row.state !== 'ongoing' && now - row.changed_at >= NEWS
  const next: ProblemRow = old ? { ...row, state: 'ongoing', changed_at: now } : row
  if (!row.alerted) return announceLater(next, terms, now, fresh, old)
  if (terms.remind_every !== null && terms.hush === null && now - (row.told?.last_at ?? now) >= terms.remind_every)
    return tell('problem.reminder', 'reminder', said(next, now))
  // Whoever was told within the hour is looking at it, or does not want to.
  if (terms.surge === true && terms.hush === null && now - (row.told?.last_at ?? now) >= NEWS)
    return tell('problem.reminder', 'far-above-usual', said(next, now))
  return silent(old ? 'lasts-an-hour' : 'still-there', next)
}

/** What is muted until it comes back has to end first, by the same rules as what is not. */
const isOver = (row: ProblemRow, observed: Observed, fresh: boolean): boolean =>
  goOn({ ...row, state: 'ongoing' }, observed, fresh).next?.state === 'resolved'

/** Nobody is told: they asked for silence, and its return is told as a beginning. */
const overInSilence = (row: ProblemRow, now: number): ProblemRow =>
  free({ ...released(row), state: 'resolved', changed_at: now, resolved_at: now, alerted: false })

/** Why its beginning is not announced now; null: it is. */
function held(row: ProblemRow, terms: Terms, now: number): Reason | null {
  if (terms.rule === null || (terms === AT_ONCE && !isAlerting(row.finding))) return 'below-alert-threshold'
  if (!terms.send) return 'silenced-by-rule'
  if (!terms.enough) return 'below-rate'
  if (terms.hush !== null) return terms.hush
  const before = row.told?.opened_at ?? null
  if (before === null || now - before >= terms.cooldown) return null
  // That a repair did not hold is news, once.
  return terms.tells_return === true && row.told?.returned !== true ? null : 'cooldown'
}

/** Why it is announced after all, by what held it back. */
const AFTER: Partial<Record<string, Reason>> = {
  'silenced-by-rule': 'no-longer-silenced',
  'below-rate': 'rate-reached',
  cooldown: 'cooldown-over',
  'quiet-hours': 'quiet-hours-over',
  maintenance: 'maintenance-over',
  muted: 'mute-over',
  'resolved-by-hand': 'reopened-by-hand',
}

function announceLater(row: ProblemRow, terms: Terms, now: number, fresh: boolean, old: boolean): Decided {
  const why = held(row, terms, now)
  const before = row.told?.held ?? null
  // What may be over by itself is announced when it is seen again, not because time went by.
  const waits = why === null && !fresh && (before === 'cooldown' || before === 'below-rate')
  if (why !== null || waits) {
    const next = why === null || why === 'below-alert-threshold' ? row : holding(row, why)
    return silent(why !== null && why !== 'below-alert-threshold' ? why : old ? 'lasts-an-hour' : 'still-there', next)
  }
  return tell('problem.opened', AFTER[before ?? ''] ?? 'became-certain', announced(row, terms, now))
}

/** It ended while nobody was to be disturbed, or by hand. */
function endLater(row: ProblemRow, terms: Terms = AT_ONCE, now: number): Decided {
  if (terms.hush === 'quiet-hours') return silent('quiet-hours', row)
  const reason = row.hand?.is === 'resolved' ? 'resolved-by-hand' : 'quiet-hours-over'
  return tell('problem.resolved', reason, said({ ...row, alerted: false }, now))
}

function announced(row: ProblemRow, { rule, cooldown }: Terms, now: number): ProblemRow {
  const before = row.told?.opened_at ?? null
  const returned = before !== null && now - before < cooldown
  const told: Told = { opened_at: now, last_at: now, rule: rule ?? '', held: null, ...(returned ? { returned } : {}) }
  return { ...row, alerted: true, told }
}
const said = (row: ProblemRow, now: number): ProblemRow =>
  row.told === undefined ? row : { ...row, told: { ...row.told, last_at: now } }
const holding = (row: ProblemRow, reason: Reason): ProblemRow => ({
  ...row,
  alerted: false,
  told: { ...(row.told ?? NOTHING_TOLD), held: reason },
})
const free = (row: ProblemRow): ProblemRow =>
  row.told === undefined ? row : { ...row, told: { ...row.told, held: null } }

/** What is kept of an episode when it is judged again. Repaired traffic and a repaired configuration speak against what
 *  was true while it failed: they do not take back what was announced while it is open. Once it is resolved it is named and
 *  graded as the report does. What is said of the configuration, and what is advised, are those of now. */
function sameEpisode({ finding: kept, state, alerted }: ProblemRow, finding: Finding): Finding {
  if (state === 'imported') return finding
  const { over = null, worked = null, ...rest } = finding
  const resolved = state === 'resolved'
  // How it ended is told once; handshakes that go on succeeding do not change it. The first ones after a silence do.
  const ended = resolved && kept.over && (kept.over.why === 'succeeded' || over === null) ? kept.over : over
  const since = resolved && (kept.worked?.decides || worked === null) ? (kept.worked ?? null) : worked
  const louder = isAlerting(finding) && !isAlerting(kept)
  // That it was a short outage is known when it is over.
  const quieter = alerted && !resolved && isAlerting(kept) && !isAlerting(finding)
  const weaker = ended !== null || quieter || (finding.confidence < kept.confidence && !louder)
  const named = weaker && !(resolved && over !== null) ? gradeOf(kept) : {}
  return { ...rest, ...named, ...(ended === null ? {} : { over: ended }), ...(since === null ? {} : { worked: since }) }
}

const gradeOf = ({ title, severity, confidence }: Finding): Pick<Finding, 'title' | 'severity' | 'confidence'> => ({
  title,
  severity,
  confidence,
})

/** How a resolved problem ended: something proved it, a person said so, or it was just not seen again. */
export function endedBy({
  state,
  finding: { over, worked },
  hand,
}: ProblemRow): 'succeeded-since' | 'hand' | 'quiet' | null {
  if (state !== 'resolved') return null
  if (over?.why === 'succeeded' || worked?.decides) return 'succeeded-since'
  return hand?.is === 'resolved' ? 'hand' : 'quiet'
}

/** Only what is likely and harmful wakes somebody up; the rest is listed. */
export const isAlerting = ({ severity, confidence }: Finding): boolean => severity !== 'info' && confidence >= 0.5

function blank(finding: Finding, now: number): ProblemRow {
  return {
    id: finding.id,
    state: 'imported',
    opened_at: now,
    changed_at: now,
    resolved_at: null,
    last_live: null,
    alerted: false,
    finding,
  }
}

function open(
  row: ProblemRow,
  state: 'new' | 'regressed',
  reason: Reason,
  now: number,
  terms: Terms = AT_ONCE,
): Decided {
  // It came and went between two looks: there is nothing left to do for anybody.
  if (row.finding.over?.why === 'succeeded') {
    const over: ProblemRow = { ...row, state: 'resolved', changed_at: now, resolved_at: now }
    return silent('over-before-noticed', over)
  }
  const opened: ProblemRow = { ...released(row), state, opened_at: now, changed_at: now, resolved_at: null }
  // It ended in quiet hours, and nobody was told: for the receivers it never stopped.
  if (row.alerted) return silent('quiet-hours', opened)
  const why = held(opened, terms, now)
  if (why === 'below-alert-threshold') return silent(why, { ...opened, alerted: false })
  if (why !== null) return silent(why, holding(opened, why))
  return tell('problem.opened', reason, announced(opened, terms, now))
}

const silent = (reason: Reason, next: ProblemRow | null): Decided => ({ decision: { notify: false, reason }, next })
const tell = (type: MessageType, reason: Reason, next: ProblemRow): Decided => ({
  decision: { notify: true, type, reason },
  next,
})
