/** Where is an idle session cut, and do pings prevent it? */
import type { Session } from './session.ts'
import { duration, type Side, type Step } from './step.ts'
import { closeText } from './frames.ts'
import { endingText } from './wire.ts'

export interface Idle {
  /** Nothing was sent for so long before the cut, ms; null when it was still open at the end. */
  cut_after_ms: number | null
  /** How the session ended; null when it did not. */
  how: string | null
  /** Length of the session, ms. */
  lasted_ms: number
  /** What the server sent by itself: it keeps a session alive. */
  server_pings: number
  server_messages: number
}

/** Leaves a session alone until it is cut or the time is over.
 *  @param pingEvery sends a ping this often, ms; null: sends nothing.
 *  @param reply what the protocol's own heartbeat must be answered with. */
export async function leaveAlone(
  session: Session,
  most: number,
  pingEvery: number | null,
  reply: (message: string) => string | null = () => null,
): Promise<Idle> {
  const start = performance.now()
  const end = start + most
  let messages = 0
  let nextPing = pingEvery === null ? Infinity : start + pingEvery
  const result = (how: string | null): Idle => {
    const now = performance.now()
    return {
      cut_after_ms: how === null ? null : Math.round(now - Math.max(start, session.lastTraffic)),
      how,
      lasted_ms: Math.round(now - start),
      server_pings: session.pings,
      server_messages: messages,
    }
  }
  for (;;) {
    const before = session.lastTraffic
    const came = await session.next(Math.min(end, nextPing))
    if (came.kind === 'timeout') {
      if (performance.now() >= end) return result(null)
      session.send('ping')
      nextPing = performance.now() + (pingEvery ?? Infinity)
    } else if (came.kind === 'frame') {
      if (came.frame.kind === 'close') {
        // The close frame itself is no traffic that could have kept it open.
        session.lastTraffic = before
        return result(`the server closed it ${closeText(came.frame)}`)
      }
      if (came.frame.kind === 'text' || came.frame.kind === 'binary') messages++
      const answer = came.frame.kind === 'text' ? reply(came.frame.payload.toString('utf8')) : null
      if (answer !== null) session.send('text', answer)
    } else if (came.kind === 'stopped') return result(null)
    else return result(came.kind === 'fault' ? came.text : endingText(came))
  }
}

/** Ends of idle sessions that are somebody's default, seconds. */
const KNOWN: readonly [number, string][] = [
  [30, 'the default of HAProxy set-ups and some load balancers'],
  [55, 'the limit of Heroku'],
  [60, 'the default of nginx (proxy_read_timeout) and of AWS load balancers'],
  [90, 'the setting of Nginx Proxy Manager'],
  [100, 'the limit of Cloudflare'],
  [240, 'the default of Azure load balancers and of SWAG'],
  [300, 'a proxy_read_timeout of 5 minutes'],
  [350, 'the limit of AWS network load balancers'],
]

/** Whose default this is, when it is one. */
export function knownLimit(ms: number): string | null {
  const seconds = ms / 1000
  return KNOWN.find(([limit]) => Math.abs(seconds - limit) <= Math.max(0.7, limit * 0.01))?.[1] ?? null
}

/** One session's end as a step. */
export function idleStep(side: Side, idle: Idle, pingEvery: number | null): Step {
  const pings = pingEvery === null ? 'idle' : `with a ping every ${duration(pingEvery)}`
  const served =
    idle.server_pings + idle.server_messages === 0
      ? []
      : [`the server itself sent ${idle.server_pings} pings and ${idle.server_messages} messages: it was not idle`]
  if (idle.cut_after_ms === null || idle.how === null) {
    const title = `${pings}: still open after ${duration(idle.lasted_ms)}`
    return { side, name: 'idle', verdict: 'ok', ms: idle.lasted_ms, title, seen: served }
  }
  const known = knownLimit(idle.cut_after_ms)
  return {
    side,
    name: 'idle',
    verdict: pingEvery === null ? 'warning' : 'failed',
    ms: idle.lasted_ms,
    title: `${pings}: cut after ${duration(idle.cut_after_ms)} without traffic (${idle.how})`,
    seen: [...(known === null ? [] : [`that is ${known}`]), ...served],
  }
}
