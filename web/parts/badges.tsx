import type { Finding, Problem, ProblemState } from '../../server/http/wire.ts'
import { SEVERITY, STATE, confidence, kind, percent, stateOf } from '../text/words.ts'
import { withTimes } from '../text/time.ts'
import { SeverityIcon } from './icons.tsx'

/** What is over is graded info, as in the report; how it was graded while it failed stands beside it. */
export const SeverityBadge = ({ finding: { severity, over } }: { finding: Finding }) => (
  <span class={`severity ${severity}`}>
    <SeverityIcon severity={severity} />
    {SEVERITY[severity]}
    {over?.was !== undefined && over.was.severity !== severity && `, was ${SEVERITY[over.was.severity].toLowerCase()}`}
  </span>
)

/** With the whole problem the badge says how it ended; with the state alone only that. */
export function StateBadge({ state, problem }: { state: ProblemState; problem?: Problem }) {
  const { word, meaning } = problem ? stateOf(problem) : STATE[state]
  return (
    <span
      class={`badge state-${state}${problem?.resolved_by === 'quiet' ? ' unproven' : ''}`}
      title={withTimes(meaning)}
    >
      {word}
    </span>
  )
}

export const Confidence = ({ value }: { value: number }) => (
  <span class="confidence" title="How far the evidence decides it: from 80% sure, below 50% only possible">
    <svg class="confidence-bar" viewBox="0 0 40 6" width="40" height="6" aria-hidden="true">
      <rect class="confidence-all" width="40" height="6" rx="3" />
      <rect width={Math.max(6, 40 * value)} height="6" rx="3" />
    </svg>
    {confidence(value)}, {percent(value)}
  </span>
)

export function KindBadge({ id }: { id: string }) {
  const { word, tone } = kind(id)
  return <span class={`badge kind-${tone}`}>{word}</span>
}
