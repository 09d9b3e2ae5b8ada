/** What a probe tells while it runs: one step at a time, so that a terminal and a page can show them as they come. */

/** `info`: nothing is wrong, and nothing is proven either. */
export type Verdict = 'ok' | 'info' | 'warning' | 'failed'

/** `proxy` is the address the user asked for; `direct` the backend of --direct. */
export type Side = 'proxy' | 'direct'

export type StepName =
  'dns' | 'tcp' | 'tls' | 'get' | 'negotiate' | 'handshake' | 'origin' | 'http2' | 'session' | 'polling' | 'idle'

export interface Step {
  side: Side
  name: StepName
  verdict: Verdict
  /** How long it took. */
  ms: number
  /** One line: what happened. Text from the other side is raw: whoever shows it makes control characters visible. */
  title: string
  /** What came over the wire, or what was looked at; a line each. */
  seen: string[]
}

/** Milliseconds since it was made. */
export function stopwatch(): () => number {
  const start = performance.now()
  return () => Math.round((performance.now() - start) * 10) / 10
}

/** A duration for people: `250 ms`, `2.4 s`, `3 min`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 120_000) return `${Math.round(ms / 100) / 10} s`
  return `${Math.round(ms / 6000) / 10} min`
}
