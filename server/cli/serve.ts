/** `halfopen serve`: follow logs, keep what they say, show it, tell when something breaks. */
import type { Register } from './command.ts'
import { complain, packageVersion, UsageError } from './command.ts'

interface Flags {
  configFile?: string
  listen?: string
  database?: string
  basePath?: string
  config?: string
  logFormat?: string
  timezone?: string
  since?: string
  demo?: boolean
}

const EXAMPLES = `
Examples:
  halfopen serve                               the logs in the usual places
  halfopen serve /var/log/nginx/*.log portainer.log
  halfopen serve docker:portainer              a container's log, over the engine's socket
  halfopen serve --demo                        generated traffic, to look around
  ssh -L 11006:127.0.0.1:11006 HOST            then open http://127.0.0.1:11006 here

Everything can be set in halfopen.yaml too, or as HALFOPEN_LISTEN, HALFOPEN_ALERTS__WEBHOOK, …
Options win over the environment, the environment over the file.`

export const registerServe: Register = (program, exit) => {
  program
    .command('serve')
    .summary('dashboard: follow logs, keep history, send alerts')
    .description('Follows logs from where it left off and shows what breaks WebSockets on http://127.0.0.1:11006.')
    .argument(
      '[input...]',
      'files, directories, globs, docker:NAME; none: sources in halfopen.yaml, else the usual places',
    )
    .option('--config-file <file>', 'settings (default: halfopen.yaml in this folder, when it is there)')
    .option('--listen <address:port>', 'where the dashboard is (default: 127.0.0.1:11006)')
    .option('--database <sqlite:path>', 'where events are kept')
    .option('--base-path <path>', 'path in front of every URL, when a proxy passes it on')
    .option(
      '--config <conf>',
      'nginx.conf, its folder, or the output of "nginx -T": log formats, and patches for your file',
    )
    .option('--log-format <string>', 'the text of your nginx log_format')
    .option('--timezone <zone>', "zone of times without one: Europe/Berlin, UTC, +02:00 (default: this machine's)")
    .option('--since <time>', 'import nothing older at the first start: 2026-11-21, or 2h, 7d back from now')
    .option('--demo', 'show generated traffic instead of logs; keeps nothing')
    .addHelpText('after', EXAMPLES)
    .action(async (inputs: string[], flags: Flags) => exit(await serve(inputs, flags)))
}

/** Runs until SIGINT or SIGTERM. Throws UsageError when it cannot start. */
async function serve(inputs: string[], flags: Flags): Promise<number> {
  const { keepMemorySmall } = await import('../scan/contract.ts')
  // A server lives long, and stays at the most it ever took: V8 would let a burst of lines take far more than it needs.
  // Before the rest is loaded: new space that has grown by then does not shrink.
  keepMemorySmall(40)
  const { isExpected, loadConfig, startServer } = await import('../main.ts')
  try {
    const config = loadConfig({
      file: flags.configFile ?? null,
      cli: {
        listen: flags.listen,
        database: flags.database,
        base_path: flags.basePath,
        nginx_config: flags.config,
        log_format: flags.logFormat,
        timezone: flags.timezone,
        history: await historyOf(flags),
        sources: inputs.length > 0 ? inputs : undefined,
      },
      env: process.env,
      cwd: process.cwd(),
    })
    const stop = signalled()
    const server = await startServer({ config, demo: flags.demo === true, version: packageVersion() })
    await stop
    await server.close()
    // Only fires when something that did not close in time keeps the process alive.
    setTimeout(() => process.exit(0), 500).unref()
    return 0
  } catch (error) {
    if (isExpected(error)) throw new UsageError(error.message)
    throw error
  }
}

/** How long before now --since is, as the configuration says it. */
async function historyOf({ since, timezone }: Flags): Promise<string | undefined> {
  if (since === undefined) return undefined
  const [{ when }, scan] = await Promise.all([import('./reading.ts'), import('../scan/contract.ts')])
  const now = Date.now()
  // A zone that is none is refused with the rest of the configuration.
  const zone = timezone ?? null
  const known = scan.optionProblem({ format: null, logFormat: null, timezone: zone }) === null
  const from = when('--since', since, now, known ? scan.zoneShift(zone) : (wall) => wall) ?? now
  if (from > now)
    throw new UsageError(`--since: ${JSON.stringify(since)} is still to come; name a time before now, such as 7d or 0s`)
  const minutes = Math.ceil((now - from) / 60_000)
  return minutes < 1_000_000 ? `${minutes}m` : `${Math.ceil(minutes / 1440)}d`
}

/** Resolves at the first signal; a second one does not wait for anything. */
function signalled(): Promise<void> {
  return new Promise((resolve) => {
    let before = false
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (before) process.exit(130)
        before = true
        complain('stopping')
        resolve()
      })
    }
  })
}
