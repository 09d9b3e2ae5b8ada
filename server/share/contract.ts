/** Public surface of share: what is handed on of findings, as text. Pure; it imports nothing but types. */
export { asHtml, asMarkdown, MADE, REDACTED, reportAsHtml, reportAsMarkdown, type Told } from './document.ts'
export { redactFindings, redactReport } from './redact.ts'
