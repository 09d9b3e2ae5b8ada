/** What a lint rule is. One rule is one file in rules/, one line in rules/index.ts, and its cases in test/cases/lint. */
import type { Severity } from '../diagnosis/contract.ts'
import type { Node, Statement } from '../nginx-config/contract.ts'
import type { Subject } from './subject.ts'

export type { Severity } from '../diagnosis/contract.ts'

export interface Rule {
  /** Also what `# halfopen-ignore` names. */
  id: string
  /** What is wrong, in a few words. */
  title: string
  /** The worst it reports. A location that shows no sign of WebSocket use is never worth an error. */
  severity: Severity
  /** Where it is documented. */
  docs: string
  check(subject: Subject, report: Report): void
}

export interface Report {
  /** @param fix the lines to write, or one sentence; null when only a person can tell. */
  at(place: Node | Statement, severity: Severity, message: string, fix?: string | null): void
  /** Something that cannot be told because an include was not given. `what`: of which block, in a few words. */
  undecided(gap: Statement, what: string): void
}
