/** What the commands share: how one is registered, and how a mistake of the user ends it. */
import { existsSync, readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { escapeText } from './terminal.ts'

/** Adds a command: options and help at once, everything heavy imported when it runs.
 *  `exit` sets the code the process ends with. */
export type Register = (program: Command, exit: (code: number) => void) => void

/** A mistake on the command line: one line that says what, where and what to do. Ends with code 2. */
export class UsageError extends Error {}

/** One line on stderr. */
export function complain(message: string): void {
  process.stderr.write(`halfopen: ${escapeText(message.replaceAll('\n', ' '))}\n`)
}

/** Of the nearest package.json: the tree has the same shape before and after the build, one level apart. */
export function packageVersion(): string {
  for (let at = new URL('.', import.meta.url); ; at = new URL('..', at)) {
    const file = new URL('package.json', at)
    try {
      // Asked first: an exception for each folder costs more than the rest of this.
      const manifest = (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}) as {
        name?: unknown
        version?: unknown
      }
      if (manifest.name === 'halfopen' && typeof manifest.version === 'string') return manifest.version
    } catch {
      // Not ours.
    }
    if (at.pathname === '/') return 'unknown'
  }
}
