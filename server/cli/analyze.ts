/** `halfopen analyze`: logs in, report out. */
import { Option } from 'commander'
import type { Finding, Report, Severity } from '../diagnosis/contract.ts'
import { complain, type Register } from './command.ts'
import { addReadingOptions, wholeNumber, type ReadingFlags } from './options.ts'
import { escapeJson, wantsColour } from './terminal.ts'

interface Flags extends ReadingFlags {
  output: 'text' | 'json'
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
  halfopen analyze --fail-on error -q               for cron: code 1 on trouble`

export const registerAnalyze: Register = (program, exit) => {
  const command = program
    .command('analyze')
    .summary('report on logs: what breaks WebSockets and which line to change')
    .description(
      'Reads nginx and application logs and reports what breaks WebSockets, how sure that is, and which line to change.',
    )
  addReadingOptions(command)
    .addOption(new Option('--output <form>', 'form of the result').choices(['text', 'json']).default('text'))
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
  const [
    { openOutput, refuseInput },
    { prepareReading, unreadable },
    { progressLine },
    { interruption },
    { scanInputs },
    { buildReport },
  ] = await Promise.all([
    import('./output.ts'),
    import('./reading.ts'),
    import('./progress.ts'),
    import('./interruption.ts'),
    import('../scan/contract.ts'),
    import('../diagnosis/contract.ts'),
  ])
  const output = openOutput(flags.o)
  const reading = await prepareReading(args, flags, Date.now())
  refuseInput(flags.o, [...reading.inputs, ...(flags.config === undefined ? [] : [flags.config])])
  if (reading.inputs.length === 0) return 2

  // A terminal shows nothing while it waits, as if the program hung.
  if (reading.inputs.includes('-') && process.stdin.isTTY === true && !flags.quiet)
    process.stderr.write('reading standard input: paste log lines, end with Ctrl-D\n')
  // Asked last: the stream behind `process.stderr` takes a while to make.
  const visible = flags.progress && !flags.quiet && process.stderr.isTTY === true
  const progress = visible
    ? progressLine(
        (text) => process.stderr.write(text),
        () => performance.now(),
      )
    : null
  const stopped = interruption(flags.quiet === true)
  const onProgress = progress ? progress.update : null
  const result = await scanInputs(reading.inputs, {
    ...reading,
    jobs: flags.jobs ?? null,
    onProgress,
    signal: stopped.signal,
  })
  progress?.clear()
  stopped.over()
  for (const error of result.errors) complain(error.message)
  const failed = [reading.failed, result.errors.length > 0, unreadable(result.inputs, result.unread)].includes(true)

  const config = reading.config && (await import('../nginx-config/contract.ts')).configView(reading.config)
  const report = buildReport(result.evidence, {
    inputs: result.inputs,
    generatedAt: Date.now(),
    config,
    partial: result.partial ? { ...result.read, left: result.left } : null,
    asked: reading,
    notRead: [...reading.errors, ...result.errors],
  })
  const top = flags.top ?? null
  if (flags.output === 'json') await output.write(`${escapeJson(JSON.stringify(atMost(report, top), null, 2))}\n`)
  else {
    const { reportText } = await import('./report-text.ts')
    const { timezone } = reading
    const width = Math.max(40, Math.min(80, output.columns ?? 80))
    const colour = wantsColour(output.isTty, flags.color, process.env)
    await output.write(reportText(report, { width, colour, timezone, top, verbose: flags.verbose === true }))
  }
  output.close()
  const interrupted = stopped.code()
  if (interrupted !== null) return leave(interrupted)
  if (failed) return 2
  return report.findings.some((finding) => reaches(finding, flags.failOn)) ? 1 : 0
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
