/** Whether evidence has anything to do with the place a finding is about. */
import type { Evidence, Finding, Scope } from './diagnosis/contract.ts'

/** Shown by sessions that end well, one by one. */
const BY_ENDS: ReadonlySet<string> = new Set(['reload-drop'])

/** Good handshakes touch nothing else. A part of the scope that one side does not know matches. */
export function touches(evidence: Evidence, { cause, scope }: Pick<Finding, 'cause' | 'scope'>): boolean {
  if (BY_ENDS.has(cause) && evidence.ends.size > 0) return true
  for (const { kind, scope: other } of evidence.observations.values())
    if (kind !== 'handshake_ok' && near(scope, other)) return true
  for (const { scope: other } of evidence.suspects.values()) if (near(scope, other)) return true
  for (const { scope: other } of evidence.lifetimes.values()) if (near(scope, other)) return true
  return false
}

/** Anything was asked there after `since` (epoch ms), good handshakes included. */
export function triedSince(evidence: Evidence, scope: Scope, since: number): boolean {
  const all = [evidence.observations, evidence.suspects, evidence.lifetimes].flatMap((table) => [...table.values()])
  return all.some(({ scope: other, last }) => last !== null && last > since && near(scope, other))
}

const PARTS = ['server', 'path', 'upstream'] as const
const near = (scope: Scope, other: Scope): boolean =>
  PARTS.every((part) => other[part] === null || scope[part] === null || other[part] === scope[part])
