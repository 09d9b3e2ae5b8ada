import { describe, expect, it } from 'vitest'
import type { Observed, ProblemRow } from '../../server/alerts/contract.ts'
import { decide, setMuted } from '../../server/alerts/decide.ts'
import { finding } from './finding.ts'

const MINUTE = 60_000
const NOW = Date.UTC(2026, 10, 21, 12)
const RESOLVE_AFTER = 10 * MINUTE

const row = (state: ProblemRow['state'], more: Partial<ProblemRow> = {}): ProblemRow => ({
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
const info = finding({ severity: 'info' })
const unsure = finding({ confidence: 0.49 })
const quiet = NOW - RESOLVE_AFTER

type Case = {
  name: string
  previous: ProblemRow | null
  see: Partial<Observed>
  reason: string
  sends?: string
  state?: ProblemRow['state'] | null
}

/** `see` starts from: the finding is there, nothing new happened since `previous`. */
const cases: Case[] = [
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

const observe = (previous: ProblemRow | null, see: Partial<Observed>): Observed => ({
  now: NOW,
  finding: previous?.finding ?? finding(),
  last_live: previous?.last_live ?? null,
  resolve_after: RESOLVE_AFTER,
  ...see,
})

describe('decide', () => {
  it.each(cases)('$name → $reason', ({ previous, see, reason, sends, state }) => {
    const { decision, next } = decide(previous, observe(previous, see))
    expect(decision).toEqual(sends === undefined ? { notify: false, reason } : { notify: true, type: sends, reason })
    expect(next?.state ?? null).toBe(state)
  })

  it('dates what it changes', () => {
    expect(decide(row('resolved'), observe(row('resolved'), { last_live: NOW })).next).toMatchObject({
      opened_at: NOW,
      changed_at: NOW,
      resolved_at: null,
      last_live: NOW,
      alerted: true,
    })
    expect(decide(row('new', { last_live: quiet }), observe(row('new', { last_live: quiet }), {})).next).toMatchObject({
      opened_at: NOW - 5 * MINUTE,
      changed_at: NOW,
      resolved_at: NOW,
      alerted: false,
    })
  })

  it('keeps the last finding when it is gone', () => {
    const { next } = decide(row('new'), observe(row('new'), { finding: null }))
    expect(next?.finding).toEqual(finding())
  })

  it('opens and resolves once each per episode, whatever the finding does meanwhile', () => {
    const sent: string[] = []
    let kept: ProblemRow | null = null
    const step = (minute: number, happens: boolean, seen = finding()): void => {
      const now: number = NOW + minute * MINUTE
      const last_live: number | null = happens ? now : (kept?.last_live ?? null)
      const { decision, next }: ReturnType<typeof decide> = decide(kept, {
        now,
        finding: seen,
        last_live,
        resolve_after: RESOLVE_AFTER,
      })
      if (decision.notify) sent.push(`${minute} ${decision.type}`)
      kept = next
    }
    step(0, true, unsure)
    step(1, true)
    step(2, true, unsure)
    step(3, true)
    for (let minute = 4; minute < 30; minute++) step(minute, false)
    step(30, true)
    step(31, true)
    for (let minute = 32; minute < 60; minute++) step(minute, false)
    expect(sent).toEqual(['1 problem.opened', '13 problem.resolved', '30 problem.opened', '41 problem.resolved'])
  })
})

describe('setMuted', () => {
  it('mutes, and goes on as if it had been there all along', () => {
    const muted = setMuted(row('new'), true, NOW)
    expect(muted).toMatchObject({ state: 'muted', changed_at: NOW, alerted: true })
    expect(setMuted(muted, true, NOW + 1)).toBe(muted)
    expect(setMuted(muted, false, NOW + 1)).toMatchObject({ state: 'ongoing', changed_at: NOW + 1 })
    expect(setMuted(row('muted', { last_live: null }), false, NOW).state).toBe('imported')
  })
})
