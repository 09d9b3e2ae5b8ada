/** Sends what the store holds for each receiver, oldest first, until the receiver took it. */
import type { Channel, OutboxRow, OutboxStore, Receiver } from './contract.ts'
import { DeliveryError } from './delivery-error.ts'

/** Pause after the first, second, … failure in a row; the last one repeats. */
const PAUSES = [5_000, 30_000, 120_000, 300_000] as const
/** An alert this old helps nobody. */
export const GIVE_UP_AFTER = 6 * 3_600_000
const AT_ONCE = 200

export interface OutboxOptions {
  store: OutboxStore
  receivers: readonly Receiver[]
  channels: readonly Channel[]
  user_agent: string
  /** Epoch ms. */
  now: () => number
  /** One line about a delivery; never holds a URL. */
  log: (level: 'info' | 'warn', text: string) => void
}

/** One receiver that is down holds back its own messages only; those keep their order. A message the receiver refuses
 *  for good, and one that became too old, is closed like a delivered one, with `last_error` saying why.
 *  A crash between the receiver's answer and our note of it sends the message again under the same id. */
export class Outbox {
  private readonly options: OutboxOptions
  private readonly pauses = new Map<string, { failures: number; until: number }>()
  private readonly closing = new AbortController()
  private running: Promise<void> | null = null

  constructor(options: OutboxOptions) {
    this.options = options
  }

  /** Tries everything that is due. Calls while one is under way share it. */
  flush(): Promise<void> {
    this.running ??= this.round().finally(() => (this.running = null))
    return this.running
  }

  /** Interrupts what is being sent; it is sent again after the next start. */
  async close(): Promise<void> {
    this.closing.abort()
    await this.running
  }

  private async round(): Promise<void> {
    const { store, receivers, now } = this.options
    const queues = new Map<string, OutboxRow[]>()
    for (const row of store.undelivered(AT_ONCE)) {
      if (now() - row.created_at > GIVE_UP_AFTER) this.giveUp(row, 'too old')
      else if (!receivers.some(({ name }) => name === row.channel)) this.giveUp(row, 'receiver is no longer configured')
      else queues.set(row.channel, [...(queues.get(row.channel) ?? []), row])
    }
    await Promise.all(receivers.map((receiver) => this.drain(receiver, queues.get(receiver.name) ?? [])))
  }

  private async drain(receiver: Receiver, rows: OutboxRow[]): Promise<void> {
    const { store, channels, user_agent, now, log } = this.options
    const channel = channels.find(({ id }) => id === receiver.channel)
    if (!channel) throw new Error(`no channel ${receiver.channel}`)
    for (const row of rows.toSorted((a, b) => a.created_at - b.created_at)) {
      if ((this.pauses.get(receiver.name)?.until ?? 0) > now() || this.closing.signal.aborted) return
      try {
        await channel.send(row, { url: receiver.url, user_agent, signal: this.closing.signal })
      } catch (error) {
        if (this.closing.signal.aborted) return
        const { message, retry } = error instanceof DeliveryError ? error : { message: 'failed', retry: true }
        if (!retry) {
          this.giveUp(row, message)
          continue
        }
        const failures = (this.pauses.get(receiver.name)?.failures ?? 0) + 1
        const pause = PAUSES[Math.min(failures, PAUSES.length) - 1] ?? 0
        this.pauses.set(receiver.name, { failures, until: now() + pause })
        store.markDelivery(row.id, { error: message })
        log('warn', `alert to ${receiver.name} not delivered: ${message}; next attempt in ${pause / 1000} s`)
        return
      }
      this.pauses.delete(receiver.name)
      store.markDelivery(row.id, { delivered_at: now() })
      log('info', `alert to ${receiver.name} delivered: ${row.type}`)
    }
  }

  private giveUp(row: OutboxRow, reason: string): void {
    const { store, now, log } = this.options
    store.markDelivery(row.id, { error: `given up: ${reason}` })
    store.markDelivery(row.id, { delivered_at: now() })
    log('warn', `alert to ${row.channel} given up: ${reason}`)
  }
}
