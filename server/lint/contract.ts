/** Public surface of lint: a configuration in, findings out. Pure. */
export { explainUrl } from './explain.ts'
export { lintConfig, OWN_RULES } from './lint.ts'
export { RULES } from './rules/index.ts'
export { sarifOf } from './sarif.ts'
export type { ExplainedRow, Explanation } from './explain.ts'
export type { LintFinding, LintResult } from './lint.ts'
export type { Rule } from './rule.ts'
