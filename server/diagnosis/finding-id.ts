/** A finding's id: the same cause at the same place is the same problem, on every run and in every store. */
import type { Scope } from './contract.ts'
import { sha256 } from './sha256.ts'

/** First 16 hex digits of sha256 of `[1, cause, server, path, upstream]`; source, title and confidence are not in it. */
export function findingId(cause: string, scope: Scope): string {
  return sha256(JSON.stringify([1, cause, scope.server, scope.path, scope.upstream])).slice(0, 16)
}
