/** Public surface of alerts: decide (pure), then send. */
import type { Finding } from '../diagnosis/contract.ts'
import type { OutboxRow, ProblemRow } from '../store/contract.ts'

/** Why a problem's state changed or nothing was sent; shown in the delivery log. */
export type Decision = { notify: true; type: 'problem.opened' | 'problem.resolved'; reason: string } | { notify: false; reason: string }

export interface Observed {
  /** Epoch ms. */
  now: number
  /** What diagnosis says now; null when the finding is gone. */
  finding: Finding | null
  /** Time of its newest occurrence that was read live; null when only history shows it. */
  last_live: number | null
  /** Quiet time after which a problem counts as resolved, ms. */
  resolve_after: number
}

/** A receiver. One file in channels/, one line in channels/index.ts. */
export interface Channel {
  id: string
  /** Resolves when the receiver answered 2xx; rejects with a short reason otherwise. */
  send(message: OutboxRow, config: { url: string }): Promise<void>
}

export type { OutboxRow, ProblemRow }
export { decide } from './decide.ts'
export { deliver } from './outbox.ts'
