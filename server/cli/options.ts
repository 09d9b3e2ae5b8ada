/** Options that several commands share, and their values checked. */
import { InvalidArgumentError, type Command } from 'commander'

/** How lines are read. */
export interface FormatFlags {
  format?: string
  logFormat?: string
  config?: string
  timezone?: string
}

/** Options of everything that reads logs. */
export interface ReadingFlags extends FormatFlags {
  since?: string
  until?: string
  output?: string
  o?: string
  jobs?: number
  progress: boolean
  color: boolean
  quiet?: boolean
  verbose?: boolean
}

export function addReadingOptions(command: Command): Command {
  return addFormatOptions(
    command.argument(
      '[input...]',
      'files, directories, globs, "-" for standard input; none: standard input when piped, else the usual places',
    ),
  )
    .option('--since <time>', 'leave out what is older: 2026-11-21, "2026-11-21 06:30", or 2h, 7d back from now')
    .option('--until <time>', 'leave out this time and later')
    .option('-o <file>', 'write the result to a file')
    .option('--jobs <n>', 'threads that read (default: one for two processors, at most 4)', wholeNumber)
    .option('--no-progress', 'no progress line')
    .option('-q, --quiet', 'nothing on stderr but errors')
}

/** Options that say how lines are read. */
export function addFormatOptions(command: Command): Command {
  return command
    .option('--format <name>', 'read every line with this parser (default: detected)')
    .option(
      '--log-format <string>',
      'the text of your nginx log_format, e.g. \'$remote_addr [$time_local] "$request" $status\'',
    )
    .option(
      '--config <conf>',
      'nginx.conf, its folder, or the output of "nginx -T": gives log formats, locations and upstreams',
    )
    .option('--timezone <zone>', "zone of times without one: Europe/Berlin, UTC, +02:00 (default: this machine's)")
}

export function wholeNumber(text: string): number {
  const value = Number(text)
  if (!/^\d{1,9}$/.test(text) || value < 1) throw new InvalidArgumentError('expected a whole number from 1')
  return value
}
