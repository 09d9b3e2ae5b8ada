import { now } from '../state.ts'
import { ago, bothZones, fullTime, shortTime } from '../text/time.ts'

const STYLES = {
  ago: (ms: number) => ago(ms, now.value),
  short: (ms: number) => shortTime(ms, now.value),
  full: (ms: number) => fullTime(ms),
}

/** A time in the reader's zone, with UTC in its title. `none` stands where a line had no time. */
export function When({
  iso,
  as = 'full',
  none = 'no time',
}: {
  iso: string | null
  as?: keyof typeof STYLES
  none?: string
}) {
  const ms = iso === null ? Number.NaN : Date.parse(iso)
  if (iso === null || Number.isNaN(ms)) return <span class="muted">{none}</span>
  return (
    <time dateTime={iso} title={bothZones(ms)}>
      {STYLES[as](ms)}
    </time>
  )
}
