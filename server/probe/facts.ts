/** What a probe found out, before anything is concluded from it. */
import type { NoConnection } from './connect.ts'
import type { Answered } from './handshake.ts'
import type { Idle } from './idle.ts'
import type { Alive } from './session.ts'

/** Everything that was found out about one address. */
export interface SideFacts {
  problem: NoConnection | null
  /** TLS was asked for, and completed. */
  tls: boolean
  /** Why browsers refuse the certificate. */
  certificate: string | null
  get: Answered | null
  handshake: Answered | null
  /** What is wrong with a 101. */
  faults: string[]
  /** Status when the same handshake came with the Origin of the site itself, tried after a 403. */
  own_origin: number | null
  alive: Alive | null
  /** What Socket.IO or SignalR said against it before or after the handshake. */
  refusal: { text: string; cause: string | null } | null
  idle: { alone: Idle; pinged: Idle | null } | null
}

/** A cause the answers point to. Several: they do not tell which. */
export interface Suspicion {
  cause: string
  why: string
}
