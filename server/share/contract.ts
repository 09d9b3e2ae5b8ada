/** Public surface of share: what is handed on of findings, as text. Pure, and small: the dashboard takes it into its page, so it
 *  imports nothing but types. */
export { directiveDiff, pasteable, patchDiff, type DiffLine } from './diff.ts'
export { asHtml, asMarkdown, reportAsHtml, reportAsMarkdown } from './document.ts'
export { redactFindings, redactReport } from './redact.ts'
export { visible, visibleLines } from './visible.ts'
export { confidence, percent, place, SEVERITY } from './words.ts'
