/** Old content back into files, unless somebody else wrote there meanwhile. */
import { lstatSync, readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { contentAfter, contentBefore, sha256, type Backup, type BackupFile } from './backups.ts'
import { FixError, readRegular, systemText } from './read-file.ts'
import { replaceFile } from './replace-file.ts'

/** What a file holds: as before the change, as after it, a write in place that ended in between, or something else. */
export type Held = 'before' | 'after' | 'torn' | 'other'

export function held(backup: Backup, file: BackupFile, now: Buffer): Held {
  const hash = sha256(now)
  if (hash === file.before) return 'before'
  if (hash === file.after) return 'after'
  try {
    const [before, after] = [contentBefore(backup, file), contentAfter(backup, file)]
    return after !== null && (isTorn(now, before, after) || isTorn(now, after, before)) ? 'torn' : 'other'
  } catch {
    // A copy is gone or damaged: whose text this is cannot be known.
    return 'other'
  }
}

/** Whether `now` is `from` with only its beginning overwritten by `to`. An edit by hand moves the rest, and does not pass. */
function isTorn(now: Buffer, from: Buffer, to: Buffer): boolean {
  let done = 0
  while (done < now.length && now[done] === to[done]) done++
  return now.length === Math.max(from.length, done) && now.subarray(done).equals(from.subarray(done))
}

export interface Restored {
  /** Edited by somebody else, so left alone. */
  left: string[]
  /** What could not be put back, and why. */
  failed: string[]
}

/** Puts back every file that it can. Throws nothing. */
export function restore(backup: Backup): Restored {
  const restored: Restored = { left: [], failed: [] }
  for (const file of backup.files) {
    const { real } = file
    try {
      const now = readRegular(real)
      const what = held(backup, file, now)
      if (what === 'before') continue
      const old = contentBefore(backup, file)
      if (what === 'other' || !replaceFile(real, old, now)) restored.left.push(real)
    } catch (error) {
      restored.failed.push(`${real}: could not be put back: ${systemText(error)}`)
    }
  }
  return restored
}

/** Where the old content of files that were not put back is; one line. */
export function whereItIs({ folder, files }: Backup, { left, failed }: Restored): string {
  const copies = files
    .filter(({ real }) => left.includes(real) || failed.some((text) => text.startsWith(`${real}: `)))
    .map(({ copy }) => join(folder, copy))
  const edited = left.map((real) => `${real}: it was edited meanwhile, so it is left alone`)
  return `${[...edited, ...failed].join('; ')}; what it held before is in ${copies.join(', ')}`
}

/** Removes what a killed run left beside a file (the new content, not yet renamed). */
export function tidy({ files }: Backup): void {
  for (const { real } of files) {
    const [folder, name] = [dirname(real), basename(real)]
    try {
      for (const one of readdirSync(folder)) {
        if (!one.startsWith(`.${name}.halfopen-`) || !/^[0-9a-f]{8}$/.test(one.slice(name.length + 11))) continue
        if (lstatSync(join(folder, one)).isFile()) rmSync(join(folder, one))
      }
    } catch {
      // It disturbs nobody: nginx passes over it.
    }
  }
}

/** What each file of a change holds now; null where it cannot be read. */
export function heldNow(backup: Backup): (Held | null)[] {
  return backup.files.map((file) => {
    try {
      return held(backup, file, readRegular(file.real))
    } catch {
      return null
    }
  })
}

/** Throws FixError when something was not put back. */
export function mustBeBack(backup: Backup, restored: Restored): void {
  if (restored.left.length + restored.failed.length > 0) throw new FixError(whereItIs(backup, restored))
}
