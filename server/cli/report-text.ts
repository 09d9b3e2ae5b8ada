/** Report → text for a terminal, read top-down: what is wrong and what to change first, what was read last. */
import type { BlindSpot, Finding, InputSummary, Report, Totals } from '../diagnosis/contract.ts'
import { evidenceRows } from './report-evidence.ts'
import { briefRows, findingRows, indexRows, type Layout } from './report-finding.ts'
import { bytes, clock, count, duration, plural } from './report-times.ts'
import { clip, coloured, cut, displayWidth, escapeText, padEnd, padStart, plain, wrap } from './terminal.ts'

export interface TextOptions {
  /** Columns; only lines to copy (a patch, configuration, a part of a command) get longer. */
  width: number
  colour: boolean
  /** Zone in which times are shown; null: the machine's. */
  timezone: string | null
  /** Findings shown; null: all. */
  top: number | null
  verbose: boolean
  /** How a patch is applied, in one sentence; absent: with `fix --write`. */
  apply?: (patch: string) => string
}

export const WRITE = 'by hand, or with this command: fix --write in place of analyze'

export function reportText(report: Report, options: TextOptions): string {
  const layout: Layout = {
    width: options.width,
    paint: options.colour ? coloured : plain,
    clock: clock(options.timezone),
    verbose: options.verbose,
    apply: options.apply ?? (() => WRITE),
  }
  const shown = options.top === null ? report.findings : report.findings.slice(0, options.top)
  const full = shown.filter((finding) => options.verbose || isProblem(finding))
  const brief = shown.filter((finding) => !full.includes(finding))
  const left = report.findings.length - shown.length

  const blocks: string[][] = [header(report, layout)]
  if (full.length > 1) blocks.push(indexRows(full, layout))
  full.forEach((finding, i) => blocks.push(findingRows(finding, i + 1, layout)))
  if (brief.length > 0) {
    const title = section(
      full.length > 0 ? 'Also seen, less certain or harmless' : 'Seen, uncertain or harmless',
      layout,
    )
    brief.forEach((finding, i) => {
      blocks.push([...(i === 0 ? [...title, ''] : []), ...briefRows(finding, full.length + i + 1, layout)])
    })
  }
  if (left > 0) blocks.push([layout.paint('dim', `${plural(left, 'more finding')} (--top ${report.findings.length})`)])
  blocks.push(blindSpots(report.blind_spots, layout))
  blocks.push(traffic(report.totals, layout))
  blocks.push(inputs(report.inputs, layout))
  const written = blocks.filter((rows) => rows.length > 0)
  return `${written.map((rows) => rows.join('\n')).join('\n\n')}\n`
}

/** Problems are told in full; what is below 0.5 or only informative comes after them in brief. */
const isProblem = (finding: Finding): boolean => finding.confidence >= 0.5 && finding.severity !== 'info'

function header(report: Report, layout: Layout): string[] {
  const { paint, width } = layout
  const problems = report.findings.filter(isProblem).length
  const parsed = report.inputs.reduce((sum, input) => sum + input.parsed, 0)
  const lines = report.inputs.reduce((sum, input) => sum + input.lines, 0)
  const idle = report.totals.handshakes === 0 && Object.keys(report.totals.events).length === 0
  const stopped = report.read !== undefined
  const outside = report.asked !== undefined && report.window.from === null && parsed > 0
  const verdict = headline({ problems, findings: report.findings.length, parsed, lines, idle, stopped, outside })
  const rows = stopped ? wrap(escapeText(partial(report.read)), width).map((row) => paint('yellow', row)) : []
  rows.push(...wrap(verdict, width).map((row) => paint('bold', row)))
  rows.push(...wrap(escapeText(context(report, layout)), width).map((row) => paint('dim', row)))
  if (report.asked !== undefined) rows.push(...wrap(escapeText(askedFor(report.asked, layout)), width))
  for (const { reason } of report.not_read ?? [])
    rows.push(...wrap(`Not read: ${escapeText(clip(reason, 300))}`, width))
  for (const moved of new Set(report.inputs.flatMap((input) => input.clock_offset_reason ?? [])))
    rows.push(...wrap(escapeText(moved), width))
  return rows
}

/** What is below speaks of a part of the logs only: said before anything else. */
function partial(read: Report['read']): string {
  if (read === undefined) return ''
  const size = read.of === null ? '' : ` of ${bytes(read.of)}`
  const share = read.fraction === null ? '' : ` (${Math.floor(read.fraction * 100)} %)`
  const left = read.inputs_left.length === 0 ? '' : `; not opened: ${clip(read.inputs_left.join(', '), 400)}`
  return `Partial report: reading was stopped after ${bytes(read.bytes)}${size}${share}${left}.`
}

function askedFor({ from, to }: NonNullable<Report['asked']>, { clock }: Layout): string {
  const parts = [from === null ? '' : `from ${clock.show(from)}`, to === null ? '' : `to ${clock.show(to)}`]
  return `Only ${parts.filter((part) => part !== '').join(' ')}: lines outside are read and not counted.`
}

interface Counts {
  problems: number
  findings: number
  parsed: number
  lines: number
  /** Nothing in the logs speaks of WebSockets. */
  idle: boolean
  /** Reading was stopped before the end. */
  stopped: boolean
  /** No line lies in the time that was asked for. */
  outside: boolean
}

function headline({ problems, findings, parsed, lines, idle, stopped, outside }: Counts): string {
  if (lines === 0 && stopped) return 'Nothing was read yet, so nothing can be said about problems.'
  if (lines === 0) return 'Nothing to report: the input is empty.'
  if (parsed === 0) return 'No line could be read, so nothing can be said about problems.'
  if (outside) return 'Nothing to report: no line that could be read lies in the time asked for.'
  if (problems > 0) return `${plural(problems, 'problem')} found`
  if (parsed * 2 < lines)
    return `Only ${parsed} of ${plural(lines, 'line')} could be read; nothing can be said about the others. See "Read" below.`
  if (findings > 0) return 'No clear problem found in what could be read; see below what was seen.'
  if (idle) return 'No problems found in what could be read, and no WebSocket traffic either.'
  return 'No problems found in what could be read.'
}

function context(report: Report, { clock }: Layout): string {
  const read = plural(
    report.inputs.reduce((sum, input) => sum + input.lines, 0),
    'line',
  )
  const files = plural(report.inputs.length, 'input')
  const { from, to } = report.window
  return (
    `${read} in ${files}` + (from !== null && to !== null ? `, ${clock.range(from, to)}, times in ${clock.zone}` : '')
  )
}

const section = (title: string, { paint }: Layout): string[] => [paint('bold', title)]

function blindSpots(spots: readonly BlindSpot[], layout: Layout): string[] {
  if (spots.length === 0) return []
  const { width, paint } = layout
  const rows = section('What these logs cannot show', layout)
  for (const spot of spots) {
    rows.push(
      ...wrap(escapeText(`${spot.what}: ${spot.why}`), width - 5).map((row, i) =>
        i === 0 ? `   - ${row}` : `     ${row}`,
      ),
    )
    spot.change.split('\n').forEach((line, i) => {
      const rest = changeRowsOf(escapeText(line), width - 7)
      rows.push(...rest.map((row, j) => `     ${i === 0 && j === 0 ? `${paint('green', '→')} ${row}` : `  ${row}`}`))
    })
  }
  return rows
}

/** A directive stays on its line, to be copied; the remark behind it goes below as one. */
function changeRowsOf(line: string, width: number): string[] {
  const [, directive, remark] = /^(\S.*;)\s+#\s*(.*)$/.exec(line) ?? []
  if (directive === undefined || remark === undefined) return cut(line, width)
  return displayWidth(line) <= width
    ? [line]
    : [...cut(directive, width), ...wrap(remark, width - 2).map((row) => `# ${row}`)]
}

function traffic(totals: Totals, layout: Layout): string[] {
  const { width } = layout
  const sentences: string[] = []
  if (totals.requests > 0) sentences.push(plural(totals.requests, 'request'))
  if (totals.handshakes > 0) {
    sentences.push(
      `${plural(totals.handshakes, 'handshake')}: ${count(totals.upgraded)} upgraded, ${count(totals.failed_handshakes)} failed`,
    )
  }
  const s = totals.session_seconds
  if (s.count > 0) {
    sentences.push(
      `${plural(s.count, 'session')} of known length: median ${duration(s.p50)}, 95 % under ${duration(s.p95)}, longest ${duration(s.max)}`,
    )
  }
  const events = Object.entries(totals.events).filter(
    ([kind]) => kind !== 'handshake_ok' && kind !== 'handshake_failed' && kind !== 'session_closed',
  )
  if (events.length > 0)
    sentences.push(`events: ${events.map(([kind, n]) => `${count(n)} ${kind.replaceAll('_', ' ')}`).join(', ')}`)
  if (sentences.length === 0) return []
  return [
    ...section('Traffic', layout),
    ...sentences.flatMap((sentence) =>
      wrap(escapeText(sentence), width - 3).map((row, i) => (i === 0 ? `   ${row}` : `     ${row}`)),
    ),
  ]
}

function inputs(list: readonly InputSummary[], layout: Layout): string[] {
  if (list.length === 0) return []
  const { width, paint } = layout
  const shown = list.map((input) => ({
    input,
    name: escapeText(input.path),
    format: clip(escapeText(input.format ?? (input.lines === 0 ? 'empty' : 'unknown')), 20),
  }))
  const formatWidth = Math.max(...shown.map(({ format }) => displayWidth(format)))
  const linesWidth = Math.max(...shown.map(({ input }) => count(input.lines).length))
  const nameWidth = Math.min(
    Math.max(...shown.map(({ name }) => displayWidth(name))),
    Math.max(16, width - 3 - formatWidth - linesWidth - 10 - 12),
  )
  const rows = section('Read', layout)
  for (const { input, name, format } of shown) {
    const counts = `${padStart(count(input.lines), linesWidth)} ${input.lines === 1 ? 'line ' : 'lines'}`
    const size = padStart(bytes(input.bytes), 8)
    const pieces = cut(name, nameWidth)
    pieces.slice(0, -1).forEach((piece) => rows.push(`   ${piece}`))
    rows.push(
      `   ${padEnd(pieces.at(-1) ?? '', nameWidth)}  ${paint('dim', `${padEnd(format, formatWidth)}  ${counts} ${size}`)}`,
    )
    if (input.unparsed > 0) rows.push(...unread(input, layout))
  }
  return rows
}

function unread(input: InputSummary, { width, paint, verbose }: Layout): string[] {
  const samples = verbose ? input.unparsed_samples : input.unparsed_samples.slice(0, 2)
  const share = input.parsed === 0 ? '' : ` (${percent(input.unparsed, input.lines)})`
  const rows = [`     ${paint('yellow', `${plural(input.unparsed, 'line')} not read${share}`)}`]
  for (const sample of samples) {
    const label = escapeText(`${sample.line} (${sample.reason}): `)
    const [row = ''] = verbose
      ? [clip(escapeText(sample.text), width * 3)]
      : evidenceRows(clip(sample.text, width), width, false)
    rows.push(
      ...cut(clip(`${label}${row}`, verbose ? width * 3 : width - 7), width - 7).map(
        (piece) => `       ${paint('dim', piece)}`,
      ),
    )
  }
  return rows
}

/** Whole per cents; what is there is never 0 %, and what is not all never 100 %. */
function percent(part: number, all: number): string {
  const value = (part / all) * 100
  return value < 1 ? 'under 1 %' : value > 99 ? 'over 99 %' : `${Math.round(value)} %`
}
