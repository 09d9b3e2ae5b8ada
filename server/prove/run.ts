/** One configuration in a throw-away nginx: rewritten, tested, started, tried, removed. */
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { constants, existsSync } from 'node:fs'
import { lineOf, type NginxConfig } from '../nginx-config/contract.ts'
import type { Asking } from '../probe/contract.ts'
import { startBackend, type Backend, type Demands, type Received } from './backend.ts'
import { selfSigned } from './certificate.ts'
import { startNameServer, type NameServer } from './dns.ts'
import { exercise, type Outcome, type Trial } from './exercise.ts'
import { handOver, startNginx, testConfig, unprivileged, type Program } from './nginx.ts'
import { listenersOf, plan } from './plan.ts'
import { FOLDER_MARK, type LeftOut, type Plan, type PlanOptions } from './planned.ts'
import { seenBy, type Seen } from './seen.ts'
import { backendMark, listenerMark, NAME_SERVER_MARK } from './targets.ts'
import { testedPath, type TestedPath } from './tested-path.ts'
import { whatElse } from './what-else.ts'

/** What is asked of nginx, and what stands behind it. */
export interface Request {
  asking: Asking
  /** Send the Origin of the site itself: its scheme is that of the listener. */
  own_origin: boolean
  /** Host for choosing the server block; null: the only one that proxies the path. */
  host: string | null
  plain: boolean
  trial: Trial
  demands: Demands
  speaks: 'plain' | 'tls' | null
  sni: readonly string[] | null
}

export interface RunResult {
  /** The location that serves the request. */
  block: { file: string; line: number } | null
  /** `nginx -t`; null when it did not come to that. */
  config_test: { ok: boolean; output: string[] } | null
  outcome: Outcome | null
  /** What the backend received for the handshake; null when nothing reached it. */
  backend: Seen | null
  /** Names that the resolver was asked for. */
  resolved: string[]
  /** nginx's own error log, warnings and worse. */
  errors: string[]
  left_out: LeftOut[]
  /** Variables that files which were not given are taken to define. */
  assumed: string[]
  /** Why it was not run. */
  refused: string | null
  ok: boolean
}

const NOTHING: RunResult = {
  block: null,
  config_test: null,
  outcome: null,
  backend: null,
  resolved: [],
  errors: [],
  left_out: [],
  assumed: [],
  refused: null,
  ok: false,
}

/** @param program the installed nginx. Cleans up whatever happens. */
export async function run(
  config: NginxConfig,
  request: Request,
  program: Program,
  signal: AbortSignal,
): Promise<RunResult> {
  const path = request.asking.path.replace(/[?#].*$/s, '')
  const tested = testedBy(config, request, path)
  if (!tested) return { ...NOTHING, refused: undecided(config, request) }
  // A pattern of server_name is no Host: what is sent in its place must lead to the same block.
  const sent = request.plain ? null : testedPath(config, request.asking.host, path)
  if (sent && sent.served.block !== tested.served.block)
    return {
      ...NOTHING,
      refused: `Host "${request.asking.host}" leads to another block than ${request.host}; give --host`,
    }
  const { statement } = tested.served.block
  const block = { file: statement.source.file, line: lineOf(statement) }
  // Of a file that is no configuration nothing is in the copy: that nginx takes the rest proves nothing of the whole.
  const broken = config.problems.filter(({ kind }) => kind === 'syntax')
  if (broken.length > 0)
    return {
      ...NOTHING,
      block,
      config_test: { ok: false, output: broken.map(({ message, file, line }) => `${message} in ${file}:${line}`) },
    }
  const options: PlanOptions = {
    plain: request.plain,
    host: request.asking.host,
    path,
    speaks: request.speaks,
    sni: request.sni,
    prefix: program.prefix,
    modules: [],
    unfit: new Set(),
    assumed: new Set(),
    unknown: new Set(),
  }
  for (let attempt = 1; ; attempt++) {
    const result = await attemptRun(config, tested, options, request, program, signal)
    if ('again' in result && attempt < 60) Object.assign(options, result.again)
    else
      return {
        ...NOTHING,
        block,
        assumed: [...options.assumed],
        ...('again' in result ? { refused: 'nginx did not start' } : result),
      }
  }
}

/** Which names could be meant. */
function undecided(config: NginxConfig, { host }: Request): string {
  const names = new Set<string>()
  const walk = (node: NginxConfig['root']): void => {
    const { name, args } = node.statement
    if (name === 'server_name') for (const one of args) if (/^[\w.-]+$/.test(one) && one !== '_') names.add(one)
    node.children.forEach(walk)
  }
  walk(config.root)
  const known = names.size === 0 ? '' : `, one of ${[...names].slice(0, 5).join(', ')}${names.size > 5 ? ' …' : ''}`
  return host === null
    ? `several servers could be meant; give --host${known}`
    : `the configuration does not tell which block serves ${host}; give --host${known}`
}

/** With a redirect to TLS a name has two server blocks: the logs mean the one that proxies, `plain` means the other. */
function testedBy(config: NginxConfig, { host, plain }: Request, path: string): TestedPath | null {
  const name = host?.replace(/:\d+$/, '').toLowerCase()
  for (const { tls, port } of plain && name !== undefined ? listenersOf(config) : []) {
    const tested = tls ? null : testedPath(config, `${name}:${port}`, path)
    const names = tested?.served.server.children.filter(({ statement }) => statement.name === 'server_name')
    if (names?.some(({ statement }) => statement.args.some((arg) => arg.toLowerCase() === name))) return tested
  }
  return testedPath(config, host, path)
}

async function attemptRun(
  config: NginxConfig,
  tested: TestedPath,
  options: PlanOptions,
  request: Request,
  program: Program,
  signal: AbortSignal,
): Promise<Partial<RunResult> | { again: Partial<PlanOptions> }> {
  const planned = plan(config, tested, options)
  if (!planned.ok) {
    const first = planned.code[0]
    const at = first ? ` (${first.statement.name} at ${first.statement.source.file}:${lineOf(first.statement)})` : ''
    return { refused: `code runs on this path${at}; a proof runs no Lua, njs or Perl of a configuration` }
  }
  const made = planned.plan
  // The user that nginx becomes may not be let into root's own temporary folder.
  const folder = await mkdtemp(join(unprivileged() ? '/tmp' : tmpdir(), 'halfopen-prove-'))
  const backends: Backend[] = []
  let names: NameServer | null = null
  try {
    handOver(folder)
    const certificate = selfSigned(certificateNames(config, made, options.host), Date.now())
    const received: Received[] = []
    for (const [index, role] of made.backends.entries())
      backends.push(await startBackend(index, role, request.demands, certificate, received))
    if (made.usesResolver) names = await startNameServer()
    const listeners = await freePorts(made.listeners.length)
    const fill = (text: string): string =>
      fillMarks(
        text,
        folder,
        backends.map(({ port }) => port),
        listeners,
        names?.port ?? 9,
      )
    await writeFiles(folder, config, made, fill, certificate)
    await copyPasswords(folder, made)

    const verdict = await testConfig(program, folder)
    const output = ownWords(verdict.output, folder, made, config)
    if (!verdict.ok) {
      const again = whatElse(verdict.output, { config, made, tested, options, program })
      return again ? { again } : { config_test: { ok: false, output }, left_out: made.left_out }
    }
    const nginx = await startNginx(program, folder)
    if (!nginx) {
      const log = await readLog(folder)
      if (/Address already in use/.test(log)) return { again: {} }
      return { config_test: { ok: false, output: ownWords(log, folder, made, config) }, left_out: made.left_out }
    }
    try {
      const listener = made.listeners[made.entry]
      const own = `http${listener?.tls ? 's' : ''}://${request.asking.host}`
      const asking = request.own_origin ? { ...request.asking, origin: own } : request.asking
      const entry = {
        port: listeners[made.entry] ?? 0,
        tls: listener?.tls ?? false,
        proxy_protocol: listener?.proxy_protocol ?? false,
        name: asking.host.replace(/:\d+$/, ''),
        asking,
      }
      const outcome = await exercise(entry, request.trial, nginx, signal)
      const ports = backends.map(({ port }) => port)
      return {
        config_test: { ok: true, output },
        outcome,
        backend: seenBy(received, made, ports),
        resolved: names?.asked ?? [],
        errors: errorsOf(originals(await readLog(folder), made, ports)),
        left_out: made.left_out,
        ok: outcome.ok && !signal.aborted,
        refused: signal.aborted ? 'stopped' : null,
      }
    } finally {
      await nginx.stop()
    }
  } finally {
    for (const backend of backends) backend.close()
    names?.close()
    await rm(folder, { recursive: true, force: true })
  }
}

function certificateNames(config: NginxConfig, made: Plan, host: string | null): string[] {
  const names = ['localhost', '127.0.0.1', host?.replace(/:\d+$/, '') ?? 'localhost']
  for (const backend of made.backends) names.push(backend.host.replace(/:\d+$/, ''))
  const walk = (node: NginxConfig['root']): void => {
    const { name, args } = node.statement
    if (name === 'server_name' || name === 'proxy_ssl_name' || name === 'upstream') names.push(...args)
    node.children.forEach(walk)
  }
  walk(config.root)
  return names.filter((name) => /^(?:\*\.)?[\w.-]+$/.test(name) && name.length < 254)
}

/** Ports that were free a moment ago. nginx must bind them itself. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>((resolve, reject) => {
        server.on('error', reject)
        server.listen(0, '127.0.0.1', resolve)
      })
      return server
    }),
  )
  return Promise.all(
    servers.map(async (server) => {
      const address = server.address()
      await new Promise((resolve) => void server.close(resolve))
      return typeof address === 'object' && address ? address.port : 0
    }),
  )
}

function fillMarks(text: string, folder: string, backends: number[], listeners: number[], names: number): string {
  const marks = new Map<string, string>([
    [FOLDER_MARK, folder],
    [NAME_SERVER_MARK, String(names)],
    ...backends.map((port, i): [string, string] => [backendMark(i), String(port)]),
    ...listeners.map((port, i): [string, string] => [listenerMark(i), String(port)]),
  ])
  return text.replaceAll(/@halfopen:\w+@/g, (mark) => marks.get(mark) ?? mark)
}

async function writeFiles(
  folder: string,
  config: NginxConfig,
  made: Plan,
  fill: (text: string) => string,
  certificate: { cert: string; key: string },
): Promise<void> {
  const bytes = made.lines.map((line, i) => {
    const encoding = config.sources.get(made.origins[i]?.file ?? '')?.encoding ?? 'utf8'
    return Buffer.from(`${fill(line)}\n`, encoding)
  })
  await write(join(folder, 'nginx.conf'), Buffer.concat(bytes))
  await write(join(folder, 'stand-in.cert'), certificate.cert)
  await write(join(folder, 'stand-in.key'), certificate.key)
}

async function write(path: string, content: string | Buffer): Promise<void> {
  await writeFile(path, content, { mode: 0o600 })
  handOver(path)
}

const MAX_PASSWORDS = 1024 * 1024

/** nginx answers 403 without the file: then the proof must say that, and not fail for another reason. */
async function copyPasswords(folder: string, made: Plan): Promise<void> {
  for (const [path, name] of made.copies) {
    const content = await passwordsIn(path).catch(() => null)
    await write(join(folder, name), content ?? '')
    if (content === null)
      made.left_out.push({
        what: 'auth_basic_user_file',
        file: path,
        line: 0,
        why: 'it cannot be read here, or is no file of passwords: nobody is let in',
      })
  }
}

/** Null: it is larger than such a file, or none at all. A pipe would be waited for, and a device has no end. */
async function passwordsIn(path: string): Promise<Buffer | null> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    if (!(await file.stat()).isFile()) return null
    const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_PASSWORDS + 1), 0, MAX_PASSWORDS + 1, 0)
    return bytesRead > MAX_PASSWORDS ? null : buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

async function readLog(folder: string): Promise<string> {
  const path = join(folder, 'error.log')
  return existsSync(path) ? readFile(path, 'utf8') : ''
}

/** What nginx says, with the user's own files and lines in place of ours. */
function ownWords(output: string, folder: string, made: Plan, config: NginxConfig): string[] {
  const main = [...config.sources.keys()][0] ?? 'nginx.conf'
  const file = join(folder, 'nginx.conf')
  return output
    .split('\n')
    .filter((line) => line !== '' && !/\[(?:notice|info)\]/.test(line))
    .map((line) =>
      line
        .replace(/^\d{4}\/\d\d\/\d\d [\d:]+ (\[\w+\]) \d+#\d+: /, 'nginx: $1 ')
        .replace(new RegExp(`${file}:(\\d+)`), (all, number: string) => {
          const origin = made.origins[Number(number) - 1]
          return origin ? `${origin.file}:${origin.line}` : all
        })
        .replaceAll(file, main),
    )
    .filter((line, i, all) => all.indexOf(line) === i)
    .slice(0, 20)
}

/** Ports of stand-ins back to what they stand for. */
function originals(text: string, made: Plan, ports: readonly number[]): string {
  return text.replaceAll(
    /127\.0\.0\.1:(\d+)/g,
    (all, port: string) => made.backends[ports.indexOf(Number(port))]?.original.replace(/^https?:\/\//, '') ?? all,
  )
}

const errorsOf = (log: string): string[] =>
  log
    .split('\n')
    .filter((line) => /\[(?:warn|error|crit|alert|emerg)\]|timed out/.test(line))
    .map((line) => line.replace(/^\d{4}\/\d\d\/\d\d [\d:]+ /, '').replace(/ \d+#\d+:( \*\d+)?/, ''))
    .slice(0, 10)
