/** A finding's id: the same cause at the same place is the same problem, on every run and in every store. */
import { createHash } from 'node:crypto'
import type { Scope } from './contract.ts'

/** First 16 hex digits of sha256 of `[1, cause, server, path, upstream]`; source, title and confidence are not in it. */
export function findingId(cause: string, scope: Scope): string {
  return createHash('sha256')
    .update(JSON.stringify([1, cause, scope.server, scope.path, scope.upstream]))
    .digest('hex')
    .slice(0, 16)
}
