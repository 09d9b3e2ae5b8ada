/** `halfopen explain`: every parser and rule tried on a line, and why each did or did not match. */
import { Option } from 'commander'
import { complain, UsageError, type Register } from './command.ts'
import { addFormatOptions, wholeNumber, type FormatFlags } from './options.ts'
import { escapeJson, wantsColour } from './terminal.ts'

interface Flags extends FormatFlags {
  line?: number
  top: number
  output: 'text' | 'json'
  color: boolean
}

const EXAMPLES = `
Examples:
  halfopen explain '2026/11/21 06:14:33 [error] 7#7: *1 connect() failed …'
  halfopen explain access.log:12                    the record at line 12
  halfopen explain access.log                       the first ones
  tail -1 access.log | halfopen explain --log-format '$remote_addr "$request"'

Exit codes: 0 something reads the line (of several: one of them), 2 nothing does.`

export const registerExplain: Register = (program, exit) => {
  const command = program
    .command('explain')
    .summary('show every parser and rule tried on a line, and why')
    .description(
      'Shows what is made of a line, step by step: envelopes taken off, parsers tried and where each stopped, fields, and what the line says about WebSockets.',
    )
    .argument('[line...]', 'one log line in quotes, a file, or FILE:LINE; none: the first lines of standard input')
  addFormatOptions(command)
    .option('--line <n>', 'the record at this line of the file or of standard input', wholeNumber)
    .option('--top <n>', 'of a file, explain this many records', wholeNumber, 3)
    .addOption(new Option('--output <form>', 'form of the result').choices(['text', 'json']).default('text'))
    .option('--no-color', 'no colours (also: NO_COLOR=1)')
    .addHelpText('after', EXAMPLES)
    .action(async (words: string[], flags: Flags) => exit(await explain(words, flags)))
}

async function explain(words: readonly string[], flags: Flags): Promise<number> {
  const [{ openOutput }, { prepareFormats }, { askedFor }, { explainInput, explainText }] = await Promise.all([
    import('./output.ts'),
    import('./reading.ts'),
    import('./explain-asked.ts'),
    import('../scan/contract.ts'),
  ])
  const formats = prepareFormats(flags, true)
  const asked = askedFor(words, flags.line ?? null)
  const options = { ...formats, line: asked.line, records: flags.top }
  const { explanations, error } =
    asked.text === null
      ? await explainInput(asked.path, options)
      : { explanations: explainText(asked.text, { ...options, records: 100 }), error: null }
  if (error !== null) complain(error.message)
  else if (explanations.length === 0 && asked.line !== null)
    throw new UsageError(`${asked.path}: no record at line ${asked.line}; the input ends before it`)

  const output = openOutput(undefined)
  if (flags.output === 'json') {
    const { explanationJson } = await import('./explain-json.ts')
    for (const explanation of explanations) await output.write(`${escapeJson(explanationJson(explanation))}\n`)
  } else {
    const { explanationText } = await import('./explain-text.ts')
    const width = Math.max(40, Math.min(80, output.columns ?? 80))
    const colour = wantsColour(output.isTty, flags.color, process.env)
    const texts = explanations.map((explanation) => explanationText(explanation, { width, colour }))
    if (texts.length > 0) await output.write(texts.join('\n'))
  }
  output.close()
  if (error !== null) return 2
  return explanations.length === 0 || explanations.some(({ record }) => record !== null) ? 0 : 2
}
