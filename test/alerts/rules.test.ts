/** Which rule speaks, on what terms, and what becomes of a problem on them. */
import { describe, expect, it } from 'vitest'
import { readHours, isWithin } from '../../server/alerts/calendar.ts'
import type { Observed, ProblemRow, Terms } from '../../server/alerts/contract.ts'
import { decide } from '../../server/alerts/decide.ts'
import { isLike, ruleFor, termsFor, type Rules } from '../../server/alerts/rules.ts'
import { wallClock } from '../../server/scan/contract.ts'
import { info, MINUTE, NOW, repaired, RESOLVE_AFTER, row } from './decide-cases.ts'
import { finding } from './finding.ts'
import { rule } from './rules-made.ts'

const terms = (more: Partial<Terms> = {}): Terms => ({
  rule: 'default',
  send: true,
  enough: true,
  cooldown: 0,
  remind_every: null,
  settle: 0,
  hush: null,
  ...more,
})

describe('rules', () => {
  it.each([
    [{}, true],
    [{ severity: 'critical' }, true],
    [{ confidence: 0.96 }, false],
    [{ causes: ['backend-down', 'backend-slow'] }, true],
    [{ causes: ['backend-slow'] }, false],
    [{ host: 'sweet.example' }, true],
    [{ host: '*.example' }, true],
    [{ host: '*.EXAMPLE' }, true],
    [{ host: 'example' }, false],
    [{ path: '/w*' }, true],
    [{ path: '/api/*' }, false],
    [{ upstream: '127.0.0.1:*' }, true],
    [{ upstream: '10.*' }, false],
    [{ kinds: ['new'] }, true],
    [{ kinds: ['regressed'] }, false],
  ] as const)('%o: %s', (more, found) => {
    expect(ruleFor(finding(), [rule(more)], 'new') !== null).toBe(found)
  })

  it('the first that matches decides', () => {
    const rules = [rule({ name: 'a', path: '/other' }), rule({ name: 'b' }), rule({ name: 'c' })]
    expect(ruleFor(finding(), rules, 'new')?.name).toBe('b')
    expect(ruleFor(info, rules, 'new')).toBeNull()
  })

  it('globs take no time, however many stars they have', () => {
    const began = performance.now()
    expect(isLike('a'.repeat(100_000), `${'a*'.repeat(140)}b`)).toBe(false)
    expect(performance.now() - began).toBeLessThan(500)
    expect(['', 'a', 'ab', 'aXb', 'abab'].map((text) => isLike(text, 'a*b'))).toEqual([false, false, true, true, true])
    expect(isLike('ab', 'ab*b')).toBe(false)
    expect([isLike(null, '*'), isLike(null, 'x'), isLike(null, null)]).toEqual([true, false, true])
  })
})

describe('hours', () => {
  // 2026-11-21 is a Saturday.
  const at = (text: string): number => Date.parse(`2026-11-${text}Z`)
  it.each([
    ['22:00-07:00', '21T22:00', true],
    ['22:00-07:00', '22T06:59', true],
    ['22:00-07:00', '22T07:00', false],
    ['22:00-07:00', '21T21:59', false],
    ['Sat,Sun 00:00-24:00', '21T12:00', true],
    ['Sat,Sun 00:00-24:00', '22T23:59', true],
    ['Sat,Sun 00:00-24:00', '23T00:00', false],
    ['Mon-Fri 19:00-07:00', '21T06:00', true],
    ['Mon-Fri 19:00-07:00', '21T19:00', false],
    ['Fri-Mon 08:00-09:00', '22T08:30', true],
    ['Tue 08:00-09:00', '22T08:30', false],
  ])('%s at %s: %s', (text, time, inside) => {
    const hours = readHours(text)
    expect(hours && isWithin(hours, at(time))).toBe(inside)
  })

  it.each(['', '22-7', '25:00-07:00', '22:00-22:00', 'Foo 22:00-23:00', 'Mon- 01:00-02:00', '22:00-07:60'])(
    '%s is none',
    (text) => expect(readHours(text)).toBeNull(),
  )

  it('follow the zone, summer time included', () => {
    const berlin = wallClock('Europe/Berlin')
    expect(berlin(Date.UTC(2026, 6, 1, 12))).toBe(Date.UTC(2026, 6, 1, 14))
    expect(berlin(Date.UTC(2026, 11, 1, 12, 34, 56))).toBe(Date.UTC(2026, 11, 1, 13, 34, 56))
    expect(wallClock('-03:30')(NOW)).toBe(NOW - 210 * MINUTE)
  })
})

const RULES: Rules = {
  rules: [rule({ rate: { count: 10, within: 5 * MINUTE } })],
  settle: 0,
  quiet_hours: [readHours('22:00-07:00') ?? { days: [], from: 0, to: 0 }],
  let_through: 'critical',
  maintenance: [{ when: { from: NOW, to: NOW + 60 * MINUTE }, host: '*.example', path: null }],
}
describe('terms', () => {
  const at = (wall: string, now = NOW - 1) => ({
    now,
    wall: Date.parse(`2026-11-21T${wall}Z`),
    kind: null,
    happened: () => 9,
  })
  const error = finding({ severity: 'error' })
  it('know rates, quiet hours, what passes them, and maintenance', () => {
    expect(termsFor(error, RULES, at('12:00'))).toMatchObject({ rule: 'default', enough: false, hush: null })
    expect(termsFor(error, RULES, { ...at('12:00'), happened: () => 10 })).toMatchObject({ enough: true })
    expect(termsFor(error, RULES, at('23:00')).hush).toBe('quiet-hours')
    expect(termsFor(finding(), RULES, at('23:00')).hush).toBeNull()
    expect(termsFor(finding(), RULES, at('12:00', NOW)).hush).toBe('maintenance')
    expect(termsFor(finding(), RULES, at('12:00', NOW + 60 * MINUTE)).hush).toBeNull()
    const elsewhere = { ...error.scope, server: 'other.test' }
    expect(termsFor({ ...error, scope: elsewhere }, RULES, at('12:00', NOW)).hush).toBeNull()
  })
})

/** One problem, minute by minute. `script`: what is seen, and on what terms. */
function run(
  script: { minute: number; happens?: boolean; seen?: ReturnType<typeof finding>; on?: Partial<Terms> }[],
): string[] {
  let kept: ProblemRow | null = null
  return script.map(({ minute, happens = true, seen = finding(), on = {} }) => {
    const now = NOW + minute * MINUTE
    const last_live: number | null = happens ? now : ((kept as ProblemRow | null)?.last_live ?? null)
    const observed: Observed = {
      now,
      finding: seen,
      last_live,
      resolve_after: RESOLVE_AFTER,
      watched_since: 0,
      terms: terms(on),
    }
    const { decision, next }: ReturnType<typeof decide> = decide(kept, observed)
    kept = next
    return `${minute} ${decision.notify ? `${decision.type} ` : ''}${decision.reason}`
  })
}
const sent = (lines: string[]): string[] => lines.filter((line) => / (?:problem|source)\./.test(line))

describe('decide on terms', () => {
  it('what was told is told again when it becomes far more, not within the hour, and not in quiet hours', () => {
    const on = { surge: true }
    const lines = run([
      { minute: 0, on },
      { minute: 59, on },
      { minute: 60, on: { ...on, hush: 'quiet-hours' } },
      { minute: 61, on },
      { minute: 62, on },
      { minute: 121, on },
    ])
    expect(sent(lines)).toEqual([
      '0 problem.opened first-live-occurrence',
      '61 problem.reminder far-above-usual',
      '121 problem.reminder far-above-usual',
    ])
  })
  const over = { ...repaired, over: { since: new Date(NOW).toISOString(), successes: 3, why: 'succeeded' as const } }
  it('a flapping problem is announced once in a cooldown, and not when it is over by then', () => {
    const on = { cooldown: 30 * MINUTE }
    expect(
      run([
        { minute: 0, on },
        { minute: 1, on, happens: false, seen: over },
        { minute: 2, on },
        { minute: 3, on, happens: false, seen: over },
        { minute: 4, on },
        { minute: 10, on },
        // The cooldown is over, and nothing happened since.
        { minute: 31, on: { ...on }, happens: false },
      ]),
    ).toEqual([
      '0 problem.opened first-live-occurrence',
      '1 problem.resolved succeeded-since',
      '2 cooldown',
      '3 succeeded-since',
      '4 cooldown',
      '10 cooldown',
      '31 quiet-never-announced',
    ])
    const goesOn = [0, 1, 2, 10, 20, 29, 30, 31].map((minute) =>
      minute === 1 ? { minute, on, happens: false, seen: over } : { minute, on },
    )
    expect(sent(run(goesOn)).at(-1)).toBe('30 problem.opened cooldown-over')
  })

  it('what begins in quiet hours is told afterwards, if it is still there', () => {
    const hush = { hush: 'quiet-hours' } as const
    expect(
      sent(
        run([
          { minute: 0, on: hush },
          { minute: 5, on: hush },
          { minute: 9, happens: false },
        ]),
      ),
    ).toEqual(['9 problem.opened quiet-hours-over'])
    expect(
      sent(
        run([
          { minute: 0, on: hush },
          { minute: 5, on: hush, happens: false, seen: over },
          { minute: 9, happens: false },
        ]),
      ),
    ).toEqual([])
  })

  it('what ends in quiet hours is told afterwards, unless it came back', () => {
    const hush = { hush: 'quiet-hours' } as const
    const ends = [{ minute: 0 }, { minute: 5, on: hush, happens: false, seen: over }]
    expect(
      sent(
        run([...ends, { minute: 9, on: hush, happens: false, seen: over }, { minute: 10, happens: false, seen: over }]),
      ),
    ).toEqual(['0 problem.opened first-live-occurrence', '10 problem.resolved quiet-hours-over'])
    const back = [{ minute: 6, on: hush }, { minute: 10 }, { minute: 11, happens: false, seen: over }]
    expect(sent(run([...ends, ...back]))).toEqual([
      '0 problem.opened first-live-occurrence',
      '11 problem.resolved succeeded-since',
    ])
  })

  it('maintenance hides beginnings, not ends', () => {
    const hush = { hush: 'maintenance' } as const
    expect(
      sent(run([{ minute: 0, on: hush }, { minute: 5 }, { minute: 6, on: hush, happens: false, seen: over }])),
    ).toEqual(['5 problem.opened maintenance-over', '6 problem.resolved succeeded-since'])
  })

  it('a rate holds back until it is reached', () => {
    const few = { enough: false }
    expect(sent(run([{ minute: 0, on: few }, { minute: 1, on: few }, { minute: 2 }]))).toEqual([
      '2 problem.opened rate-reached',
    ])
  })

  it('a rule may silence, and no rule is none', () => {
    expect(
      run([
        { minute: 0, on: { send: false } },
        { minute: 1, on: { rule: null, send: false } },
      ]),
    ).toEqual(['0 silenced-by-rule', '1 still-there'])
    expect(run([{ minute: 0, on: { rule: null } }])).toEqual(['0 below-alert-threshold'])
  })

  it('a rule may tell of what is harmless', () => {
    expect(sent(run([{ minute: 0, seen: info }]))).toEqual(['0 problem.opened first-live-occurrence'])
  })

  it('reminds in its interval, not in quiet hours', () => {
    const on = { remind_every: 60 * MINUTE }
    const script = Array.from({ length: 40 }, (_, n) => ({
      minute: n * 5,
      on: n === 12 ? { ...on, hush: 'quiet-hours' as const } : on,
    }))
    expect(sent(run(script))).toEqual([
      '0 problem.opened first-live-occurrence',
      '65 problem.reminder reminder',
      '125 problem.reminder reminder',
      '185 problem.reminder reminder',
    ])
  })

  it('success has to last', () => {
    const on = { settle: 5 * MINUTE }
    expect(
      run([
        { minute: 0, on },
        { minute: 4, on, happens: false, seen: over },
        { minute: 5, on, happens: false, seen: over },
      ]).slice(1),
    ).toEqual(['4 settling', '5 problem.resolved succeeded-since'])
  })

  it('rows of before know no terms', () => {
    expect(
      decide(row('new'), {
        now: NOW,
        finding: finding(),
        last_live: NOW,
        resolve_after: RESOLVE_AFTER,
        watched_since: 0,
        terms: terms({ remind_every: MINUTE }),
      }).decision,
    ).toEqual({ notify: false, reason: 'still-there' })
  })
})
