/** What is shared of findings, as Markdown for an issue and as one HTML file. Text of logs stays text in both. */
import type { Finding, Fix, Report } from '../diagnosis/contract.ts'
import { directiveLines } from './directives.ts'
import { visible, visibleLines } from './visible.ts'
import { SEVERITY, confidence, percent, place } from './words.ts'

/** What is told of a finding; the rest of it stays at home. */
export type Told = Pick<
  Finding,
  | 'title'
  | 'cause'
  | 'severity'
  | 'confidence'
  | 'because'
  | 'against'
  | 'count'
  | 'first_seen'
  | 'last_seen'
  | 'evidence'
  | 'alternatives'
> & {
  scope: Pick<Finding['scope'], 'server' | 'path' | 'upstream'>
  fix: Pick<Fix, 'summary' | 'directives' | 'snippet' | 'patch' | 'verify'>
}

/** A piece of the document: a heading, a sentence, a list, or text to be shown as it is. */
type Piece =
  | { kind: 'title'; text: string }
  | { kind: 'heading'; text: string }
  | { kind: 'text'; text: string }
  | { kind: 'list'; items: readonly string[] }
  | { kind: 'code'; text: string; language: '' | 'diff' | 'nginx' | 'sh' }

const times = (n: number): string => `${n.toLocaleString('en')} ${n === 1 ? 'time' : 'times'}`

/** Times are in UTC, so that two people read the same. */
const utc = (iso: string | null): string =>
  iso === null ? 'no time' : iso.replace('T', ' ').replace(/\.\d+Z$|Z$/, ' UTC')

function change({ patch, directives, snippet }: Told['fix']): Piece[] {
  if (patch !== null) return [{ kind: 'code', text: patch, language: 'diff' }]
  if (directives.length > 0) return [{ kind: 'code', text: directiveLines(directives).join('\n'), language: 'diff' }]
  return snippet === null ? [] : [{ kind: 'code', text: snippet, language: '' }]
}

function pieces(finding: Told): Piece[] {
  const { fix, scope, evidence, because, against, alternatives } = finding
  const where = place(scope)
  const facts = [
    `${SEVERITY[finding.severity]}; ${confidence(finding.confidence).toLowerCase()} (${percent(finding.confidence)}); cause: ${finding.cause}`,
    `${times(finding.count)}, ${utc(finding.first_seen)} to ${utc(finding.last_seen)}`,
    ...(where === null ? [] : [where]),
  ]
  const heading = (text: string): Piece => ({ kind: 'heading', text })
  const list = (title: string, items: readonly string[]): Piece[] =>
    items.length === 0 ? [] : [heading(title), { kind: 'list', items }]
  return [
    { kind: 'title', text: finding.title },
    { kind: 'list', items: facts },
    ...list('For it', because),
    ...list('Against it', against),
    heading('From the logs'),
    {
      kind: 'code',
      language: '',
      text: evidence
        .map(({ source, line, text }) => `# ${line === null ? source : `${source}:${line}`}\n${text}`)
        .join('\n'),
    },
    heading('What to change'),
    { kind: 'text', text: fix.summary === '' ? 'No change is known for this yet.' : fix.summary },
    ...change(fix),
    ...(fix.verify.length === 0
      ? []
      : [heading('Check'), { kind: 'code' as const, language: 'sh' as const, text: fix.verify.join('\n') }]),
    ...list(
      'What else it could be',
      alternatives.map(({ cause, confidence: sure, check }) => `${cause} (${percent(sure)}): ${check}`),
    ),
  ]
}

/** Characters that Markdown would take for its own, and the line ends that would start something new. */
const plain = (text: string): string => visible(text).replace(/[\\`*_{}[\]<>#|~&]/g, '\\$&')

/** A fence is longer than any row of backticks inside. */
function fenced(text: string, language: string): string {
  let longest = 2
  for (const [row] of text.matchAll(/`+/g)) longest = Math.max(longest, row.length)
  const fence = '`'.repeat(longest + 1)
  return `${fence}${language}\n${visibleLines(text).replace(/(?<!\n)\n+$/, '')}\n${fence}`
}

/** For an issue or a chat. */
export const asMarkdown = (findings: readonly Told[]): string => markdown(findings.flatMap(pieces))

/** The whole report: what was read, every finding, and what the logs cannot show. */
export const reportAsMarkdown = (report: Report): string => `# ${TITLE}\n\n${markdown(reportPieces(report))}`
export const reportAsHtml = (report: Report, note: string): string => html(reportPieces(report), note)

/** Notes at the end of the HTML file: as it is, and after redactFindings or redactReport. */
export const MADE = 'Made by halfopen.'
export const REDACTED = `${MADE} Addresses, host names and users are replaced by words, the same one by the same.`

const TITLE = 'Why WebSockets break here'

function reportPieces({ window, inputs, not_read = [], findings, blind_spots, partial }: Report): Piece[] {
  const read = inputs.map(
    ({ path, format, lines, unparsed }) =>
      `${path}: ${format ?? 'no known format'}, ${lines.toLocaleString('en')} lines${unparsed > 0 ? `, ${unparsed.toLocaleString('en')} not understood` : ''}`,
  )
  const missed = not_read.map(({ path, reason }) => `${path}: not read, ${reason}`)
  const stopped = partial === true ? ' Reading was stopped before the end.' : ''
  return [
    { kind: 'text', text: `${utc(window.from)} to ${utc(window.to)}.${stopped}` },
    { kind: 'list', items: [...read, ...missed] },
    ...(findings.length === 0 ? [{ kind: 'text' as const, text: 'No problem was found in what was read.' }] : []),
    ...findings.flatMap(pieces),
    ...(blind_spots.length === 0
      ? []
      : [
          { kind: 'title' as const, text: 'What these logs cannot show' },
          { kind: 'list' as const, items: blind_spots.map(({ what, why }) => `${what}: ${why}`) },
          {
            kind: 'code' as const,
            language: '' as const,
            text: [...new Set(blind_spots.map((spot) => spot.change))].join('\n'),
          },
        ]),
  ]
}

function markdown(document: readonly Piece[]): string {
  const blocks = document.map((piece) => {
    if (piece.kind === 'title') return `## ${plain(piece.text)}`
    if (piece.kind === 'heading') return `### ${plain(piece.text)}`
    if (piece.kind === 'text') return plain(piece.text)
    if (piece.kind === 'list') return piece.items.map((item) => `- ${plain(item)}`).join('\n')
    return fenced(piece.text, piece.language)
  })
  return `${blocks.join('\n\n')}\n`
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escaped = (text: string): string => text.replace(/[&<>"']/g, (found) => ENTITIES[found] ?? found)

const STYLE = `:root{color-scheme:light dark}body{max-width:60rem;margin:2rem auto;padding:0 1rem;font:15px/1.5 system-ui,sans-serif}
h2{margin:2.5rem 0 .5rem}h3{margin:1.2rem 0 .3rem;font-size:1rem}pre{padding:.75rem;overflow-x:auto;white-space:pre-wrap;
overflow-wrap:anywhere;border:1px solid #8888;border-radius:6px}footer{margin-top:3rem;opacity:.75}`

/** One file that loads nothing and runs nothing, also when it is opened years later. */
export const asHtml = (findings: readonly Told[], note: string): string => html(findings.flatMap(pieces), note)

function html(document: readonly Piece[], note: string): string {
  const body = document.map((piece) => {
    if (piece.kind === 'title') return `<h2>${escaped(visible(piece.text))}</h2>`
    if (piece.kind === 'heading') return `<h3>${escaped(piece.text)}</h3>`
    if (piece.kind === 'text') return `<p>${escaped(visible(piece.text))}</p>`
    if (piece.kind === 'list')
      return `<ul>${piece.items.map((item) => `<li>${escaped(visible(item))}</li>`).join('')}</ul>`
    return `<pre>${escaped(visibleLines(piece.text))}</pre>`
  })
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>halfopen report</title>
<style>${STYLE}</style>
<h1>${TITLE}</h1>
${body.join('\n')}
<footer>${escaped(note)}</footer>
</html>
`
}
