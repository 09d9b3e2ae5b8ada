/** Words for what findings hold as codes and numbers. */
import type { Severity } from '../diagnosis/contract.ts'

export const percent = (share: number): string => `${Math.round(share * 100)}%`

/** The thresholds are those of the report: from 0.8 the evidence decides, below 0.5 it is only possible. */
export function confidence(value: number): string {
  if (value >= 0.8) return 'Sure'
  return value >= 0.5 ? 'Likely' : 'Possible'
}

export const SEVERITY: Record<Severity, string> = {
  critical: 'Critical',
  error: 'Error',
  warning: 'Warning',
  info: 'Info',
}

/** `sweet.example/ws → 127.0.0.1:9000`; whatever part is known. */
export function place(scope: { server: string | null; path: string | null; upstream: string | null }): string | null {
  const front = `${scope.server ?? ''}${scope.path ?? ''}`
  if (front === '') return scope.upstream
  return scope.upstream === null ? front : `${front} → ${scope.upstream}`
}
