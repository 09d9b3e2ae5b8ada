/** One line on stderr that says how far the reading is. Only on a terminal; gone when the result comes. */
import { bytes, duration } from './report-times.ts'

/** What is read faster than this needs no progress line. */
const DELAY_MS = 300
const STEP_MS = 100

export interface Progress {
  /** Bytes read so far, and all of them when known. */
  update(done: number, total: number | null): void
  clear(): void
}

/** @param now monotonic ms */
export function progressLine(write: (text: string) => void, now: () => number): Progress {
  const started = now()
  let next = started + DELAY_MS
  let shown = false
  return {
    update(done, total) {
      const at = now()
      if (at < next) return
      next = at + STEP_MS
      shown = true
      write(`\r\x1b[K${progressText(done, total, (at - started) / 1000)}`)
    },
    clear() {
      if (shown) write('\r\x1b[K')
      shown = false
    },
  }
}

/** `reading 34 %, 120 MB of 350 MB, 240 MB/s, 1 s left` */
export function progressText(done: number, total: number | null, seconds: number): string {
  const rate = seconds > 0 ? done / seconds : 0
  const speed = `${bytes(rate)}/s`
  if (total === null || total <= 0 || done > total) return `reading ${bytes(done)}, ${speed}`
  const left = rate > 0 ? `, ${duration(Math.ceil((total - done) / rate))} left` : ''
  return `reading ${Math.floor((done / total) * 100)} %, ${bytes(done)} of ${bytes(total)}, ${speed}${left}`
}
