/** 10,000 problems that come and go for a week: what a person gets of it. */
import { expect, it } from 'vitest'
import { announce, type News } from '../../server/alerts/announce.ts'
import { slack } from '../../server/alerts/channels/slack.ts'
import type { ProblemRow } from '../../server/alerts/contract.ts'
import { decide } from '../../server/alerts/decide.ts'
import { termsFor, type Rules } from '../../server/alerts/rules.ts'
import { Dice } from '../faults/dice.ts'
import { finding } from './finding.ts'
import { rule } from './rules-made.ts'

const PROBLEMS = 10_000
const MINUTE = 60_000
const WEEK = 7 * 24 * 60 * MINUTE
const COOLDOWN = 4 * 60 * MINUTE
const LOOK = 120 * MINUTE
const START = Date.UTC(2026, 10, 21)

it('no more messages than the cooldown allows', () => {
  const rules: Rules = {
    rules: [rule({ cooldown: COOLDOWN })],
    settle: 0,
    quiet_hours: [],
    let_through: null,
    maintenance: [],
  }
  const dice = new Dice(1)
  const rows = new Map<number, ProblemRow>()
  const opened = new Map<number, number[]>()
  const told = new Map<number, boolean>()
  let [decisions, flaps, alone, messages] = [0, 0, 0, 0]
  let outOfOrder = 0
  // Each problem changes its mind at two of three looks: fails, works, fails, …
  for (let now = START; now < START + WEEK; now += LOOK) {
    const news: News[] = []
    for (let id = 0; id < PROBLEMS; id++) {
      if (dice.oneIn(3)) continue
      const previous = rows.get(id) ?? null
      const fails = previous === null || previous.state === 'resolved'
      flaps++
      const over = { since: new Date(now).toISOString(), successes: 3, why: 'succeeded' as const }
      const seen = { ...base, id: `p${id}`, ...(fails ? {} : { over }) }
      const { decision, next } = decide(previous, {
        now,
        finding: seen,
        last_live: fails ? now : (previous?.last_live ?? null),
        resolve_after: 10 * MINUTE,
        watched_since: 0,
        terms: termsFor(seen, rules, { now, wall: now, kind: null, happened: () => 1 }),
      })
      if (next) rows.set(id, next)
      if (!decision.notify || next === null) continue
      decisions++
      const isOpening = decision.type === 'problem.opened'
      // Never two beginnings without an end between them, or the other way round.
      if ((told.get(id) ?? false) === isOpening) outOfOrder++
      told.set(id, isOpening)
      if (isOpening) opened.set(id, [...(opened.get(id) ?? []), now])
      const around = { now, dashboard: '', tried: false }
      news.push({ decision, rule: 'default', kind: isOpening ? 'new' : 'resolved', row: next, around })
    }
    const receivers = [{ name: 'slack', channel: slack, settings: {} }]
    messages += announce(news, { receivers, rules: rules.rules, group_from: 5, now }).length
    alone += news.length
  }
  let tooSoon = 0
  for (const times of opened.values())
    for (const [n, time] of times.entries()) if (n > 0 && time - (times[n - 1] ?? 0) < COOLDOWN) tooSoon++
  const allowed = 2 * PROBLEMS * (WEEK / COOLDOWN + 1)
  console.log(
    `flapping: ${PROBLEMS} problems, ${flaps} changes in a week: ${alone} to tell at a cooldown of 4 h ` +
      `(${allowed} allowed), in ${messages} messages`,
  )
  expect([outOfOrder, tooSoon]).toEqual([0, 0])
  expect(decisions).toBe(alone)
  expect(alone).toBeLessThanOrEqual(allowed)
  // Grouped they are at most one for each look.
  expect(messages).toBeLessThanOrEqual(WEEK / LOOK)
}, 120_000)

const base = finding()
