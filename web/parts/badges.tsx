import type { ProblemState, Severity } from '../../server/http/wire.ts'
import { SEVERITY, STATE, confidence, kind, percent } from '../text/words.ts'
import { SeverityIcon } from './icons.tsx'

export const SeverityBadge = ({ severity }: { severity: Severity }) => (
  <span class={`severity ${severity}`}>
    <SeverityIcon severity={severity} />
    {SEVERITY[severity]}
  </span>
)

export const StateBadge = ({ state }: { state: ProblemState }) => (
  <span class={`badge state-${state}`} title={STATE[state].meaning}>
    {STATE[state].word}
  </span>
)

export const Confidence = ({ value }: { value: number }) => (
  <span class="confidence" title="How far the evidence decides it: from 80% sure, below 50% only possible">
    <meter class="confidence-meter" min={0} max={1} low={0.5} high={0.8} optimum={1} value={value} aria-hidden="true" />
    {confidence(value)}, {percent(value)}
  </span>
)

export function KindBadge({ id }: { id: string }) {
  const { word, tone } = kind(id)
  return <span class={`badge kind-${tone}`}>{word}</span>
}
