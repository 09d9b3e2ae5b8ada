/** The short form of `node test/bench/healthy.mjs`: sites where nothing is wrong, and nobody is alarmed. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { reportOf } from '../cases/run-case.ts'
import { writeSite } from './healthy-site.mjs'

test.each(Array.from({ length: 10 }, (_, site) => site))('site %i: nothing above info', async (site) => {
  const folder = mkdtempSync(join(tmpdir(), 'halfopen-healthy-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const { inputs, findings, totals } = await reportOf(writeSite(folder, site, 1, 6_000))
  expect(inputs.map(({ unparsed }) => unparsed)).toEqual(inputs.map(() => 0))
  // Logs in which nothing happens would be quiet, too.
  expect(totals.upgraded).toBeGreaterThan(500)
  expect(findings.length).toBeGreaterThan(0)
  const loud = findings.filter(({ severity }) => severity !== 'info')
  expect(
    loud.map(({ cause, severity, confidence, scope, count }) => [cause, severity, confidence, scope, count]),
  ).toEqual([])
})
