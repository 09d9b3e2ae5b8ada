/** When a follower looks again: at a planned time, or sooner when something happened in the log's directory. */
import { watch, type FSWatcher } from 'node:fs'
import { basename, dirname } from 'node:path'

export interface Wake {
  /** Plans the next look; replaces the plan before. A `deaf` one is not brought forward by the directory. */
  plan(ms: number, deaf: boolean): void
  close(): void
}

export type WakeFor = (path: string, look: () => void) => Wake

/** Least time between two looks, ms: a busy log changes its directory thousands of times a second, and lines that are
 *  committed together cost less. */
const GAP = 20
/** Looks that are far off fall on multiples of this, ms, so that many quiet logs wake the process up once. */
const GRID = 250

/** ms from `now` (of a clock of ms) until the look: never later than asked for. */
export function untilLook(ms: number, now: number): number {
  return ms < 4 * GRID ? ms : Math.max(GRID, Math.floor((now + ms) / GRID) * GRID - now)
}

/** fs.watch on the directory is only a hint (no events on NFS, none for a link's target): the plan holds without it. */
export const wakeByDirectory: WakeFor = (path, look) => {
  let watcher: FSWatcher | null = null
  let timer: NodeJS.Timeout | null = null
  let due = Infinity
  let deafNow = false
  /** Something happened while a look was under way: it may have come too late for that one. */
  let heard = false

  function set(ms: number): void {
    if (timer) clearTimeout(timer)
    due = performance.now() + ms
    timer = setTimeout(() => {
      timer = null
      due = Infinity
      heard = false
      look()
    }, ms)
  }
  function hear(): void {
    heard = true
    if (!deafNow && timer && due - performance.now() > GAP) set(GAP)
  }
  function listen(): void {
    try {
      watcher = watch(dirname(path), (event, name) => {
        if (name === null || name === basename(path)) hear()
        // The directory itself may have been moved away: this watcher would then stay silent for ever.
        if (event === 'rename' && name === basename(dirname(path))) deafen()
      })
      watcher.on('error', deafen)
    } catch {
      // No such directory yet, or no watches left: the plan alone.
      deafen()
    }
  }
  function deafen(): void {
    watcher?.close()
    watcher = null
  }
  return {
    plan(ms, deaf) {
      deafNow = deaf
      if (!watcher) listen()
      set(heard && !deaf ? Math.min(ms, GAP) : untilLook(ms, performance.now()))
    },
    close() {
      deafen()
      if (timer) clearTimeout(timer)
    },
  }
}
