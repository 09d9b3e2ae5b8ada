/** Every cause fires on its own cases and is quiet on the others. A cause without cases fails here. */
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { allCauses } from '../../server/diagnosis/contract.ts'
import { configOf, expectedOf, reportOf } from './run-case.ts'

const ROOT = path.join(import.meta.dirname, 'causes')
const casesOf = (id: string): string[] => {
  try {
    return readdirSync(path.join(ROOT, id)).filter((name) => name.endsWith('.log'))
  } catch {
    return []
  }
}

const CAUSES = allCauses()

describe.each(CAUSES.map((cause) => [cause.id] as const))('%s', (id) => {
  const cases = casesOf(id)
  test('has a case that fires and one that must not', () => {
    expect(cases.filter((name) => name.startsWith('fires-')).length).toBeGreaterThan(0)
    expect(cases.filter((name) => name.startsWith('quiet-')).length).toBeGreaterThan(0)
  })

  for (const name of cases) {
    const log = path.join(ROOT, id, name)
    test(name, async () => {
      const report = await reportOf(log, configOf(log))
      const found = report.findings.filter((f) => f.cause === id)
      expect(report.inputs[0]?.unparsed, 'every line of a case is read').toBe(0)
      if (name.startsWith('quiet-')) {
        const guess = expectedOf(log).guess === true
        return expect(found.filter((f) => !guess || f.confidence >= 0.5)).toEqual([])
      }
      expect(report.findings[0]?.cause).toBe(id)
      const [finding] = found
      if (finding === undefined) throw new Error('unreachable')
      const expected = expectedOf(log)
      if (expected.count !== undefined) expect(finding.count).toBe(expected.count)
      expect(finding.over?.why).toBe(expected.over)
      if (expected.title !== undefined) expect(finding.title).toContain(expected.title)
      if (expected.severity !== undefined) expect(finding.severity).toBe(expected.severity)
      if (expected.confidence !== undefined) {
        expect(finding.confidence).toBeGreaterThanOrEqual(expected.confidence[0])
        expect(finding.confidence).toBeLessThanOrEqual(expected.confidence[1])
      }
      expect(finding.evidence.length).toBeGreaterThan(0)
      expect(finding.because.length).toBeGreaterThan(0)
      expect(finding.fix.summary).not.toBe('')
      if (expected.layer !== undefined) expect(finding.fix.layer).toBe(expected.layer)
      if (expected.line !== undefined) expect(finding.fix.target?.line).toBe(expected.line)
    })
  }
})

test('no case stands for a cause that does not exist', () => {
  expect(readdirSync(ROOT).filter((id) => !CAUSES.some((cause) => cause.id === id))).toEqual([])
})
