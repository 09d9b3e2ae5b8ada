/** How many logs one process can follow: each takes a descriptor, two while it is rotated. */
import { readFileSync } from 'node:fs'

/** More are a mistake in the pattern, or need a second server. */
export const MOST = 1000
const LEAST = 16
/** For the database, the dashboard's connections and the rest. */
const OTHERS = 128

/** @param limits text of /proc/self/limits; null where there is none. Node.js has raised the soft limit to the hard one. */
export function mostFollowed(limits: string | null = ownLimits()): number {
  const open = /^Max open files\s+(\d+)/m.exec(limits ?? '')?.[1]
  return open === undefined ? MOST : Math.min(MOST, Math.max(LEAST, Math.floor((Number(open) - OTHERS) / 2)))
}

function ownLimits(): string | null {
  try {
    return readFileSync('/proc/self/limits', 'utf8')
  } catch {
    return null
  }
}
