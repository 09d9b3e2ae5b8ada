/** Sends what the store holds for each receiver, oldest first, until the receiver took it. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { OutboxRow, OutboxStore, Receiver } from './contract.ts'
import { DeliveryError } from './delivery-error.ts'
import { noticeOf } from './message.ts'
import { fingerprintOf } from './secret.ts'

/** Pause after the first, second, … failure in a row; the last one repeats. */
const PAUSES = [5_000, 30_000, 120_000, 300_000] as const
/** So much longer at most, by chance: receivers that were down together are not asked together. */
const JITTER = 0.2
/** What was not taken for so long is a dead letter. Days, as Standard Webhooks has it, are too long for an alert. */
export const GIVE_UP_AFTER = 24 * 3_600_000
const AT_ONCE = 50
/** At the end what is under way may take so long, ms. */
const GRACE = 500

export interface OutboxOptions {
  store: OutboxStore
  receivers: readonly Receiver[]
  user_agent: string
  /** Loopback and private addresses may be dialled though they were not written as such. */
  allow_private: boolean
  /** Epoch ms. */
  now: () => number
  /** One line about a delivery; never holds a URL. */
  log: (level: 'info' | 'warn', text: string) => void
  /** Pauses, ms; default PAUSES. */
  pauses?: readonly number[]
  /** For the jitter, in [0, 1). */
  chance?: () => number
}

/** How a receiver is doing. */
export interface ReceiverState {
  state: 'ready' | 'waiting' | 'gone'
  /** When it is tried again, epoch ms; null when nothing keeps it waiting. */
  until: number | null
  reason: string | null
}

/** Each receiver has a line of its own: one that is down, slow or gone holds back its own messages only, and those keep
 *  their order, so that nobody hears of an end before the beginning. What a receiver refuses for good, and what became too
 *  old, is a dead letter: kept, shown, and sent again by hand.
 *  A crash between the receiver's answer and our note of it sends the message again under the same id. */
export class Outbox {
  private readonly options: OutboxOptions
  private readonly pauses = new Map<string, { failures: number; until: number; reason: string }>()
  private readonly gone = new Map<string, string>()
  private readonly closing = new AbortController()
  private closed = false
  private readonly draining = new Map<string, Promise<void>>()

  constructor(options: OutboxOptions) {
    this.options = options
    const { store, receivers } = options
    for (const { name, address, reason } of store.goneReceivers()) {
      const receiver = receivers.find((one) => one.name === name)
      // Another address, or another key, is another receiver.
      if (receiver && fingerprintOf(receiver.settings) === address) this.gone.set(name, reason)
      else store.forgetGone(name)
    }
  }

  /** Tries everything that is due. What is under way for a receiver is shared. */
  async flush(): Promise<void> {
    const { receivers, store } = this.options
    for (const name of store.awaited()) if (!receivers.some((receiver) => receiver.name === name)) this.dropAll(name)
    await Promise.all(receivers.map((receiver) => this.drain(receiver)))
  }

  /** Begins nothing new. What is being sent has a moment to end; else it is sent again after the next start. */
  async close(): Promise<void> {
    this.closed = true
    const abort = setTimeout(() => this.closing.abort(), GRACE)
    await Promise.all(this.draining.values())
    clearTimeout(abort)
    this.closing.abort()
  }

  stateOf(name: string): ReceiverState {
    const gone = this.gone.get(name)
    if (gone !== undefined) return { state: 'gone', until: null, reason: gone }
    const pause = this.pauses.get(name)
    if (pause === undefined) return { state: 'ready', until: null, reason: null }
    return { state: 'waiting', until: pause.until, reason: pause.reason }
  }

  /** It answered, or somebody asks for it: it is tried again at once. */
  revive(name: string): void {
    this.pauses.delete(name)
    if (this.gone.delete(name)) this.options.store.forgetGone(name)
  }

  private drain(receiver: Receiver): Promise<void> {
    const { name } = receiver
    const running = this.draining.get(name)
    if (running) return running
    const started = this.run(receiver).finally(() => this.draining.delete(name))
    this.draining.set(name, started)
    return started
  }

  private async run(receiver: Receiver): Promise<void> {
    const { store, now } = this.options
    const { name, channel } = receiver
    // Asked again until there is nothing: more may come while one is sent.
    for (;;) {
      const rows = this.closed ? [] : store.undelivered(AT_ONCE, name)
      if (rows.length === 0) return
      for (const row of rows) {
        if (this.closed || this.isPaused(name)) return
        if (now() - Math.max(row.created_at, row.replayed_at ?? 0) > GIVE_UP_AFTER) this.giveUp(row, 'too old', false)
        else if (row.type === 'problem.resolved' && store.followsDead(row.id))
          this.giveUp(row, 'the message before it was not delivered', false)
        else if (this.gone.has(name)) return this.dropOld(rows)
        else {
          // What failed is tried again before anything that came after it.
          if (!(await this.send(receiver, row))) return
          if (channel.spacing > 0 && !(await this.rest(channel.spacing))) return
        }
      }
    }
  }

  private isPaused(name: string): boolean {
    return (this.pauses.get(name)?.until ?? 0) > this.options.now()
  }

  private async rest(ms: number): Promise<boolean> {
    return sleep(ms, true, { signal: this.closing.signal, ref: false }).catch(() => false)
  }

  private async send(receiver: Receiver, row: OutboxRow): Promise<boolean> {
    const { store, user_agent, allow_private, now, log } = this.options
    const { name, channel, settings } = receiver
    const { signal } = this.closing
    try {
      await channel.deliver(noticeOf(row), settings, { user_agent, allow_private, now: now(), signal })
    } catch (error) {
      if (signal.aborted) return false
      const failure = error instanceof DeliveryError ? error : new DeliveryError('failed', true)
      if (failure.gone) this.setGone(receiver, failure.message)
      if (failure.retry) this.pause(receiver, row, failure)
      else this.giveUp(row, failure.message, true)
      return !failure.retry
    }
    this.pauses.delete(name)
    store.markDelivery(row.id, { delivered_at: now() })
    log('info', `alert to ${name} delivered: ${row.type}`)
    return true
  }

  private pause({ name }: Receiver, row: OutboxRow, { message, retry_after }: DeliveryError): void {
    const { store, now, log, pauses = PAUSES, chance = Math.random } = this.options
    const failures = (this.pauses.get(name)?.failures ?? 0) + 1
    const pause = (pauses[Math.min(failures, pauses.length) - 1] ?? 0) * (1 + JITTER * chance())
    const wait = Math.max(pause, retry_after ?? 0)
    this.pauses.set(name, { failures, until: now() + wait, reason: message })
    store.markDelivery(row.id, { error: message, at: now() })
    log('warn', `alert to ${name} not delivered: ${message}; next attempt in ${Math.ceil(wait / 1000)} s`)
  }

  private setGone({ name, settings }: Receiver, reason: string): void {
    const { store, now, log } = this.options
    this.gone.set(name, reason)
    store.setGone({ name, address: fingerprintOf(settings), since: now(), reason })
    log('warn', `alerts to ${name} stop: it ${reason}; change its address, or run "halfopen alerts test ${name}"`)
  }

  private giveUp(row: OutboxRow, reason: string, attempted: boolean): void {
    const { store, now, log } = this.options
    store.markDelivery(row.id, { dead_at: now(), error: `given up: ${reason}`, attempted })
    log('warn', `alert to ${row.channel} given up: ${reason}`)
  }

  /** Messages to an address that is gone wait until they are too old: it may be mended meanwhile. */
  private dropOld(rows: readonly OutboxRow[]): void {
    const { now } = this.options
    for (const row of rows)
      if (now() - Math.max(row.created_at, row.replayed_at ?? 0) > GIVE_UP_AFTER) this.giveUp(row, 'too old', false)
  }

  private dropAll(name: string): void {
    const { store } = this.options
    for (let rows = store.undelivered(AT_ONCE, name); rows.length > 0; rows = store.undelivered(AT_ONCE, name))
      for (const row of rows) this.giveUp(row, 'receiver is no longer configured', false)
  }
}
