/** Formats as steps from left to right, to say where a line leaves them. Only `explain` uses this. */
import type { Near } from './parser.ts'

/** A sticky pattern, and what it is in words. */
export type Step = readonly [pattern: RegExp, expected: string]

/** The first step that the line does not take; null when it takes all. */
export function nearSteps(line: string, steps: readonly Step[]): Near | null {
  let at = 0
  for (const [pattern, expected] of steps) {
    pattern.lastIndex = at
    if (!pattern.test(line)) return { at, why: `expected ${expected}` }
    at = pattern.lastIndex
  }
  return null
}
