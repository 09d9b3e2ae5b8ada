/** Lengths of time as people type them: `90s`, `5m`, `1.5h`. */
import { InvalidArgumentError } from 'commander'

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
/** setTimeout counts to 24.8 days; nobody waits for longer than a day. */
const MOST = 86_400_000

/** Milliseconds; a bare number is seconds, as in nginx. Throws for what is none. */
export function durationMs(text: string): number {
  const [, number, unit = 's'] = /^(\d{1,9}(?:\.\d{1,3})?)\s*(ms|s|m|h)?$/.exec(text) ?? []
  const ms = Number(number) * (UNITS[unit] ?? NaN)
  if (!(ms > 0 && ms <= MOST)) throw new InvalidArgumentError('expected a time such as 90s or 5m, at most 24h')
  return ms
}
