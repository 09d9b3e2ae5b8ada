/** What is done with a running nginx: the handshake, and whatever made the failure visible. */
import {
  ask,
  failureText,
  faultsOf,
  handshakeRequest,
  leaveAlone,
  newKey,
  openTcp,
  openTls,
  Session,
  tryPing,
  Wire,
  type Asking,
  type Idle,
} from '../probe/contract.ts'
import type { Running } from './nginx.ts'

/** A request to the entry of the throw-away nginx. */
export interface Entry {
  port: number
  tls: boolean
  proxy_protocol: boolean
  /** For SNI. */
  name: string
  asking: Asking
}

/** What beyond one handshake has to be done for the failure to show. */
export interface Trial {
  /** Leave the session alone for so long, ms. */
  idle: number | null
  /** So many sessions at once. */
  sessions: number
  /** Reload nginx, and expect the session to be open so long after, ms. */
  reload: number | null
}

export interface Outcome {
  /** The status line, or why there is none. */
  text: string
  status: number | null
  /** 101, valid, and a ping came back. */
  open: boolean
  /** Null where it was not tried. */
  idle: Idle | null
  sessions: { wanted: number; opened: number; refused: string | null } | null
  reload: Idle | null
  /** All of it worked. */
  ok: boolean
}

/** How long nginx may take to answer: longer than the timeouts of the tested config would need no proof. */
const ANSWER_MS = 70_000
const CONNECT_MS = 5000

/** Never throws for what nginx does. */
export async function exercise(entry: Entry, trial: Trial, nginx: Running, signal: AbortSignal): Promise<Outcome> {
  const first = await open(entry, signal)
  const outcome: Outcome = {
    text: first.text,
    status: first.status,
    open: false,
    idle: null,
    sessions: null,
    reload: null,
    ok: false,
  }
  const opened: Session[] = []
  try {
    if (!first.session) return outcome
    opened.push(first.session)
    const alive = await tryPing(first.session, 'proxy')
    if (!alive.works) return { ...outcome, text: `${first.text}; ${alive.step.title}` }
    outcome.open = true
    if (trial.sessions > 1) outcome.sessions = await openMore(entry, trial.sessions, opened, signal)
    if (trial.idle !== null) outcome.idle = await leaveAlone(first.session, trial.idle, null)
    if (trial.reload !== null && outcome.idle?.how == null) {
      nginx.reload()
      outcome.reload = await leaveAlone(first.session, trial.reload, null)
    }
    const { sessions, idle, reload } = outcome
    outcome.ok = (sessions === null || sessions.opened === sessions.wanted) && idle?.how == null && reload?.how == null
    return outcome
  } finally {
    for (const session of opened) session.wire.close()
  }
}

async function openMore(
  entry: Entry,
  wanted: number,
  opened: Session[],
  signal: AbortSignal,
): Promise<NonNullable<Outcome['sessions']>> {
  let refused: string | null = null
  while (opened.length < wanted) {
    const next = await open(entry, signal)
    if (next.session) opened.push(next.session)
    else {
      refused = next.text
      break
    }
  }
  return { wanted, opened: opened.length, refused }
}

async function open(
  entry: Entry,
  signal: AbortSignal,
): Promise<{ session: Session | null; text: string; status: number | null }> {
  const limits = { timeout: CONNECT_MS, signal }
  const no = (text: string, status: number | null = null) => ({ session: null, text, status })
  const tcp = await openTcp('127.0.0.1', entry.port, limits)
  if (typeof tcp === 'string') return no(`no connection to nginx (${tcp})`)
  // As a load balancer would: PROXY protocol, version 1.
  if (entry.proxy_protocol) tcp.write(`PROXY TCP4 127.0.0.1 127.0.0.1 ${tcp.localPort ?? 1} ${entry.port}\r\n`)
  const target = {
    tls: entry.tls,
    connect: { host: '127.0.0.1', port: entry.port },
    name: entry.name,
    host: entry.asking.host,
    path: entry.asking.path,
  }
  const stream = entry.tls ? await openTls(tcp, target, ['http/1.1'], limits) : tcp
  if (typeof stream === 'string') return no(`TLS with nginx failed (${stream})`)
  const wire = new Wire(stream, signal)
  const key = newKey()
  const answered = await ask(wire, handshakeRequest(entry.asking, key), performance.now() + ANSWER_MS)
  if (!answered.ok) {
    wire.close()
    return no(failureText(answered.failure))
  }
  const { head } = answered.answer
  const faults = head.status === 101 ? faultsOf(head, key, entry.asking.subprotocols) : []
  if (head.status === 101 && faults.length === 0) return { session: new Session(wire), text: head.line, status: 101 }
  wire.close()
  return no([head.line, ...faults].join('; '), head.status)
}
