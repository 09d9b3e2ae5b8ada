/** The body every receiver gets, in the shape of Standard Webhooks (type, timestamp, data), well below its 20 KB.
 *  Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
import type { Finding } from '../diagnosis/contract.ts'
import type { Decision, ProblemRow } from './contract.ts'

export interface Surroundings {
  /** Epoch ms. */
  now: number
  /** Address of the dashboard without a trailing slash; receivers link to the problem there. */
  dashboard: string
  /** Anything was asked at the place of the problem after it was last seen. */
  tried: boolean
  /** The problem is called in the message about its end as it was in the one about its beginning. */
  announced?: Pick<Finding, 'title' | 'severity' | 'confidence'>
}

export function messageBody(
  decision: Decision & { notify: true },
  { finding, ...row }: ProblemRow,
  { now, dashboard, tried, announced = finding }: Surroundings,
): string {
  const [line] = finding.evidence
  const { fix } = finding
  return JSON.stringify({
    type: decision.type,
    timestamp: new Date(now).toISOString(),
    data: {
      problem: {
        id: row.id,
        state: row.state,
        reason: decision.reason,
        resolution: resolution(decision.reason, finding, tried),
        title: cut(announced.title, 300),
        cause: finding.cause,
        severity: announced.severity,
        confidence: announced.confidence,
        scope: finding.scope,
        count: finding.count,
        first_seen: finding.first_seen,
        last_seen: finding.last_seen,
        opened_at: new Date(row.opened_at).toISOString(),
        resolved_at: row.resolved_at === null ? null : new Date(row.resolved_at).toISOString(),
        evidence: line ? { source: line.source, line: line.line, text: cut(line.text, 1000) } : null,
        fix: {
          layer: fix.layer,
          summary: cut(fix.summary, 1000),
          target: fix.target === null ? null : { ...fix.target, file: cut(fix.target.file, 1000) },
          snippet: fix.snippet === null ? null : cut(fix.snippet, 4000),
        },
        url: `${dashboard}/#/problems/${encodeURIComponent(row.id)}`,
      },
    },
  })
}

/** How it ended, in words; null when it did not. Silence proves no repair, and must not read like one. */
function resolution(reason: Decision['reason'], { over, worked }: Finding, tried: boolean): string | null {
  if (reason === 'succeeded-since') {
    // Where the log names no host, or no begin of a session, that belongs to the claim.
    if (worked && (!over || worked.by === 'path' || worked.dated === 'end')) return `resolved: ${worked.told}`
    if (over) return `resolved: ${over.successes} ${over.successes === 1 ? 'handshake' : 'handshakes'} succeeded since`
  }
  if (reason !== 'quiet') return null
  const quiet = tried ? 'quiet: not seen again since' : 'quiet: nobody has tried since'
  return [
    quiet,
    ...(worked ? [worked.told] : []),
    ...(over?.why === 'config-changed' ? ['the nginx configuration was changed after the last failure'] : []),
  ].join('; ')
}

/** Shortens between characters, not inside a surrogate pair. */
function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
}
