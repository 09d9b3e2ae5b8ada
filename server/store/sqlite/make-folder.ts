/** A folder and those above it. */
import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** Makes `folder` and what is missing above it. One by one: mkdirSync's `recursive` never returns where a file system answers
 *  ENOENT to every mkdir, as /proc does. Throws the system error. */
export function makeFolder(folder: string, mode: number): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return
  if (dirname(folder) !== folder) makeFolder(dirname(folder), mode)
  try {
    mkdirSync(folder, { mode })
  } catch (error) {
    // Made by somebody else meanwhile.
    const made = (error as NodeJS.ErrnoException).code === 'EEXIST' && statSync(folder).isDirectory()
    if (!made) throw error
  }
}
