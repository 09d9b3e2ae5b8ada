/** What the API asks of alerts: channels and rules without their secrets, a test, the delivery log, and replays. */
import type { AlertChannel, AlertDelivery, AlertDeliveries, AlertPreview, Alerts, AlertTest } from '../http/wire.ts'
import type { DeliveryQuery, OutboxRow, Store } from '../store/contract.ts'
import { webhook } from './channels/webhook.ts'
import type { Receiver } from './contract.ts'
import { DeliveryError } from './delivery-error.ts'
import { fit, oneLine } from './fit.ts'
import type { Body } from './message.ts'
import type { Outbox } from './outbox.ts'
import { previewSteps, type Past } from './preview.ts'
import { reasonWords } from './reasons.ts'
import type { Rules } from './rules.ts'
import { testNotice } from './test-notice.ts'

/** Messages that are sent again with the one that was asked for. */
const AFTER = 500
const DAY = 86_400_000
/** Steps of a preview: a week by 10 minutes. */
const STEP = 600_000
/** Messages of a preview that are shown; all are counted. */
const SHOWN = 200
/** Problems a preview goes through, those that changed last: with ten thousand it would take a minute. */
const MOST_PROBLEMS = 500
/** How long a preview may hold up everything else, and how long one answer is good for, ms. */
const SLICE = 8
const GOOD_FOR = 60_000
/** Gets what anybody would get, while there is nobody. */
const SOMEBODY: Receiver = { name: '', channel: webhook, settings: null }

export interface DeskOptions {
  store: Store
  outbox: Outbox
  receivers: readonly Receiver[]
  rules: Rules
  group_from: number
  resolve_after: number
  /** Local time of epoch ms, see scan/zone.ts. */
  wall: (now: number) => number
  user_agent: string
  allow_private: boolean
  /** Epoch ms. */
  now: () => number
}

export class AlertDesk {
  private readonly options: DeskOptions
  private readonly closing = new AbortController()
  private readonly previews = new Map<number, { at: number; answer: Promise<AlertPreview> }>()

  constructor(options: DeskOptions) {
    this.options = options
  }

  alerts(): Alerts {
    const { receivers, rules, store } = this.options
    return {
      channels: receivers.map((receiver) => this.channel(receiver)),
      rules: rules.rules.map(({ rate, cooldown, remind_every, tells_return, ...rule }) => ({
        ...rule,
        tells_return: tells_return ?? false,
        kinds: [...rule.kinds],
        causes: [...rule.causes],
        channels: rule.channels === null ? null : [...rule.channels],
        rate: rate === null ? null : { count: rate.count, within_seconds: rate.within / 1000 },
        cooldown_seconds: cooldown / 1000,
        remind_every_seconds: remind_every === null ? null : remind_every / 1000,
      })),
      ...store.outboxCounts(),
    }
  }

  private channel({ name, channel }: Receiver): AlertChannel {
    const { outbox, store } = this.options
    const { state, until, reason } = outbox.stateOf(name)
    const newest = (of: 'delivered' | 'dead') =>
      store.deliveries({ cursor: null, limit: 1, state: of, channel: name }).rows[0] ?? null
    const [last, dead] = [newest('delivered'), newest('dead')]
    // What was given up since is no secret: who hears nothing believes that all is well.
    const refused =
      state === 'ready' && dead?.dead_at != null && dead.dead_at > (last?.delivered_at ?? -Infinity) ? dead : null
    return {
      name,
      type: channel.id,
      state: refused === null ? state : 'refused',
      reason: refused === null ? reason : refused.last_error,
      next_attempt_at: until === null ? null : iso(until),
      last_delivered_at: last?.delivered_at == null ? null : iso(last.delivered_at),
    }
  }

  /** Sends a test message now, past the queue. Null when there is no such channel. What the receiver answered is told as
   *  its status and our own words: the text of an answer may be anything. */
  async test(name: string): Promise<AlertTest | null> {
    const { receivers, outbox, now, user_agent, allow_private } = this.options
    const receiver = receivers.find((one) => one.name === name)
    if (receiver === undefined) return null
    const { signal } = this.closing
    const answer = await tryOut(receiver, { now: now(), user_agent, allow_private, signal })
    if (answer.delivered) {
      outbox.revive(name)
      void outbox.flush()
    }
    return answer
  }

  /** What the rules would have sent in the last `days`, of what is stored. Nothing is sent. Everybody who asks within a minute
   *  gets the same answer. */
  preview(days: number): Promise<AlertPreview> {
    const at = this.options.now()
    const known = this.previews.get(days)
    if (known && at - known.at < GOOD_FOR && at >= known.at) return known.answer
    const answer = this.previewNow(days)
    this.previews.set(days, { at, answer })
    // What failed is no answer for the next one.
    answer.catch(() => this.previews.delete(days))
    return answer
  }

  private async previewNow(days: number): Promise<AlertPreview> {
    const { store, receivers, rules, group_from, resolve_after, wall, now } = this.options
    const until = now()
    const to = Math.floor(until / STEP) * STEP + STEP
    const from = to - days * DAY
    const problems = store.problems().toSorted((a, b) => b.changed_at - a.changed_at)
    const past = problems
      .slice(0, MOST_PROBLEMS)
      .map(({ finding }): Past & { counts: number[] } => ({ finding, counts: [] }))
    // By days: what is counted of one is one pass over the database, for all problems.
    for (let day = from; day < to; day += DAY) {
      for (const { finding, counts } of past) counts.push(...store.sparkline(finding, day, day + DAY, DAY / STEP))
      await othersFirst()
    }
    const asked = receivers.length === 0 ? [SOMEBODY] : receivers
    const messages: OutboxRow[] = []
    let began = performance.now()
    const options = { from, step: STEP, until, rules, receivers: asked, group_from, resolve_after, wall }
    for (const told of previewSteps(past, options)) {
      messages.push(...told)
      if (performance.now() - began < SLICE) continue
      await othersFirst()
      began = performance.now()
    }
    const counted = (name: string, of: 'channel' | 'rule') => ({
      name,
      n: messages.filter((message) => message[of] === name).length,
    })
    return {
      from: iso(from),
      to: iso(until),
      step_seconds: STEP / 1000,
      total: messages.length,
      left_out: problems.length - past.length,
      channels: receivers.map(({ name }) => counted(name, 'channel')),
      rules: rules.rules.map(({ name }) => counted(name, 'rule')),
      messages: messages.slice(-SHOWN).map((row) => {
        const { channel, type, reason, why, rule, problem_ids, title } = toldOf(row)
        return { time: iso(row.created_at), channel, type, reason, why, rule, problem_ids, title }
      }),
    }
  }

  deliveries(query: DeliveryQuery): AlertDeliveries {
    const { rows, next_cursor } = this.options.store.deliveries(query)
    return { deliveries: rows.map(toldOf), next_cursor }
  }

  /** Sends a dead or delivered message again, and what came after it about the same problems: an end must not stand alone, and a
   *  beginning must not come last. Null when there is no such message. */
  replay(id: string): AlertDeliveries | null {
    const { store, outbox, now } = this.options
    const row = store.delivery(id)
    if (row === null) return null
    const about = subjectsOf(row)
    const after = store
      .laterDeliveries(id, AFTER)
      .filter((later) => subjectsOf(later).some((one) => about.includes(one)))
    store.replay(
      [row, ...after].map((one) => one.id),
      now(),
    )
    outbox.revive(row.channel)
    void outbox.flush()
    return { deliveries: [row, ...after].flatMap((one) => toldOf(store.delivery(one.id) ?? one)), next_cursor: null }
  }

  close(): void {
    this.closing.abort()
  }
}

/** One test message. Never rejects. */
export async function tryOut(
  { name, channel, settings }: Receiver,
  sending: { now: number; user_agent: string; allow_private: boolean; signal: AbortSignal },
): Promise<AlertTest> {
  const from = performance.now()
  const took = (): number => Math.round(performance.now() - from)
  try {
    const { status } = await channel.deliver(testNotice(sending.now), settings, sending)
    return { channel: name, type: channel.id, delivered: true, status, reason: null, took_ms: took() }
  } catch (error) {
    const failure = error instanceof DeliveryError ? error : new DeliveryError('failed', false)
    return {
      channel: name,
      type: channel.id,
      delivered: false,
      status: failure.status,
      reason: failure.message,
      took_ms: took(),
    }
  }
}

const othersFirst = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const iso = (time: number): string => new Date(time).toISOString()
const isoOrNull = (time: number | null): string | null => (time === null ? null : iso(time))

function subjectsOf({ problem_id, body }: OutboxRow): string[] {
  if (problem_id !== 'group') return [problem_id]
  return ((JSON.parse(body) as Body).data.problems ?? []).map(({ id }) => id)
}

function toldOf(row: OutboxRow): AlertDelivery {
  const { data } = JSON.parse(row.body) as Body
  const title = data.problem?.title ?? data.source?.text ?? data.problems?.map((one) => one.title).join('; ') ?? ''
  return {
    id: row.id,
    channel: row.channel,
    type: row.type,
    reason: row.reason,
    why: reasonWords(row.reason),
    rule: row.rule,
    problem_ids: subjectsOf(row).filter((id) => !id.startsWith('source:')),
    title: fit(oneLine(title), 300),
    state: row.dead_at !== null ? 'dead' : row.delivered_at !== null ? 'delivered' : 'waiting',
    attempts: row.attempts,
    created_at: iso(row.created_at),
    last_attempt_at: isoOrNull(row.last_attempt_at),
    delivered_at: isoOrNull(row.delivered_at),
    error: row.delivered_at === null ? row.last_error : null,
  }
}
