/** An open WebSocket: frames in and out. Pings are answered, as RFC 6455 5.5.2 asks; what else comes is handed on. */
import { clientFrame, closeText, FrameReader, type Frame, type FrameKind } from './frames.ts'
import { duration, stopwatch, type Side, type Step } from './step.ts'
import { endingText, type Ending, type Wire } from './wire.ts'

export type Came = { kind: 'frame'; frame: Frame } | { kind: 'fault'; text: string } | Ending

export class Session {
  readonly wire: Wire
  #reader = new FrameReader()
  #frames: Frame[] = []
  /** Pings of the server so far. */
  pings = 0
  /** Clock of the last byte in either direction. */
  lastTraffic = performance.now()

  constructor(wire: Wire) {
    this.wire = wire
  }

  send(kind: FrameKind, payload: Uint8Array | string = ''): void {
    this.lastTraffic = performance.now()
    this.wire.write(clientFrame(kind, payload))
  }

  /** The next frame, or why none comes. */
  async next(deadline: number): Promise<Came> {
    for (;;) {
      const frame = this.#frames.shift()
      if (frame) return { kind: 'frame', frame }
      if (this.#reader.fault !== null) return { kind: 'fault', text: this.#reader.fault }
      const chunk = await this.wire.next(deadline)
      if (!Buffer.isBuffer(chunk)) return chunk
      this.lastTraffic = performance.now()
      for (const one of this.#reader.push(chunk)) {
        if (one.kind === 'ping') {
          this.pings++
          this.send('pong', one.payload)
        }
        // Kept until asked for: a server that floods is read no faster than that.
        this.#frames.push(one)
      }
    }
  }

  /** Waits for a text message. */
  async text(deadline: number): Promise<string | null> {
    for (;;) {
      const came = await this.next(deadline)
      if (came.kind !== 'frame') return null
      if (came.frame.kind === 'text') return came.frame.payload.toString('utf8')
      if (came.frame.kind === 'close') return null
    }
  }

  /** Says goodbye and leaves. */
  close(): void {
    this.send('close', Uint8Array.of(3, 232))
    this.wire.stream.end()
    // The answer is not waited for: whatever the server does, the probe ends.
    setTimeout(() => this.wire.close(), 100).unref()
  }
}

export interface Alive {
  step: Step
  /** The session could be used. */
  works: boolean
  /** Close code of the server, when it closed. */
  code: number | null
}

/** How long a pong may take. */
const PONG_MS = 2000

/** Is the session usable? A ping must come back (5.5.3); a session that the application closes at once is found, too. */
export async function tryPing(session: Session, side: Side): Promise<Alive> {
  const took = stopwatch()
  const deadline = performance.now() + PONG_MS
  session.send('ping', 'halfopen')
  const seen: string[] = []
  const end = (works: boolean, verdict: Step['verdict'], title: string, code: number | null = null): Alive => ({
    works,
    code,
    step: { side, name: 'session', verdict, ms: took(), title, seen },
  })
  for (let frames = 0; frames < 100; frames++) {
    const came = await session.next(deadline)
    if (came.kind === 'fault') return end(false, 'failed', `the server breaks the protocol: ${came.text}`, 1002)
    if (came.kind === 'timeout')
      return end(true, 'warning', `no pong within ${duration(PONG_MS)}; the session stayed open`)
    if (came.kind !== 'frame')
      return end(false, 'failed', `${endingText(came)} right after the handshake, no close frame`)
    const { frame } = came
    if (frame.kind === 'close') {
      const code = frame.payload.length >= 2 ? frame.payload.readUInt16BE(0) : null
      return end(false, 'failed', `the application closed the session at once, ${closeText(frame)}`, code)
    }
    if (frame.kind === 'pong') return end(true, 'ok', 'a ping came back: the session works')
    if (seen.length < 3) seen.push(`${frame.kind}, ${frame.length} bytes: ${preview(frame)}`)
  }
  return end(true, 'info', 'the server sends faster than it answers a ping')
}

const preview = ({ kind, payload }: Frame): string =>
  kind === 'binary' ? payload.subarray(0, 24).toString('hex') : payload.subarray(0, 120).toString('utf8')
