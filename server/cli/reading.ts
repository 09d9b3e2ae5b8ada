/** From flags to what is read: inputs found, formats and zone settled, mistakes told before anything is opened. */
import { ACCESS_PRESETS } from '../../parsers/nginx/access-presets.ts'
import { loadConfig, logFormats, type NginxConfig } from '../nginx-config/contract.ts'
import {
  findInputs,
  nearestOf,
  optionProblem,
  processEnvironment,
  withoutCopies,
  zoneShift,
  type InputError,
  type Tried,
  type UnreadInput,
} from '../scan/contract.ts'
import type { InputSummary } from '../diagnosis/contract.ts'
import { complain, UsageError } from './command.ts'
import type { FormatFlags, ReadingFlags } from './options.ts'
import { clip, escapeText } from './terminal.ts'
import { parseWhen } from './when.ts'

export interface Formats {
  format: string | null
  logFormat: string | readonly string[] | null
  timezone: string | null
  config: NginxConfig | null
}

export interface Reading extends Formats {
  /** Paths to read, `-` for standard input. */
  inputs: string[]
  since: number | null
  until: number | null
  /** Something that was named cannot be read; it was told on stderr. */
  failed: boolean
  /** What that was. */
  errors: readonly InputError[]
}

/** How lines are to be read. Throws UsageError. `plainFormat`: a log_format without variables will do. */
export function prepareFormats(flags: FormatFlags, plainFormat = false): Formats {
  const config = flags.config === undefined ? null : readConfig(flags.config)
  const logFormat = flags.logFormat ?? (config ? formatsOf(config) : null)
  const choice = { format: flags.format ?? null, logFormat, timezone: flags.timezone ?? null }
  const problem = optionProblem({ ...choice, plainFormat })
  if (problem) throw new UsageError(`${problem.option}: ${problem.reason}`)
  return { ...choice, config }
}

/** Rejects with UsageError. Tells on stderr what cannot be read, and with no input named what was found where. `plainFormat`:
 *  a log_format without variables will do. */
export async function prepareReading(
  args: readonly string[],
  flags: ReadingFlags,
  now: number,
  plainFormat = false,
): Promise<Reading> {
  const choice = prepareFormats(flags, plainFormat)
  const shift = zoneShift(choice.timezone)
  const since = when('--since', flags.since, now, shift)
  const until = when('--until', flags.until, now, shift)
  if (since !== null && until !== null && since >= until)
    throw new UsageError('--since: not before --until; nothing lies between them')
  const found = findInputs(args, processEnvironment(), { rotated: true, since })
  const { inputs, notes } = await withoutCopies(found.inputs)
  if (!flags.quiet) {
    for (const place of found.searched) process.stderr.write(`looked at ${escapeText(place.path)}: ${place.found}\n`)
    for (const note of [...found.notes, ...notes]) process.stderr.write(`${escapeText(note)}\n`)
    if (flags.verbose) for (const file of found.passedOver) process.stderr.write(`passed over ${escapeText(file)}\n`)
  }
  for (const error of found.errors) complain(error.message)
  return { inputs, ...choice, since, until, failed: found.errors.length > 0, errors: found.errors }
}

const SHOWN = 100

/** Inputs of which no line could be read count as failures; an empty one does not. Tells on stderr what the first line
 *  of each is and what was tried on it, all in one line each, with what is to be done before what is only long. */
export function unreadable(inputs: readonly InputSummary[], unread: readonly UnreadInput[]): boolean {
  const none = inputs.filter((input) => input.parsed === 0 && input.unparsed > 0)
  for (const input of none) {
    const first = unread.find(({ path }) => path === input.path)
    const line = first?.line ?? 1
    const one = input.unparsed === 1
    const lines = one
      ? 'its only line is in no known format'
      : `none of its ${input.unparsed} lines is in a known format`
    const text =
      first === undefined ? '' : `, ${one ? 'it is' : 'the first is'}: ${clip(escapeText(first.text), SHOWN)}`
    const place = input.path === 'stdin' ? '' : ` ${shellWord(input.path)}:${line}`
    const toDo = `give the format with --log-format or --format, or name another file; to see why: halfopen explain${place}`
    complain(`${input.path}:${line}: ${lines}${text}; ${toDo}${triedOn(first?.tried ?? [])}`)
  }
  return none.length > 0
}

/** The names of the formats, the nearest first. */
function triedOn(tried: readonly Tried[]): string {
  if (tried.length === 0) return ''
  const nearest = nearestOf(tried).slice(0, 3)
  const near = nearest.map(({ format, column }) => (column === null ? format : `${format} (up to column ${column})`))
  const others = tried.filter((one) => !nearest.includes(one)).map(({ format }) => format)
  return `; tried: ${[...near, ...others].join(', ')}`
}

const shellWord = (path: string): string => (/^[\w./@%+=-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`)

/** Epoch ms; throws UsageError when the text is no time. */
export function when(
  option: string,
  text: string | undefined,
  now: number,
  shift: (wall: number) => number,
): number | null {
  if (text === undefined) return null
  const time = parseWhen(text, now, shift)
  if (time === null)
    throw new UsageError(`${option}: ${JSON.stringify(text)} is no time; such as 2026-11-21T06:30, 2h or 7d`)
  return time
}

function readConfig(file: string): NginxConfig {
  const loaded = loadConfig(file)
  if (loaded.ok) return loaded.config
  const { line, message } = loaded.error
  const place = line > 0 ? `${loaded.error.file}:${line}` : loaded.error.file
  throw new UsageError(`${place}: ${message}; give --config an nginx.conf or the output of: sudo nginx -T`)
}

/** The log_formats that access logs use and that are not known anyway. One that cannot be split is left out:
 *  its lines will be counted as unread and shown. */
function formatsOf(config: NginxConfig): string[] | null {
  const { formats, access_logs } = logFormats(config)
  const known = new Set(ACCESS_PRESETS.flatMap((preset) => preset.formats))
  const used = new Set(access_logs.map((log) => log.format))
  const texts = [...formats.values()]
    .filter(({ name, text, escape }) => used.has(name) && !(escape === 'default' && known.has(text)))
    // The one with more in it first: a shorter one may take its lines for its own, with the rest in its last variable.
    .sort((a, b) => variableCount(b.text) - variableCount(a.text))
    .map(({ escape, text }) => (escape === 'default' ? text : `escape=${escape} ${text}`))
    .filter((logFormat) => optionProblem({ format: null, logFormat, timezone: null }) === null)
  return texts.length > 0 ? texts : null
}

const variableCount = (format: string): number => format.split('$').length
