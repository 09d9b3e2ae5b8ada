import { expect, it } from 'vitest'
import type { Bucket } from '../../server/http/wire.ts'
import { fillSteps, frameOf, mergeBuckets, replacePart, staleSteps } from '../../web/data/series.ts'

const at = (clock: string): number => Date.parse(`2026-11-21T${clock}:00Z`)
const bucket = (clock: string, changes: Partial<Bucket> = {}): Bucket => ({
  time: new Date(at(clock)).toISOString(),
  handshakes_ok: 0,
  handshakes_failed: {},
  closures: {},
  timeouts: {},
  requests: 0,
  ...changes,
})
const oks = (buckets: readonly Bucket[]) =>
  buckets.map(({ time, handshakes_ok }) => [time.slice(11, 16), handshakes_ok] as const)

it('ends a window after the step that is going on, also exactly at its start', () => {
  expect(frameOf('24h', at('08:10'))).toEqual({ from: at('08:30') - 86_400_000, to: at('08:30'), step: 1800 })
  expect(frameOf('1h', at('08:00'))).toEqual({ from: at('07:01'), to: at('08:01'), step: 60 })
})

it('fills the steps nothing happened in, sums minutes into theirs, and leaves out what is outside', () => {
  const minutes = [
    bucket('07:59', { handshakes_ok: 9 }),
    bucket('08:00', { handshakes_ok: 1, handshakes_failed: { 400: 2 } }),
    bucket('08:29', { handshakes_ok: 2, handshakes_failed: { 400: 1, 502: 1 } }),
    bucket('09:00', { handshakes_ok: 4 }),
    bucket('09:30', { handshakes_ok: 9 }),
  ]
  const steps = fillSteps(minutes, { from: at('08:00'), to: at('09:30'), step: 1800 })
  expect(oks(steps)).toEqual([
    ['08:00', 3],
    ['08:30', 0],
    ['09:00', 4],
  ])
  expect(steps[0]?.handshakes_failed).toEqual({ 400: 3, 502: 1 })
  expect(minutes[1]?.handshakes_failed).toEqual({ 400: 2 })
})

it('counts under names that objects inherit', () => {
  const [step] = fillSteps([bucket('08:00', { closures: JSON.parse('{"constructor": 2, "__proto__": 3}') })], {
    from: at('08:00'),
    to: at('08:01'),
    step: 60,
  })
  expect(Object.entries(step?.closures ?? {})).toEqual([
    ['constructor', 2],
    ['__proto__', 3],
  ])
})

it('replaces a changed minute instead of adding to it, and keeps the order of time', () => {
  const current = [bucket('08:01', { handshakes_ok: 5 }), bucket('08:03', { handshakes_ok: 1 })]
  const changed = [bucket('08:02', { handshakes_ok: 7 }), bucket('08:01', { handshakes_ok: 6 })]
  expect(oks(mergeBuckets(current, changed))).toEqual([
    ['08:01', 6],
    ['08:02', 7],
    ['08:03', 1],
  ])
})

it('forgets steps that a later reading of their time no longer has', () => {
  const current = [bucket('08:00', { handshakes_ok: 1 }), bucket('08:30', { handshakes_ok: 2 }), bucket('09:00')]
  expect(oks(replacePart(current, [], at('08:30'), at('09:00')))).toEqual([
    ['08:00', 1],
    ['09:00', 0],
  ])
})

it('names the whole steps that changed minutes belong to, or none when they are elsewhere', () => {
  const frame = { from: at('00:00'), to: at('12:00'), step: 1800 }
  expect(staleSteps([bucket('08:44'), bucket('09:00'), bucket('13:00')], frame)).toEqual({
    from: at('08:30'),
    to: at('09:30'),
  })
  expect(staleSteps([bucket('13:00')], frame)).toBeNull()
})
