/** What must not change a diagnosis does not, on every case that fires; and what decides it does. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { diagnose, emptyEvidence, merge } from '../../server/diagnosis/contract.ts'
import type { ConfigView, Evidence, Finding } from '../../server/diagnosis/contract.ts'
import { shiftEvidence } from '../../server/diagnosis/clock-shift.ts'
import { configView, loadConfig } from '../../server/nginx-config/contract.ts'
import { RecordReader } from '../../server/scan/contract.ts'
import { configOf } from '../cases/run-case.ts'
import { healthyTraffic } from './healthy-traffic.ts'

const ROOT = join(import.meta.dirname, '../cases/causes')
const CASES = readdirSync(ROOT).flatMap((cause) =>
  readdirSync(join(ROOT, cause))
    .filter((name) => name.startsWith('fires-') && name.endsWith('.log'))
    .map((name) => ({ name: `${cause}/${name}`, cause, file: join(ROOT, cause, name) })),
)
const HEALTHY = read([{ path: 'site.log', text: healthyTraffic(100_000) }])

interface Log {
  path: string
  text: string
}

/** Each log into an evidence of its own, merged in the order given, as analyze does. */
function read(logs: readonly Log[]): Evidence {
  const all = emptyEvidence()
  for (const { path, text } of logs) {
    const evidence = emptyEvidence()
    const reader = new RecordReader({ path, shift: (wall) => wall })
    reader.read(Buffer.from(text), 1, evidence, null, true)
    reader.finish()
    merge(all, evidence)
  }
  return all
}

function configFor(file: string): ConfigView | null {
  const path = configOf(file)
  const loaded = path === null ? null : loadConfig(path)
  return loaded?.ok === true ? { ...configView(loaded.config), changed_at: null } : null
}

/** What a reader acts on. Places and lines are those of the log. */
const told = (findings: readonly Finding[]): unknown[] =>
  findings.map(({ cause, severity, confidence, count, over }) => [cause, severity, confidence, count, over?.why])
const withIds = (findings: readonly Finding[]): unknown[] => findings.map(({ id, cause, count }) => [id, cause, count])

const findingsOf = (evidence: Evidence, config: ConfigView | null): Finding[] => diagnose(evidence, { config }).findings

/** A line that begins a record of its own, so that a file may be cut before it. */
const BEGINS = /^(?:\d{1,3}(?:\.\d{1,3}){3} - |\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[|time=|\[\d\d\/)/

const others = (findings: readonly Finding[], before: readonly Finding[]): Finding[] =>
  findings.filter(({ id }) => !before.some((f) => f.id === id))

describe.each(CASES)('$name', ({ file }) => {
  const text = readFileSync(file, 'utf8')
  const config = configFor(file)
  const whole = (): Evidence => read([{ path: 'x.log', text }])
  const before = findingsOf(whole(), config)

  test('a file cut in two, and the order of the files', () => {
    const lines = text.split(/(?<=\n)/)
    const places = lines.flatMap((line, i) => (i > 0 && BEGINS.test(line) ? [i] : []))
    const at = places[Math.floor(places.length / 2)]
    if (at === undefined) return
    const parts = [
      { path: 'x.log.1', text: lines.slice(0, at).join('') },
      { path: 'x.log', text: lines.slice(at).join('') },
    ]
    const cut = findingsOf(read(parts), config)
    expect(told(cut)).toEqual(told(before))
    const turned = findingsOf(read(parts.toReversed()), config)
    expect([told(turned), withIds(turned)]).toEqual([told(cut), withIds(cut)])
  })

  test('a hundred thousand healthy lines', () => {
    for (const together of [merge(whole(), HEALTHY), merge(merge(emptyEvidence(), HEALTHY), whole())]) {
      const after = findingsOf(together, config)
      const [first] = before
      const same = after.find(({ id }) => id === first?.id)
      expect([same?.cause, same?.severity, same?.count]).toEqual([first?.cause, first?.severity, first?.count])
      expect(Math.abs((same?.confidence ?? 0) - (first?.confidence ?? 0))).toBeLessThanOrEqual(0.15)
      expect(told(others(after, before).filter(({ severity }) => severity !== 'info'))).toEqual([])
    }
  })

  test('other clocks', () => {
    for (const minutes of [-17, 60, 60 * 24 * 400]) {
      const moved = whole()
      shiftEvidence(moved, minutes * 60_000)
      const after = findingsOf(moved, config)
      expect([told(after), withIds(after)]).toEqual([told(before), withIds(before)])
    }
  })

  test('other names and numbers', () => {
    if (config !== null) return
    const renamed = text
      .replaceAll('app.test', 'chat.example.org')
      .replaceAll('192.0.2.', '198.51.100.')
      .replaceAll(/\b(\d{1,6})#(\d{1,6}):/g, '77$1#77$1:')
      .replaceAll(/: \*(\d+) /g, ': *9$1 ')
      .replaceAll(/conn=(\d+)/g, 'conn=9$1')
    expect(told(findingsOf(read([{ path: 'x.log', text: renamed }]), config))).toEqual(told(before))
  })

  test('without the lines that it rests on it is less sure', () => {
    const [first] = before
    if (first === undefined) throw new Error('it fires')
    const proof = new Set(first.evidence.map(({ line }) => line))
    // Of many lines only five are shown.
    if (first.count > proof.size) return
    const rest = text
      .split('\n')
      .filter((_, i) => !proof.has(i + 1))
      .join('\n')
    const left = findingsOf(read([{ path: 'x.log', text: rest }]), config).find((f) => f.id === first.id)
    expect(left?.confidence ?? 0).toBeLessThan(first.confidence)
  })
})

test('healthy traffic alone is told nothing of', () => {
  expect(told(findingsOf(HEALTHY, null).filter(({ severity }) => severity !== 'info'))).toEqual([])
})
