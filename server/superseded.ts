/** Problems that go on under another id. The server is a part of what identifies a finding, and is null while the log does
 *  not name it; when `$host` or `$server_name` is added to the log_format, or another log of the same requests names it, the
 *  same failures are another finding. */
import type { Finding } from './diagnosis/contract.ts'
import type { SourceState } from './http/wire.ts'
import type { ProblemRow } from './store/contract.ts'

const OPEN: ReadonlySet<ProblemRow['state']> = new Set(['new', 'ongoing', 'regressed'])

/** Ids of the open problems without a server whose failures are `live` ones of a finding with a server now: of the same
 *  cause, path and backend, and begun after the old ones ended; or `current` findings hold no other of them, since both logs
 *  are told as one. */
export function superseded(
  rows: Iterable<ProblemRow>,
  live: readonly Finding[],
  current: ReadonlyMap<string, unknown>,
): Set<string> {
  const ids = new Set<string>()
  const named = live.filter(({ scope }) => scope.server !== null)
  if (named.length === 0) return ids
  for (const { id, state, finding } of rows) {
    if (!OPEN.has(state) || finding.scope.server !== null) continue
    const joined = !current.has(id)
    if (named.some((other) => goesOn(finding, other) || (joined && covers(other, finding)))) ids.add(id)
  }
  return ids
}

const goesOn = (old: Finding, now: Finding): boolean =>
  old.cause === now.cause &&
  old.scope.path === now.scope.path &&
  old.scope.upstream === now.scope.upstream &&
  old.last_seen !== null &&
  now.first_seen !== null &&
  now.first_seen >= old.last_seen

/** Where the error log names the backend, too, the finding is about that, and has no path. */
const covers = (now: Finding, old: Finding): boolean =>
  now.cause === old.cause &&
  (now.scope.path === null || now.scope.path === old.scope.path) &&
  (old.scope.upstream === null || now.scope.upstream === old.scope.upstream) &&
  old.last_seen !== null &&
  now.first_seen !== null &&
  now.first_seen <= old.last_seen

type Source = Pick<SourceState, 'path' | 'state' | 'format'>

/** nginx writes to its error log first, and the access log of the same request may be read first: one incident would become
 *  two problems, one without and one with the server. What begins without one waits for a round in which the error logs
 *  are read. */
export class Naming {
  private holding: ReadonlySet<string> = new Set()
  private before: ReadonlySet<string> = new Set()

  /** The next round has something to judge. */
  get waits(): boolean {
    return this.holding.size > 0
  }

  holds(id: string): boolean {
    return this.holding.has(id)
  }

  /** It happened in a round before. */
  waited({ id }: Finding): boolean {
    return this.holding.has(id)
  }

  /** Those of `live` that need not wait (any more). Call once a round. */
  ready(live: readonly Finding[], rows: ReadonlyMap<string, ProblemRow>, sources: readonly Source[]): Finding[] {
    this.before = this.holding
    const held = live.filter((finding) => this.mustWait(finding, rows.get(finding.id) ?? null, sources))
    this.holding = new Set(held.map(({ id }) => id))
    return live.filter(({ id }) => !this.holding.has(id))
  }

  private mustWait(finding: Finding, row: ProblemRow | null, sources: readonly Source[]): boolean {
    if (finding.scope.server !== null || this.before.has(finding.id)) return false
    if (row !== null && row.state !== 'imported' && row.state !== 'resolved') return false
    const shown = new Set(finding.evidence.map(({ source }) => source))
    return sources.some(
      ({ path, state, format }) =>
        (state === 'idle' || state === 'reading') &&
        (format === 'nginx-error' || /error[^/]*$/i.test(path)) &&
        !shown.has(path),
    )
  }
}
