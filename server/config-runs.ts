/** Probe and proof of the configured nginx, asked for on the Config page. Both touch the world, so: only what the configuration
 *  the server was started with serves, only where it listens, one at a time, and not for long. */
import { maskText } from '../parsers/masking.ts'
import { noConfig } from './config-lint.ts'
import { HalfopenError } from './http/contract.ts'
import type { RunLine } from './http/wire.ts'
import { listensOf, serve, type NginxConfig } from './nginx-config/contract.ts'
import type { NginxFile } from './nginx-view.ts'
import { askedOf } from './problem-address.ts'
import type { ProbeOptions, Step } from './probe/contract.ts'
import type { Proof, ProveOptions } from './prove/contract.ts'
import { shellWord } from './shell-word.ts'
import type { Store } from './store/contract.ts'

const PROBE_MS = 60_000
/** Twice the longest idle time and a reload, before and after the patch. */
const PROVE_MS = 240_000
/** For connecting, TLS, and each answer. */
const STEP_MS = 5_000

let running = false

/** Runs `work` alone and for at most `most` ms. Throws run-busy before it begins, run-too-long at the end. */
async function* alone<T>(
  most: number,
  gone: AbortSignal,
  work: (signal: AbortSignal) => AsyncGenerator<T>,
): AsyncGenerator<T> {
  if (running) throw new HalfopenError('run-busy', 'Another probe or proof is running.')
  running = true
  const time = AbortSignal.timeout(most)
  try {
    yield* work(AbortSignal.any([gone, time]))
  } finally {
    running = false
  }
  if (time.aborted) throw new HalfopenError('run-too-long', `It took longer than ${most / 1000} s and was stopped.`)
}

/** A handshake with nginx where it listens on this machine, whatever DNS says of the name: so nobody can have another host
 *  called. Then with the backend that the configuration names. */
export async function* probeConfigured(nginx: NginxFile | null, url: URL, gone: AbortSignal): AsyncGenerator<RunLine> {
  if (nginx === null) throw noConfig()
  const entry = entryOf(nginx.loaded, url)
  if (entry === null)
    throw new HalfopenError(
      'not-served',
      'No block of the nginx configuration serves this address where it can be asked.',
    )
  const { probe, readDirect, readTarget } = await import('./probe/contract.ts')
  const target = readTarget(url.href, entry, null)
  if (!target.ok) throw new HalfopenError('bad-query', `url: expected ${target.reason}.`)
  const backend = nginx.view.settings(url.hostname, url.pathname)?.backend?.url ?? null
  const direct = backend === null ? null : readDirect(backend, target.value)
  const options: ProbeOptions = {
    target: target.value,
    direct: direct?.ok ? direct.value : null,
    origin: 'own',
    headers: [],
    subprotocols: [],
    protocol: url.pathname.startsWith('/socket.io/') ? 'socket.io' : 'websocket',
    http2: false,
    idle: null,
    insecure: false,
    timeout: STEP_MS,
    signal: null,
  }
  const also = options.direct === null ? '' : `, and ${backend ?? ''} itself`
  yield* alone(PROBE_MS, gone, async function* (signal) {
    yield {
      started: {
        what: 'probe',
        text: maskText(`Asks the nginx at ${entry} for ${url.href}, whatever DNS says of the name${also}.`),
        command: maskText(
          `halfopen probe ${shellWord(url.href)} --connect ${entry}${options.direct === null ? '' : ` --direct ${shellWord(backend ?? '')}`}`,
        ),
      },
    }
    const walk = probe({ ...options, signal })
    let next = await walk.next()
    for (; !next.done; next = await walk.next()) yield { step: stepOf(next.value) }
    const { ok, title, causes, decided, next: then } = next.value
    const told = causes.map(({ cause, why }) => `${decided ? 'Cause' : 'Possibly'}: ${cause}, ${why}`)
    const more = [...told, ...(then === null ? [] : [`Next: ${then}`])]
    if (!signal.aborted) yield { result: { ok, title: maskText(title), more: more.map(maskText) } }
  })
}

/** The configuration as it was read last, in a throw-away nginx; of a problem also with its patch. */
export async function* proveConfigured(
  nginx: NginxFile | null,
  what: { url: URL } | { problem: string },
  store: Pick<Store, 'problems'>,
  gone: AbortSignal,
): AsyncGenerator<RunLine> {
  if (nginx === null) throw noConfig()
  const { loaded: config, path: file } = nginx
  const { partRows, PatchError, prove } = await import('./prove/contract.ts')
  const asked = 'url' in what ? await ofUrl(config, what.url) : await ofProblem(config, store, what.problem)
  const { host, path } = asked.asking
  yield* alone(PROVE_MS, gone, async function* (signal) {
    const patched = asked.patch === null ? '' : ', as it is and with the patch,'
    yield {
      started: {
        what: 'prove',
        text: maskText(
          `Runs a copy of the configuration${patched} in a throw-away nginx and asks it for ${host}${path}.`,
        ),
        command: maskText(
          `halfopen prove --config ${shellWord(file)} --host ${shellWord(host)} --path ${shellWord(path)}`,
        ),
      },
    }
    const walk = prove({ ...asked, config, nginx: null, env: process.env, signal })
    try {
      let next = await walk.next()
      for (; !next.done; next = await walk.next()) {
        const { phase, part } = next.value
        const rows = partRows(part).map(({ label, text }) => (label === '' ? text : `${label}: ${text}`))
        const verdict = part.run === null ? 'info' : part.run.ok ? 'ok' : 'failed'
        const title = phase === 'before' ? 'The configuration as it is' : 'With the patch'
        yield { step: { of: phase, verdict, title, seen: rows.map(maskText), ms: null } }
      }
      if (!signal.aborted) yield { result: resultOf(next.value) }
    } catch (error) {
      if (!(error instanceof PatchError)) throw error
      yield { result: { ok: false, title: 'The patch does not fit the configuration any more', more: [error.message] } }
    }
  })
}

function resultOf({ ok, unpatched, conclusion, limits, nginx }: Proof) {
  const [title = '', ...rest] = conclusion
  const version = nginx === null ? [] : [`nginx ${nginx.version} (${nginx.path})`]
  const more = [...rest, ...limits.map((limit) => `Limit: ${limit}`), ...version]
  // Without a patch nothing was mended, whatever nginx passes on.
  return { ok: ok && !unpatched, title: maskText(title), more: more.map(maskText) }
}

type Trial = Omit<ProveOptions, 'config' | 'nginx' | 'env' | 'signal'>

async function ofUrl(config: NginxConfig, url: URL): Promise<Trial> {
  const { hostToSend, PLAIN_TRIAL } = await import('./prove/contract.ts')
  const host = url.hostname
  const path = `${url.pathname}${url.search}`
  return {
    patch: null,
    asking: { host: hostToSend(config, host, url.pathname), path, origin: null, subprotocols: [], headers: [] },
    own_origin: true,
    host,
    plain: url.protocol === 'ws:' || url.protocol === 'http:',
    circumstances: PLAIN_TRIAL,
    cause: null,
  }
}

async function ofProblem(config: NginxConfig, store: Pick<Store, 'problems'>, id: string): Promise<Trial> {
  const found = await askedOf(store, id)
  if (found === null)
    throw new HalfopenError('nothing-to-prove', 'The problem names no path, so no request can be sent for it.')
  const { circumstancesOf, expected, hostToSend } = await import('./prove/contract.ts')
  const { path, server: host, patch, cause } = found
  const sent = hostToSend(config, host, path, cause === 'origin-rejected')
  return {
    patch,
    asking: { host: sent, path, origin: null, subprotocols: [], headers: [] },
    own_origin: true,
    host,
    plain: false,
    circumstances: circumstancesOf(found, config, expected(config, host, path, null).read_timeout),
    cause,
  }
}

/** Where the server that answers for the address listens, as HOST:PORT: that port when it listens there, else (a published
 *  container port is another) its first of that kind. Null: nowhere that can be asked. */
function entryOf(config: NginxConfig, url: URL): string | null {
  const server = serve(config, url.hostname, url.pathname)?.server
  if (!server) return null
  const tls = url.protocol === 'wss:' || url.protocol === 'https:'
  const port = url.port === '' ? (tls ? '443' : '80') : url.port
  const open = listensOf(server).filter((listen) => listen.port !== '' && listen.direct && listen.tls === tls)
  const best = open.find((listen) => listen.port === port) ?? open[0]
  if (!best) return null
  const address = best.socket.slice(0, -best.port.length - 1)
  const local = address === '*' ? '127.0.0.1' : address === '[::]' ? '[::1]' : address
  return `${local}:${best.port}`
}

const HIDDEN = /^([^:]*(?:cookie|authorization|token|secret)[^:]*:\s*).*/i

const stepOf = ({ side, verdict, title, seen, ms }: Step) => ({
  of: side === 'direct' ? ('backend' as const) : side,
  verdict,
  title: maskText(title),
  seen: seen.map((line) => maskText(line.replace(HIDDEN, '$1[masked]'))),
  ms,
})
