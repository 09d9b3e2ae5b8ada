/** What becomes of a problem: what was, what is seen, what follows. */
import type { Observed, ProblemRow } from '../../server/alerts/contract.ts'
import { finding } from './finding.ts'

export const MINUTE = 60_000
export const NOW = Date.UTC(2026, 10, 21, 12)
export const RESOLVE_AFTER = 10 * MINUTE

export const row = (state: ProblemRow['state'], more: Partial<ProblemRow> = {}): ProblemRow => ({
  id: 'f1',
  state,
  opened_at: NOW - 5 * MINUTE,
  changed_at: NOW - 5 * MINUTE,
  resolved_at: null,
  last_live: state === 'imported' ? null : NOW - MINUTE,
  alerted: state === 'new' || state === 'ongoing' || state === 'regressed',
  finding: finding(),
  ...more,
})
export const info = finding({ severity: 'info' })
export const unsure = finding({ confidence: 0.49 })
export const quiet = NOW - RESOLVE_AFTER
const since = new Date(NOW - MINUTE).toISOString()
export const succeeded = { since, successes: 12, why: 'succeeded' } as const
export const repaired = finding({
  over: succeeded,
  confidence: 0.25,
  title: 'Possibly: something',
  severity: 'warning',
})
export const worked = finding({
  worked: {
    since,
    handshakes: 3,
    by: 'path',
    dated: 'end',
    decides: true,
    told: `3 WebSocket sessions ended on this path since ${since}`,
  },
})
export const changed = finding({ over: { since, successes: 0, why: 'config-changed' }, confidence: 0.25 })

export type Case = {
  name: string
  previous: ProblemRow | null
  see: Partial<Observed>
  reason: string
  sends?: string
  state?: ProblemRow['state'] | null
}

/** `see` starts from: the finding is there, nothing new happened since `previous`. */
export const cases: Case[] = [
  { name: 'nothing, and nothing before', previous: null, see: { finding: null }, reason: 'nothing-seen', state: null },
  { name: 'only history shows it', previous: null, see: {}, reason: 'history-only', state: 'imported' },
  {
    name: 'it happens',
    previous: null,
    see: { last_live: NOW },
    reason: 'first-live-occurrence',
    sends: 'problem.opened',
    state: 'new',
  },
  {
    name: 'its log names the server now',
    previous: row('new'),
    see: { superseded: true },
    reason: 'server-named',
    sends: 'problem.resolved',
    state: 'resolved',
  },
  {
    name: 'it happens without a server, too',
    previous: row('new'),
    see: { superseded: true, last_live: NOW },
    reason: 'still-there',
    state: 'new',
  },
  {
    name: 'it happens and is harmless',
    previous: null,
    see: { last_live: NOW, finding: info },
    reason: 'below-alert-threshold',
    state: 'new',
  },
  {
    name: 'it happens, perhaps',
    previous: null,
    see: { last_live: NOW, finding: unsure },
    reason: 'below-alert-threshold',
    state: 'new',
  },

  {
    name: 'imported, still only history',
    previous: row('imported'),
    see: {},
    reason: 'history-only',
    state: 'imported',
  },
  {
    name: 'imported, happens again',
    previous: row('imported'),
    see: { last_live: NOW },
    reason: 'first-live-occurrence',
    sends: 'problem.opened',
    state: 'new',
  },
  {
    name: 'imported, out of sight',
    previous: row('imported'),
    see: { finding: null },
    reason: 'history-passed',
    state: 'resolved',
  },
  {
    name: 'past history happens again',
    previous: row('resolved', { last_live: null }),
    see: { last_live: NOW },
    reason: 'first-live-occurrence',
    sends: 'problem.opened',
    state: 'new',
  },

  { name: 'new, goes on', previous: row('new'), see: { last_live: NOW }, reason: 'still-there', state: 'new' },
  {
    name: 'new, finding gone, not yet quiet',
    previous: row('new'),
    see: { finding: null },
    reason: 'still-there',
    state: 'new',
  },
  {
    name: 'new for an hour',
    previous: row('new', { changed_at: NOW - 60 * MINUTE }),
    see: { last_live: NOW },
    reason: 'lasts-an-hour',
    state: 'ongoing',
  },
  {
    name: 'regressed for an hour',
    previous: row('regressed', { changed_at: NOW - 60 * MINUTE }),
    see: {},
    reason: 'lasts-an-hour',
    state: 'ongoing',
  },
  {
    name: 'new, now certain',
    previous: row('new', { alerted: false, finding: unsure }),
    see: { finding: finding() },
    reason: 'became-certain',
    sends: 'problem.opened',
    state: 'new',
  },
  {
    name: 'new, announced, now uncertain',
    previous: row('new'),
    see: { finding: unsure },
    reason: 'still-there',
    state: 'new',
  },
  {
    name: 'one ms before quiet',
    previous: row('new', { last_live: quiet + 1 }),
    see: {},
    reason: 'still-there',
    state: 'new',
  },
  {
    name: 'quiet',
    previous: row('new', { last_live: quiet }),
    see: {},
    reason: 'quiet',
    sends: 'problem.resolved',
    state: 'resolved',
  },
  {
    name: 'quiet, finding gone',
    previous: row('ongoing', { last_live: quiet }),
    see: { finding: null },
    reason: 'quiet',
    sends: 'problem.resolved',
    state: 'resolved',
  },
  {
    name: 'quiet, announced when it was certain',
    previous: row('ongoing', { last_live: quiet, finding: unsure }),
    see: { finding: unsure },
    reason: 'quiet',
    sends: 'problem.resolved',
    state: 'resolved',
  },
  {
    name: 'quiet, and handshakes that decide succeeded since',
    previous: row('ongoing', { last_live: quiet }),
    see: { finding: worked },
    reason: 'succeeded-since',
    sends: 'problem.resolved',
    state: 'resolved',
  },
  {
    name: 'handshakes that decide succeeded since, and it is not quiet yet',
    previous: row('ongoing', { last_live: quiet + 1 }),
    see: { finding: worked },
    reason: 'still-there',
    state: 'ongoing',
  },
  {
    name: 'quiet, never announced',
    previous: row('ongoing', { last_live: quiet, alerted: false, finding: info }),
    see: { finding: info },
    reason: 'quiet-never-announced',
    state: 'resolved',
  },
  {
    name: 'would be quiet, happens again',
    previous: row('ongoing', { last_live: quiet }),
    see: { last_live: NOW },
    reason: 'still-there',
    state: 'ongoing',
  },

  {
    name: 'quiet, in a log that cannot be read now',
    previous: row('new', { last_live: quiet }),
    see: { watched_since: null },
    reason: 'not-watched',
    state: 'new',
  },
  {
    name: 'quiet, in a log that could be read again a moment ago',
    previous: row('ongoing', { last_live: quiet }),
    see: { watched_since: NOW - RESOLVE_AFTER + 1 },
    reason: 'still-there',
    state: 'ongoing',
  },
  {
    name: 'quiet, in a log that could be read again long enough',
    previous: row('ongoing', { last_live: quiet - MINUTE }),
    see: { watched_since: NOW - RESOLVE_AFTER },
    reason: 'quiet',
    sends: 'problem.resolved',
    state: 'resolved',
  },
  {
    name: 'imported, out of sight, in a log that cannot be read now',
    previous: row('imported'),
    see: { finding: null, watched_since: null },
    reason: 'not-watched',
    state: 'imported',
  },

  {
    name: 'handshakes succeeded since',
    previous: row('new'),
    see: { finding: repaired },
    reason: 'succeeded-since',
    sends: 'problem.resolved',
    state: 'resolved',
  },
  {
    name: 'handshakes succeeded since, all in one reading',
    previous: row('regressed'),
    see: { finding: repaired, last_live: NOW },
    reason: 'succeeded-since',
    sends: 'problem.resolved',
    state: 'resolved',
  },
  {
    name: 'handshakes succeeded since, never announced',
    previous: row('new', { alerted: false, finding: unsure }),
    see: { finding: repaired },
    reason: 'succeeded-since',
    state: 'resolved',
  },
  {
    name: 'the configuration was changed, nothing was tried',
    previous: row('new'),
    see: { finding: changed },
    reason: 'still-there',
    state: 'new',
  },
  {
    name: 'the configuration was changed, and it is quiet',
    previous: row('new', { last_live: quiet }),
    see: { finding: changed },
    reason: 'quiet',
    sends: 'problem.resolved',
    state: 'resolved',
  },
  {
    name: 'it came and went between two looks',
    previous: null,
    see: { finding: repaired, last_live: NOW },
    reason: 'over-before-noticed',
    state: 'resolved',
  },
  {
    name: 'resolved, came and went between two looks',
    previous: row('resolved'),
    see: { finding: repaired, last_live: NOW },
    reason: 'over-before-noticed',
    state: 'resolved',
  },
  {
    name: 'resolved since handshakes succeeded, they go on',
    previous: row('resolved', { finding: repaired }),
    see: { finding: repaired },
    reason: 'stays-resolved',
    state: 'resolved',
  },
  {
    name: 'resolved since handshakes succeeded, fails again',
    previous: row('resolved', { finding: { ...finding(), over: succeeded } }),
    see: { finding: finding(), last_live: NOW },
    reason: 'came-back',
    sends: 'problem.opened',
    state: 'regressed',
  },
  {
    name: 'muted, handshakes succeeded since',
    previous: row('muted'),
    see: { finding: repaired },
    reason: 'muted',
    state: 'muted',
  },

  { name: 'resolved, nothing new', previous: row('resolved'), see: {}, reason: 'stays-resolved', state: 'resolved' },
  {
    name: 'resolved, comes back',
    previous: row('resolved'),
    see: { last_live: NOW },
    reason: 'came-back',
    sends: 'problem.opened',
    state: 'regressed',
  },
  {
    name: 'resolved, comes back harmless',
    previous: row('resolved'),
    see: { last_live: NOW, finding: info },
    reason: 'below-alert-threshold',
    state: 'regressed',
  },

  { name: 'muted, happens', previous: row('muted'), see: { last_live: NOW }, reason: 'muted', state: 'muted' },
  {
    name: 'muted, quiet',
    previous: row('muted', { last_live: quiet }),
    see: { finding: null },
    reason: 'muted',
    state: 'muted',
  },
]
