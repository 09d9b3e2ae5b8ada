/** The body every receiver gets, in the shape of Standard Webhooks (type, timestamp, data), well below its 20 KB.
 *  Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
import type { Finding } from '../diagnosis/contract.ts'
import type { Decision, MessageType, OutboxRow, ProblemRow } from './contract.ts'
import { endedBy } from './decide.ts'
import { fit, jsonBytes, wellFormed } from './fit.ts'

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

/** A problem as it stands in a message. */
export interface ToldProblem {
  id: string
  state: string
  reason: string
  resolution: string | null
  title: string
  cause: string
  severity: Finding['severity']
  confidence: number
  scope: Finding['scope']
  count: number
  first_seen: string | null
  last_seen: string | null
  opened_at: string
  resolved_at: string | null
  evidence: { source: string; line: number | null; text: string } | null
  fix: {
    layer: string
    summary: string
    target: { file: string; line: number } | null
    snippet: string | null
  }
  url: string
}

/** A source that fell silent, cannot be read, or is back. */
export interface ToldSource {
  path: string
  reason: string
  /** One sentence. */
  text: string
  /** Since when it is so, ISO 8601. */
  since: string
  url: string
}

export interface Body {
  type: MessageType
  timestamp: string
  data: {
    problem?: ToldProblem
    problems?: (ToldProblem & { type: MessageType })[]
    /** How many more there are than `problems` holds. */
    more?: number
    source?: ToldSource
    text?: string
  }
}

/** A message on its way to a receiver. */
export interface Notice {
  /** The same for every attempt: receivers drop what they have. */
  id: string
  /** The exact bytes of the generic webhook. */
  text: string
  body: Body
  /** Epoch ms. */
  created_at: number
}

export const noticeOf = ({ id, body, created_at }: Pick<OutboxRow, 'id' | 'body' | 'created_at'>): Notice => ({
  id,
  text: body,
  body: JSON.parse(body) as Body,
  created_at,
})

export const bodyText = (type: MessageType, now: number, data: Body['data']): string =>
  JSON.stringify({ type, timestamp: new Date(now).toISOString(), data } satisfies Body)

export const messageBody = (decision: Decision & { notify: true }, row: ProblemRow, around: Surroundings): string =>
  bodyText(decision.type, around.now, { problem: toldProblem(decision, row, around) })

export function toldProblem(
  decision: Decision & { notify: true },
  { finding, ...row }: ProblemRow,
  { dashboard, tried, announced = finding }: Surroundings,
): ToldProblem {
  const [line] = finding.evidence
  const { fix, scope } = finding
  const part = (text: string | null): string | null => (text === null ? null : cut(text, 300))
  return {
    id: row.id,
    state: row.state,
    reason: decision.reason,
    resolution: resolution(decision, { ...row, finding }, tried),
    title: cut(announced.title, 300),
    cause: finding.cause,
    severity: announced.severity,
    confidence: announced.confidence,
    scope: {
      server: part(scope.server),
      path: part(scope.path),
      upstream: part(scope.upstream),
      source: part(scope.source),
    },
    count: finding.count,
    first_seen: finding.first_seen,
    last_seen: finding.last_seen,
    opened_at: new Date(row.opened_at).toISOString(),
    resolved_at: row.resolved_at === null ? null : new Date(row.resolved_at).toISOString(),
    evidence: line
      ? { source: cut(line.source, 300), line: line.line, text: cut(withoutClient(line.text), 1000) }
      : null,
    fix: {
      layer: fix.layer,
      summary: cut(fix.summary, 1000),
      target: fix.target === null ? null : { ...fix.target, file: cut(fix.target.file, 500) },
      snippet: fix.snippet === null ? null : cut(fix.snippet, 4000, 6000),
    },
    url: `${dashboard}/#/problems/${encodeURIComponent(row.id)}`,
  }
}

/** How it ended, in words; null when it did not. Silence proves no repair, and must not read like one. */
function resolution({ type, reason }: Decision & { notify: true }, row: ProblemRow, tried: boolean): string | null {
  if (type !== 'problem.resolved') return null
  const { over, worked } = row.finding
  // What ended in quiet hours is told afterwards.
  const how = reason === 'quiet-hours-over' || reason === 'resolved-by-hand' ? endedBy(row) : reason
  if (how === 'hand') return 'resolved: somebody said so in the dashboard'
  if (how === 'succeeded-since') {
    // Where the log names no host, or no begin of a session, that belongs to the claim.
    if (worked && (!over || worked.by === 'path' || worked.dated === 'end')) return `resolved: ${worked.told}`
    if (over) return `resolved: ${over.successes} ${over.successes === 1 ? 'handshake' : 'handshakes'} succeeded since`
  }
  if (how !== 'quiet') return null
  const quiet = tried ? 'quiet: not seen again since' : 'quiet: nobody has tried since'
  return [
    quiet,
    ...(worked ? [worked.told] : []),
    ...(over?.why === 'config-changed' ? ['the nginx configuration was changed after the last failure'] : []),
  ].join('; ')
}

/** Who it was is nobody's business at the receiver; tokens are masked before anything is stored. */
const withoutClient = (text: string): string =>
  text.replace(/\bclient: [0-9a-f.:]+/gi, 'client: …').replace(/^[0-9a-f]*[.:][0-9a-f.:]+(?= - )/i, '…')

/** At most so many characters, and so many bytes of JSON: a control character takes six of them. */
const cut = (text: string, most: number, mostBytes = most * 2.5): string =>
  fit(fit(wellFormed(text), most), mostBytes, { size: jsonBytes })
