/** `halfopen probe`: a real WebSocket handshake, step by step. */
import { InvalidArgumentError, Option } from 'commander'
import type { ProbeOptions, ProbeResult, Target } from '../probe/contract.ts'
import { UsageError, type Register } from './command.ts'
import { durationMs } from './duration.ts'
import { escapeJson, wantsColour } from './terminal.ts'

interface Flags {
  direct?: string
  connect?: string
  host?: string
  origin?: string
  cookie?: string
  header?: string[]
  subprotocol?: string[]
  socketIo?: boolean
  signalr?: boolean
  http2?: boolean
  idle?: number
  insecure?: boolean
  timeout: number
  output: 'text' | 'json'
  o?: string
  color: boolean
}

const HELP = `
Examples:
  halfopen probe wss://app.example.org/ws
  halfopen probe wss://app.example.org/ws --direct http://127.0.0.1:3000
                              which side fails: nginx or the application
  halfopen probe wss://app.example.org/ws --connect 127.0.0.1:443
                              this nginx, whatever DNS says; Host and SNI stay
  halfopen probe wss://app.example.org/ws --idle 5m
                              where an idle session is cut, and whether pings help
  halfopen probe https://app.example.org --socket-io

Redirects are shown and not followed, as in a browser. Cookies and credentials are
left out of the curl command; it takes them from variables such as $COOKIE.

Exit codes: 0 the WebSocket works, 1 it does not, 2 usage error, 130 or 143 stopped.`

export const registerProbe: Register = (program, exit) => {
  program
    .command('probe')
    .summary('a real WebSocket handshake, step by step')
    .description(
      'Does a real WebSocket handshake, DNS to the first ping, shows each step, and says which side fails and why as far as the answers prove it.',
    )
    .argument('<url>', 'wss://host/path, ws://, https:// or http://')
    .option('--direct <url>', 'also ask the backend itself, e.g. http://127.0.0.1:3000, and compare')
    .option('--connect <host:port>', 'connect here instead; Host and SNI stay those of the URL')
    .option('--host <name>', "Host and SNI to send instead of the URL's")
    .option('--origin <origin>', 'Origin to send, or "none" (default: the site itself)')
    .option('--cookie <text>', 'Cookie to send')
    .option('--header <line>', 'another header, "Name: value"; may be given again', collect)
    .option('--subprotocol <name>', 'a subprotocol to offer; may be given again', subprotocol)
    .option('--socket-io', 'the handshake of Socket.IO (path /socket.io/ unless the URL has one)')
    .option('--signalr', 'the handshake of SignalR: negotiate, then the WebSocket')
    .option('--http2', 'also try it over HTTP/2 (RFC 8441)')
    .option('--idle <time>', 'leave a session alone for so long, e.g. 5m, and see where it is cut', durationMs)
    .option('--insecure', 'a certificate that browsers refuse is no failure')
    .addOption(
      new Option('--timeout <time>', 'for connecting, TLS, and each answer')
        .argParser(durationMs)
        .default(10_000, '10s'),
    )
    .addOption(new Option('--output <form>', 'form of the result').choices(['text', 'json']).default('text'))
    .option('-o <file>', 'write the result to a file')
    .option('--no-color', 'no colours (also: NO_COLOR=1)')
    .addHelpText('after', HELP)
    .action(async (url: string, flags: Flags) => exit(await run(url, flags)))
}

const collect = (line: string, before: string[] = []): string[] => [...before, line]

/** A token of RFC 9110 5.6.2, as RFC 6455 4.1 asks. */
function subprotocol(name: string, before: string[] = []): string[] {
  if (!/^[!#$%&'*+.^`|~\w-]{1,200}$/.test(name)) throw new InvalidArgumentError('expected one name')
  return [...before, name]
}

async function run(url: string, flags: Flags): Promise<number> {
  const [{ probe }, { openOutput }, { interruption }, text] = await Promise.all([
    import('../probe/contract.ts'),
    import('./output.ts'),
    import('./interruption.ts'),
    import('./probe-text.ts'),
  ])
  const stopped = interruption(true)
  const options = await readOptions(url, flags, stopped.signal)
  const output = openOutput(flags.o)
  const layout = {
    width: Math.max(40, Math.min(100, output.columns ?? 80)),
    colour: wantsColour(output.isTty, flags.color, process.env),
  }
  const walk = probe(options)
  let next = await walk.next()
  for (; !next.done; next = await walk.next())
    if (flags.output === 'text') await output.write(text.stepText(next.value, layout))
  stopped.over()
  if (flags.output === 'text') await output.write(text.resultText(next.value, layout))
  else await output.write(`${escapeJson(JSON.stringify(asJson(url, flags, next.value), null, 2))}\n`)
  output.close()
  return stopped.code() ?? (next.value.ok ? 0 : 1)
}

async function readOptions(url: string, flags: Flags, signal: AbortSignal): Promise<ProbeOptions> {
  const { readDirect, readHeader, readTarget } = await import('../probe/contract.ts')
  const target = valueOf<Target>(readTarget(url, flags.connect ?? null, flags.host ?? null))
  const cookie = flags.cookie === undefined ? [] : [`Cookie: ${flags.cookie}`]
  const origin = flags.origin === 'none' ? null : (flags.origin ?? 'own')
  if (origin !== null && /[^\x21-\x7e]/.test(origin)) throw new UsageError(`--origin: "${origin}" is no origin`)
  if (flags.socketIo && flags.signalr) throw new UsageError('--socket-io and --signalr: give one of them')
  return {
    target,
    direct: flags.direct === undefined ? null : valueOf<Target>(readDirect(flags.direct, target)),
    origin,
    headers: [...cookie, ...(flags.header ?? [])].map((line) => valueOf<[string, string]>(readHeader(line))),
    subprotocols: flags.subprotocol ?? [],
    protocol: flags.socketIo ? 'socket.io' : flags.signalr ? 'signalr' : 'websocket',
    http2: flags.http2 === true,
    idle: flags.idle ?? null,
    insecure: flags.insecure === true,
    timeout: flags.timeout,
    signal,
  }
}

function valueOf<T>(read: { ok: true; value: T } | { ok: false; reason: string }): T {
  if (!read.ok) throw new UsageError(read.reason)
  return read.value
}

const asJson = (url: string, flags: Flags, result: ProbeResult): object => ({
  schema: 'halfopen.probe/1',
  url,
  direct: flags.direct ?? null,
  ...result,
})
