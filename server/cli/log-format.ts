/** `halfopen log-format`: the nginx lines that remove the blind spots. */
import type { Register } from './command.ts'

const HELP = `
The lines are for you to paste; nothing is changed. Logs in this format are
recognised by "halfopen analyze" without further options.`

export const registerLogFormat: Register = (program, exit) => {
  program
    .command('log-format')
    .summary('print the nginx log_format and error_log lines that remove the blind spots')
    .description(
      'Prints the nginx log_format, access_log and error_log lines that let halfopen see handshakes, session lengths and idle timeouts.',
    )
    .option('--explain', 'also say what each variable is good for')
    .addHelpText('after', HELP)
    .action(async (flags: { explain?: boolean }) => {
      const [{ LOGGED_VARIABLES, recommendedLogging }, { openOutput }] = await Promise.all([
        import('../diagnosis/contract.ts'),
        import('./output.ts'),
      ])
      const reasons = LOGGED_VARIABLES.map(({ variable, shows }) => `# ${variable.padEnd(25)} ${shows}\n`).join('')
      await openOutput(undefined).write(recommendedLogging() + (flags.explain ? `\n${reasons}` : ''))
      exit(0)
    })
}
