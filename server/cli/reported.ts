/** Logs in, report out: what `analyze` prints and `fix` takes its patch from. */
import type { Report } from '../diagnosis/contract.ts'
import type { NginxConfig } from '../nginx-config/contract.ts'
import { complain } from './command.ts'
import type { ReadingFlags } from './options.ts'

export interface Reported {
  report: Report
  config: NginxConfig | null
  timezone: string | null
  /** Something that was named could not be read, or nothing in it; it was told on stderr. */
  failed: boolean
  /** Exit code of a run that was stopped by a signal; null when it was not. */
  interrupted: number | null
}

/** Reads and judges. Null when there was nothing to read, which was told. Rejects with UsageError.
 *  @param check called before anything long begins, with the files that are read */
export async function reported(
  args: readonly string[],
  flags: ReadingFlags,
  check: (files: readonly string[]) => void,
): Promise<Reported | null> {
  const [
    { prepareReading, unreadable },
    { progressLine },
    { interruption },
    { prepareKernel, scanInputs },
    { buildReport },
  ] = await Promise.all([
    import('./reading.ts'),
    import('./progress.ts'),
    import('./interruption.ts'),
    import('../scan/contract.ts'),
    import('../diagnosis/contract.ts'),
  ])
  void prepareKernel()
  const reading = await prepareReading(args, flags, Date.now())
  check([...reading.inputs, ...(flags.config === undefined ? [] : [flags.config])])
  if (reading.inputs.length === 0) return null

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
  return { report, config: reading.config, timezone: reading.timezone, failed, interrupted: stopped.code() }
}
