/** An evidence whose log was written by another clock. Stored events stay as they are: only what is folded moves. */
import type { Evidence, Exemplar, Occurrences } from './contract.ts'

/** Adds `ms` to every time in the evidence, in place. `ms` is a number of whole minutes, so that counts by minute stay exact. */
export function shiftEvidence(evidence: Evidence, ms: number): void {
  for (const o of evidence.observations.values()) shiftOccurrences(o, ms)
  for (const s of evidence.suspects.values()) shiftOccurrences(s, ms)
  for (const l of evidence.lifetimes.values()) {
    l.first = plus(l.first, ms)
    l.last = plus(l.last, ms)
    l.exemplars = l.exemplars.map(({ bucket, exemplar }) => ({ bucket, exemplar: shiftExemplar(exemplar, ms) }))
  }
  evidence.requests_per_minute = evidence.requests_per_minute.moved(ms)
  evidence.ends = evidence.ends.moved(ms / 1000, (exemplar) => shiftExemplar(exemplar, ms))
  evidence.first = plus(evidence.first, ms)
  evidence.last = plus(evidence.last, ms)
}

function shiftOccurrences(o: Occurrences, ms: number): void {
  o.first = plus(o.first, ms)
  o.last = plus(o.last, ms)
  o.minutes = o.minutes.moved(ms)
  o.exemplars = o.exemplars.map((exemplar) => shiftExemplar(exemplar, ms))
}

const plus = (time: number | null, ms: number): number | null => (time === null ? null : time + ms)

/** The same line; its text is still masked only when somebody looks at it. */
function shiftExemplar(exemplar: Exemplar, ms: number): Exemplar {
  const { source, line, time } = exemplar
  return {
    source,
    line,
    time: plus(time, ms),
    get text() {
      return exemplar.text
    },
  }
}
