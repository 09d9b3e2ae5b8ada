/** How the page hears from the server, as a pure step: what was, what happened, what is. */

export type ConnectionState =
  | 'connecting'
  | 'live'
  | 'reconnecting'
  /** The API answers, the stream does not: something in between holds it back. */
  | 'polling'
  /** Neither answers. */
  | 'offline'

export interface Connection {
  state: ConnectionState
  /** Streams in a row that ended without a word. */
  failures: number
}

/** `hello`: the stream spoke. `stream-failed`: it ended, or stayed silent. `answered` / `unreachable`: a request. */
export type Happened = 'hello' | 'stream-failed' | 'answered' | 'unreachable'

/** One broken stream is a restart; this many in a row is a proxy. */
export const FAILURES_BEFORE_POLLING = 3

const withoutStream = (failures: number): ConnectionState =>
  failures >= FAILURES_BEFORE_POLLING ? 'polling' : failures > 0 ? 'reconnecting' : 'connecting'

export function step({ state, failures }: Connection, happened: Happened): Connection {
  switch (happened) {
    case 'hello':
      return { state: 'live', failures: 0 }
    case 'stream-failed': {
      // While nothing answers, a failing stream says nothing about proxies.
      if (state === 'offline') return { state, failures }
      return { state: withoutStream(failures + 1), failures: failures + 1 }
    }
    case 'answered':
      return state === 'offline' ? { state: withoutStream(failures), failures } : { state, failures }
    case 'unreachable':
      return { state: 'offline', failures: 0 }
  }
}

/** Milliseconds until the stream is tried again. */
export const retryAfter = (failures: number): number =>
  failures >= FAILURES_BEFORE_POLLING ? 30_000 : 1000 * 2 ** Math.max(0, failures - 1)
