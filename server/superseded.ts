/** Problems that go on under another id. The server is a part of what identifies a finding, and is null while the log does
 *  not name it; when `$host` or `$server_name` is added to the log_format, the same failures are another finding. */
import type { Finding } from './diagnosis/contract.ts'
import type { ProblemRow } from './store/contract.ts'

const OPEN: ReadonlySet<ProblemRow['state']> = new Set(['new', 'ongoing', 'regressed'])

/** Ids of the open problems without a server whose failures are `live` ones of a finding with a server now: of the same
 *  cause, path and backend, and begun after the old ones ended. (Two logs at a time, of which one names it, tell of
 *  both.) */
export function superseded(rows: Iterable<ProblemRow>, live: readonly Finding[]): Set<string> {
  const ids = new Set<string>()
  const named = live.filter(({ scope }) => scope.server !== null)
  if (named.length === 0) return ids
  for (const { id, state, finding } of rows)
    if (OPEN.has(state) && finding.scope.server === null && named.some((other) => goesOn(finding, other))) ids.add(id)
  return ids
}

const goesOn = (old: Finding, now: Finding): boolean =>
  old.cause === now.cause &&
  old.scope.path === now.scope.path &&
  old.scope.upstream === now.scope.upstream &&
  old.last_seen !== null &&
  now.first_seen !== null &&
  now.first_seen >= old.last_seen
