/** Ctrl-C while logs are read: the first one ends the reading, the second one the program. */
import { complain } from './command.ts'

export interface Interruption {
  signal: AbortSignal
  /** The exit code that shells give for the signal that came; null when none did. */
  code(): number | null
  /** From now on a signal ends the program at once, as it does by default. */
  over(): void
}

/** SIGINT and SIGTERM: 128 + the signal's number (POSIX shell, 2.8.2). */
const CODES = { SIGINT: 130, SIGTERM: 143 } as const

/** `quiet`: nothing is said on stderr. */
export function interruption(quiet: boolean): Interruption {
  const controller = new AbortController()
  let code: number | null = null
  const over = (): void => {
    process.off('SIGINT', on).off('SIGTERM', on)
  }
  const on = (signal: keyof typeof CODES): void => {
    // A second one is the system's: a handler of ours would wait for whatever keeps the program from ending.
    over()
    code = CODES[signal]
    if (!quiet) complain('stopped; what was read so far is reported, a second signal ends at once')
    controller.abort()
  }
  process.on('SIGINT', on).on('SIGTERM', on)
  return { signal: controller.signal, code: () => code, over }
}
