/** Which problems are listed: by state, severity, host and log, and by words. */
import type { Problem } from '../../server/http/wire.ts'
import type { Asked } from '../routing.ts'
import { place } from '../text/words.ts'
import { isNow } from './rank.ts'

/** Groups of states as a reader thinks of them; a single state has its own name. */
const STATES: Record<string, (problem: Problem) => boolean> = { now: isNow }

function words({ finding }: Problem): string {
  const { title, cause, scope, fix, evidence } = finding
  const texts = evidence.map(({ source, text }) => `${source} ${text}`)
  return [title, cause, place(scope) ?? '', fix.summary, ...texts].join('\n').toLowerCase()
}

const sourcesOf = ({ finding: { scope, evidence } }: Problem): string[] => [
  ...new Set([...(scope.source === null ? [] : [scope.source]), ...evidence.map(({ source }) => source)]),
]

/** Those that answer everything that was asked. */
export function filterProblems(problems: readonly Problem[], asked: Asked = {}): Problem[] {
  const { q = '', state, severity, host, source } = asked
  const wanted = q.toLowerCase().split(/\s+/).filter(Boolean)
  return problems.filter((problem) => {
    if (state !== undefined && !(STATES[state]?.(problem) ?? problem.state === state)) return false
    if (severity !== undefined && problem.finding.severity !== severity) return false
    if (host !== undefined && problem.finding.scope.server !== host) return false
    if (source !== undefined && !sourcesOf(problem).includes(source)) return false
    if (wanted.length === 0) return true
    const text = words(problem)
    return wanted.every((word) => text.includes(word))
  })
}

/** What there is to choose from, in the order of the alphabet. */
export function choices(problems: readonly Problem[]): { hosts: string[]; sources: string[] } {
  const hosts = problems.flatMap(({ finding }) => (finding.scope.server === null ? [] : [finding.scope.server]))
  return { hosts: [...new Set(hosts)].sort(), sources: [...new Set(problems.flatMap(sourcesOf))].sort() }
}
