/** What every store must do. Each implementation runs it. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { emptyEvidence, lifetimeOf, type Evidence } from '../../server/diagnosis/contract.ts'
import { DIMENSIONS, type OutboxRow, type Store } from '../../server/store/contract.ts'
import { batchOf, failure, fold, items, problem, request, session, T0, type Item } from './material.ts'
import { historySuite } from './suite-history.ts'

const MINUTE = 60_000
const ALWAYS = [-Infinity, Infinity] as const

/** `open` gives a store on a fresh database; `reopen` closes it and opens the same one again. */
export function storeSuite(name: string, open: () => Store, reopen: (store: Store) => Store): void {
  describe(`${name}: positions and batches`, () => {
    it('keeps the newest position of each path over a restart', () => {
      let store = open()
      store.commit(batchOf([failure(1, T0)], 0, 'old', '/a.log'))
      store.commit(batchOf([failure(1, T0)], 0, 'new', '/a.log'))
      const other = batchOf([failure(1, T0)], 0, 'other', '/b.log')
      store.commit(other)
      store = reopen(store)
      expect(store.positions().map((p) => [p.path, p.generation])).toEqual([
        ['/a.log', 'new'],
        ['/b.log', 'other'],
      ])
      expect(store.positions()[1]).toEqual(other.source)
      expect(store.inputs()).toEqual(store.positions().map((p) => p.summary))
    })

    it('applies a batch once', () => {
      const store = open()
      const batch = batchOf([failure(1, T0), failure(2, T0)])
      expect(store.commit(batch)).toBe('committed')
      expect(store.commit(batch)).toBe('already-applied')
      expect(store.events({ cursor: null, limit: 10 }).events).toHaveLength(2)
      expect([...store.evidence(...ALWAYS).observations.values()].map((o) => o.count)).toEqual([2])
    })

    it('refuses a gap, and a batch whose evidence counts other events than it has; both leave no trace', () => {
      let store = open()
      store.commit(batchOf([failure(1, T0)]))
      expect(() => store.commit(batchOf([failure(3, T0)], 2))).toThrow('stored position is 1')
      const wrong = { ...batchOf([failure(4, T0, { path: '/other' })], 1), evidence: emptyEvidence() }
      expect(() => store.commit(wrong)).toThrow('evidence counts 0 events')
      expect(store.positions()[0]?.seq).toBe(1)
      expect(store.events({ cursor: null, limit: 10 }).events).toHaveLength(1)
      // Ids given in the failed transaction must not be used again.
      store.commit(batchOf([failure(5, T0, { path: '/other' })], 1))
      store = reopen(store)
      expect(store.events({ cursor: null, limit: 10 }).events.map((e) => e.path)).toEqual(['/other', '/ws'])
    })
  })

  describe(`${name}: evidence`, () => {
    it('is the same as folding in memory, however the records are cut into batches', () => {
      fc.assert(
        fc.property(items, fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 6 }), (all, cuts) => {
          let store = open()
          const memory = emptyEvidence()
          for (const item of all) fold(memory, item)
          let at = 0
          for (const size of [...cuts, all.length]) {
            const part = all.slice(at, at + size)
            store.commit(batchOf(part, at))
            at += part.length
          }
          expect(store.evidence(...ALWAYS)).toEqual(memory)
          expect(store.lifetimes(...ALWAYS)).toEqual(memory.lifetimes)
          store = reopen(store)
          expect(store.evidence(...ALWAYS)).toEqual(memory)
          store.close()
        }),
        { numRuns: 60 },
      )
    }, 60_000)

    it('and every chart are the same before and after minutes are summed up to hours and days, and when more comes', () => {
      fc.assert(
        fc.property(items, items, (some, more) => {
          let store = open()
          const memory = emptyEvidence()
          let at = 0
          for (const part of [some, more]) {
            for (const item of part) fold(memory, item)
            store.commit(batchOf(part, at))
            at += part.length
            const before = answers(store)
            expect(before.counts.map(sumOf)).toEqual(DIMENSIONS.map(() => timedIn(memory)))
            // After a restart nothing is being written: all of it is summed up.
            store = reopen(store)
            while (store.tidy());
            expect(answers(store)).toEqual(before)
            expect(store.evidence(...ALWAYS)).toEqual(memory)
          }
          store.close()
        }),
        { numRuns: 12 },
      )
    }, 60_000)

    it('has at most eight clients and five exemplars of one observation, the same as in memory', () => {
      const store = open()
      const memory = emptyEvidence()
      for (let n = 0; n < 12; n++) {
        fold(memory, failure(n, T0 + n))
        store.commit(batchOf([failure(n, T0 + n)], n))
      }
      const [o] = store.evidence(...ALWAYS).observations.values()
      expect([o?.clients.size, o?.exemplars.map((e) => e.line)]).toEqual([8, [0, 1, 2, 10, 11]])
      expect(store.evidence(...ALWAYS)).toEqual(memory)
    })

    it('of a window holds its minutes and no others', () => {
      const store = open()
      const all: Item[] = []
      for (let n = 0; n < 10; n++) all.push(failure(n, T0 + n * MINUTE + 30_000), request(n, T0 + n * MINUTE, 200))
      const evidence = batchOf(all)
      evidence.evidence.error_levels.add('info')
      store.commit(evidence)
      const window = store.evidence(T0 + 2 * MINUTE, T0 + 5 * MINUTE)
      const [o] = window.observations.values()
      expect(o).toMatchObject({ count: 3, first: T0 + 2.5 * MINUTE, last: T0 + 4.5 * MINUTE })
      expect(o?.minutes.size).toBe(3)
      expect(o?.exemplars.every(({ time }) => time !== null && time >= T0 + 2 * MINUTE && time < T0 + 5 * MINUTE)).toBe(
        true,
      )
      expect([...window.status]).toEqual([[200, 3]])
      expect(window.requests_per_minute.size).toBe(3)
      expect([...window.error_levels]).toEqual(['info'])
      expect(store.evidence(T0 + 3600_000, Infinity)).toEqual(emptyEvidence())
    })
  })

  describe(`${name}: trend`, () => {
    it('has every step, empty ones too, and counts what happened in it', () => {
      const store = open()
      store.commit(
        batchOf([failure(1, T0), failure(2, T0 + 61_000), failure(3, T0 + 4 * MINUTE), request(4, T0 + MINUTE, 200)]),
      )
      const { buckets, step_seconds, from } = store.series(T0, T0 + 6 * MINUTE, 120)
      expect([from, step_seconds]).toEqual([new Date(T0).toISOString(), 120])
      expect(buckets.map((b) => b.handshakes_failed['400'] ?? 0)).toEqual([2, 0, 1])
      expect(buckets.map((b) => b.requests)).toEqual([1, 0, 0])
    })

    it('counts one failed handshake once when the application tells of it too', () => {
      const store = open()
      const twice = failure(1, T0)
      if (!('events' in twice)) throw new Error('not an event')
      const app = twice.events.map((e) => ({ ...e, sign: 'app-upgrade-missing', status: null }))
      store.commit(batchOf([twice, { ...twice, events: app as typeof twice.events }]))
      expect(store.series(T0, T0 + MINUTE, 60).buckets[0]?.handshakes_failed).toEqual({ '400': 1 })
    })

    it('never has more than 1500 points', () => {
      const { buckets, step_seconds } = open().series(T0 + 1, T0 + 365 * 86_400_000, 60)
      expect(buckets.length).toBeLessThanOrEqual(1500)
      expect(buckets.length).toBeGreaterThan(500)
      expect(step_seconds % 60).toBe(0)
    })

    it('draws a problem at its own place', () => {
      const store = open()
      store.commit(batchOf([failure(1, T0), failure(2, T0 + 30 * MINUTE), failure(3, T0, { path: '/elsewhere' })]))
      const finding = problem('p').finding
      expect(store.sparkline(finding, T0, T0 + 60 * MINUTE, 4)).toEqual([1, 0, 1, 0])
    })
  })

  describe(`${name}: counts and quantiles`, () => {
    const range = { from: T0, to: T0 + 60 * MINUTE }

    it('counts by a dimension, in steps, only what was asked for', () => {
      const store = open()
      store.commit(
        batchOf([
          failure(1, T0),
          failure(2, T0 + 31 * MINUTE, { server: 'b.example' }),
          failure(3, T0 + 32 * MINUTE, { server: 'b.example', path: '/other' }),
          failure(4, null),
          request(5, T0, 404, { server: 'c.example', path: '/missing', upstream: null }),
        ]),
      )
      const ask = (query: Partial<Parameters<Store['counts']>[0]>): [string | null, number[]][] =>
        store
          .counts({ ...range, stepSeconds: 1800, by: null, where: {}, ...query })
          .groups.map(({ value, n }) => [value, n])
      expect(ask({})).toEqual([[null, [2, 2]]])
      expect(ask({ by: 'server' })).toEqual([
        ['b.example', [0, 2]],
        ['a.example', [1, 0]],
        ['c.example', [1, 0]],
      ])
      expect(ask({ by: 'kind' })).toEqual([
        ['handshake_failed', [1, 2]],
        ['request', [1, 0]],
      ])
      expect(ask({ by: 'path', where: { server: 'b.example' } })).toEqual([
        ['/other', [0, 1]],
        ['/ws', [0, 1]],
      ])
      expect(ask({ by: 'status_class', where: { kind: 'request' } })).toEqual([['4xx', [1, 0]]])
      expect(ask({ where: { upstream: null } })).toEqual([[null, [1, 0]]])
    })

    it('says how many values "(other)" stands for', () => {
      const store = open()
      store.commit(batchOf(Array.from({ length: 30 }, (_, n) => failure(n, T0, { path: `/${n}` }))))
      const { groups } = store.counts({ ...range, stepSeconds: 3600, by: 'path', where: {} })
      expect(groups).toHaveLength(21)
      expect(groups.at(-1)).toEqual({ value: '(other)', values: 10, n: [10] })
    })

    it('quantiles of session lengths are those of the buckets that diagnosis uses', () => {
      const store = open()
      const lengths = Array.from({ length: 100 }, (_, n) => 1 + n * 3.7)
      store.commit(batchOf(lengths.map((seconds, n) => session(n, T0 + n * 30_000, seconds))))
      const ask = { measure: 'session_length' as const, quantiles: [0.5, 0.95, 1], where: {} }
      const whole = store.quantiles({ ...ask, ...range, stepSeconds: null }).steps
      expect(whole).toHaveLength(1)
      expect(whole[0]).toMatchObject({ count: 100, values: [49, 94, 99].map((n) => lengthOf(lengths[n] ?? 0)) })
      const steps = store.quantiles({ ...ask, ...range, stepSeconds: 1800, where: { path: '/ws' } }).steps
      expect(steps.map(({ count }) => count)).toEqual([60, 40])
      expect(store.quantiles({ ...ask, ...range, stepSeconds: null, where: { path: '/x' } }).steps[0]).toMatchObject({
        count: 0,
        values: [null, null, null],
      })
    })

    it('latencies are told apart from lengths', () => {
      const store = open()
      store.commit(batchOf([session(1, T0, 500, 0.02), session(2, T0, 500, 0.04)]))
      const { steps } = store.quantiles({
        measure: 'handshake_latency',
        ...range,
        stepSeconds: null,
        quantiles: [0.5, 1],
        where: {},
      })
      expect(steps[0]?.count).toBe(2)
      const [half, all] = steps[0]?.values ?? []
      expect(half).toBeGreaterThanOrEqual(0.02)
      expect(half).toBeLessThan(0.0209)
      expect(all).toBeGreaterThanOrEqual(0.04)
      expect(all).toBeLessThan(0.0417)
    })
  })

  describe(`${name}: list of events`, () => {
    it('pages through all of them, newest first, while new ones arrive', () => {
      const store = open()
      store.commit(batchOf(Array.from({ length: 25 }, (_, n) => failure(n, T0 + n))))
      const seen: string[] = []
      let cursor: string | null = null
      do {
        const page = store.events({ cursor, limit: 10 })
        seen.push(...page.events.map((e) => e.text))
        cursor = page.next_cursor
        store.commit(batchOf([failure(99, T0)], store.positions()[0]?.seq))
      } while (cursor !== null)
      expect(seen).toEqual(Array.from({ length: 25 }, (_, n) => `line ${24 - n}`))
    })

    it('shows what the line said', () => {
      const store = open()
      store.commit(batchOf([failure(7, T0)]))
      expect(store.events({ cursor: null, limit: 1 }).events[0]).toMatchObject({
        time: new Date(T0).toISOString(),
        kind: 'handshake_failed',
        sign: 'handshake-refused',
        server: 'a.example',
        path: '/ws',
        upstream: '10.0.0.1:80',
        status: 400,
        client: '192.0.2.7',
        source: 'error.log',
        line: 7,
        text: 'line 7',
      })
    })
  })

  describe(`${name}: problems and messages`, () => {
    it('come back as they were saved, also after a restart', () => {
      let store = open()
      store.saveProblems([problem('a'), problem('b')], [message('m1', 'a')])
      store.saveProblems([{ ...problem('a'), state: 'resolved', resolved_at: T0 + 5, alerted: false }], [])
      store = reopen(store)
      const rows = store.problems()
      expect(rows.find((p) => p.id === 'a')).toEqual({
        ...problem('a'),
        state: 'resolved',
        resolved_at: T0 + 5,
        alerted: false,
      })
      expect(rows.find((p) => p.id === 'b')).toEqual(problem('b'))
      expect(store.undelivered(10)).toEqual([message('m1', 'a')])
    })

    it('a message waits until it is delivered, and keeps its last error', () => {
      const store = open()
      store.saveProblems([problem('a')], [message('m2', 'a', 2), message('m1', 'a', 1)])
      expect(store.undelivered(10).map((m) => m.id)).toEqual(['m1', 'm2'])
      store.markDelivery('m1', { error: 'HTTP 500', at: T0 })
      expect(store.undelivered(1)[0]).toMatchObject({ id: 'm1', attempts: 1, last_error: 'HTTP 500' })
      store.markDelivery('m1', { delivered_at: T0 })
      expect(store.undelivered(10).map((m) => m.id)).toEqual(['m2'])
    })
  })

  historySuite(name, open, reopen)

  describe(`${name}: retention`, () => {
    it('deletes what is older, in steps, and keeps the proof', () => {
      const store = open()
      const old = Array.from({ length: 7000 }, (_, n) => failure(n, T0 + n))
      store.commit(batchOf([...old, failure(8000, T0 + 86_400_000), request(1, T0, 200)]))
      const before = T0 + 3_600_000
      let steps = 0
      while (store.expire(before)) steps++
      expect(steps).toBeGreaterThan(0)
      expect(store.expire(before)).toBe(false)
      expect(store.events({ cursor: null, limit: 10 }).events.map((e) => e.text)).toEqual(['line 8000'])
      const left = store.evidence(...ALWAYS)
      const [o] = left.observations.values()
      expect(o).toMatchObject({ count: 1, first: T0 + 86_400_000 })
      expect(o?.exemplars.map((e) => e.line)).toEqual([0, 1, 2, 6999, 8000])
      expect(left.status.size).toBe(0)
    })
  })
}

const lengthOf = (seconds: number): number => lifetimeOf(Math.floor(seconds * 10 + 1e-6))
const sumOf = ({ groups }: ReturnType<Store['counts']>): number =>
  groups.reduce((sum, { n }) => sum + n.reduce((all, one) => all + one, 0), 0)

/** Events and failed requests that have a time and are no echoes. */
function timedIn({ observations, suspects }: Evidence): number {
  let all = 0
  for (const { minutes, echo } of observations.values()) if (!echo) for (const [, n] of minutes) all += n
  for (const { minutes } of suspects.values()) for (const [, n] of minutes) all += n
  return all
}

/** What charts ask, in steps of minutes, hours and days. */
function answers(store: Store) {
  const range = { from: T0 - 86_400_000, to: T0 + 5 * 86_400_000 }
  const quantiles = (stepSeconds: number | null, where: { server?: string }) =>
    (['handshake_latency', 'session_length'] as const).map((measure) =>
      store.quantiles({ measure, ...range, stepSeconds, quantiles: [0.5, 0.95], where }),
    )
  return {
    series: [3600, 86_400].map((step) => store.series(range.from, range.to, step)),
    minutes: store.series(T0, T0 + 3_600_000, 60),
    counts: DIMENSIONS.map((by) => store.counts({ ...range, stepSeconds: 86_400, by, where: {} })),
    hours: store.counts({ ...range, stepSeconds: 3600, by: 'kind', where: { server: 'a.example' } }),
    quantiles: [quantiles(null, {}), quantiles(3600, {}), quantiles(86_400, { server: 'a.example' })],
  }
}

const message = (id: string, problem_id: string, n = 0): OutboxRow => ({
  id,
  problem_id,
  channel: 'webhook',
  type: 'problem.opened',
  reason: 'came-back',
  rule: 'default',
  body: '{}',
  created_at: T0 + n,
  attempts: 0,
  last_attempt_at: null,
  delivered_at: null,
  dead_at: null,
  replayed_at: null,
  last_error: null,
})
