/** A real WebSocket handshake, step by step: through the proxy, and with --direct against the backend, too. */
import { conclude, failureText, isOpen, type Conclusion } from './conclude.ts'
import { connect, openQuietly, type Limits, type Reach } from './connect.ts'
import { curlCommand } from './curl.ts'
import type { SideFacts } from './facts.ts'
import {
  ask,
  faultsOf,
  handshakeRequest,
  newKey,
  plainRequest,
  type Answer,
  type Answered,
  type Asking,
} from './handshake.ts'
import { valueOf } from './http.ts'
import { tryHttp2 } from './http2.ts'
import { idleStep, leaveAlone } from './idle.ts'
import { afterHandshake, beforeHandshake, replyTo, type Protocol } from './protocols.ts'
import { Session, tryPing } from './session.ts'
import { stopwatch, type Side, type Step } from './step.ts'
import { originOf, type Target } from './target.ts'

export interface ProbeOptions {
  target: Target
  /** The backend of --direct. */
  direct: Target | null
  /** Null: none; `own`: what a browser on the site itself sends. */
  origin: 'own' | (string & {}) | null
  headers: readonly (readonly [string, string])[]
  subprotocols: readonly string[]
  protocol: Protocol
  http2: boolean
  /** Leave a session alone for so long, ms; null: not at all. */
  idle: number | null
  /** A certificate that browsers refuse does not make the probe fail. */
  insecure: boolean
  /** For each of connecting, TLS, and an answer, ms. */
  timeout: number
  signal: AbortSignal | null
}

export interface ProbeResult extends Conclusion {
  steps: Step[]
  /** The same handshake for curl. */
  curl: string
  idle: { proxy: SideFacts['idle']; direct: SideFacts['idle'] } | null
}

/** Yields each step when it is done; returns what they prove. Never throws for what the other side does. */
export async function* probe(options: ProbeOptions): AsyncGenerator<Step, ProbeResult> {
  const steps: Step[] = []
  const sides: SideFacts[] = []
  const key = newKey()
  for (const side of ['proxy', 'direct'] as const) {
    const target = side === 'proxy' ? options.target : options.direct
    if (target === null) continue
    const walk = probeSide(target, side, options, key)
    let step = await walk.next()
    for (; !step.done; step = await walk.next()) {
      steps.push(step.value)
      yield step.value
    }
    sides.push(step.value)
    if (options.signal?.aborted) break
  }
  const [proxy, direct = null] = sides
  if (!proxy) throw new Error('no side was probed')
  if (options.idle !== null) {
    for await (const step of idleSteps(options, proxy, direct)) {
      steps.push(step)
      yield step
    }
  }
  const { target, insecure } = options
  return {
    ...conclude(proxy, direct, insecure),
    steps,
    curl: curlCommand(target, askingOf(options, target), key, insecure),
    idle: options.idle === null ? null : { proxy: proxy.idle, direct: direct?.idle ?? null },
  }
}

/** The backend is asked with the Host and the Origin of the site, as a proxy that passes them on asks it. */
function askingOf(options: ProbeOptions, target: Target): Asking {
  const { origin, headers, subprotocols } = options
  return {
    host: target.host,
    path: target.path,
    origin: origin === 'own' ? originOf(options.target) : origin,
    subprotocols,
    headers,
  }
}

async function* probeSide(
  target: Target,
  side: Side,
  options: ProbeOptions,
  key: string,
): AsyncGenerator<Step, SideFacts> {
  const limits: Limits = { timeout: options.timeout, signal: options.signal }
  const facts: SideFacts = {
    problem: null,
    tls: false,
    certificate: null,
    get: null,
    handshake: null,
    faults: [],
    own_origin: null,
    alive: null,
    refusal: null,
    idle: null,
  }
  const first = yield* connect(target, side, limits)
  if (!first.ok) return { ...facts, problem: first.problem }
  facts.tls = target.tls
  facts.certificate = first.certificate
  let asking = askingOf(options, target)

  const took = stopwatch()
  facts.get = await ask(first.wire, plainRequest(asking), performance.now() + options.timeout)
  first.wire.close()
  yield getStep(facts.get, side, took())

  const reach = { target: { ...target, connect: { ...target.connect, host: first.address } }, side, limits }
  const ready = yield* beforeHandshake(options.protocol, asking, reach)
  if (!ready.ok) return { ...facts, refusal: ready.refusal }
  asking = ready.asking

  const opened = yield* openSession(asking, key, reach)
  facts.handshake = opened.handshake
  facts.faults = opened.faults
  if (opened.handshake?.ok === true && opened.handshake.answer.head.status === 403)
    facts.own_origin = yield* ownOrigin(asking, options, reach)
  if (opened.session) {
    facts.refusal = yield* afterHandshake(options.protocol, opened.session, ready, reach)
    if (facts.refusal === null && options.protocol === 'websocket') {
      facts.alive = await tryPing(opened.session, side)
      yield facts.alive.step
    }
    opened.session.close()
  }
  if (options.http2) yield await tryHttp2(target, first.address, asking, side, limits)
  return facts
}

interface OpenedSession {
  handshake: Answered | null
  faults: string[]
  session: Session | null
}

/** A connection of its own, and the handshake on it. Steps of connecting show only when it fails. */
async function* openSession(
  asking: Asking,
  key: string,
  { target, side, limits }: Reach,
): AsyncGenerator<Step, OpenedSession> {
  const took = stopwatch()
  const opened = await openQuietly(target, side, limits)
  if (!opened.ok) {
    yield opened.step
    return { handshake: null, faults: [], session: null }
  }
  const handshake = await ask(opened.wire, handshakeRequest(asking, key), performance.now() + limits.timeout)
  const isUpgraded = handshake.ok && handshake.answer.head.status === 101
  const faults = isUpgraded ? faultsOf(handshake.answer.head, key, asking.subprotocols) : []
  yield handshakeStep(handshake, faults, asking, side, took())
  if (isUpgraded && faults.length === 0) return { handshake, faults, session: new Session(opened.wire) }
  opened.wire.close()
  return { handshake, faults, session: null }
}

function getStep(get: Answered, side: Side, ms: number): Step {
  // What an ordinary request is answered with proves nothing by itself: most sockets refuse it.
  if (!get.ok) return { side, name: 'get', verdict: 'warning', ms, title: `GET: ${failureText(get.failure)}`, seen: [] }
  return { side, name: 'get', verdict: 'info', ms, title: `GET: ${get.answer.head.line}`, seen: linesOf(get.answer) }
}

function handshakeStep(handshake: Answered, faults: string[], asking: Asking, side: Side, ms: number): Step {
  const step = { side, name: 'handshake' as const, ms }
  if (!handshake.ok)
    return { ...step, verdict: 'failed', title: `handshake: ${failureText(handshake.failure)}`, seen: [] }
  const { answer } = handshake
  const title = `handshake: ${answer.head.line}`
  if (answer.head.status !== 101) return { ...step, verdict: 'failed', title, seen: linesOf(answer) }
  if (faults.length > 0) return { ...step, verdict: 'failed', title, seen: [...faults, ...linesOf(answer)] }
  const chosen = valueOf(answer.head, 'sec-websocket-protocol')
  const missed = asking.subprotocols.length > 0 && chosen === null
  return {
    ...step,
    verdict: missed ? 'warning' : 'ok',
    title,
    seen: [
      'Sec-WebSocket-Accept is right',
      ...(chosen === null ? [] : [`subprotocol: ${chosen}`]),
      // A browser that asked for one closes the connection (WebSockets standard, 2.2).
      ...(missed ? ['the server chose none of the subprotocols: a browser that asks for one gives up'] : []),
      ...linesOf(answer),
    ],
  }
}

/** Headers that tell who answered and why, and the start of the body. */
const TELLING =
  /^(?:server|via|location|upgrade|connection|content-type|content-length|www-authenticate|proxy-authenticate|sec-websocket-(?:version|extensions)|retry-after|x-powered-by|cf-ray|x-cache|x-amzn-\S+|x-served-by|alt-svc)$/i
const MAX_LINE = 300

function linesOf({ head, body }: Answer): string[] {
  const headers = head.headers.filter(([name]) => TELLING.test(name)).slice(0, 20)
  const text = body.trim().replaceAll(/\s+/g, ' ')
  return [
    ...headers.map(([name, value]) => `${name}: ${value}`.slice(0, MAX_LINE)),
    ...(text === '' ? [] : [`body: ${text.length > MAX_LINE ? `${text.slice(0, MAX_LINE)}…` : text}`]),
  ]
}

/** After a 403: is it the Origin? The same handshake with the one of the site itself. */
async function* ownOrigin(asking: Asking, options: ProbeOptions, reach: Reach): AsyncGenerator<Step, number | null> {
  const own = originOf(options.target)
  if (asking.origin === own) return null
  const took = stopwatch()
  const opened = await openQuietly(reach.target, reach.side, reach.limits)
  if (!opened.ok) return null
  const request = handshakeRequest({ ...asking, origin: own }, newKey())
  const again = await ask(opened.wire, request, performance.now() + reach.limits.timeout)
  opened.wire.close()
  if (!again.ok) return null
  const title = `the same with Origin: ${own}: ${again.answer.head.line}`
  yield { side: reach.side, name: 'origin', verdict: 'info', ms: took(), title, seen: [] }
  return again.answer.head.status
}

/** Both sides at once; pings are tried where a session was cut. */
async function* idleSteps(options: ProbeOptions, proxy: SideFacts, direct: SideFacts | null): AsyncGenerator<Step> {
  const most = options.idle ?? 0
  const sides = [
    { side: 'proxy' as const, facts: proxy, target: options.target },
    ...(direct && options.direct ? [{ side: 'direct' as const, facts: direct, target: options.direct }] : []),
  ].filter(({ facts }) => isOpen(facts) && facts.refusal === null)
  const run = async ({ side, target }: (typeof sides)[number], ms: number, every: number | null) => {
    const reach = { target, side, limits: { timeout: options.timeout, signal: options.signal } }
    const ready = await resultOf(beforeHandshake(options.protocol, askingOf(options, target), reach))
    if (!ready.ok) return null
    const { session } = await resultOf(openSession(ready.asking, newKey(), reach))
    if (!session) return null
    await resultOf(afterHandshake(options.protocol, session, { ...ready, pingInterval: null }, reach))
    const idle = await leaveAlone(session, ms, every, replyTo(options.protocol))
    session.close()
    return idle
  }
  const alone = await Promise.all(sides.map((one) => run(one, most, null)))
  for (const [i, one] of sides.entries()) {
    const idle = alone[i]
    if (!idle) continue
    one.facts.idle = { alone: idle, pinged: null }
    yield idleStep(one.side, idle, null)
    if (idle.cut_after_ms === null || one.side === 'direct' || options.signal?.aborted) continue
    // Three pings before the cut, and well beyond it.
    const every = Math.max(100, Math.round(idle.cut_after_ms / 3))
    const pinged = await run(one, Math.max(1000, Math.round(idle.cut_after_ms * 2.2)), every)
    if (!pinged) continue
    one.facts.idle = { alone: idle, pinged }
    yield idleStep(one.side, pinged, every)
  }
}

/** What a walk returns, its steps left out: they were shown before. */
async function resultOf<T>(walk: AsyncGenerator<Step, T>): Promise<T> {
  let next = await walk.next()
  while (!next.done) next = await walk.next()
  return next.value
}
