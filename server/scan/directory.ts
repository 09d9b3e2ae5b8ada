/** The logs of a directory: each live one with its rotated files. */
import { readdirSync, statSync, type Stats } from 'node:fs'
import path from 'node:path'
import { isAnyLog, isLogName, isRotatedLog } from './log-name.ts'
import { OLD_FOLDERS } from './old-folders.ts'
import { rotatedName } from './rotated-name.ts'

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
  /** Folders in it with logs that were not read. */
  folders: string[]
  /** Folders for rotated logs that cannot be listed. */
  unreadable: { path: string; error: unknown }[]
}

/** Folders that are looked into to say that there is something in them. */
const MAX_LOOKED_AT = 200

/** Logs directly inside. @param rotated null: live ones only; else rotated ones too, that were written after `since`
 *  (epoch ms), also those of the same logs in a folder for them (logrotate's `olddir`). Throws the system's error when
 *  the directory cannot be listed. */
export function directoryLogs(directory: string, rotated: { since: number | null } | null): DirectoryLogs {
  const found: DirectoryLogs = { files: [], rotated: 0, tooOld: 0, others: [], folders: [], unreadable: [] }
  const folders: string[] = []
  const logs = new Set<string>()
  for (const name of readdirSync(directory).sort()) {
    const file = path.join(directory, name)
    const stats = statsOf(file)
    if (stats?.isDirectory()) {
      folders.push(name)
      continue
    }
    const old = isRotatedLog(name)
    if (!(rotated ? isAnyLog(name) : isLogName(name))) found.others.push(name)
    else {
      logs.add(rotatedName(name).log)
      add(file, stats, old, rotated, found)
    }
  }
  if (rotated === null) return found
  for (const name of folders.slice(0, MAX_LOOKED_AT)) {
    const isOld = OLD_FOLDERS.includes(name)
    if (!addFolder(path.join(directory, name), isOld ? logs : new Set(), rotated, found)) found.folders.push(name)
  }
  return found
}

/** Adds the rotated files of these logs; false when there are other logs. */
function addFolder(
  folder: string,
  logs: ReadonlySet<string>,
  rotated: { since: number | null },
  found: DirectoryLogs,
): boolean {
  let all = true
  try {
    for (const name of readdirSync(folder).sort()) {
      const file = path.join(folder, name)
      if (!isAnyLog(name)) continue
      const stats = statsOf(file)
      if (stats?.isDirectory()) continue
      if (isRotatedLog(name) && logs.has(rotatedName(name).log)) add(file, stats, true, rotated, found)
      else all = false
    }
  } catch (error) {
    if (logs.size > 0) found.unreadable.push({ path: folder, error })
  }
  return all
}

function add(
  file: string,
  stats: Stats | null,
  old: boolean,
  rotated: { since: number | null } | null,
  found: DirectoryLogs,
): void {
  if (old && isTooOld(stats, rotated?.since ?? null)) {
    found.tooOld++
    return
  }
  found.files.push(file)
  if (old) found.rotated++
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
