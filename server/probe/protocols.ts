/** What Socket.IO and SignalR do around the handshake. */
import { ask, plainRequest, type Asking } from './handshake.ts'
import { openQuietly, type Reach } from './connect.ts'
import type { Session } from './session.ts'
import { negotiatePath, readNegotiation, signalrFault, signalrHello, signalrPath, signalrPing } from './signalr.ts'
import { engineCode, enginePath, engineUrl, readOpen } from './socket-io.ts'
import { duration, stopwatch, type Step, type StepName, type Verdict } from './step.ts'
import { failureText } from './conclude.ts'
import type { SideFacts } from './facts.ts'

export type Protocol = 'websocket' | 'socket.io' | 'signalr'

export type Ready =
  { ok: true; asking: Asking; pingInterval: number | null } | { ok: false; refusal: NonNullable<SideFacts['refusal']> }

/** The requests that come before the handshake; returns the handshake they lead to. */
export async function* beforeHandshake(protocol: Protocol, asking: Asking, reach: Reach): AsyncGenerator<Step, Ready> {
  switch (protocol) {
    case 'websocket':
      return { ok: true, asking, pingInterval: null }
    case 'socket.io':
      return yield* openEngine({ ...asking, path: enginePath(asking.path) }, reach)
    case 'signalr':
      return yield* negotiate(asking, reach)
  }
}

const UNKNOWN_SESSION = 1

async function* openEngine(asking: Asking, reach: Reach): AsyncGenerator<Step, Ready> {
  const tell = teller(reach, 'polling')
  const first = await request(plainRequest({ ...asking, path: engineUrl(asking.path, 'polling', null) }), reach)
  if (typeof first === 'string') return yield* refuse(tell, `Socket.IO polling: ${first}`)
  const opened = readOpen(first)
  if (!opened.ok) return yield* refuse(tell, `Socket.IO polling: ${first.head.line}, ${opened.text}`)
  const { sid, upgrades, pingInterval, pingTimeout } = opened.open
  yield tell('ok', `Socket.IO polling opened a session`, [
    `upgrades: ${upgrades.join(', ') || 'none'}, pingInterval ${duration(pingInterval)}, pingTimeout ${duration(pingTimeout)}`,
  ])
  if (!upgrades.includes('websocket')) return yield* refuse(tell, 'Socket.IO does not offer WebSocket (upgrades)')
  // A second request of the same session: with several backends and no stickiness it reaches another one.
  const second = await request(
    plainRequest({ ...asking, path: engineUrl(asking.path, 'polling', sid) }, 'POST', '40'),
    reach,
  )
  if (typeof second !== 'string' && engineCode(second) === UNKNOWN_SESSION)
    return yield* refuse(tell, 'the second request of the session reached a backend that does not know it', STICKY)
  return { ok: true, asking: { ...asking, path: engineUrl(asking.path, 'websocket', sid) }, pingInterval }
}

const STICKY = 'sticky-session-missing'

async function* negotiate(asking: Asking, reach: Reach): AsyncGenerator<Step, Ready> {
  const tell = teller(reach, 'negotiate')
  const answer = await request(plainRequest({ ...asking, path: negotiatePath(asking.path) }, 'POST'), reach)
  if (typeof answer === 'string') return yield* refuse(tell, `SignalR negotiate: ${answer}`)
  const read = readNegotiation(answer)
  if (!read.ok) return yield* refuse(tell, `SignalR negotiate: ${answer.head.line}, ${read.text}`)
  yield tell('ok', 'SignalR negotiate gave a connection token', [`transports: ${read.transports.join(', ') || 'none'}`])
  return { ok: true, asking: { ...asking, path: signalrPath(asking.path, read.token) }, pingInterval: null }
}

/** The first messages on the open session; returns what is wrong. */
export async function* afterHandshake(
  protocol: Protocol,
  session: Session,
  ready: Extract<Ready, { ok: true }>,
  reach: Reach,
): AsyncGenerator<Step, SideFacts['refusal']> {
  if (protocol === 'websocket') return null
  const tell = teller(reach, 'session')
  const { timeout } = reach.limits
  if (protocol === 'signalr') {
    session.send('text', signalrHello)
    const fault = signalrFault(await session.text(performance.now() + timeout))
    if (fault !== null) return yield* refusal(tell, `SignalR: ${fault}`)
    yield tell('ok', 'SignalR accepted its handshake: the session works')
    return null
  }
  // Engine.IO: "2probe" must come back as "3probe", then "5" completes the upgrade.
  session.send('text', '2probe')
  const answer = await session.text(performance.now() + timeout)
  if (answer !== '3probe')
    return yield* refusal(
      tell,
      `Socket.IO: ${answer === null ? 'no answer to its probe' : `"${answer.slice(0, 60)}" instead of "3probe"`}`,
    )
  session.send('text', '5')
  yield tell('ok', 'Socket.IO moved to the WebSocket (2probe, 3probe)')
  const interval = ready.pingInterval ?? 0
  if (interval === 0 || interval > timeout) return null
  const deadline = performance.now() + interval + 1000
  for (let messages = 0; messages < 20; messages++) {
    const text = await session.text(deadline)
    if (text === null) break
    if (text !== '2') continue
    session.send('text', '3')
    yield tell('ok', `Socket.IO sends its ping (every ${duration(interval)})`)
    return null
  }
  return yield* refusal(tell, `Socket.IO: its ping did not come within ${duration(interval)}`)
}

type Tell = (verdict: Verdict, title: string, seen?: string[]) => Step

function teller({ side }: Reach, name: StepName): Tell {
  const took = stopwatch()
  return (verdict, title, seen = []) => ({ side, name, verdict, ms: took(), title, seen })
}

async function* refusal(
  tell: Tell,
  text: string,
  cause: string | null = null,
): AsyncGenerator<Step, NonNullable<SideFacts['refusal']>> {
  yield tell('failed', text)
  return { text, cause }
}

async function* refuse(tell: Tell, text: string, cause: string | null = null): AsyncGenerator<Step, Ready> {
  return { ok: false, refusal: yield* refusal(tell, text, cause) }
}

/** One request on a connection of its own; the answer, or what went wrong. */
async function request(text: string, { target, side, limits }: Reach) {
  const opened = await openQuietly(target, side, limits)
  if (!opened.ok) return opened.step.title
  const answered = await ask(opened.wire, text, performance.now() + limits.timeout)
  opened.wire.close()
  return answered.ok ? answered.answer : failureText(answered.failure)
}

/** What a client of the protocol answers to a heartbeat of the server, so that an idle session is not ended for its silence. */
export function replyTo(protocol: Protocol): (message: string) => string | null {
  switch (protocol) {
    case 'websocket':
      return () => null
    case 'socket.io':
      return (message) => (message === '2' ? '3' : null)
    case 'signalr':
      return (message) => (/"type":\s*6/.test(message) ? signalrPing : null)
  }
}
