import { describe, expect, it } from 'vitest'
import type { Observed, ProblemRow } from '../../server/alerts/contract.ts'
import { reopen, resolveByHand, setMuted } from '../../server/alerts/by-hand.ts'
import { decide, endedBy } from '../../server/alerts/decide.ts'
import type { Finding } from '../../server/diagnosis/contract.ts'
import { cases, changed, MINUTE, NOW, quiet, repaired, RESOLVE_AFTER, row, succeeded, unsure } from './decide-cases.ts'
import { finding } from './finding.ts'

const worked = (decides: boolean): NonNullable<Finding['worked']> => ({
  since: '2026-11-21T11:59:30.000Z',
  handshakes: 2,
  by: 'place',
  dated: 'start',
  decides,
  told: '2 handshakes succeeded there since 2026-11-21T11:59:30Z',
})

const observe = (previous: ProblemRow | null, see: Partial<Observed>): Observed => ({
  now: NOW,
  finding: previous?.finding ?? finding(),
  last_live: previous?.last_live ?? null,
  resolve_after: RESOLVE_AFTER,
  watched_since: 0,
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

  it('keeps the severity that was announced until it is over: that it was short is known then', () => {
    const short = { ...finding(), severity: 'info' as const }
    const open = decide(row('ongoing'), observe(row('ongoing'), { finding: short })).next
    expect(open?.finding.severity).toBe('critical')
    const ended = decide(
      row('new', { last_live: quiet }),
      observe(row('new', { last_live: quiet }), { finding: short }),
    )
    expect(ended.decision).toMatchObject({ notify: true, type: 'problem.resolved' })
    expect(ended.next?.finding.severity).toBe('critical')
    // Nobody was told: then it is what it is.
    const silent = row('new', { alerted: false })
    expect(decide(silent, observe(silent, { finding: short })).next?.finding.severity).toBe('info')
  })

  it('does not take back what was announced while it goes on', () => {
    const announced = { title: finding().title, confidence: 0.95, severity: 'critical' }
    const now = { because: ['the configuration passes the headers now'], count: 4 }
    for (const state of ['new', 'ongoing', 'regressed', 'muted'] as const)
      for (const later of state === 'muted' ? [repaired, changed, unsure] : [changed, unsure]) {
        const { next } = decide(row(state), observe(row(state), { finding: { ...later, ...now } }))
        expect(next?.finding, `${state} ${later.confidence}`).toMatchObject({ ...announced, ...now })
        expect(next?.finding.over).toEqual(later.over)
      }
  })

  it('names and grades what has ended as the report does', () => {
    for (const state of ['new', 'ongoing', 'resolved'] as const)
      for (const later of [repaired, changed]) {
        const previous = row(state, { last_live: quiet })
        const { next } = decide(previous, observe(previous, { finding: later }))
        const { title, severity, confidence } = later
        expect(next?.state).toBe('resolved')
        expect(next?.finding, `${state} ${later.over?.why}`).toMatchObject({ title, severity, confidence })
        // A later judgement that does not see the end any more takes nothing back.
        const after = decide(next, observe(next, { finding: unsure })).next?.finding
        expect(after).toMatchObject({ title, severity, confidence, over: later.over })
      }
  })

  it('takes a stronger diagnosis', () => {
    const surer = finding({ confidence: 0.99, title: 'surer' })
    expect(decide(row('new'), observe(row('new'), { finding: surer })).next?.finding).toEqual(surer)
  })

  it('begins a new episode with the diagnosis of then', () => {
    const previous = row('resolved', { finding: { ...finding(), over: succeeded } })
    const { next } = decide(previous, observe(previous, { last_live: NOW, finding: finding({ confidence: 0.8 }) }))
    expect(next?.finding).toEqual(finding({ confidence: 0.8 }))
  })

  it('knows how it ended', () => {
    const end = (said: Finding): ProblemRow => {
      const previous = row('new', { last_live: quiet })
      return decide(previous, observe(previous, { finding: said })).next ?? previous
    }
    expect(endedBy(end(repaired))).toBe('succeeded-since')
    expect(endedBy(end(changed))).toBe('quiet')
    expect(endedBy(end(finding()))).toBe('quiet')
    expect(endedBy(row('new', { finding: repaired }))).toBeNull()
    expect(endedBy(end(finding({ worked: worked(true) })))).toBe('succeeded-since')
    expect(endedBy(end(finding({ worked: worked(false) })))).toBe('quiet')
    // What is quiet, whether its configuration was changed or not, is resolved by the first handshakes that decide.
    for (const before of [finding(), changed, finding({ worked: worked(false) })]) {
      const ended = end(before)
      for (const later of [repaired, finding({ worked: worked(true) })]) {
        const { next } = decide(ended, observe(ended, { finding: later }))
        expect(next && endedBy(next)).toBe('succeeded-since')
      }
    }
    // More handshakes do not change how it ended; the first ones after a silence do.
    const more = { ...repaired, over: { ...succeeded, successes: 99 } }
    const ended = end(repaired)
    expect(decide(ended, observe(ended, { finding: more })).next?.finding.over).toEqual(succeeded)
    const silent = end(finding())
    expect(decide(silent, observe(silent, { finding: more })).next?.finding.over).toEqual(more.over)
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
        watched_since: 0,
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

describe('what is decided by hand', () => {
  const see = (previous: ProblemRow, more: Partial<Observed>) => decide(previous, observe(previous, more))
  const reasonOf = (previous: ProblemRow, more: Partial<Observed>) => see(previous, more).decision

  it('is silent until its time is over, and then goes on as if it had been there all along', () => {
    const muted = setMuted(row('new'), true, NOW, NOW + 10 * MINUTE)
    expect(reasonOf(muted, { now: NOW + 9 * MINUTE, last_live: NOW + 9 * MINUTE })).toEqual({
      notify: false,
      reason: 'muted',
    })
    const after = see(muted, { now: NOW + 10 * MINUTE, last_live: NOW + 10 * MINUTE })
    expect(after).toMatchObject({ decision: { notify: false, reason: 'still-there' }, next: { state: 'ongoing' } })
    expect(after.next).not.toHaveProperty('hand')
    // Its beginning was held back by the mute alone.
    const untold = setMuted(row('new', { alerted: false }), true, NOW, NOW + MINUTE)
    const told = see(untold, { now: NOW + MINUTE, last_live: NOW + MINUTE })
    expect(told.decision).toEqual({ notify: true, type: 'problem.opened', reason: 'mute-over' })
    // What ended meanwhile is told to those who heard of its beginning.
    expect(reasonOf(muted, { now: NOW + 10 * MINUTE, finding: repaired })).toMatchObject({
      notify: true,
      type: 'problem.resolved',
    })
  })

  it('is silent until it comes back: its end is told to nobody, its return is a beginning', () => {
    const muted = setMuted(row('ongoing'), true, NOW, 'regressed')
    const goesOn = see(muted, { now: NOW + 60 * MINUTE, last_live: NOW + 60 * MINUTE })
    expect(goesOn).toMatchObject({ decision: { notify: false, reason: 'muted' }, next: { state: 'muted' } })
    const over = see(muted, { now: NOW + MINUTE, finding: repaired })
    expect(over).toMatchObject({
      decision: { notify: false, reason: 'muted' },
      next: { state: 'resolved', alerted: false },
    })
    expect(over.next).not.toHaveProperty('hand')
    const quietly = see(muted, { now: NOW + RESOLVE_AFTER, finding: null })
    expect(quietly).toMatchObject({ decision: { notify: false }, next: { state: 'resolved' } })
    // Silence of a log that nobody reads ends nothing.
    expect(see(muted, { now: NOW + RESOLVE_AFTER, watched_since: null }).next?.state).toBe('muted')
    if (!over.next) throw new Error('no problem')
    expect(reasonOf(over.next, { now: NOW + 2 * MINUTE, last_live: NOW + 2 * MINUTE, finding: finding() })).toEqual({
      notify: true,
      type: 'problem.opened',
      reason: 'came-back',
    })
  })

  it('is over because somebody says so: told once, and news when it happens again', () => {
    const over = resolveByHand(row('ongoing'), NOW)
    expect(over).toMatchObject({ state: 'resolved', resolved_at: NOW, alerted: true })
    expect(endedBy(over)).toBe('hand')
    expect(endedBy({ ...over, finding: repaired })).toBe('succeeded-since')
    const told = see(over, {})
    expect(told.decision).toEqual({ notify: true, type: 'problem.resolved', reason: 'resolved-by-hand' })
    if (!told.next) throw new Error('no problem')
    expect(reasonOf(told.next, {})).toEqual({ notify: false, reason: 'stays-resolved' })
    const again = see(told.next, { now: NOW + MINUTE, last_live: NOW + MINUTE })
    expect(again).toMatchObject({
      decision: { type: 'problem.opened', reason: 'came-back' },
      next: { state: 'regressed' },
    })
    expect(again.next).not.toHaveProperty('hand')
    // Nobody heard of its beginning.
    expect(reasonOf(resolveByHand(row('new', { alerted: false }), NOW), {})).toMatchObject({ notify: false })
  })

  it('can be taken back', () => {
    const over = resolveByHand(row('ongoing', { alerted: false }), NOW)
    const back = reopen(over, NOW + MINUTE)
    expect(back).toMatchObject({ state: 'ongoing', resolved_at: null })
    expect(back).not.toHaveProperty('hand')
    expect(reasonOf(back, { now: NOW + MINUTE, last_live: NOW + MINUTE })).toMatchObject({ reason: 'reopened-by-hand' })
    const byItself = row('resolved')
    expect(reopen(byItself, NOW)).toBe(byItself)
    expect(resolveByHand(byItself, NOW)).toBe(byItself)
    expect(reopen(resolveByHand(row('imported'), NOW), NOW).state).toBe('imported')
    const muted = setMuted(row('new'), true, NOW, 'regressed')
    expect(setMuted(muted, true, NOW + 1, null)).toMatchObject({ state: 'muted', hand: { is: 'muted', until: null } })
    expect(setMuted(muted, false, NOW)).not.toHaveProperty('hand')
  })
})
