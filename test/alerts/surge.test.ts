/** Far more than usual: by the numbers alone, and asked of a real store. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { isSurge, SURGE_USUAL, SURGE_WINDOW } from '../../server/alerts/contract.ts'
import { Surges } from '../../server/live-surges.ts'
import { openSqliteStore } from '../../server/store/contract.ts'
import { batchOf, failure, session, type Item } from '../store/material.ts'
import { finding } from './finding.ts'

const DAY = 86_400_000
const MINUTE = 60_000
const windows = SURGE_USUAL / SURGE_WINDOW

describe('a surge', () => {
  it.each([
    // Two in each quarter of an hour of a week: ten are five times as many, but chance brings them; twelve it does not.
    [{ failed: 11, ok: 0 }, { failed: 2 * windows, ok: 0 }, false],
    [{ failed: 30, ok: 0 }, { failed: 2 * windows, ok: 0 }, true],
    // Ten times the visitors, ten times the failures.
    [{ failed: 100, ok: 10_000 }, { failed: 10 * windows, ok: 1_000 * windows }, false],
    [{ failed: 100, ok: 1_000 }, { failed: 10 * windows, ok: 1_000 * windows }, true],
    // Nobody gets through any more.
    [{ failed: 100, ok: 0 }, { failed: 10 * windows, ok: 1_000 * windows }, true],
    // A quiet night does not make a handful a surge.
    [{ failed: 12, ok: 1 }, { failed: 10 * windows, ok: 1_000 * windows }, false],
    [{ failed: 9, ok: 0 }, { failed: 1, ok: 0 }, false],
    [{ failed: 900, ok: 0 }, { failed: 0, ok: 0 }, false],
  ])('now %o, usually %o: %s', (recent, before, expected) => {
    expect(isSurge(recent, before, SURGE_USUAL)).toBe(expected)
  })

  it('needs a day to know what is usual', () => {
    const [recent, before] = [
      { failed: 100, ok: 0 },
      { failed: 10, ok: 0 },
    ]
    expect([isSurge(recent, before, DAY - 1), isSurge(recent, before, DAY)]).toEqual([false, true])
  })
})

it('is found in what is stored, at that place alone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'halfopen-surge-'))
  const store = openSqliteStore(join(folder, 'a.sqlite'))
  onTestFinished(() => {
    store.close()
    rmSync(folder, { recursive: true })
  })
  const now = Math.floor(Date.now() / MINUTE) * MINUTE
  const fails = (n: number, time: number): Item => failure(n, time)
  const usual = Array.from({ length: 48 }, (_, hour) => fails(hour, now - 2 * DAY + hour * 60 * MINUTE))
  store.commit(batchOf(usual))
  const scope = { server: 'a.example', path: '/ws', upstream: '10.0.0.1:80', source: null }
  const subject = finding({ scope, first_seen: new Date(now - 2 * DAY).toISOString() })
  expect(new Surges(store).of(subject, now)).toBe(false)
  store.commit(
    batchOf(
      Array.from({ length: 20 }, (_, n) => fails(n, now - 10 * MINUTE + n)),
      48,
    ),
  )
  expect(new Surges(store).of(subject, now)).toBe(true)
  expect(new Surges(store).of(subject, now + 30 * MINUTE)).toBe(false)
  expect(new Surges(store).of({ ...subject, scope: { ...scope, path: '/other' } }, now)).toBe(false)
  // As many more visitors as failures.
  const visits = (n: number, from: number, every: number): Item[] =>
    Array.from({ length: n }, (_, i) => session(i, from + i * every, 1))
  store.commit(batchOf(visits(100, now - 2 * DAY, 20 * MINUTE), 0, 'g2', 'access.log'))
  store.commit(batchOf(visits(60, now - 12 * MINUTE, 1_000), 100, 'g2', 'access.log'))
  expect(new Surges(store).of(subject, now)).toBe(false)
})
