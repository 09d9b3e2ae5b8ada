/** What rules would have sent for what is stored: the same decisions, over the past. Nothing is read or sent; ids of messages are new
 *  each time. */
import type { Finding } from '../diagnosis/contract.ts'
import { announce, type News } from './announce.ts'
import type { OutboxRow, ProblemRow, Receiver } from './contract.ts'
import { decide } from './decide.ts'
import { kindOf, kindOfNews, termsFor, type Rules } from './rules.ts'

/** A problem and how often it happened in each step. */
export interface Past {
  finding: Finding
  counts: readonly number[]
}

export interface PreviewOptions {
  /** Epoch ms of the first step, and how long each is. */
  from: number
  step: number
  /** Epoch ms: the last step may still be running. */
  until: number
  rules: Rules
  receivers: readonly Receiver[]
  group_from: number
  resolve_after: number
  /** Local time of epoch ms. */
  wall: (now: number) => number
}

/** Messages in the order of time. Nearly what would have been: within a step nothing is told apart, a problem is graded as it
 *  is now and ends by silence alone, and what logs did not say is not known. */
export const preview = (past: readonly Past[], options: PreviewOptions): OutboxRow[] =>
  [...previewSteps(past, options)].flat()

/** The same, step by step: whoever serves others meanwhile lets them have their turn in between. */
export function* previewSteps(past: readonly Past[], options: PreviewOptions): Generator<OutboxRow[]> {
  const { from, step, until, rules, receivers, group_from, resolve_after, wall } = options
  const steps = Math.max(0, ...past.map(({ counts }) => counts.length))
  const rows = new Map<string, ProblemRow>()
  const all = past.map(({ finding, counts }) => ({ finding: plain(finding), counts }))
  for (let i = 0; i < steps; i++) {
    const now = Math.min(from + (i + 1) * step, until)
    const local = wall(now)
    const news: News[] = []
    for (const { finding, counts } of all) {
      const previous = rows.get(finding.id) ?? null
      const happens = (counts[i] ?? 0) > 0
      // Nothing is left to be told of it.
      if (!happens && (previous === null || (previous.state === 'resolved' && !previous.alerted))) continue
      const happened = (within: number): number => {
        const first = Math.max(0, i + 1 - Math.max(1, Math.round(within / step)))
        return counts.slice(first, i + 1).reduce((sum, n) => sum + n, 0)
      }
      const kind = kindOf(previous)
      const terms = termsFor(finding, rules, { now, wall: local, kind, happened })
      const last_live = happens ? now : (previous?.last_live ?? null)
      const seen = { now, finding, last_live, resolve_after, watched_since: 0, terms }
      const { decision, next } = decide(previous, seen)
      if (next === null) continue
      rows.set(finding.id, next)
      if (!decision.notify) continue
      const around = { now, dashboard: '', tried: true }
      news.push({
        decision,
        rule: next.told?.rule ?? terms.rule ?? '',
        kind: kindOfNews(decision.type, previous),
        row: next,
        around,
      })
    }
    yield announce(news, { receivers, rules: rules.rules, group_from, now })
  }
}

/** That it is over now says nothing about then. */
function plain(finding: Finding): Finding {
  const { over: _over, worked: _worked, ...rest } = finding
  return rest
}
