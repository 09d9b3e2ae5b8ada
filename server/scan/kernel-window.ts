/** The part of a chunk that a kernel has before it. */
import type { Kernel } from './kernel-host.ts'
import * as K from './kernel/layout.ts'

const NEWLINE = 10
/** Room for the line end that the host puts behind the last line. */
const WINDOW = K.INPUT_SIZE - 1

export class KernelWindow {
  start = 0
  end = 0

  /** What to add to a place in the chunk to get its address. */
  get shift(): number {
    return K.INPUT - this.start
  }

  forget(): void {
    this.start = this.end = 0
  }

  /** Puts the lines from `at` on before the kernel, unless they are; false when not even one fits. */
  reach(kernel: Kernel, bytes: Buffer, at: number): boolean {
    if (at >= this.start && at < this.end) return true
    kernel.exports.copyKept()
    let end = Math.min(bytes.length, at + WINDOW)
    if (end < bytes.length) end = bytes.lastIndexOf(NEWLINE, end - 1)
    // The last line end is left out: the host writes one.
    else if (bytes[end - 1] === NEWLINE) end--
    if (end < at) return false
    this.start = at
    this.end = end
    bytes.copy(kernel.bytes, K.INPUT, at, end)
    kernel.bytes[K.INPUT + end - at] = NEWLINE
    return true
  }
}
