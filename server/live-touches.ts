/** Whether evidence has anything to do with the place a finding is about. */
import type { Evidence, Scope } from './diagnosis/contract.ts'

/** Good handshakes touch nothing. A part of the scope that one side does not know matches. */
export function touches(evidence: Evidence, scope: Scope): boolean {
  const here = (other: Scope): boolean =>
    PARTS.every((part) => other[part] === null || scope[part] === null || other[part] === scope[part])
  for (const { kind, scope: other } of evidence.observations.values())
    if (kind !== 'handshake_ok' && here(other)) return true
  for (const { scope: other } of evidence.suspects.values()) if (here(other)) return true
  for (const { scope: other } of evidence.lifetimes.values()) if (here(other)) return true
  return false
}

const PARTS = ['server', 'path', 'upstream'] as const
