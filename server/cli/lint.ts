/** `halfopen lint`: nginx configuration in, findings out. */
import { Option } from 'commander'
import type { LintResult } from '../lint/contract.ts'
import type { NginxConfig } from '../nginx-config/contract.ts'
import { complain, packageVersion, UsageError, type Register } from './command.ts'
import { escapeJson, wantsColour } from './terminal.ts'

type Limit = 'critical' | 'error' | 'warning' | 'info' | 'never'

interface Flags {
  output: 'text' | 'json' | 'sarif'
  explain?: string
  failOn: Limit
  nginxVersion?: string
  o?: string
  color: boolean
  quiet?: boolean
}

const LIMITS: readonly Limit[] = ['info', 'warning', 'error', 'critical', 'never']

const EXAMPLES = `
Examples:
  halfopen lint               /etc/nginx, or where nginx has it
  halfopen lint /srv/npm/data/nginx
  sudo nginx -T | halfopen lint -
  halfopen lint --explain wss://example.org/ws
                              which block answers, and every setting in effect
                              with the line that decided it
  halfopen lint --output sarif -o lint.sarif
                              for a code host

A comment "# halfopen-ignore RULE" leaves a rule out: on the line it is about,
or on a line of its own before a directive or block.

Exit codes: 0 done, 1 findings at or above --fail-on, 2 usage error or input
that cannot be read.`

export const registerLint: Register = (program, exit) => {
  program
    .command('lint')
    .summary('audit nginx configuration for WebSocket proxying')
    .description(
      'Reads an nginx configuration and reports what breaks WebSockets, or will: each finding with its line and what to write instead. Changes nothing.',
    )
    .argument(
      '[conf...]',
      'nginx.conf, its folder, a file of conf.d, or the output of "nginx -T"; "-" for standard input',
    )
    .option('--explain <url>', 'show which block answers this URL and every setting in effect')
    .option('--nginx-version <version>', 'of the nginx that will run this, e.g. 1.30.0 (default: before 1.29.7)')
    .addOption(new Option('--output <form>', 'form of the result').choices(['text', 'json', 'sarif']).default('text'))
    .addOption(
      new Option('--fail-on <severity>', 'end with code 1 when a finding is at least this severe')
        .choices([...LIMITS].reverse())
        .default('error'),
    )
    .option('-o <file>', 'write the result to a file')
    .option('--no-color', 'no colours (also: NO_COLOR=1)')
    .option('-q, --quiet', 'errors and warnings only')
    .addHelpText('after', EXAMPLES)
    .action(async (paths: string[], flags: Flags) => exit(await lint(paths, flags)))
}

async function lint(paths: readonly string[], flags: Flags): Promise<number> {
  const version = flags.nginxVersion ?? null
  if (version !== null && !/^\d+(?:\.\d+){1,2}$/.test(version))
    throw new UsageError(`--nginx-version: ${JSON.stringify(version)} is no version; such as 1.22.1`)
  const url = flags.explain === undefined ? null : urlOf(flags.explain)
  if (url && flags.output === 'sarif') throw new UsageError('--explain: as text or json only')
  const [{ openOutput, refuseInput }, { readConfigs }] = await Promise.all([
    import('./output.ts'),
    import('./lint-input.ts'),
  ])
  const output = openOutput(flags.o)
  refuseInput(flags.o, paths)
  const { configs, failed } = readConfigs(paths)
  if (configs.length === 0) return 2
  // An empty file is no error, and no clean bill either.
  const isBlank = configs.every(({ root }) => root.children.length === 0)
  for (const { sources, root } of configs)
    if (root.children.length === 0)
      complain(
        `${[...sources.keys()].join(', ')}: there is no directive in it, so nothing was checked; name another file`,
      )
  const colour = wantsColour(output.isTty, flags.color, process.env)
  const width = Math.max(40, Math.min(100, output.columns ?? 80))
  let found = false
  if (url) await output.write(await explained(configs, url, version, flags.output, { width, colour }))
  else {
    const { lintConfig } = await import('../lint/contract.ts')
    const result = merged(configs.map((config) => lintConfig(config, version)))
    found = result.findings.some(({ severity }) => LIMITS.indexOf(severity) >= LIMITS.indexOf(flags.failOn))
    await output.write(
      await printed(flags.quiet ? withoutRemarks(result) : result, flags.output, { width, colour, isBlank }),
    )
  }
  output.close()
  return failed ? 2 : found ? 1 : 0
}

interface Look {
  width: number
  colour: boolean
  /** There was not one directive to look at. */
  isBlank?: boolean
}

async function explained(configs: readonly NginxConfig[], url: URL, version: string | null, form: string, look: Look) {
  const { explainUrl } = await import('../lint/contract.ts')
  const answers = configs.flatMap((config) => explainUrl(config, url, version))
  if (form === 'json') return `${escapeJson(JSON.stringify({ schema: 'halfopen.explanation/1', answers }, null, 2))}\n`
  const { explanationText } = await import('./lint-text.ts')
  if (answers.length === 0) complain(`${url.href}: no server block of this configuration answers it`)
  return answers.map((answer) => explanationText(answer, look)).join('\n')
}

async function printed(result: LintResult, form: Flags['output'], look: Look): Promise<string> {
  if (form === 'json') return `${escapeJson(JSON.stringify(result, null, 2))}\n`
  if (form === 'sarif') {
    const { sarifOf } = await import('../lint/contract.ts')
    return `${escapeJson(JSON.stringify(sarifOf(result, packageVersion(), process.cwd()), null, 2))}\n`
  }
  const { lintText } = await import('./lint-text.ts')
  return lintText(result, look)
}

function merged(results: readonly LintResult[]): LintResult {
  const sum = (of: (result: LintResult) => number): number => results.reduce((total, one) => total + of(one), 0)
  return {
    schema: 'halfopen.lint/1',
    files: [...new Set(results.flatMap(({ files }) => files))],
    places: sum(({ places }) => places),
    sockets: sum(({ sockets }) => sockets),
    findings: results
      .flatMap(({ findings }) => findings)
      .sort((a, b) => LIMITS.indexOf(b.severity) - LIMITS.indexOf(a.severity)),
    ignored: sum(({ ignored }) => ignored),
  }
}

const withoutRemarks = (result: LintResult): LintResult => ({
  ...result,
  findings: result.findings.filter(({ severity }) => severity !== 'info'),
})

function urlOf(text: string): URL {
  const url = URL.parse(text)
  if (url && /^(?:wss?|https?):$/.test(url.protocol)) return url
  throw new UsageError(`--explain: ${JSON.stringify(text)} is no URL; such as wss://example.org/ws`)
}
