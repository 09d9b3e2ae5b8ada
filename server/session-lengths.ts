/** The session lengths of the Trends page: bars a person can read, and the timeouts that their peaks match. Pure. */
import { findPeaks, lifetimeOf, type ConfigView, type Evidence } from './diagnosis/contract.ts'
import type { SessionLengths } from './http/wire.ts'
import type { Where } from './store/contract.ts'

type Lifetimes = Evidence['lifetimes'] extends Map<string, infer L> ? L : never

/** Edges in seconds. Whole multiples stand in the middle of a bar: nginx's timers are up to 0.3 s early. */
const EDGES: readonly number[] = [
  0,
  ...steps(0.5, 9.5, 1),
  ...steps(12.5, 117.5, 5),
  ...steps(135, 585, 30),
  ...steps(750, 3450, 300),
  ...steps(5400, 86_400, 3600),
]

function steps(from: number, to: number, by: number): number[] {
  return Array.from({ length: Math.round((to - from) / by) + 1 }, (_, i) => from + i * by)
}

const MAX_PEAKS = 5
/** Scopes whose block in the configuration is looked up. */
const MAX_SCOPES = 50

/** Layers outside nginx that end silent connections. Their own pages say so; that they are there is only a suspicion. */
const OUTSIDE: readonly [seconds: number, what: string][] = [
  [100, 'suspected: Cloudflare in front (100 s)'],
  [240, 'suspected: worker_shutdown_timeout of ingress-nginx after a reload (240 s), or the Azure load balancer'],
  [350, 'suspected: AWS network load balancer (350 s)'],
]

export function sessionLengths(
  all: readonly Lifetimes[],
  where: Pick<Where, 'server' | 'path' | 'upstream'>,
  config: ConfigView | null,
): Pick<SessionLengths, 'count' | 'bars' | 'peaks'> {
  const asked = (['server', 'path', 'upstream'] as const).filter((name) => where[name] !== undefined)
  const lifetimes = all.filter(({ scope }) => asked.every((name) => scope[name] === where[name]))
  const counts = EDGES.map(() => 0)
  let count = 0
  for (const { buckets } of lifetimes)
    for (const [bucket, n] of buckets) {
      // The middle of a bucket: its lower edge may be a hair below the edge of a bar.
      const bar = barOf((lifetimeOf(bucket) + lifetimeOf(bucket + 1)) / 2)
      counts[bar] = (counts[bar] ?? 0) + n
      count += n
    }
  const used = counts.findLastIndex((n) => n > 0) + 1
  const bars = counts
    .slice(0, used)
    .map((n, at) => ({ from: EDGES[at] ?? 0, to: EDGES[at + 1] ?? (EDGES[at] ?? 0) * 2, count: n }))
  const known = timeouts(lifetimes, config)
  const peaks = findPeaks(lifetimes)
    .slice(0, MAX_PEAKS)
    .map((peak) => ({ seconds: peak.seconds, count: peak.count, matches: matchesOf(peak.seconds, known) }))
  return { count, bars, peaks }
}

function barOf(seconds: number): number {
  let low = 0
  let high = EDGES.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((EDGES[middle] ?? Infinity) <= seconds) low = middle
    else high = middle - 1
  }
  return low
}

/** Seconds → the directives of the configuration that say so, for the places these sessions were at. */
function timeouts(lifetimes: readonly Lifetimes[], config: ConfigView | null): Map<number, Set<string>> {
  const found = new Map<number, Set<string>>()
  for (const { scope } of lifetimes.slice(0, MAX_SCOPES)) {
    const settings = scope.path === null ? null : (config?.settings(scope.server, scope.path) ?? null)
    if (settings === null) continue
    for (const name of ['proxy_read_timeout', 'proxy_send_timeout'] as const) {
      const seconds = settings[name]
      if (seconds === null) continue
      const set = found.get(seconds) ?? new Set()
      found.set(seconds, set.add(`${name} ${seconds}s of ${settings.context} (${settings.file}:${settings.line})`))
    }
  }
  return found
}

function matchesOf(seconds: number, known: ReadonlyMap<number, ReadonlySet<string>>): string[] {
  const own = [...(known.get(seconds) ?? [])].slice(0, 3)
  const usual = seconds === 60 && own.length === 0 ? ['proxy_read_timeout, which is 60 s when nothing is set'] : []
  return [...own, ...usual, ...OUTSIDE.filter(([at]) => at === seconds).map(([, what]) => what)]
}
