/** Sources that stop, against their own rhythm. */
import { expect, it } from 'vitest'
import type { WatchedSource } from '../../server/alerts/contract.ts'
import { watchSources, type SeenSource } from '../../server/alerts/rhythm.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const START = Date.UTC(2026, 10, 16)

/** @param speaks minutes since the start at which lines come. @returns `hours type` of what is told. */
function watch(
  hours: number,
  speaks: (minute: number) => boolean,
  state: (minute: number) => SeenSource['state'] = () => 'idle',
  rules = { silent: true, unreadable: true },
): string[] {
  let kept: WatchedSource | null = null
  const said: string[] = []
  for (let minute = 0; minute < hours * 60; minute++) {
    const seen = { path: '/a.log', state: state(minute), hint: null, fresh: speaks(minute) }
    const { next, decision, text }: ReturnType<typeof watchSources> = watchSources(
      kept,
      seen,
      START + minute * MINUTE,
      rules,
    )
    kept = next
    if (decision.notify) said.push(`${(minute / 60).toFixed(1)} ${decision.type}: ${text}`)
  }
  return said
}
/** Every five minutes by day; silent from midnight to six. */
const byDay = (minute: number): boolean => minute % 5 === 0 && (minute / 60) % 24 >= 6

it('knows the nights of a source', () => {
  expect(watch(24 * 5, byDay)).toEqual([])
})

it('tells of silence once, when it is twice the longest pause, and when it ends', () => {
  const said = watch(24 * 5, (minute) => byDay(minute) && (minute < 3 * 1440 + 600 || minute >= 4 * 1440 + 600))
  expect(said).toEqual([
    // The last line at 9:55 of the fourth day; the longest pause was from 23:55 to 6:00.
    '94.1 source.silent: /a.log has had no line for 12 h; its longest pause in a week was 6 h.',
    '106.0 source.recovered: /a.log has lines again.',
  ])
})

it('says nothing of a source that it does not know for a day, or that never spoke', () => {
  expect(watch(72, (minute) => minute < 23 * 60 && minute % 5 === 0)).toEqual([])
  expect(
    watch(
      72,
      () => false,
      () => 'missing',
    ),
  ).toEqual([])
})

it('tells of a source that cannot be read, not of a rotation', () => {
  const gone = (from: number, to: number) => (minute: number) => (minute >= from && minute < to ? 'missing' : 'idle')
  expect(watch(4, (minute) => minute < 60, gone(90, 91))).toEqual([])
  expect(watch(4, (minute) => minute < 60, gone(90, 120))).toEqual([
    '1.5 source.unreadable: /a.log is not there any more.',
    '2.0 source.recovered: /a.log can be read again.',
  ])
})

it('a rule may not want to know', () => {
  const none = { silent: false, unreadable: false }
  expect(
    watch(
      24 * 5,
      (minute) => byDay(minute) && minute < 3 * 1440,
      (minute) => (minute > 4 * 1440 ? 'unreadable' : 'idle'),
      none,
    ),
  ).toEqual([])
})

it('a clock that is set back makes no alarm', () => {
  let kept: WatchedSource | null = null
  for (const minutes of [0, 5, 1500, 1505, 900, 905, 910]) {
    const seen = { path: '/a.log', state: 'idle', hint: null, fresh: true } as const
    const { next, decision }: ReturnType<typeof watchSources> = watchSources(kept, seen, START + minutes * MINUTE, {
      silent: true,
      unreadable: true,
    })
    expect(decision.notify).toBe(false)
    kept = next
  }
  expect(kept?.pauses.every(([, ms]) => ms >= 0 && ms <= 25 * HOUR)).toBe(true)
})
