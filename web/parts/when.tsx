import { now } from '../state.ts'
import { fullTime, timesIn, utcTime } from '../text/time.ts'
import { Raw } from './raw.tsx'

/** A time in the reader's zone, with UTC in its title. `none` stands where a line had no time. */
export function When({ iso, none = 'no time' }: { iso: string | null; none?: string }) {
  const ms = iso === null ? Number.NaN : Date.parse(iso)
  if (iso === null || Number.isNaN(ms)) return <span class="muted">{none}</span>
  return (
    <time dateTime={iso} title={utcTime(ms, now.value)}>
      {fullTime(ms)}
    </time>
  )
}

/** A sentence of the server, the times in it as everywhere on the page. */
export const Told = ({ text }: { text: string }) => (
  <span>
    {timesIn(text).map((part, i) => (i % 2 === 1 ? <When iso={part} key={i} /> : <Raw text={part} key={i} />))}
  </span>
)
