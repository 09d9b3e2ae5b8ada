/** Memory that a scan leaves behind is freed while it goes on, whatever V8 thinks of it. */
import { expect, test } from 'vitest'
import { BufferWatch } from '../../server/scan/memory.ts'

const MB = 1 << 20

/** Bytes of buffers at the most while 256 MB of them are made and dropped (without the watch: all of them, or 32), with 4 MB of input read for every megabyte. */
function peakOf(watch: BufferWatch, held: number): number {
  const kept: ArrayBuffer[] = []
  const before = process.memoryUsage().arrayBuffers
  let peak = 0
  for (let i = 0; i < 256; i++) {
    kept.push(new ArrayBuffer(MB))
    if (kept.length > held) kept.shift()
    watch.read(4 * MB)
    peak = Math.max(peak, process.memoryUsage().arrayBuffers - before)
  }
  return peak / MB
}

test('buffers that nobody uses any more do not add up', () => {
  expect(peakOf(new BufferWatch(), 1)).toBeLessThan(26)
})

test('old ones neither', () => {
  expect(peakOf(new BufferWatch(), 40)).toBeLessThan(40 + 50)
})
