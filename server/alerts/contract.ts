/** Public surface of alerts: decide (pure), then send. */
import type { Finding } from '../diagnosis/contract.ts'
import type { OutboxRow, ProblemRow, Store } from '../store/contract.ts'

/** Why a problem's state changed, or why nothing was sent. */
export type Reason =
  | 'nothing-seen'
  | 'history-only'
  | 'history-passed'
  | 'first-live-occurrence'
  | 'came-back'
  | 'became-certain'
  | 'below-alert-threshold'
  | 'still-there'
  | 'lasts-an-hour'
  | 'quiet'
  | 'succeeded-since'
  | 'over-before-noticed'
  | 'not-watched'
  | 'quiet-never-announced'
  | 'stays-resolved'
  | 'muted'

export type MessageType = 'problem.opened' | 'problem.resolved'
export type Decision = { notify: true; type: MessageType; reason: Reason } | { notify: false; reason: Reason }

/** What is known of one problem at one moment. */
export interface Observed {
  /** Epoch ms. */
  now: number
  /** What diagnosis says now; null when the finding is gone. */
  finding: Finding | null
  /** When its newest live occurrence was read (our clock: a log's own stamps may lie by hours); null when only
   *  history shows it. */
  last_live: number | null
  /** Quiet time after which a problem counts as resolved, ms. */
  resolve_after: number
  /** Since when the logs that showed it have been readable without a break, epoch ms; null when one of them is not
   *  readable now. Silence of a log that nobody reads proves nothing. */
  watched_since: number | null
}

/** A receiver as configured. The URL is a secret: it is in no message, log or API answer. */
export interface Receiver {
  name: string
  /** Key of channels/index.ts. */
  channel: string
  url: string
}

/** A kind of receiver. One file in channels/, one line in channels/index.ts. */
export interface Channel {
  id: string
  /** Resolves when the receiver answered 2xx; rejects with DeliveryError otherwise, also when `signal` aborts. */
  send(message: OutboxRow, to: { url: string; user_agent: string; signal: AbortSignal }): Promise<void>
}

export type OutboxStore = Pick<Store, 'undelivered' | 'markDelivery'>
export type { OutboxRow, ProblemRow }
export { CHANNELS } from './channels/index.ts'
export { decide, endedBy, setMuted } from './decide.ts'
export { DeliveryError } from './delivery-error.ts'
export { messageBody } from './message.ts'
export { Outbox } from './outbox.ts'
