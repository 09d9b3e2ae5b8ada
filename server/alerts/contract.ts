/** Public surface of alerts: decide (pure), then send. */
import type { z } from 'zod'
import type { Finding } from '../diagnosis/contract.ts'
import type { Notice } from './message.ts'
import type { Reason } from './reasons.ts'
import type {
  DeliveryQuery,
  GoneReceiver,
  OutboxRow,
  ProblemRow,
  Store,
  Told,
  WatchedSource,
} from '../store/contract.ts'

export type MessageType =
  | 'problem.opened'
  | 'problem.resolved'
  | 'problem.reminder'
  /** Several of the above in one. */
  | 'problems.changed'
  | 'source.silent'
  | 'source.unreadable'
  | 'source.recovered'
  | 'test'
export type Decision = { notify: true; type: MessageType; reason: Reason } | { notify: false; reason: Reason }

/** What rules can be about. */
export const KINDS = ['new', 'regressed', 'resolved', 'reminder', 'source-silent', 'source-unreadable'] as const
export type Kind = (typeof KINDS)[number]

/** On what terms a problem is told of. Times in ms. */
export interface Terms {
  /** Name of the rule that matches; null: none does. */
  rule: string | null
  send: boolean
  /** It happened often enough for the rule's rate. */
  enough: boolean
  /** Its beginning is announced once in so long. */
  cooldown: number
  /** The first time that it comes back within the cooldown is told at once. */
  tells_return?: boolean
  remind_every: number | null
  /** It happens far more often than usual there, see surge.ts. */
  surge?: boolean
  /** Handshakes must have succeeded for so long. */
  settle: number
  hush: 'quiet-hours' | 'maintenance' | null
}

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
  /** Its failures are told by another problem now, which names their server. */
  superseded?: boolean
  /** Absent: whatever is likely and harmful is told at once. */
  terms?: Terms
}

/** A receiver that messages can be sent to: a channel with its settings. Nothing of it but the name may be shown. */
export interface Receiver {
  name: string
  channel: Channel
  /** Of `channel.settings`, checked. Secrets in it are Secret. */
  settings: unknown
}

/** What a channel has to know besides message and settings. */
export interface Sending {
  /** Epoch ms. */
  now: number
  user_agent: string
}

/** An HTTP POST as it goes out. */
export interface Outgoing {
  url: string
  headers: Record<string, string>
  body: string
}

/** What was answered. `text`: the first bytes; it is judged, never shown. */
export interface Answer {
  status: number
  headers: Readonly<Record<string, string | string[] | undefined>>
  text: string
}

/** Accepted: null. */
export type Verdict = { reason: string; retry: boolean; gone?: boolean; retry_after?: number } | null

export interface DeliverOptions extends Sending {
  signal: AbortSignal
  /** Loopback and private addresses may be dialled though they were not written as such. */
  allow_private: boolean
}

/** A kind of receiver. One file in channels/, one line in channels/index.ts, a payload test. */
export interface Channel {
  id: string
  /** For the README. */
  description: string
  /** Shape of its settings in halfopen.yaml, `type` and `name` apart. */
  settings: z.ZodObject
  /** Several problems may be told in one message. */
  groups: boolean
  /** Least time between two messages, ms. */
  spacing: number
  /** Resolves when the receiver took it; rejects with DeliveryError otherwise, also when `signal` aborts. */
  deliver(notice: Notice, settings: unknown, options: DeliverOptions): Promise<{ status: number | null }>
}

export type OutboxStore = Pick<
  Store,
  'undelivered' | 'awaited' | 'markDelivery' | 'followsDead' | 'goneReceivers' | 'setGone' | 'forgetGone'
>
export type { DeliveryQuery, GoneReceiver, OutboxRow, ProblemRow, Told, WatchedSource }
export { announce, type News } from './announce.ts'
export { readHours, type Hours, type Window } from './calendar.ts'
export { CHANNELS } from './channels/index.ts'
export { mutedUntil, reopen, resolveByHand, setMuted, type MutedUntil } from './by-hand.ts'
export { decide, endedBy } from './decide.ts'
export { DeliveryError } from './delivery-error.ts'
export { AlertDesk, tryOut } from './desk.ts'
export { messageBody } from './message.ts'
export { Outbox } from './outbox.ts'
export { preview, type Past } from './preview.ts'
export { watchSources } from './rhythm.ts'
export { isSurge, SURGE_USUAL, SURGE_WINDOW, type Counted } from './surge.ts'
export { kindOf, kindOfNews, ruleFor, termsFor, type Rule, type Rules } from './rules.ts'
export { Secret, withSecrets, type SecretPlace } from './secret.ts'
export { REASONS, type Reason } from './reasons.ts'
