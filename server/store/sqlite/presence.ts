/** Is the file that is open still the one with the name? A database that was deleted or replaced takes every commit and
 *  keeps none: after the next start nobody would find them. SQLite does not look (in WAL mode it opens its files once). */
import { readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs'
import { StoreError } from '../store-error.ts'

/** The database, what was not copied into it yet, and the index of that. */
const PARTS = ['', '-wal', '-shm'] as const
type Part = (typeof PARTS)[number]

export class Presence {
  private readonly file: string
  /** Without links, as SQLite names its other files. */
  private readonly real: string
  private readonly seen = new Map<Part, string>()

  /** For a database that was just opened. */
  constructor(file: string) {
    this.file = file
    this.real = realpathSync(file)
    this.fault()
  }

  /** Throws StoreError('database-gone'). */
  check(): void {
    const fault = this.fault()
    if (fault !== null) throw new StoreError('database-gone', fault)
  }

  /** What happened to it and what to do, one line; null when all is well. Three calls of stat: 10 µs. */
  fault(): string | null {
    for (const part of PARTS) {
      const there = identity(this.real + part)
      const before = this.seen.get(part)
      if (before === undefined) {
        if (there !== null) this.seen.set(part, there)
      } else if (there === null) return gone(this.file, part)
      else if (there !== before) {
        // Some network file systems number the same file anew.
        if (!isOpen(this.real + part)) return replaced(this.file, part)
        this.seen.set(part, there)
      }
    }
    return null
  }
}

function gone(file: string, part: Part): string {
  if (part !== '')
    return `${file}${part} was deleted while the database was open; stop halfopen, which saves what it can, then run halfopen db check`
  return (
    `${file} was deleted or moved while it was open, and what is written to it is lost; put it back, ` +
    'or restart halfopen, which then begins a new one and imports the logs again'
  )
}

function replaced(file: string, part: Part): string {
  return `${file}${part} was replaced by another file while it was open; restart halfopen, which then goes on with what that one holds (what was not written out is moved aside)`
}

function identity(path: string): string | null {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats === undefined ? null : `${stats.dev} ${stats.ino}`
}

/** Linux says of a file that was replaced under its name that it is `(deleted)`. False where nobody tells. */
function isOpen(path: string): boolean {
  try {
    return readdirSync('/proc/self/fd').some((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === path
      } catch {
        return false
      }
    })
  } catch {
    return false
  }
}
