/** What a receiver does not take: when it is tried again, when it is given up, and how it is sent again. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { discord } from '../../server/alerts/channels/discord.ts'
import { webhook } from '../../server/alerts/channels/webhook.ts'
import { AlertDesk, announce, Outbox, type Channel, type News, type Receiver } from '../../server/alerts/contract.ts'
import { Secret } from '../../server/alerts/secret.ts'
import { openSqliteStore, type Store } from '../../server/store/contract.ts'
import { row } from './decide-cases.ts'
import { finding } from './finding.ts'
import { startReceiver, type WebhookReceiver } from './receiver.ts'

const NOW = Date.UTC(2026, 10, 21, 12)
let dir: string
let store: Store
let now: number
let a: WebhookReceiver
let b: WebhookReceiver

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'halfopen-dead-'))
  store = openSqliteStore(join(dir, 'h.sqlite'))
  now = NOW
  a = await startReceiver()
  b = await startReceiver()
})
afterEach(async () => {
  store.close()
  rmSync(dir, { recursive: true, force: true })
  await Promise.all([a.close(), b.close()])
})

const receiversOf = (channel: Channel = webhook, path = ''): Receiver[] =>
  [a, b].map(({ url }, n) => ({ name: 'ab'[n] ?? '', channel, settings: { url: new Secret(url + path), secrets: [] } }))
const outboxOf = (receivers = receiversOf()): Outbox =>
  new Outbox({
    store,
    receivers,
    user_agent: 'x',
    allow_private: false,
    now: () => now,
    log: () => undefined,
    chance: () => 0,
  })
const deskOf = (outbox: Outbox, receivers = receiversOf()): AlertDesk => {
  const rules = { rules: [], settle: 0, quiet_hours: [], let_through: null, maintenance: [] }
  const terms = { rules, group_from: 9, resolve_after: 600_000, wall: (time: number) => time }
  return new AlertDesk({ store, outbox, receivers, ...terms, user_agent: 'x', allow_private: false, now: () => now })
}
const news = (id: string, type: 'problem.opened' | 'problem.resolved'): News => ({
  decision: { notify: true, type, reason: type === 'problem.opened' ? 'came-back' : 'quiet' },
  rule: '',
  kind: type === 'problem.opened' ? 'new' : 'resolved',
  row: row('new', { id, finding: finding({ id }) }),
  around: { now, dashboard: '', tried: false },
})
/** Of one receiver only, unless it says. */
const post = (all: News[], to = receiversOf().slice(0, 1), group_from = 99): void =>
  store.saveProblems([], announce(all, { receivers: to, rules: [], group_from, now }))
const heard = ({ received }: WebhookReceiver): string[] =>
  received.map(({ body }) => {
    const { type, data } = JSON.parse(body) as { type: string; data: { problem?: { id: string } } }
    return `${data.problem?.id ?? '-'} ${type.replace(/^problems?\./, '')}`
  })
const states = (): string[] =>
  store.deliveries({ cursor: null, limit: 50, state: null, channel: null }).rows.map((one) => {
    const state = one.dead_at !== null ? 'dead' : one.delivered_at !== null ? 'delivered' : 'waiting'
    return `${one.problem_id} ${one.type.replace(/^problems?\./, '')} ${state}`
  })

it('waits as long as Retry-After says, in seconds or until a date', async () => {
  const outbox = outboxOf()
  post([news('p', 'problem.opened')])
  for (const wait of ['120', new Date(NOW + 240_000).toUTCString()]) {
    a.answer((response) => void response.writeHead(429, { 'retry-after': wait }).end())
    await outbox.flush()
    expect(outbox.stateOf('a')).toMatchObject({ state: 'waiting', until: now + 120_000, reason: 'answered 429' })
    now += 119_999
    await outbox.flush()
    now += 1
  }
  expect(a.received).toHaveLength(2)
})

it('Discord says in its answer how long', async () => {
  const outbox = outboxOf(receiversOf(discord))
  post([news('p', 'problem.opened')])
  a.answer((response) => void response.writeHead(429).end('{"retry_after": 64.57, "global": false}'))
  await outbox.flush()
  expect(outbox.stateOf('a').until).toBe(NOW + 64_570)
})

it('a receiver that hangs holds up no other', async () => {
  const outbox = outboxOf()
  a.answer(() => undefined)
  post([news('p', 'problem.opened')], receiversOf())
  const first = outbox.flush()
  await expect.poll(() => heard(a)).toEqual(['p opened'])
  post([news('q', 'problem.opened')], receiversOf())
  void outbox.flush()
  await expect.poll(() => heard(b)).toEqual(['p opened', 'q opened'])
  expect(heard(a)).toEqual(['p opened'])
  await outbox.close()
  await first
})

it('what is refused for good is a dead letter, its end is not told, and both are sent again together', async () => {
  const receivers = receiversOf()
  const outbox = outboxOf(receivers)
  a.answer((response) => void response.writeHead(400).end('no'))
  post([news('p', 'problem.opened')])
  await outbox.flush()
  a.answer((response) => void response.writeHead(204).end())
  now += 60_000
  post([news('p', 'problem.resolved'), news('q', 'problem.opened')])
  await outbox.flush()
  expect(heard(a)).toEqual(['p opened', 'q opened'])
  expect(states()).toEqual(['q opened delivered', 'p resolved dead', 'p opened dead'])
  const desk = deskOf(outbox, receivers)
  const { deliveries } = desk.deliveries({ cursor: null, limit: 10, state: 'dead', channel: 'a' })
  expect(deliveries).toMatchObject([
    { type: 'problem.resolved', error: 'given up: the message before it was not delivered', attempts: 0 },
    { type: 'problem.opened', error: 'given up: answered 400', attempts: 1, reason: 'came-back', problem_ids: ['p'] },
  ])
  // Long after it would have been too old.
  now += 48 * 3_600_000
  const again = desk.replay(deliveries[1]?.id ?? '')
  expect(again?.deliveries.map(({ type }) => type)).toEqual(['problem.opened', 'problem.resolved'])
  await outbox.flush()
  expect(heard(a).slice(2)).toEqual(['p opened', 'p resolved'])
  expect(new Set(a.received.map(({ headers }) => headers['webhook-id'])).size).toBe(3)
  expect(states()).not.toContainEqual(expect.stringContaining('dead'))
  expect(desk.replay('msg_nothing')).toBeNull()
})

it('a group is sent again with what it was about', async () => {
  const outbox = outboxOf()
  post([news('p', 'problem.opened'), news('q', 'problem.opened')], receiversOf().slice(0, 1), 2)
  await outbox.flush()
  post([news('q', 'problem.resolved'), news('r', 'problem.opened')])
  await outbox.flush()
  expect(heard(a)).toEqual(['- changed', 'q resolved', 'r opened'])
  const { deliveries } = deskOf(outbox).deliveries({ cursor: null, limit: 10, state: null, channel: null })
  deskOf(outbox).replay(deliveries[2]?.id ?? '')
  await outbox.flush()
  expect(heard(a).slice(3)).toEqual(['- changed', 'q resolved'])
})

it('410 ends it for the address, over restarts, until it is tested or changed', async () => {
  a.answer((response) => void response.writeHead(410).end())
  post([news('p', 'problem.opened')])
  await outboxOf().flush()
  expect(states()).toEqual(['p opened dead'])
  a.answer((response) => void response.writeHead(204).end())
  post([news('q', 'problem.opened')])
  const second = outboxOf()
  await second.flush()
  expect(heard(a)).toEqual(['p opened'])
  expect(second.stateOf('a')).toMatchObject({ state: 'gone', reason: 'answered 410' })
  expect(deskOf(second).alerts()).toMatchObject({
    channels: [{ name: 'a', state: 'gone' }, { state: 'ready' }],
    waiting: 1,
    dead: 1,
  })

  expect(await deskOf(second).test('a')).toMatchObject({ delivered: true, status: 204 })
  await expect.poll(() => heard(a)).toEqual(['p opened', '- test', 'q opened'])
  expect(store.goneReceivers()).toEqual([])
})

it('another address is another receiver', async () => {
  a.answer((response) => void response.writeHead(410).end())
  post([news('p', 'problem.opened')])
  await outboxOf().flush()
  expect(store.goneReceivers()).toMatchObject([{ name: 'a', reason: 'answered 410' }])
  expect(JSON.stringify(store.goneReceivers())).not.toContain('canary')
  expect(outboxOf(receiversOf(webhook, '/other')).stateOf('a').state).toBe('ready')
})

it('404 is for good at Discord only', async () => {
  a.answer((response) => void response.writeHead(404).end())
  post([news('p', 'problem.opened')])
  const plain = outboxOf()
  await plain.flush()
  expect(plain.stateOf('a').state).toBe('ready')
  post([news('q', 'problem.opened')])
  const gone = outboxOf(receiversOf(discord))
  await gone.flush()
  expect(gone.stateOf('a').state).toBe('gone')
})

it('a clock that is set back does not turn beginning and end round', async () => {
  a.answer((response) => void response.writeHead(503).end())
  const outbox = outboxOf()
  post([news('p', 'problem.opened')])
  await outbox.flush()
  now -= 3_600_000
  post([news('p', 'problem.resolved')])
  a.answer((response) => void response.writeHead(204).end())
  now = NOW + 60_000
  await outbox.flush()
  expect(heard(a)).toEqual(['p opened', 'p opened', 'p resolved'])
})

it('pages through the deliveries', () => {
  for (let n = 0; n < 7; n++) post([news(`p${n}`, 'problem.opened')])
  const desk = deskOf(outboxOf())
  const ids: string[] = []
  for (let cursor: string | null = null, more = true; more; more = cursor !== null) {
    const page: ReturnType<AlertDesk['deliveries']> = desk.deliveries({
      cursor,
      limit: 3,
      state: 'waiting',
      channel: 'a',
    })
    ids.push(...page.deliveries.flatMap(({ problem_ids }) => problem_ids))
    cursor = page.next_cursor
  }
  expect(ids).toEqual(['p6', 'p5', 'p4', 'p3', 'p2', 'p1', 'p0'])
})
