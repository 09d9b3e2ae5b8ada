import { count } from '../text/words.ts'

const STEP = 5
const HEIGHT = 28

/** Occurrences over the last 24 h as small bars; the words next to it say the same. */
export function Sparkline({ values }: { values: readonly number[] }) {
  const total = values.reduce((sum, n) => sum + n, 0)
  if (total === 0) return <span class="sparkline-none">none in the last 24 h</span>
  const top = Math.max(...values)
  const width = values.length * STEP
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${width} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${count(total)} in the last 24 hours, at most ${count(top)} in half an hour`}
    >
      <title>{`${count(total)} in the last 24 h, at most ${count(top)} in half an hour`}</title>
      <path class="sparkline-base" d={`M0 ${HEIGHT - 0.5}H${width}`} />
      {values.map((n, i) => {
        // The smallest occurrence still stands two pixels high.
        const height = n === 0 ? 0 : Math.max(2, (n / top) * HEIGHT)
        return height > 0 && <rect key={i} x={i * STEP} y={HEIGHT - height} width={STEP - 1} height={height} />
      })}
    </svg>
  )
}
