/** `halfopen analyze`: logs in, report out. */
import { Option } from 'commander'
import { maskText } from '../../parsers/masking.ts'
import type { Finding, Report, Severity } from '../diagnosis/contract.ts'
import type { NginxConfig } from '../nginx-config/contract.ts'
import type { Register } from './command.ts'
import { addReadingOptions, wholeNumber, type ReadingFlags } from './options.ts'
import { escapeJson, wantsColour } from './terminal.ts'

interface Flags extends ReadingFlags {
  output: 'text' | 'json' | 'markdown' | 'html'
  redact?: boolean
  top?: number
  failOn: Severity | 'never'
  color: boolean
  verbose?: boolean
}

const SEVERITIES: readonly Severity[] = ['info', 'warning', 'error', 'critical']

const EXAMPLES = `
Examples:
  halfopen analyze /var/log/nginx
  halfopen analyze access.log error.log --since 2h
  halfopen analyze --config /etc/nginx/nginx.conf   with a patch for your file
  docker logs portainer 2>&1 | halfopen analyze - /var/log/nginx/*.log
  halfopen analyze --output json | jq '.findings[0]'
  halfopen analyze --output markdown --redact       for an issue
  halfopen analyze --fail-on error -q               for cron: code 1 on trouble`

export const registerAnalyze: Register = (program, exit) => {
  const command = program
    .command('analyze')
    .summary('report on logs: what breaks WebSockets and which line to change')
    .description(
      'Reads nginx and application logs and reports what breaks WebSockets, how sure that is, and which line to change.',
    )
  addReadingOptions(command)
    .addOption(
      new Option('--output <form>', 'form of the result').choices(['text', 'json', 'markdown', 'html']).default('text'),
    )
    .option('--redact', 'for strangers: addresses, hosts, users and query values become words, folders are left out')
    .option('--top <n>', 'show at most this many findings', wholeNumber)
    .addOption(
      new Option('--fail-on <severity>', 'end with code 1 when a finding is at least this severe')
        .choices([...SEVERITIES.toReversed(), 'never'])
        .default('never'),
    )
    .option('--no-color', 'no colours (also: NO_COLOR=1)')
    .option('-v, --verbose', 'every finding in full, with all its evidence')
    .addHelpText('after', EXAMPLES)
    .action(async (inputs: string[], flags: Flags) => exit(await analyze(inputs, flags)))
}

async function analyze(args: readonly string[], flags: Flags): Promise<number> {
  const [{ openOutput, refuseInput }, { reported }] = await Promise.all([
    import('./output.ts'),
    import('./reported.ts'),
  ])
  const output = openOutput(flags.o)
  const found = await reported(args, flags, (files) => refuseInput(flags.o, files))
  if (found === null) return 2
  const { timezone, failed, interrupted } = found
  const handedOn = flags.redact === true || flags.output === 'markdown' || flags.output === 'html'
  const share = handedOn ? await import('../share/contract.ts') : null
  const report = share && flags.redact === true ? share.redactReport(found.report, maskText) : found.report

  const top = flags.top ?? null
  if (flags.output === 'json') await output.write(`${escapeJson(JSON.stringify(atMost(report, top), null, 2))}\n`)
  else if (share && flags.output === 'markdown') await output.write(share.reportAsMarkdown(atMost(report, top)))
  else if (share && flags.output === 'html')
    await output.write(share.reportAsHtml(atMost(report, top), flags.redact === true ? share.REDACTED : share.MADE))
  else {
    const { reportText, WRITE } = await import('./report-text.ts')
    const width = Math.max(40, Math.min(80, output.columns ?? 80))
    const colour = wantsColour(output.isTty, flags.color, process.env)
    const patched = report.findings.some(({ fix: { patch } }) => patch !== null)
    const apply = patched && found.config !== null ? await howToApply(found.config, WRITE) : () => WRITE
    await output.write(reportText(report, { width, colour, timezone, top, verbose: flags.verbose === true, apply }))
  }
  output.close()
  if (interrupted !== null) return leave(interrupted)
  if (failed) return 2
  return report.findings.some((finding) => reaches(finding, flags.failOn)) ? 1 : 0
}

/** `fix --write` changes files, not a dump, and not what a program would write over. */
async function howToApply(config: NginxConfig, write: string): Promise<(patch: string) => string> {
  const { wayIn } = await import('../fix/contract.ts')
  return (patch) => {
    const way = wayIn(config, patch)
    if (way === 'write') return write
    if (way === 'hand') return 'by hand: this is a dump, and "fix --write" changes the files themselves'
    return `not in the file, ${way.by} writes it anew: make the change ${way.instead}`
  }
}

/** A pipe in which nothing comes would keep the process waiting. */
function leave(code: number): number {
  process.stdin.destroy()
  setTimeout(() => process.exit(code), 200).unref()
  return code
}

const atMost = (report: Report, top: number | null): Report =>
  top === null ? report : { ...report, findings: report.findings.slice(0, top) }

const reaches = (finding: Finding, limit: Severity | 'never'): boolean =>
  limit !== 'never' && SEVERITIES.indexOf(finding.severity) >= SEVERITIES.indexOf(limit)
