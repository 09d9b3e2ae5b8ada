/** `halfopen prove`: the configuration, before and after a patch, in a throw-away nginx. */
import { readFileSync } from 'node:fs'
import { Option } from 'commander'
import type { NginxConfig } from '../nginx-config/contract.ts'
import type { Circumstances, Proof, ProveOptions, ReportedFinding } from '../prove/contract.ts'
import { UsageError, type Register } from './command.ts'
import { durationMs } from './duration.ts'
import { wholeNumber } from './options.ts'
import { escapeJson, wantsColour } from './terminal.ts'

interface Flags {
  config: string
  path?: string
  host?: string
  patch?: string
  report?: string
  finding?: string
  plain?: boolean
  origin?: string
  header?: string[]
  backendPath?: string
  checkOrigin?: boolean
  backend?: 'http' | 'https'
  backendSni?: string
  headerBytes?: number
  idle?: number
  sessions?: number
  reload?: number
  nginx?: string
  output: 'text' | 'json'
  o?: string
  color: boolean
}

const HELP = `
Examples:
  halfopen prove --config /etc/nginx/nginx.conf --path /ws --host app.example.org
  halfopen prove --config /etc/nginx/nginx.conf --path /ws --patch fix.diff
  halfopen analyze --config /etc/nginx/nginx.conf --output json /var/log/nginx > report.json
  halfopen prove --config /etc/nginx/nginx.conf --report report.json
                              each finding with a patch: its path, host, patch and circumstances

The installed nginx runs a copy of the configuration on loopback, without privileges, with
listeners, certificates, backends, resolvers, logs, user and pid replaced, and is removed
afterwards. Nothing of the real nginx is touched, no backend is reached, no Lua, njs or
Perl is run. A stand-in takes the handshake only with HTTP/1.1, Upgrade and Connection;
some applications take HTTP/1.0 as well.

Exit codes: 0 the handshake passes (after the patch, where there is one), 1 it does not,
could not be run, or the finding of --report has no patch, 2 usage error or a patch that
does not apply, 130 or 143 stopped.`

export const registerProve: Register = (program, exit) => {
  program
    .command('prove')
    .summary('run your nginx config in a throw-away nginx, before and after a patch')
    .description(
      'Runs your nginx configuration in a throw-away nginx on loopback, before and after a patch, sends a real handshake through the very location, and says what that proves.',
    )
    .requiredOption('--config <conf>', 'nginx.conf, its folder, or the output of "nginx -T"')
    .option('--path <path>', 'path of the WebSocket, with its query')
    .option('--host <name>', 'Host of the request (default: the server that proxies the path)')
    .option('--patch <file>', 'a unified diff to compare with; "-": standard input')
    .option('--report <file>', 'take path, host, patch and circumstances from a report of analyze --output json')
    .option('--finding <id>', 'only that finding of the report (default: each with a patch)')
    .option('--plain', 'enter by the plain listener, although the server has a TLS one')
    .option('--origin <origin>', 'Origin to send, or "none" (default: the site itself)')
    .option('--header <line>', 'another header, "Name: value"; may be given again', collect)
    .option('--backend-path <path>', 'the only path at which the application has a WebSocket')
    .option('--check-origin', 'the application refuses an Origin that is not its Host')
    .addOption(new Option('--backend <scheme>', 'what the backend speaks (default: either)').choices(['http', 'https']))
    .option('--backend-sni <name>', 'the backend has a certificate for this name only')
    .option('--header-bytes <n>', 'size of a cookie in the answer of the application', wholeNumber)
    .option('--idle <time>', 'leave the session alone for so long; it must survive', durationMs)
    .option('--sessions <n>', 'so many sessions at once', wholeNumber)
    .option('--reload <time>', 'reload nginx; the session must survive it for so long', durationMs)
    .option('--nginx <program>', 'the nginx to run (default: HALFOPEN_NGINX, PATH, the usual places)')
    .addOption(new Option('--output <form>', 'form of the result').choices(['text', 'json']).default('text'))
    .option('-o <file>', 'write the result to a file')
    .option('--no-color', 'no colours (also: NO_COLOR=1)')
    .addHelpText('after', HELP)
    .action(async (flags: Flags) => exit(await run(flags)))
}

const collect = (line: string, before: string[] = []): string[] => [...before, line]

/** Findings of one report that are proven in one run; each takes a second, and as long as its circumstances. */
const MOST_PROOFS = 20

async function run(flags: Flags): Promise<number> {
  const [{ PatchError, prove }, { openOutput }, { interruption }, text] = await Promise.all([
    import('../prove/contract.ts'),
    import('./output.ts'),
    import('./interruption.ts'),
    import('./prove-text.ts'),
  ])
  const stopped = interruption(true)
  const { tasks, left } = await tasksOf(flags)
  const first = await readOptions(tasks[0]?.flags ?? flags, stopped.signal)
  const output = openOutput(flags.o)
  const layout = {
    width: Math.max(40, Math.min(100, output.columns ?? 80)),
    colour: wantsColour(output.isTty, flags.color, process.env),
  }
  const isText = flags.output === 'text'
  const proofs: ReturnType<typeof asJson>[] = []
  let passes = true
  try {
    for (const [n, task] of tasks.entries()) {
      if (stopped.code() !== null) break
      if (isText && tasks.length > 1)
        await output.write(text.headText(`${n + 1} of ${tasks.length}`, task.title, layout))
      const options = n === 0 ? first : await readOptions(task.flags, stopped.signal)
      const walk = prove(options)
      let next = await walk.next()
      for (; !next.done; next = await walk.next())
        if (isText) await output.write(text.partText(next.value.phase, next.value.part, layout))
      if (isText) await output.write(text.proofText(next.value, layout))
      else proofs.push(asJson(options, next.value))
      passes &&= next.value.ok && !next.value.unpatched
    }
    stopped.over()
    if (isText && left > 0)
      await output.write(`${left} more findings have a patch; name one with --finding, the report has their ids\n\n`)
    const [head, ...others] = proofs
    if (!isText)
      await output.write(
        `${escapeJson(JSON.stringify({ ...head, ...(others.length > 0 ? { others } : {}) }, null, 2))}\n`,
      )
    return stopped.code() ?? (passes ? 0 : 1)
  } catch (error) {
    if (error instanceof PatchError) throw new UsageError(`${flags.patch ?? flags.report ?? 'patch'}: ${error.message}`)
    throw error
  } finally {
    output.close()
  }
}

/** One proof each. What is named beside the report is meant for one of its findings. */
async function tasksOf(flags: Flags): Promise<{ tasks: { flags: Flags; title: string }[]; left: number }> {
  const alone = { tasks: [{ flags, title: '' }], left: 0 }
  const { report, finding, path, host, patch } = flags
  // Standard input can be read once.
  if (report === undefined || report === '-' || (finding ?? path ?? host ?? patch) !== undefined) return alone
  const { patchedFindings } = await import('../prove/contract.ts')
  const patched = patchedFindings(readText(report))
  const tasks = patched.slice(0, MOST_PROOFS).map(({ id, title }) => ({ flags: { ...flags, finding: id }, title }))
  return tasks.length < 2 ? alone : { tasks, left: patched.length - tasks.length }
}

async function readOptions(flags: Flags, signal: AbortSignal): Promise<ProveOptions> {
  const [{ loadConfig }, { anySocket, hostToSend, readFinding }, { readHeader }] = await Promise.all([
    import('../nginx-config/contract.ts'),
    import('../prove/contract.ts'),
    import('../probe/contract.ts'),
  ])
  const loaded = loadConfig(flags.config)
  if (!loaded.ok) {
    const { file, line, message } = loaded.error
    throw new UsageError(`${line === 0 ? file : `${file}:${line}`}: ${message}`)
  }
  const finding = flags.report === undefined ? null : readFinding(readText(flags.report), flags.finding ?? null)
  if (typeof finding === 'string') throw new UsageError(`${flags.report}: ${finding}`)
  const any = finding?.path === null && flags.path === undefined ? anySocket(loaded.config) : null
  const path = flags.path ?? finding?.path ?? any?.path
  if (path == null) throw new UsageError('--path is missing: the path of the WebSocket, such as /ws')
  if (!/^\/[\x21-\x7e]*$/.test(path))
    throw new UsageError(`--path: "${path}" is no path; it starts with / and has no spaces`)
  const host = flags.host ?? finding?.server ?? any?.host ?? null
  if (host !== null && !/^[\w.*~[\]:^$\\()-]+$/.test(host)) throw new UsageError(`--host: "${host}" is no host name`)
  if (flags.origin !== undefined && /[^\x21-\x7e]/.test(flags.origin))
    throw new UsageError(`--origin: "${flags.origin}" is no origin`)
  const sent = hostToSend(loaded.config, host, path, finding?.cause === 'origin-rejected' || flags.checkOrigin === true)
  const headers = (flags.header ?? []).map((line) => {
    const read = readHeader(line)
    if (!read.ok) throw new UsageError(`--header: ${read.reason}`)
    return read.value
  })
  return {
    config: loaded.config,
    patch: flags.patch === undefined ? (finding?.patch ?? null) : readText(flags.patch),
    asking: {
      host: sent,
      path,
      origin: flags.origin === 'none' ? null : (flags.origin ?? null),
      subprotocols: [],
      headers,
    },
    own_origin: flags.origin === undefined,
    host,
    plain: flags.plain === true,
    circumstances: await readCircumstances(flags, finding, loaded.config, host, path),
    cause: finding?.cause ?? null,
    nginx: flags.nginx ?? null,
    env: process.env,
    signal,
  }
}

/** Those of the finding, each replaced by its option. */
async function readCircumstances(
  flags: Flags,
  finding: ReportedFinding | null,
  config: NginxConfig,
  host: string | null,
  path: string,
): Promise<Circumstances> {
  const { circumstancesOf, expected, MOST_SESSIONS, PLAIN_TRIAL } = await import('../prove/contract.ts')
  const timeout = expected(config, host, path.replace(/\?.*$/s, ''), null).read_timeout
  const { trial, demands, speaks, sni } = finding ? circumstancesOf(finding, config, timeout) : PLAIN_TRIAL
  return {
    trial: {
      idle: flags.idle ?? trial.idle,
      sessions: Math.min(flags.sessions ?? trial.sessions, MOST_SESSIONS),
      reload: flags.reload ?? trial.reload,
    },
    demands: {
      path: flags.backendPath ?? demands.path,
      origin: flags.checkOrigin ?? demands.origin,
      header_bytes: Math.min(flags.headerBytes ?? demands.header_bytes, 1_000_000),
    },
    speaks: flags.backend === undefined ? speaks : flags.backend === 'http' ? 'plain' : 'tls',
    sni: flags.backendSni === undefined ? sni : [flags.backendSni.toLowerCase()],
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new UsageError(`${file}: cannot be read (${code ?? String(error)})`)
  }
}

const asJson = ({ asking, own_origin, host, circumstances }: ProveOptions, proof: Proof): object => ({
  schema: 'halfopen.proof/1',
  request: { host: asking.host, server: host, path: asking.path, origin: own_origin ? 'own' : asking.origin },
  circumstances,
  ...proof,
})
