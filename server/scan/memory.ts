/** How much memory V8 may take before it looks for what is free. */
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** For large logs and servers: the space for new objects stays at the size it starts with, in threads too. V8 would let
 *  it grow to 16 MB and more, twice, for programs that allocate much; a scan does not, and takes no longer without it.
 *  Measured on 1 GB: 131 → 105 MB with Node.js 20, 135 → 112 with 22, 165 → 115 with 24.
 *  `--max-semi-space-size` would say it plainly, but V8 reads that before the first line of a program only.
 *  @param growth percent by which old objects may grow between two full collections: with 40 a server takes 30 MB less in a
 *  burst of lines than with 90 and no more time; a scan takes 3 % more. */
export function keepMemorySmall(growth = 90): void {
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString(`--heap-growing-percent=${growth}`)
}

/** With `true` of young objects only; Node.js 20 takes every other argument for that, too. */
type Collect = (young?: true) => void

/** Bytes read between two looks. */
const INTERVAL = 4 << 20
/** So many bytes of new buffers call for a collection. */
const SLACK = 10 << 20

/** Frees buffers that nobody uses any more. V8 hardly counts them: a scan that makes next to no objects leaves 30 MB of
 *  what gunzip wrote, or of counts that were outgrown, lying around. A look takes a microsecond. The function is `gc` of
 *  a context of its own: there is no other way to ask for a collection without a flag on the command line. */
export class BufferWatch {
  private left = INTERVAL
  /** Bytes of buffers after the last collection, and after the last full one. */
  private after = 0
  private settled = 0
  private collect: Collect | null | undefined

  /** Call for every piece that was read. */
  read(bytes: number): void {
    this.left -= bytes
    if (this.left > 0) return
    this.left = INTERVAL
    const now = buffers()
    this.after = Math.min(this.after, now)
    if (now < this.after + SLACK) return
    this.collect ??= collector()
    if (this.collect === null) return
    // Young buffers go for next to nothing, and are most of them where input is unpacked. They are freed beside the
    // program, and V8 notices at the next collection: the second one is for the number.
    this.collect(true)
    this.collect(true)
    this.after = buffers()
    if (this.after < this.settled + SLACK) return
    this.collect()
    // The same holds for it: without a second one what was being freed counted as held, and the next came too late.
    this.collect(true)
    this.settled = this.after = buffers()
  }
}

const buffers = (): number => getHeapStatistics().external_memory

function collector(): Collect | null {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext("typeof gc === 'function' ? gc : null") as Collect | null
  setFlagsFromString('--no-expose-gc')
  return collect
}

/** Heap in use, or held for it, beyond what was left by the last collection. */
const GARBAGE = 12 << 20

/** Collects what a burst of lines left behind, once it is over: V8 does so when it needs room, and until then a quiet server
 *  holds twice what it uses. Not while lines come: a full collection takes a tenth of a second. */
export class HeapWatch {
  private used = Infinity
  private held = Infinity
  private collect: Collect | null | undefined

  /** Call now and then. @param busy lines came since the last call */
  look(busy: boolean): void {
    const { used_heap_size: used, total_heap_size: held } = getHeapStatistics()
    this.used = Math.min(this.used, used)
    this.held = Math.min(this.held, held)
    if (busy || (used < this.used + GARBAGE && held < this.held + GARBAGE)) return
    this.collect ??= collector()
    // The first one frees objects, the second one the pages that are nearly empty then: 121 -> 99 -> 74 MB.
    this.collect?.()
    this.collect?.()
    const left = getHeapStatistics()
    this.used = left.used_heap_size
    this.held = left.total_heap_size
  }
}
