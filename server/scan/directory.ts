/** The logs of a directory: each live one with its rotated files. */
import { readdirSync, statSync, type Stats } from 'node:fs'
import path from 'node:path'
import { isAnyLog, isLogName, isRotatedLog } from './log-name.ts'

/** A file that was last written before this long ahead of `since` holds nothing after it. A day, because clocks of
 *  containers and zones of stamps without one may be wrong by hours, and one file more costs little. */
const MARGIN = 86_400_000

export interface DirectoryLogs {
  files: string[]
  /** How many of `files` are rotated. */
  rotated: number
  /** Rotated files whose last line is older than `since`. */
  tooOld: number
  /** Names of other files. */
  others: string[]
}

/** Logs directly inside. @param rotated null: live ones only; else rotated ones too, that were written after `since`
 *  (epoch ms). Throws the system's error when the directory cannot be listed. */
export function directoryLogs(directory: string, rotated: { since: number | null } | null): DirectoryLogs {
  const found: DirectoryLogs = { files: [], rotated: 0, tooOld: 0, others: [] }
  for (const name of readdirSync(directory).sort()) {
    const file = path.join(directory, name)
    const stats = statsOf(file)
    if (stats?.isDirectory()) continue
    const old = isRotatedLog(name)
    if (!(rotated ? isAnyLog(name) : isLogName(name))) found.others.push(name)
    else if (old && isTooOld(stats, rotated?.since ?? null)) found.tooOld++
    else {
      found.files.push(file)
      if (old) found.rotated++
    }
  }
  return found
}

/** @param since epoch ms; null: nothing is */
export const isTooOld = (stats: Stats | null, since: number | null): boolean =>
  stats !== null && since !== null && stats.mtimeMs < since - MARGIN

/** Null for what cannot be looked at; opening it tells why. */
export function statsOf(file: string): Stats | null {
  try {
    return statSync(file)
  } catch {
    return null
  }
}
