import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Outbox, type OutboxRow, type Receiver } from '../../server/alerts/contract.ts'
import { webhook } from '../../server/alerts/channels/webhook.ts'
import { GIVE_UP_AFTER } from '../../server/alerts/outbox.ts'
import { Secret } from '../../server/alerts/secret.ts'
import { openSqliteStore, type Store } from '../../server/store/contract.ts'
import { startReceiver, type WebhookReceiver } from './receiver.ts'

const NOW = Date.UTC(2026, 10, 21, 12)
let dir: string
let store: Store
let now: number
let said: string[]
const receivers: WebhookReceiver[] = []

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'halfopen-outbox-'))
  store = openSqliteStore(join(dir, 'h.sqlite'))
  now = NOW
  said = []
})
afterEach(async () => {
  store.close()
  rmSync(dir, { recursive: true, force: true })
  await Promise.all(receivers.splice(0).map((receiver) => receiver.close()))
})

const receive = async (): Promise<WebhookReceiver> => {
  const receiver = await startReceiver()
  receivers.push(receiver)
  return receiver
}
const message = (id: string, channel: string, created_at = NOW): OutboxRow => ({
  id,
  problem_id: 'f1',
  channel,
  type: 'problem.opened',
  reason: 'came-back',
  rule: 'default',
  body: `{"id":"${id}"}`,
  created_at,
  attempts: 0,
  last_attempt_at: null,
  delivered_at: null,
  dead_at: null,
  replayed_at: null,
  last_error: null,
})
const outbox = (to: Record<string, WebhookReceiver>): Outbox =>
  new Outbox({
    store,
    receivers: Object.entries(to).map(([name, { url }]): Receiver => ({
      name,
      channel: webhook,
      settings: { url: new Secret(url), secrets: [] },
    })),
    user_agent: 'halfopen/1.2.3',
    allow_private: false,
    chance: () => 0,
    now: () => now,
    log: (_level, text) => said.push(text),
  })
const got = (receiver: WebhookReceiver): unknown[] => receiver.received.map(({ headers }) => headers['webhook-id'])

describe('the outbox', () => {
  it('delivers each message once, in order, to its receiver', async () => {
    const [a, b] = [await receive(), await receive()]
    store.saveProblems([], [message('a1', 'a', NOW - 2), message('b1', 'b', NOW - 2), message('a2', 'a', NOW - 1)])
    const sending = outbox({ a, b })
    await Promise.all([sending.flush(), sending.flush()])
    await sending.flush()
    expect([got(a), got(b)]).toEqual([['a1', 'a2'], ['b1']])
    expect(store.undelivered(10)).toEqual([])
  })

  it('tries again after a pause under the same id; another receiver does not wait', async () => {
    const [a, b] = [await receive(), await receive()]
    a.answer((response) => void response.writeHead(503).end())
    store.saveProblems([], [message('a1', 'a', NOW - 2), message('a2', 'a', NOW - 1), message('b1', 'b')])
    const sending = outbox({ a, b })
    await sending.flush()
    expect([got(a), got(b)]).toEqual([['a1'], ['b1']])
    expect(store.undelivered(10)).toMatchObject([
      { id: 'a1', attempts: 1, last_error: 'answered 503' },
      { id: 'a2', attempts: 0 },
    ])

    now += 4_999
    await sending.flush()
    expect(got(a)).toEqual(['a1'])
    now += 1
    await sending.flush()
    expect(got(a)).toEqual(['a1', 'a1'])
    now += 29_999
    await sending.flush()
    expect(got(a)).toHaveLength(2)
    now += 1
    a.answer((response) => void response.writeHead(200).end())
    await sending.flush()
    expect(got(a)).toEqual(['a1', 'a1', 'a1', 'a2'])
    expect(store.undelivered(10)).toEqual([])
  })

  it('gives up what the receiver refuses for good, and goes on with the next', async () => {
    const a = await receive()
    a.answer((response) => void response.writeHead(got(a).length === 1 ? 400 : 200).end())
    store.saveProblems([], [message('a1', 'a', NOW - 2), message('a2', 'a', NOW - 1)])
    await outbox({ a }).flush()
    expect(got(a)).toEqual(['a1', 'a2'])
    expect(store.undelivered(10)).toEqual([])
    expect(said).toEqual(['alert to a given up: answered 400', 'alert to a delivered: problem.opened'])
  })

  it('gives up what is too old or has no receiver any more', async () => {
    const a = await receive()
    store.saveProblems([], [message('old', 'a', NOW - GIVE_UP_AFTER - 1), message('lost', 'gone')])
    await outbox({ a }).flush()
    expect(got(a)).toEqual([])
    expect(store.undelivered(10)).toEqual([])
  })

  it('sends after a restart what was not delivered before', async () => {
    const a = await receive()
    a.answer(() => undefined)
    store.saveProblems([], [message('a1', 'a')])
    const first = outbox({ a })
    const flushed = first.flush()
    await expect.poll(() => got(a).length).toBe(1)
    await first.close()
    await flushed
    store.close()
    store = openSqliteStore(join(dir, 'h.sqlite'))
    a.answer((response) => void response.writeHead(204).end())
    await outbox({ a }).flush()
    expect(got(a)).toEqual(['a1', 'a1'])
    expect(store.undelivered(10)).toEqual([])
  })

  it('names no URL', async () => {
    const a = await receive()
    store.saveProblems([], [message('a1', 'a')])
    await a.close()
    receivers.splice(0)
    await outbox({ a }).flush()
    expect(said).toEqual(['alert to a not delivered: connection failed (ECONNREFUSED); next attempt in 5 s'])
    expect(JSON.stringify(store.undelivered(10))).not.toContain('canary')
  })
})
