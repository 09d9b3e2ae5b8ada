/** Where a reader stands in a container's log. Engines give lines no numbers, only stamps: several lines may have the
 *  same one, and lines of stdout and stderr overtake each other by a little. Within one stream they are in order. So a
 *  place is, for each stream, its newest stamp and how many lines were read since the first line with it. */
import type { Stream } from './frames.ts'

export interface DockerPosition {
  /** The container's. */
  id: string
  /** Number of the next line. */
  line: number
  /** Lines stamped up to this one were there at first sight; null when there were none. */
  history_until: string | null
  streams: Partial<Record<Stream, StreamPlace>>
}

export interface StreamPlace {
  /** The newest. */
  stamp: string
  /** Lines from the first with that stamp on: more than those with it only when the clock was set back. */
  count: number
}

/** How far before the newest stamp the log is asked for again, s: streams overtake each other by less, and engines
 *  round `since` each in its own way (Podman to seconds). */
const OVERLAP = 10

/** The `since` to ask for, epoch s; null when nothing was read yet. */
export function askFrom({ streams }: DockerPosition): number | null {
  const stamps = Object.values(streams).map(({ stamp }) => Math.floor(Date.parse(stamp) / 1000))
  const newest = Math.max(...stamps.filter((at) => !Number.isNaN(at)))
  return Number.isFinite(newest) ? Math.max(0, newest - OVERLAP) : null
}

/** The place behind one more line. */
export function behind(position: DockerPosition, stream: Stream, stamp: string): DockerPosition {
  const { streams, line } = position
  const before = streams[stream]
  const place: StreamPlace =
    before === undefined || stamp > before.stamp
      ? { stamp, count: 1 }
      : { stamp: before.stamp, count: before.count + 1 }
  // Without a stamp there is nothing to find it by.
  const after = stamp === '' && before === undefined ? streams : { ...streams, [stream]: place }
  return { ...position, line: line + 1, streams: after }
}

/** Tells, of a log that is read again from askFrom(position) on, which lines were read before. */
export function readBefore(position: DockerPosition): (stream: Stream, stamp: string) => boolean {
  const left = new Map<Stream, { place: StreamPlace; met: boolean; passed: number }>()
  for (const stream of ['stdout', 'stderr'] as const) {
    const place = position.streams[stream]
    if (place) left.set(stream, { place, met: false, passed: 0 })
  }
  return (stream, stamp) => {
    const state = left.get(stream)
    if (!state) return false
    const { place } = state
    // Later than all that was read: also when the engine has dropped what came before.
    const later = stamp > place.stamp
    if (!later && !state.met && stamp !== place.stamp) return true
    if (!later) {
      state.met = true
      state.passed++
    }
    if (later || state.passed === place.count) left.delete(stream)
    return !later
  }
}
