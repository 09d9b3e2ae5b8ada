/** SARIF 2.1.0, what code hosts and editors read. Source: OASIS sarif-v2.1.0. */
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Severity } from '../diagnosis/contract.ts'
import { OWN_RULES, type LintFinding, type LintResult } from './lint.ts'
import { RULES } from './rules/index.ts'

const LEVELS: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  critical: 'error',
  error: 'error',
  warning: 'warning',
  info: 'note',
}

/** @param folder the working directory: files below it are named relative to it. */
export function sarifOf(result: LintResult, version: string, folder: string): object {
  const rules = [...RULES, ...OWN_RULES.map((rule) => ({ ...rule, docs: null }))]
  const index = new Map(rules.map(({ id }, i) => [id as string, i]))
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'halfopen',
            version,
            rules: rules.map(({ id, title, severity, docs }) => ({
              id,
              shortDescription: { text: title },
              ...(docs === null ? {} : { helpUri: docs }),
              defaultConfiguration: { level: LEVELS[severity] },
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { ROOT: { uri: `${pathToFileURL(folder).href}/` } },
        results: result.findings.map((finding) => resultOf(finding, index, folder)),
      },
    ],
  }
}

function resultOf(finding: LintFinding, index: ReadonlyMap<string, number>, folder: string): object {
  const { rule, severity, message, fix, file, line, column, end_line, end_column } = finding
  const text = fix === null ? message : `${message}\n${fix}`
  const region = { startLine: line, startColumn: column, endLine: end_line, endColumn: end_column }
  const open = rule === 'include-not-given'
  return {
    ruleId: rule,
    ruleIndex: index.get(rule) ?? -1,
    // What is not decided is neither passed nor failed.
    kind: open ? 'open' : 'fail',
    level: open ? 'none' : LEVELS[severity],
    message: { text },
    locations: [
      { physicalLocation: { artifactLocation: artifact(file, folder), ...(line > 0 && column > 0 ? { region } : {}) } },
    ],
  }
}

function artifact(file: string, folder: string): object {
  const relative = path.relative(folder, file)
  const inside = relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative)
  if (!path.isAbsolute(file)) return { uri: encodeURI(file) }
  return inside
    ? { uri: relative.split(path.sep).map(encodeURIComponent).join('/'), uriBaseId: 'ROOT' }
    : { uri: pathToFileURL(file).href }
}
