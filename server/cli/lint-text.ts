/** Lint findings and explanations for people. */
import type { ExplainedRow, Explanation, LintFinding, LintResult } from '../lint/contract.ts'
import { clip, coloured, displayWidth, escapeText, padEnd, plain, wrap, type Paint, type Tone } from './terminal.ts'

interface Look {
  width: number
  colour: boolean
  /** There was not one directive to look at. */
  isBlank?: boolean
}

const TONES: Readonly<Record<LintFinding['severity'], Tone>> = {
  critical: 'red',
  error: 'red',
  warning: 'yellow',
  info: 'cyan',
}

export function lintText(result: LintResult, { width, colour, isBlank = false }: Look): string {
  const paint = colour ? coloured : plain
  const { findings, files, places, sockets, ignored } = result
  const counts = (['critical', 'error', 'warning', 'info'] as const)
    .map((severity) => [severity, findings.filter((finding) => finding.severity === severity).length] as const)
    .filter(([, count]) => count > 0)
    .map(([severity, count]) => number(count, severity === 'info' ? 'remark' : severity))
  const head = isBlank ? 'Nothing was checked' : findings.length === 0 ? 'Nothing to report' : counts.join(', ')
  const left = ignored > 0 ? `, ${ignored} left out by comments` : ''
  const seen = `${number(files.length, 'file')}, ${number(places, 'proxied location')}, ${sockets} with signs of WebSockets${left}`
  return `${paint('bold', head)}\n${seen}\n${findings.map((finding) => findingText(finding, width, paint)).join('')}`
}

const number = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`

function findingText(
  { rule, severity, message, file, line, text, fix }: LintFinding,
  width: number,
  paint: Paint,
): string {
  const place = escapeText(line > 0 ? `${file}:${line}` : file)
  const body = wrap(escapeText(message), width - 4).map((one) => `    ${one}\n`)
  const quoted =
    text === '' || severity === 'info' ? '' : `    ${paint('dim', `| ${clip(escapeText(text), width - 6)}`)}\n`
  const lines = fix === null ? [] : fix.split('\n')
  const advice = lines.map((one, i) => `    ${i === 0 ? 'Fix  ' : '     '}${escapeText(one)}\n`)
  const word = severity === 'info' ? 'remark' : severity
  return `\n${paint('bold', place)}  ${paint(TONES[severity], word)}  ${rule}\n${body.join('')}${quoted}${advice.join('')}`
}

const GROUPS: readonly (readonly [ExplainedRow['group'], string])[] = [
  ['request', 'Answered by'],
  ['backend', 'Passed on'],
  ['headers', 'Headers the backend receives'],
  ['settings', 'Settings in effect'],
]

export function explanationText({ url, steps, rows, open }: Explanation, { width, colour }: Look): string {
  const paint = colour ? coloured : plain
  let out = `${paint('bold', escapeText(url))}\n`
  const names = Math.max(...rows.map(({ setting }) => displayWidth(escapeText(setting))), 0)
  const values = Math.max(
    0,
    Math.min(width - names - 20, Math.max(...rows.map(({ value }) => displayWidth(escapeText(value))), 0)),
  )
  const row = (setting: string, value: string, by: string | null): string =>
    `  ${padEnd(escapeText(setting), names)}  ${padEnd(escapeText(value), values)}  ${paint('dim', by === null ? '(default)' : escapeText(by))}\n`
  for (const [group, title] of GROUPS) {
    const own = rows.filter((it) => it.group === group)
    if (own.length > 0) out += `\n${title}\n${own.map(({ setting, value, by }) => row(setting, value, by)).join('')}`
  }
  if (steps.length > 0)
    out += `\nThe way there\n${steps.map(({ text, by }) => `  ${escapeText(text)}${by === null ? '' : `  ${paint('dim', escapeText(by))}`}\n`).join('')}`
  if (open.length > 0)
    out += `\nNot known\n${open
      .map((one) =>
        wrap(escapeText(one), width - 2)
          .map((line) => `  ${line}\n`)
          .join(''),
      )
      .join('')}`
  return out
}
