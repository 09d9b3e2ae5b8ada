/** What the trends mark, and lines that come in pieces. */
import { expect, it } from 'vitest'
import { marksOf } from '../../web/data/marks.ts'
import { lineSplitter } from '../../web/data/run-lines.ts'

const HOUR = 3_600_000
const frame = { from: Date.UTC(2026, 10, 21, 8), to: Date.UTC(2026, 10, 21, 9), step: 60 }
const at = (ms: number) => new Date(frame.from + ms).toISOString()

const delivery = (created_at: string, channel: string) => ({
  id: `${channel} ${created_at}`,
  channel,
  type: 'problem.opened',
  reason: 'first-live-occurrence',
  why: 'it was seen for the first time',
  rule: 'default',
  problem_ids: ['p'],
  title: 'The backend is down',
  state: 'delivered' as const,
  attempts: 1,
  created_at,
  last_attempt_at: null,
  delivered_at: null,
  error: null,
})

it('marks reloads, changes and alerts of the window, each alert once whoever got it', () => {
  const lifecycle = { from: at(0), to: at(HOUR), step_seconds: 60, groups: [{ value: null, values: 1, n: [0, 2, 0] }] }
  const config = { path: '/x', changed_at: at(30_000), notice: null, files: [], problems: [] }
  const sent = [delivery(at(61_000), 'a'), delivery(at(61_000), 'b'), delivery(at(62_000), 'a'), delivery(at(-1), 'a')]
  const marks = marksOf(frame, lifecycle, config, { deliveries: sent, next_cursor: null })
  expect(marks.reloads).toEqual([frame.from + 90_000])
  expect(marks.changed).toBe(frame.from + 30_000)
  expect(marks.alerts.map((one) => one.at - frame.from)).toEqual([61_000, 62_000])
  expect(marks.all.map((mark) => [mark.kind, mark.at - frame.from])).toEqual([
    ['nginx', 90_000],
    ['nginx', 30_000],
    ['alert', 90_000],
  ])
  const none = marksOf(frame, null, { ...config, changed_at: at(HOUR) }, null)
  expect([none.changed, none.all]).toEqual([null, []])
})

it('gives whole lines, however they are cut', () => {
  const text = '{"a":1}\n{"b":"x"}\n\n{"c":3}\n{"left'
  for (let size = 1; size <= text.length; size++) {
    const split = lineSplitter()
    const lines: string[] = []
    for (let i = 0; i < text.length; i += size) lines.push(...split(text.slice(i, i + size)))
    expect(lines).toEqual(['{"a":1}', '{"b":"x"}', '{"c":3}'])
  }
})
