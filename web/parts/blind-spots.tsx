import type { BlindSpot } from '../../server/http/wire.ts'
import { visible, visibleLines } from '../text/visible.ts'
import { CodeBlock } from './code.tsx'

/** What the logs as they are written cannot show, and the line that would show it. */
export const BlindSpots = ({ spots }: { spots: readonly BlindSpot[] }) => (
  <ul class="blind-spots">
    {spots.map((spot) => (
      <li key={spot.what}>
        <h3>{visible(spot.what)}</h3>
        <p>{visible(spot.why)}</p>
        <Change text={spot.in_dashboard ?? spot.change} />
      </li>
    ))}
  </ul>
)

/** Lines to paste get a copy button; advice in words is a sentence. */
const Change = ({ text }: { text: string }) =>
  text.includes('\n') || /;\s*(#|$)/m.test(text) ? (
    <CodeBlock label="To see it" text={text} />
  ) : (
    <p class="blind-spot-change">
      <span class="label">To see it</span> {visibleLines(text)}
    </p>
  )
