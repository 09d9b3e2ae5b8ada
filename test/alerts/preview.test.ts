/** What rules would have sent: decided as live, over what is stored. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  AlertDesk,
  Outbox,
  preview,
  readHours,
  Secret,
  type Past,
  type Receiver,
} from '../../server/alerts/contract.ts'
import { webhook } from '../../server/alerts/channels/webhook.ts'
import { openSqliteStore } from '../../server/store/contract.ts'
import { batchOf, failure } from '../store/material.ts'
import { row } from './decide-cases.ts'
import { finding } from './finding.ts'
import { rule } from './rules-made.ts'

const MINUTE = 60_000
const STEP = 10 * MINUTE
const FROM = Date.parse('2026-11-21T00:00:00Z')
const receivers: Receiver[] = ['a', 'b'].map((name) => ({
  name,
  channel: webhook,
  settings: { url: new Secret('http://127.0.0.1:9/'), secrets: [] },
}))
const rules = { rules: [rule({})], settle: 0, quiet_hours: [], let_through: null, maintenance: [] }

function told(past: readonly Past[], more: Partial<Parameters<typeof preview>[1]> = {}): string[] {
  const options = { from: FROM, step: STEP, until: Infinity, rules, receivers: receivers.slice(0, 1), group_from: 99 }
  const messages = preview(past, { ...options, resolve_after: STEP, wall: (now) => now, ...more })
  return messages.map(({ created_at, channel, type }) => `${(created_at - FROM) / MINUTE} ${channel} ${type}`)
}
const past = (counts: string, of = finding()): Past => ({ finding: of, counts: counts.split('').map(Number) })

describe('a preview', () => {
  it('tells beginnings, ends and returns', () => {
    expect(told([past('0110000010')])).toEqual([
      '20 a problem.opened',
      '40 a problem.resolved',
      '90 a problem.opened',
      '100 a problem.resolved',
    ])
  })

  it('tells nothing of the future: the last step may still be running', () => {
    expect(told([past('01')], { until: FROM + 13 * MINUTE })).toEqual(['13 a problem.opened'])
  })

  it('follows rules: severity, rate, receivers, quiet hours, cooldown, reminders', () => {
    const on = (more: Parameters<typeof rule>[0]) => ({ rules: { ...rules, rules: [rule(more)] }, receivers })
    expect(told([past('111')], on({ severity: 'critical', channels: ['b'] }))).toEqual(['10 b problem.opened'])
    expect(told([past('111', finding({ severity: 'warning' }))], on({ severity: 'critical' }))).toEqual([])
    expect(told([past('123')], on({ rate: { count: 5, within: 2 * STEP }, channels: ['a'] }))).toEqual([
      '30 a problem.opened',
    ])
    expect(told([past('101010')], on({ cooldown: 60 * MINUTE, channels: ['a'] }))).toHaveLength(2)
    expect(told([past('111111')], on({ remind_every: 20 * MINUTE, channels: ['a'] }))).toEqual([
      '10 a problem.opened',
      '30 a problem.reminder',
      '50 a problem.reminder',
    ])
    const night = readHours('00:00-00:30')
    if (night === null) throw new Error('no hours')
    expect(told([past('11111')], { rules: { ...rules, quiet_hours: [night] } })).toEqual(['30 a problem.opened'])
  })

  it('is not misled by what is known now: that it is over', () => {
    const over = { since: new Date(FROM).toISOString(), successes: 3, why: 'succeeded' as const }
    expect(told([past('11', finding({ over }))])).toEqual(['10 a problem.opened'])
  })
})

it('is asked of a real store, and sends nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'halfopen-preview-'))
  const store = openSqliteStore(join(folder, 'a.sqlite'))
  onTestFinished(() => {
    store.close()
    rmSync(folder, { recursive: true })
  })
  const now = Date.now()
  const hours = [100, 99, 50, 1]
  store.commit(batchOf(hours.map((hour, n) => failure(n, now - hour * 60 * MINUTE))))
  const scope = { server: 'a.example', path: '/ws', upstream: '10.0.0.1:80', source: null }
  store.saveProblems([row('ongoing', { finding: finding({ scope }) })], [])
  const common = { store, receivers, user_agent: 'x', allow_private: false, now: () => now }
  const outbox = new Outbox({ ...common, log: () => undefined })
  const own = { outbox, rules, group_from: 9, resolve_after: STEP, wall: (time: number) => time }
  const desk = new AlertDesk({ ...common, ...own })
  const week = await desk.preview(7)
  expect(week).toMatchObject({ step_seconds: 600, channels: [{ name: 'a' }, { name: 'b' }] })
  expect(week.messages.filter(({ type }) => type === 'problem.opened')).toHaveLength(8)
  expect(week.messages).toHaveLength(week.total)
  expect(week.messages[0]).toMatchObject({ reason: 'first-live-occurrence', rule: 'default', problem_ids: ['f1'] })
  expect(week.rules).toEqual([{ name: 'default', n: week.total }])
  expect(week.messages[0]?.why).toBe('it was seen for the first time')
  expect((await desk.preview(1)).messages.filter(({ type }) => type === 'problem.opened')).toHaveLength(2)
  expect(await desk.preview(7)).toBe(week)
  const nobody = await new AlertDesk({ ...common, ...own, receivers: [] }).preview(7)
  expect(nobody).toMatchObject({ total: week.total / 2, channels: [], rules: [{ name: 'default', n: week.total / 2 }] })
  expect(store.outboxCounts()).toEqual({ waiting: 0, dead: 0 })
})
