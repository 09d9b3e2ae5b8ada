/** Observations grouped into the places a finding can be about. */
import type { Observation, Scope } from './contract.ts'
import { minuteOf } from './evidence.ts'
import { MINUTE } from './minute-counts.ts'

/** Groups by the given part of the scope; the rest becomes null, so that a finding's id does not change when more paths fail. */
export function groupBy(
  observations: readonly Observation[],
  by: 'server+path' | 'server+upstream',
): { scope: Scope; members: Observation[] }[] {
  const groups = new Map<string, { scope: Scope; members: Observation[] }>()
  for (const o of observations) {
    const { server, path, upstream } = o.scope
    const scope: Scope = by === 'server+path' ? { server, path, upstream: null } : { server, path: null, upstream }
    const key = JSON.stringify([scope.server, scope.path, scope.upstream])
    const group = groups.get(key)
    if (group) group.members.push(o)
    else groups.set(key, { scope, members: [o] })
  }
  return joined([...groups.values()])
}

/** The error log names the server block, combined names nothing: a place without a server is that of the only server that
 *  has the same path, or the same backend. */
function joined<T extends { scope: Scope; members: Observation[] }>(groups: T[]): T[] {
  const named = new Map<string, T | null>()
  const rest = ({ path, upstream }: Scope): string | null => path ?? upstream
  for (const group of groups) {
    const key = rest(group.scope)
    if (key !== null && group.scope.server !== null) named.set(key, named.has(key) ? null : group)
  }
  return groups.filter((group) => {
    const key = rest(group.scope)
    const home = group.scope.server === null && key !== null ? named.get(key) : undefined
    if (home == null) return true
    home.members.push(...group.members)
    return false
  })
}

export const countOf = (observations: readonly Observation[]): number =>
  observations.reduce((n, o) => (o.echo ? n : n + o.count), 0)

/** Distinct clients seen, capped where evidence caps them. */
export function clientsOf(observations: readonly Observation[]): number {
  const all = new Set<string>()
  for (const o of observations) for (const client of o.clients) all.add(client)
  return all.size
}

/** Seconds between the first and the last occurrence; 0 when untimed. */
export function spread(observations: readonly Observation[]): number {
  const firsts = observations.map((o) => o.first).filter((t) => t !== null)
  const lasts = observations.map((o) => o.last).filter((t) => t !== null)
  return firsts.length === 0 ? 0 : (Math.max(...lasts) - Math.min(...firsts)) / 1000
}

/** Both happened in one minute, give or take one: two logs of one incident. A bucket of several minutes does not tell; of
 *  such a place only the times that are exact count. */
export function shareMinutes(a: readonly Observation[], b: readonly Observation[]): boolean {
  const minutes = new Set(a.flatMap(minutesOf))
  return b.some((o) => minutesOf(o).some((m) => minutes.has(m) || minutes.has(m - MINUTE) || minutes.has(m + MINUTE)))
}

function minutesOf({ minutes, first, last, exemplars }: Observation): number[] {
  if (minutes.step === 1) return [...minutes.keys()]
  return [first, last, ...exemplars.map(({ time }) => time)].filter((time) => time !== null).map(minuteOf)
}

/** `3 times`, `once`. Not by toLocaleString: its first call loads Intl, a tenth of a short run. */
export const times = (n: number): string =>
  n === 1 ? 'once' : n === 2 ? 'twice' : `${String(n).replace(/\B(?=(?:\d{3})+$)/g, ',')} times`
