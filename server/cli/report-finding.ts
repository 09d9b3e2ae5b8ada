/** One finding as text: what is wrong, how sure, since when, the evidence, what to change, how to check and undo it. */
import type { Finding, Severity } from '../diagnosis/contract.ts'
import { evidenceRow, evidenceRows } from './report-evidence.ts'
import { changeRows, commandRows, patchRows } from './report-fix.ts'
import { count, plural, type Clock } from './report-times.ts'
import { clip, cut, displayWidth, escapeText, padEnd, wrap, type Paint, type Tone } from './terminal.ts'

export interface Layout {
  width: number
  paint: Paint
  clock: Clock
  verbose: boolean
  apply: (patch: string) => string
}

/** Column where the text beside the labels starts. */
const COLUMN = 13
const INDENT = 3
const TONES: Record<Severity, Tone> = { critical: 'red', error: 'red', warning: 'yellow', info: 'cyan' }
/** Evidence lines shown without --verbose: enough to recognise the log, few enough to keep the change in sight. */
const SHOWN = 2

/** @param number its place in the report, from 1. */
export function findingRows(finding: Finding, number: number, layout: Layout): string[] {
  const { width, paint, verbose, clock } = layout
  const { fix } = finding
  const text = (value: string): string[] => wrap(escapeText(clock.within(value)), width - COLUMN)
  const rows = heading(finding, number, layout)
  const add = (label: string, lines: readonly string[]): void => {
    lines.forEach((line, i) => {
      const head = i === 0 ? paint('dim', label.padEnd(COLUMN - INDENT)) : ' '.repeat(COLUMN - INDENT)
      rows.push(line === '' && i > 0 ? '' : `${' '.repeat(INDENT)}${head}${line}`)
    })
  }
  const commands = (list: readonly string[]): string[] =>
    list.flatMap((command) => {
      const remark = command.startsWith('#')
      const lines = remark ? text(command.replace(/^#\s*/, '')) : commandRows(command, width - COLUMN - 2)
      // A remark among the commands has no prompt: it is not to be typed.
      if (remark) return lines.map((row) => paint('dim', row))
      return lines.map((row, i) => (i === 0 ? `${paint('dim', '$')} ${row}` : `  ${row}`))
    })
  const points = (list: readonly string[]): string[] =>
    list.flatMap((item) => bullet(clock.within(item), width - COLUMN))

  rows.push('')
  add('Evidence', evidence(finding, layout))
  add('Why', points(finding.because))
  add('Against', points(finding.against))
  if (finding.worked) add('Since', text(finding.worked.told))
  rows.push('')
  const before = commands(fix.prepare)
  if (before.length > 0) {
    add('Back up', before)
    rows.push('')
  }
  const change = fix.patch === null ? changeRows(fix, paint) : []
  add('Change', [...summary(finding, layout), ...(change.length > 0 ? ['', ...change] : [])])
  if (fix.patch !== null) {
    rows.push('', ...patchRows(fix.patch, paint), '')
    add('Apply', text(layout.apply(fix.patch)))
  } else if (change.length > 0) rows.push('')
  add('Check', commands(fix.verify))
  add('Undo', commands(fix.rollback))
  const alternatives = verbose ? finding.alternatives : finding.alternatives.slice(0, 2)
  add(
    'Or else',
    alternatives.flatMap((a) => [
      ...text(`${a.cause} (${percent(a.confidence)})`),
      ...text(a.check).map((row) => paint('dim', row)),
    ]),
  )
  if (verbose) add('Id', text(`${finding.cause} ${finding.id}`))
  return rows
}

/** One row per finding: with several of them, what there is comes before the first is told in full. The place comes
 *  first: several findings of one cause begin with the same words. */
export function indexRows(findings: readonly Finding[], { width, paint }: Layout): string[] {
  const severity = Math.max(...findings.map((finding) => finding.severity.length))
  const number = Math.max(INDENT - 1, `${findings.length}`.length)
  const left = width - number - severity - 3
  const places = findings.map((finding) => clipMiddle(escapeText(placeOf(finding)), Math.floor(left / 2)))
  const column = Math.max(...places.map(displayWidth))
  return findings.map((finding, i) => {
    const label = `${`${i + 1}`.padEnd(number)} ${finding.severity.padEnd(severity)}  `
    const place = column === 0 ? '' : `${padEnd(places[i] ?? '', column)}  `
    const title = clip(escapeText(shortTitle(finding)), width - label.length - displayWidth(place))
    return `${paint(TONES[finding.severity], label)}${paint('bold', place)}${title}`
  })
}

const placeOf = ({ scope }: Finding): string => {
  const url = `${scope.server ?? ''}${scope.path ?? ''}`
  return url !== '' ? url : (scope.upstream ?? scope.source ?? '')
}

/** The title without the place, which stands before it. */
function shortTitle({ title, scope }: Finding): string {
  const names = [`${scope.server ?? ''}${scope.path ?? ''}`, scope.path, scope.upstream, scope.server]
  return names
    .filter((name) => name !== null && name !== '')
    .reduce<string>((short, name) => short.replace(` at ${name}`, '').replace(` ${name}`, ''), title)
}

/** Both ends of the text: paths differ at their end, hosts at their beginning. */
function clipMiddle(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  const head = clip(text, Math.floor(width / 2))
  const most = width - displayWidth(head)
  let tail = ''
  for (const c of Array.from(text).toReversed()) {
    if (displayWidth(c + tail) > most) break
    tail = c + tail
  }
  return head + tail
}

/** A finding in a few lines: for what is uncertain or harmless. */
export function briefRows(finding: Finding, number: number, layout: Layout): string[] {
  const { width, paint } = layout
  const rows = heading(finding, number, layout)
  const add = (value: string, tone?: Tone): void => {
    for (const row of wrap(escapeText(value), width - INDENT))
      rows.push(' '.repeat(INDENT) + (tone ? paint(tone, row) : row))
  }
  const first = finding.evidence[0]
  if (first) {
    add(place(first), 'dim')
    rows.push(' '.repeat(INDENT) + evidenceRow(first.text, width - INDENT))
  }
  const test = finding.alternatives[0]
  if (finding.confidence < 0.5 && test) add(`To tell: ${test.check}`)
  else add(finding.fix.summary)
  if (finding.worked) add(`${layout.clock.within(finding.worked.told)}.`)
  return rows
}

function heading(finding: Finding, number: number, layout: Layout): string[] {
  const { width, paint, clock } = layout
  const tone = TONES[finding.severity]
  const mark = `${number}`.padEnd(INDENT - 1) + ' '
  const title = wrap(escapeText(finding.title), width - mark.length)
  const rows = title.map((row, i) => (i === 0 ? paint(tone, mark) : ' '.repeat(mark.length)) + paint('bold', row))
  const [when, where] = [seen(finding, clock), whereabouts(finding)]
  const both = [when, where].filter((part) => part !== '').join(', ')
  const was =
    finding.over?.was === undefined || finding.over.was.severity === finding.severity
      ? ''
      : ` (was ${finding.over.was.severity})`
  const facts = [`${finding.severity}${was}, ${howSure(finding.confidence)}, ${times(finding)}`]
  facts.push(...(displayWidth(escapeText(both)) <= width - INDENT ? [both] : [when, where]))
  const lines = facts.filter((fact) => fact !== '').flatMap((fact) => wrap(escapeText(fact), width - INDENT))
  const [first = '', ...rest] = lines
  rows.push(' '.repeat(INDENT) + paint(tone, finding.severity) + first.slice(finding.severity.length))
  return [...rows, ...rest.map((row) => ' '.repeat(INDENT) + row)]
}

const times = (finding: Finding): string => (finding.count === 1 ? 'once' : plural(finding.count, 'time'))

function seen({ first_seen, last_seen }: Finding, clock: Clock): string {
  if (first_seen === null || last_seen === null) return ''
  const [first, last] = [clock.show(first_seen), clock.show(last_seen)]
  if (first === last) return `at ${first}`
  return `since ${first}, last seen ${first.slice(0, 10) === last.slice(0, 10) ? last.slice(11) : last}`
}

function whereabouts({ scope }: Finding): string {
  const url = `${scope.server ?? ''}${scope.path ?? ''}`
  const from = url === '' ? '' : `on ${url}`
  const to = scope.upstream === null ? '' : `backend ${scope.upstream}`
  const source = url === '' && scope.source !== null ? `told by ${scope.source}` : ''
  return [from, to, source].filter((part) => part !== '').join(', ')
}

/** One line from every log that has one before a second line from any. */
function evidence(finding: Finding, { width, paint, verbose }: Layout): string[] {
  const first = new Map(finding.evidence.toReversed().map((e) => [e.source, e]))
  const spread = [...finding.evidence].sort(
    (a, b) => Number(first.get(b.source) === b) - Number(first.get(a.source) === a),
  )
  const shown = verbose ? finding.evidence : spread.slice(0, SHOWN)
  const rows = shown.flatMap((e) => [
    ...cut(escapeText(place(e)), width - COLUMN).map((row) => paint('dim', row)),
    ...evidenceRows(e.text, width - COLUMN, verbose),
  ])
  const left = finding.evidence.length - shown.length
  if (left === 0) return rows
  // Two logs may tell of one event, so there can be more lines than events.
  const all = finding.count > finding.evidence.length ? `, ${count(finding.count)} in all` : ''
  const kept = `${shown.length} of ${finding.evidence.length} kept lines${all} (--verbose shows them)`
  return [...rows, ...wrap(kept, width - COLUMN).map((row) => paint('dim', row))]
}

const place = (e: Finding['evidence'][number]): string => (e.line === null ? e.source : `${e.source}:${e.line}`)

function summary({ fix }: Finding, { width, paint }: Layout): string[] {
  const rows = wrap(escapeText(fix.summary), width - COLUMN)
  if (fix.target === null) return rows
  const where = `in ${fix.target.file}, line ${fix.target.line}`
  return [...rows, ...wrap(escapeText(where), width - COLUMN).map((row) => paint('dim', row))]
}

function bullet(item: string, width: number): string[] {
  return wrap(escapeText(item), width - 2).map((row, i) => (i === 0 ? `- ${row}` : `  ${row}`))
}

const percent = (confidence: number): string => `${Math.round(confidence * 100)} %`

/** From 0.8 on the evidence decides (CONTRACT.md); nothing is called certain. */
export function howSure(confidence: number): string {
  const word =
    confidence >= 0.95
      ? 'almost certain'
      : confidence >= 0.8
        ? 'very likely'
        : confidence >= 0.5
          ? 'likely'
          : 'possible'
  return `${word} (${percent(confidence)})`
}
