/** The order problems are shown in, and the groups they fall into. */
import type { Problem, ProblemState, Severity } from '../../server/http/wire.ts'

const WEIGHT: Record<Severity, number> = { critical: 3, error: 2, warning: 1, info: 0 }

/** The report's order: confident first, then severity, confidence, count; the id settles ties so that rows never jump. */
export function rank(problems: readonly Problem[]): Problem[] {
  return problems.toSorted(({ finding: a, id: left }, { finding: b, id: right }) => {
    return (
      Number(b.confidence >= 0.5) - Number(a.confidence >= 0.5) ||
      WEIGHT[b.severity] - WEIGHT[a.severity] ||
      b.confidence - a.confidence ||
      b.count - a.count ||
      (left < right ? -1 : 1)
    )
  })
}

const NOW: readonly ProblemState[] = ['new', 'ongoing', 'regressed']

export const isNow = (problem: Problem): boolean => NOW.includes(problem.state)

/** Worth acting on, as the report and the alerts have it: neither information, such as a visitor who left, nor a guess. */
export const isLoud = ({ finding: { severity, confidence } }: Problem): boolean =>
  severity !== 'info' && confidence >= 0.5

/** Ranked problems by what a reader does with them: act, look back, know, forget. Empty groups are left out. */
export function groups(problems: readonly Problem[]): { title: string; problems: Problem[] }[] {
  const ranked = rank(problems)
  const where = (state: ProblemState) => ranked.filter((problem) => problem.state === state)
  return [
    { title: 'Happening now', problems: ranked.filter((problem) => isNow(problem) && isLoud(problem)) },
    { title: 'In earlier logs', problems: where('imported').filter(isLoud) },
    { title: 'For information', problems: ranked.filter(isInformation) },
    { title: 'Muted', problems: where('muted') },
    { title: 'Over or quiet', problems: where('resolved') },
  ].filter((group) => group.problems.length > 0)
}

/** Seen, now or in earlier logs, and no reason to act. */
export const isInformation = (problem: Problem): boolean =>
  !isLoud(problem) && (isNow(problem) || problem.state === 'imported')

/** The list with this problem in it, replacing an older reading of the same one. */
export function upsert(problems: readonly Problem[], changed: Problem): Problem[] {
  return [...problems.filter((problem) => problem.id !== changed.id), changed]
}
