/** `halfopen alerts test NAME`: does a receiver take our messages? Works beside a running server, and without one. */
import { Option } from 'commander'
import { packageVersion, UsageError, type Register } from './command.ts'

interface Flags {
  configFile?: string
  output: 'text' | 'json'
}

const HELP = `
Receivers are those of "alerts" in halfopen.yaml; without a name, all of them are tried.

Exit codes: 0 all took the message, 1 one did not, 2 usage error or a configuration that cannot be used.`

export const registerAlerts: Register = (program, exit) => {
  const alerts = program
    .command('alerts')
    .summary('try out a receiver of alerts')
    .description('Looks after the receivers to which "halfopen serve" sends alerts.')
  alerts
    .command('test')
    .argument('[name...]', 'receivers to try; none: all')
    .option('--config-file <file>', 'settings (default: halfopen.yaml in this folder, when it is there)')
    .addOption(new Option('--output <form>', 'form of the result').choices(['text', 'json']).default('text'))
    .description('Sends a test message now and says what became of it.')
    .addHelpText('after', HELP)
    .action(async (names: string[], flags: Flags) => exit(await test(names, flags)))
}

async function test(names: readonly string[], flags: Flags): Promise<number> {
  const [{ ConfigError, loadConfig }, { tryOut }, { openOutput }, { escapeJson, escapeText }] = await Promise.all([
    import('../config.ts'),
    import('../alerts/contract.ts'),
    import('./output.ts'),
    import('./terminal.ts'),
  ])
  const { receivers, allow_private } = alertingOf(ConfigError, () =>
    loadConfig({ file: flags.configFile ?? null, cli: {}, env: process.env, cwd: process.cwd() }),
  )
  if (receivers.length === 0)
    throw new UsageError('alerts: no receivers are set; add alerts.webhook or alerts.channels to halfopen.yaml')
  const known = receivers.map(({ name }) => name).join(', ')
  const chosen = names.length === 0 ? receivers : names.map((name) => receivers.find((one) => one.name === name))
  const sending = {
    user_agent: `halfopen/${packageVersion()}`,
    allow_private,
    now: Date.now(),
    signal: new AbortController().signal,
  }
  const results = []
  for (const [n, receiver] of chosen.entries()) {
    if (receiver === undefined)
      throw new UsageError(`alerts test: there is no receiver ${JSON.stringify(names[n])}; known are ${known}`)
    results.push(await tryOut(receiver, sending))
  }
  const lines = results.map(({ channel, type, delivered, status, reason, took_ms }) => {
    const what = delivered ? `took the message${status === null ? '' : ` (${status})`}` : `FAILED: ${reason}`
    return escapeText(`${channel} (${type}): ${what}, ${took_ms} ms`)
  })
  const text = flags.output === 'json' ? escapeJson(JSON.stringify(results, null, 2)) : lines.join('\n')
  await openOutput(undefined).write(`${text}\n`)
  return results.every(({ delivered }) => delivered) ? 0 : 1
}

function alertingOf<T extends { alerting: unknown }>(
  expected: new (message: string) => Error,
  load: () => T,
): T['alerting'] {
  try {
    return load().alerting
  } catch (error) {
    if (error instanceof expected) throw new UsageError(error.message)
    throw error
  }
}
