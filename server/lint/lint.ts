/** Runs every rule over a configuration. Pure. */
import { lineOf, parseFile, type NginxConfig, type Source, type Statement } from '../nginx-config/contract.ts'
import type { Severity } from '../diagnosis/contract.ts'
import { Places, type FoundAt } from './places.ts'
import { ignored as ignoredBy, ignoresIn, type Ignore } from './ignore.ts'
import { RULES } from './rules/index.ts'
import { subjectOf } from './subject.ts'

export interface LintFinding extends FoundAt {
  /** Of a rule, or of OWN_RULES. */
  rule: string
  severity: Severity
  title: string
  message: string
  /** Lines to write; null: only a person can tell. */
  fix: string | null
  docs: string | null
}

export interface LintResult {
  schema: 'halfopen.lint/1'
  /** Names of the files that were read. */
  files: string[]
  /** Blocks that pass requests on, and those of them that show signs of WebSockets. */
  places: number
  sockets: number
  findings: LintFinding[]
  /** Findings that a comment told to leave out. */
  ignored: number
}

/** What is reported beside the rules. */
export const OWN_RULES = [
  { id: 'refused', title: 'nginx refuses this', severity: 'error' },
  { id: 'include-not-given', title: 'Undecided, include not given', severity: 'info' },
  { id: 'ignore-unknown', title: 'A halfopen-ignore comment names no rule', severity: 'info' },
] as const

const ORDER: readonly Severity[] = ['critical', 'error', 'warning', 'info']

/** @param version of nginx, such as `1.22.1`; null: not known, and defaults are those before 1.29.7. */
export function lintConfig(config: NginxConfig, version: string | null): LintResult {
  const subject = subjectOf(config, version)
  const places = new Places(config)
  const findings: LintFinding[] = []
  const gaps = new Map<Statement, Set<string>>()
  for (const { id, title, docs, check } of RULES) {
    const seen = new Map<Statement, string[]>()
    check(subject, {
      at(place, severity, message, fix = null) {
        const statement = 'statement' in place ? place.statement : place
        // An include that many blocks load is one text: said once.
        const said = seen.get(statement)
        if (said?.includes(message) === true) return
        if (said) said.push(message)
        else seen.set(statement, [message])
        findings.push({ rule: id, severity, title, message, ...places.of(statement), fix, docs })
      },
      undecided: (gap, what) => gaps.set(gap, (gaps.get(gap) ?? new Set()).add(what)),
    })
  }
  // Joined, not pushed: a call takes fewer arguments than a hostile file has faults.
  const { kept, ignored } = withoutIgnored(config, places, [
    ...findings,
    ...undecided(config, places, gaps),
    ...refused(config, places),
  ])
  return {
    schema: 'halfopen.lint/1',
    files: [...config.sources.keys()],
    places: subject.places.length,
    sockets: subject.sockets.length,
    findings: byWeight(kept),
    ignored,
  }
}

/** The worst first, then by place; findings of one line stay in the order of the rules. A finding of a large tree is
 *  compared fifteen times, and paths are long and begin alike: each file is compared once, as a number. */
function byWeight(findings: readonly LintFinding[]): LintFinding[] {
  const names = [...new Set(findings.map(({ file }) => file))].sort()
  const files = new Map(names.map((name, i) => [name, i]))
  const keyed = findings.map((finding) => {
    const weight = ORDER.indexOf(finding.severity) * names.length + (files.get(finding.file) ?? 0)
    return { finding, weight, line: finding.line }
  })
  keyed.sort((a, b) => a.weight - b.weight || a.line - b.line)
  return keyed.map(({ finding }) => finding)
}

/** One finding for each include that was not given, whatever it leaves open. */
function undecided(
  config: NginxConfig,
  places: Places,
  gaps: ReadonlyMap<Statement, ReadonlySet<string>>,
): LintFinding[] {
  const missing = config.problems.filter(
    ({ kind }) => kind === 'include-missing' || kind === 'include-cycle' || kind === 'limit',
  )
  const told = new Set([...gaps.keys()].map((gap) => `${gap.source.file}:${lineOf(gap)}`))
  const open = [...gaps].map(([gap, what]) => {
    const some = [...what]
    const shown = some.slice(0, 3).join('; ') + (some.length > 3 ? `; and ${some.length - 3} more` : '')
    return { message: `undecided, include not given: ${gap.args[0] ?? ''} (${shown})`, ...places.of(gap) }
  })
  const rest = missing
    .filter(({ file, line }) => !told.has(`${file}:${line}`))
    .map((problem) => ({ message: problem.message, ...places.ofProblem(problem) }))
  return [...open, ...rest].map((it) => ({
    rule: 'include-not-given',
    severity: 'info',
    title: OWN_RULES[1].title,
    ...it,
    fix: null,
    docs: null,
  }))
}

function refused(config: NginxConfig, places: Places): LintFinding[] {
  return config.problems
    .filter(({ kind }) => kind === 'refused' || kind === 'syntax')
    .map((problem) => ({
      rule: 'refused',
      severity: 'error',
      title: OWN_RULES[0].title,
      message: problem.message,
      ...places.ofProblem(problem),
      fix: null,
      docs: null,
    }))
}

function withoutIgnored(
  config: NginxConfig,
  places: Places,
  findings: readonly LintFinding[],
): { kept: LintFinding[]; ignored: number } {
  const all = new Map<string, Ignore[]>()
  for (const source of config.sources.values())
    if (source.text.includes('halfopen-ignore')) all.set(source.file, ignoresOf(source))
  const by = new Map([...all].map(([file, ignores]) => [file, ignoredBy(ignores)]))
  const kept = findings.filter(({ file, rule, line }) => by.get(file)?.(rule, line) !== true)
  const ignored = findings.length - kept.length
  const known = new Set([...RULES, ...OWN_RULES].map(({ id }) => id as string))
  for (const { source, line, column, rules } of [...all.values()].flat())
    for (const rule of rules.filter((id) => !known.has(id)))
      kept.push({
        rule: 'ignore-unknown',
        severity: 'info',
        title: OWN_RULES[2].title,
        message: `there is no rule "${rule}"`,
        ...places.ofProblem({ kind: 'syntax', file: source.file, line, column, message: '' }),
        fix: null,
        docs: null,
      })
  return { kept, ignored }
}

function ignoresOf(source: Source): Ignore[] {
  const { tokens, statements } = parseFile(source)
  return ignoresIn(source, tokens, statements)
}
