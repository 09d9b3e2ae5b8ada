/** Bytes → lines, whatever the sizes of the pieces. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { LineSplitter } from '../../server/tail/line-splitter.ts'

function split(pieces: readonly Buffer[], limit: number) {
  const lines: string[] = []
  let skipped = 0
  const splitter = new LineSplitter(limit, {
    onLine: (line, cut) => lines.push(line.toString('latin1') + (cut ? '…' : '')),
    onSkipped: (bytes) => (skipped += bytes.length),
  })
  for (const piece of pieces) splitter.push(piece)
  splitter.end()
  return { lines, skipped }
}

it('gives the lines of the text, cut at the limit, however it is cut into pieces', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '\r', 'é'), maxLength: 60 })
  const cuts = fc.array(fc.nat(80), { maxLength: 10 })
  fc.assert(
    fc.property(text, cuts, fc.integer({ min: 1, max: 12 }), (written, at, limit) => {
      const bytes = Buffer.from(written)
      const ends = [...at, bytes.length].map((end) => Math.min(end, bytes.length)).toSorted((a, b) => a - b)
      const pieces = ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end))
      const wanted = bytes.toString('latin1').split('\n')
      if (wanted.at(-1) === '') wanted.pop()
      const { lines, skipped } = split(pieces, limit)
      expect(lines).toEqual(wanted.map((line) => (line.length > limit ? `${line.slice(0, limit)}…` : line)))
      expect(skipped).toBe(wanted.reduce((sum, line) => sum + Math.max(0, line.length - limit), 0))
    }),
  )
})

it('a long line in single bytes takes linear time and no more memory than the limit', () => {
  let got = 0
  const splitter = new LineSplitter(2 ** 20, { onLine: (line) => (got = line.length) })
  const byte = Buffer.from('x')
  const before = process.memoryUsage().arrayBuffers
  const start = performance.now()
  for (let n = 0; n < 3_000_000; n++) splitter.push(byte)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 2 ** 20)
  splitter.end()
  expect(got).toBe(2 ** 20)
  // Copied anew with every byte this would be 1.5 TB.
  expect(performance.now() - start).toBeLessThan(15_000)
})
