/** argv in, exit code out. Each command is a file beside this one. */
import { Command, CommanderError } from 'commander'
import { registerAnalyze } from './analyze.ts'
import { complain, packageVersion, UsageError, type Register } from './command.ts'

const EXAMPLES = `
Examples:
  halfopen analyze                             the logs in the usual places
  halfopen analyze access.log error.log        several logs, one report
  docker logs portainer 2>&1 | halfopen analyze -
  halfopen lint /etc/nginx                     the configuration, before it breaks
  halfopen serve                               dashboard on http://127.0.0.1:11006

Exit codes: 0 done, 1 findings at or above --fail-on or a failed probe or proof,
2 usage error or input that cannot be read, 130 or 143 ended by Ctrl-C or SIGTERM.
"halfopen COMMAND --help" shows the options of a command.`

/** In the order of the help. Of the others `analyze`, which is to start fast, loads nothing. */
const COMMANDS = new Map<string, () => Promise<Register>>([
  ['analyze', async () => registerAnalyze],
  ['serve', async () => (await import('./serve.ts')).registerServe],
  ['fix', async () => (await import('./fix.ts')).registerFix],
  ['prove', async () => (await import('./prove.ts')).registerProve],
  ['probe', async () => (await import('./probe.ts')).registerProbe],
  ['lint', async () => (await import('./lint.ts')).registerLint],
  ['parse', async () => (await import('./parse.ts')).registerParse],
  ['explain', async () => (await import('./explain.ts')).registerExplain],
  ['log-format', async () => (await import('./log-format.ts')).registerLogFormat],
  ['db', async () => (await import('./db.ts')).registerDb],
  ['alerts', async () => (await import('./alerts.ts')).registerAlerts],
])

/** Runs one command. @param argv the words after the program's name. @returns the exit code of CONTRACT.md. */
export async function main(argv: string[]): Promise<number> {
  let code = 0
  const exit = (value: number): void => {
    code = value
  }
  const program = new Command('halfopen')
    .description('Why WebSockets break behind nginx, which config line to change, and whether the change worked')
    // Looked for in files, so only when asked for.
    .version(argv.includes('--version') ? packageVersion() : '', '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
  // The others are for the list in the help, and for what is no command.
  const asked = COMMANDS.get(argv[0] ?? '')
  for (const load of asked === undefined ? COMMANDS.values() : [asked]) (await load())(program, exit)
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    return failed(error, argv)
  }
  return code
}

function failed(error: unknown, argv: readonly string[]): number {
  if (error instanceof UsageError) {
    complain(error.message)
    return 2
  }
  if (!(error instanceof CommanderError)) throw error
  if (error.exitCode === 0) return 0
  // Without a command commander has printed the help, which says it all.
  if (error.code !== 'commander.help') complain(sentence(error.message, argv))
  return 2
}

/** `error: unknown option '--x'\n(Did you mean --y?)` → one line that also says where the options are. */
function sentence(message: string, argv: readonly string[]): string {
  const command = argv[0] !== undefined && /^[a-z-]+$/.test(argv[0]) && !argv[0].startsWith('-') ? `${argv[0]} ` : ''
  const known = /unknown command/.test(message) ? '' : command
  return `${message.replace(/^error: /, '').replace(/\n\(Did you mean (.*)\?\)$/s, ', did you mean $1?')}; see: halfopen ${known}--help`
}
