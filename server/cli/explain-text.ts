/** An explanation for people: one step after the other. */
import { nearestOf, type Explanation, type Tried } from '../scan/contract.ts'
import { fieldsOf, maskedLine, OWN } from './explain-json.ts'
import { clip, coloured, cut, escapeText, padEnd, plain, wrap, type Paint } from './terminal.ts'

interface Layout {
  width: number
  paint: Paint
}

/** Ends with a line end. */
export function explanationText(it: Explanation, options: { width: number; colour: boolean }): string {
  const layout: Layout = { width: options.width, paint: options.colour ? coloured : plain }
  const blocks = [line(it, layout), envelopes(it, layout), parsers(it, layout), record(it, layout), says(it, layout)]
  blocks.push(causes(it, layout))
  return `${blocks
    .filter((rows) => rows.length > 0)
    .map((rows) => rows.join('\n'))
    .join('\n\n')}\n`
}

const section = (title: string, { paint }: Layout): string => paint('bold', title)

/** Wrapped words under a label. */
function item(label: string, text: string, { width }: Layout): string[] {
  const head = `   ${label}`
  const rows = wrap(escapeText(text), Math.max(20, width - head.length - 1))
  return rows.map((row, i) => `${i === 0 ? head : ' '.repeat(head.length)} ${row}`)
}

/** Log text, every character kept up to a few rows. */
function quoted(text: string, { width, paint }: Layout): string[] {
  return cut(clip(escapeText(maskedLine(text)), (width - 3) * 8), width - 3).map((row) => `   ${paint('dim', row)}`)
}

function line(it: Explanation, layout: Layout): string[] {
  return [section(`Line ${it.line}`, layout), ...quoted(it.text, layout)]
}

function envelopes({ envelopes: taken, near, payload, text }: Explanation, layout: Layout): string[] {
  if (taken.length === 0 && near.length === 0) return []
  const rows = [section('Envelopes', layout)]
  for (const { id, name, stream, time } of taken)
    rows.push(...item(`taken off: ${id}`, [name, stream, time].filter((part) => part !== null).join(', '), layout))
  for (const { id, why } of near) rows.push(...item(`not ${id}:`, why, layout))
  if (payload !== text && taken.length > 0) rows.push('   what remains:', ...quoted(payload, layout))
  return rows
}

function parsers({ tried, record: read, reason }: Explanation, layout: Layout): string[] {
  if (tried.length === 0) return [section('Parsers', layout), ...item('-', `none is tried: ${reason ?? ''}`, layout)]
  const first = tried.findIndex((one) => one.reason === null)
  const before = first < 0 ? tried : tried.slice(0, first)
  const rows = [section('Parsers, in the order in which they are tried', layout)]
  rows.push(...refusals(before, layout))
  const winner = tried[first]
  if (winner !== undefined) {
    rows.push(...item(layout.paint('green', 'ok'), `${winner.format} reads it`, layout))
    const also = tried.slice(first + 1).filter((one) => one.reason === null)
    if (also.length > 0) rows.push(...item('  ', `later ones would, too: ${names(also)}`, layout))
    if (read !== null && read.format !== winner.format)
      rows.push(...item('  ', `here ${read.format} read it: the format of the line before is tried first`, layout))
    return rows
  }
  rows.push(`   ${layout.paint('yellow', 'nothing reads it')}${reason === null ? '' : escapeText(` (${reason})`)}`)
  const nearest = nearestOf(tried).slice(0, 3)
  if (nearest.length > 0) rows.push(...item('nearest:', names(nearest), layout))
  rows.push(
    ...item('to do:', "give its format: --log-format 'TEXT OF YOUR log_format', or --config nginx.conf", layout),
  )
  return rows
}

const names = (tried: readonly Tried[]): string => tried.map(({ format }) => format).join(', ')

/** In order, neighbours with one reason together. Of those that got nowhere there is only to say that the form is
 *  another. */
function refusals(tried: readonly Tried[], layout: Layout): string[] {
  const groups: { reason: string; formats: string[] }[] = []
  for (const one of tried) {
    const nowhere = one.why === null || (one.column !== null && one.fits === 0 && one.format !== 'log_format')
    const reason = nowhere ? 'another form' : inWords(one)
    const last = groups.at(-1)
    if (last?.reason === reason) last.formats.push(one.format)
    else groups.push({ reason, formats: [one.format] })
  }
  return groups.flatMap(({ reason, formats }) => item('- ', `${formats.join(', ')}: ${reason}`, layout))
}

function inWords({ why, column, found }: Tried): string {
  if (column === null) return why ?? ''
  return `column ${column}: ${why}, found ${found === '' ? 'the end of the line' : `\`${found}\``}`
}

function record(it: Explanation, layout: Layout): string[] {
  const fields = Object.entries(fieldsOf(it) ?? {})
  if (fields.length === 0) return []
  const rows = [section('Fields', layout)]
  const width = Math.min(24, Math.max(...fields.map(([key]) => key.length)))
  for (const [key, value] of fields.slice(0, 60)) {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    rows.push(...item(padEnd(clip(escapeText(key), 24), width), clip(text, layout.width * 4), layout))
  }
  if (fields.length > 60) rows.push(`   and ${fields.length - 60} more`)
  return rows
}

function says({ meaning, own, fast }: Explanation, layout: Layout): string[] {
  const rows = [section('What it says', layout)]
  if (own) rows.push(...item('no event:', OWN, layout))
  else if (meaning?.none != null) rows.push(...item('no event:', meaning.none, layout))
  for (const { event, because, proves } of own ? [] : (meaning?.events ?? [])) {
    const { server, path, upstream } = event.scope
    rows.push(...item('event:', `${event.kind}, sign ${event.sign}`, layout))
    const where = [server, path, upstream].filter((part) => part !== null).join(' ')
    if (where !== '') rows.push(...item('  at:', where, layout))
    if (because.length > 0) rows.push(...item('  why:', because.join('; '), layout))
    if (proves !== null) rows.push(...item('  proof:', proves, layout))
  }
  for (const { sign, why } of meaning?.close ?? []) rows.push(...item(`not ${sign}:`, why, layout))
  rows.push(...item('in a log:', fast, layout))
  return rows
}

/** What each cause makes of the line alone. */
function causes({ considered }: Explanation, layout: Layout): string[] {
  if (considered.length === 0) return []
  const rows = [section('Causes considered, from this line alone', layout)]
  for (const { cause, confidence, because, against, alternatives } of considered) {
    if (confidence === null) continue
    rows.push(...item(`${cause}:`, `confidence ${confidence.toFixed(2)}`, layout))
    for (const text of because) rows.push(...item('  for:', text, layout))
    for (const text of against) rows.push(...item('  against:', text, layout))
    for (const { cause: other, check } of alternatives) rows.push(...item(`  or ${other}:`, check, layout))
  }
  const silent = considered.filter(({ confidence }) => confidence === null).map(({ cause }) => cause)
  const none = silent.length === considered.length ? 'no cause: it needs more than this line' : null
  if (none !== null) return [...rows, ...item('-', none, layout)]
  return [...rows, ...item('nothing in it for:', silent.join(', '), layout)]
}
