/** The kernel's instance: one a thread, used by one reader at a time. */
import { readFileSync } from 'node:fs'
import { clfTime, isoTime } from '../../parsers/time.ts'
import { lifetimeBucket } from '../diagnosis/contract.ts'
import { builtFile } from './built.ts'
import { KEPT_ERROR_SIZE, MEMORY_SIZE, PROOF } from './kernel/layout.ts'

/** A line of a second in which several sessions ended. */
export interface EndProof {
  text(): string
  /** Epoch ms. */
  time: number
  number: number
}

/** What it exports (kernel/index.ts). Addresses are offsets into `memory`. */
interface Exports {
  memory: WebAssembly.Memory
  counted: WebAssembly.Global
  learnable: WebAssembly.Global
  usable: WebAssembly.Global
  status: WebAssembly.Global
  lineEnd: WebAssembly.Global
  minute: WebAssembly.Global
  millis: WebAssembly.Global
  configure(
    since: number,
    until: number,
    wholeRequest: number,
    plainRequest: number,
    keyed: number,
    own0: number,
    own1: number,
  ): void
  run(from: number, end: number, number: number, repeat: number): number
  clearFields(): void
  clearRequests(): void
  keepRequest(value: number): void
  takeOutside(): number
  takeDropped(): number
  copyKept(): void
  resetTally(index: number, from: number, missing: number, plain: number): void
  settleMinute(index: number): void
  turn(): void
  closeEnds(whole: boolean): void
  // Of error entries.
  errorsCounted: WebAssembly.Global
  reason: WebAssembly.Global
  firstMs: WebAssembly.Global
  lastMs: WebAssembly.Global
  keepLonger(bytes: number): void
  runErrors(from: number, to: number, number: number, since: number, until: number): number
  errorNext(): number
  errorValue(): number
  messageNumber(): number
  keepMessage(): number
  clearErrors(): void
  keepError(value: number): void
  resetSpan(): void
  // Of those that somebody waits for.
  linesRead: WebAssembly.Global
  rows: WebAssembly.Global
  levels: WebAssembly.Global
  setWall(minutes: number): void
  clearLive(all: boolean): void
  takeOutsideErrors(): number
  readErrors(from: number, to: number, since: number, until: number, texts: boolean): number
  keepText(start: number, text: number, place: number): number
}

/** What the kernel tells whoever uses it. Times in minutes since 1970 and milliseconds within one. */
export interface KernelUser {
  turned(minute: number, requests: number, first: number, last: number): void
  settled(tally: number, minute: number, n: number): void
  /** One of the first three lines, or a long one: its text, time (epoch ms) and number. */
  kept?(tally: number, text: string, time: number, number: number): void
  /** Sessions ended in this second since 1970: how many of which age stands at ENDS. Returns how many have to end in a second for
   *  it to be kept. */
  ended?(second: number, proof: EndProof | null): number
  /** True when no more clients of this tally are wanted. */
  client(tally: number, address: string): boolean
  /** Minutes since 1970 of a reading of the clock, `2026/11/21 06:13`; -1 when it is none. */
  wallMinute?(text: string): number
  /** Another one takes over: everything counted so far has to be fetched. */
  leave(): void
}

export class Kernel {
  readonly exports: Exports
  readonly bytes: Buffer
  readonly words: Int32Array
  readonly doubles: Float64Array
  private user: KernelUser | null = null

  constructor(module: WebAssembly.Module) {
    const host = {
      minuteOf: (at: number, length: number) => this.minuteOf(at, length),
      turned: (minute: number, n: number, first: number, last: number) => this.user?.turned(minute, n, first, last),
      settled: (tally: number, minute: number, n: number) => this.user?.settled(tally, minute, n),
      kept: (tally: number, at: number, length: number, time: number, number: number) =>
        this.user?.kept?.(tally, this.bytes.toString('utf8', at, at + length), time, number),
      client: (tally: number, at: number, length: number) =>
        this.user?.client(tally, this.bytes.toString('latin1', at, at + length)) === false ? 0 : 1,
      ended: (second: number, length: number, time: number, number: number) => {
        const proof =
          length > 0 ? { text: () => this.bytes.toString('utf8', PROOF, PROOF + length), time, number } : null
        return this.user?.ended?.(second, proof) ?? 0
      },
      bucketOf: lifetimeBucket,
    }
    const instance = new WebAssembly.Instance(module, { host })
    this.exports = instance.exports as unknown as Exports
    const { buffer } = this.exports.memory
    if (buffer.byteLength < MEMORY_SIZE) throw new Error('the kernel was built for another memory layout')
    this.bytes = Buffer.from(buffer)
    this.words = new Int32Array(buffer)
    this.doubles = new Float64Array(buffer)
  }

  /** Makes `user` the one whose lines are counted; true when it was not. */
  take(user: KernelUser): boolean {
    if (this.user === user) return false
    this.user?.leave()
    this.user = user
    return true
  }

  private minuteOf(at: number, length: number): number {
    const text = this.bytes.toString('latin1', at, at + length)
    if (length === 16) return this.user?.wallMinute?.(text) ?? -1
    const read = length === 26 ? clfTime(text) : isoTime(text)
    return read === null ? -1 : Math.floor(read.ms / 60_000)
  }
}

let compiled: WebAssembly.Module | null | undefined

let compiling: Promise<void> | null = null

/** Compiles the kernel beside this thread, while that finds out what to read. Whoever needs the kernel sooner compiles it. */
export function prepareKernel(): Promise<void> {
  return (compiling ??= compileBeside())
}

async function compileBeside(): Promise<void> {
  const file = builtFile('kernel.wasm')
  if (file === null || compiled !== undefined) return
  try {
    const module = await WebAssembly.compile(readFileSync(file))
    compiled ??= module
  } catch {
    // The same is said when it is needed.
  }
}

/** Null where WebAssembly has no SIMD, or nothing was built: then every line is the parser's, which reads the same. */
function instance(): Kernel | null {
  try {
    if (compiled === undefined) {
      const file = builtFile('kernel.wasm')
      compiled = file === null ? null : new WebAssembly.Module(readFileSync(file))
    }
    return compiled === null ? null : new Kernel(compiled)
  } catch {
    return (compiled = null)
  }
}

let kernel: Kernel | null | undefined
let errorKernel: Kernel | null | undefined

/** For access lines. */
export const sharedKernel = (): Kernel | null => (kernel === undefined ? (kernel = instance()) : kernel)

/** For error entries: one stream may hold both, line by line, and a kernel that changes hands forgets all it knows. */
export function sharedErrorKernel(): Kernel | null {
  if (errorKernel === undefined) {
    errorKernel = instance()
    errorKernel?.exports.keepLonger(KEPT_ERROR_SIZE)
  }
  return errorKernel
}

let liveKernel: Kernel | null | undefined

/** For error entries that somebody waits for: what it knows is true of all logs, and kept when they take turns. */
export const sharedLiveKernel = (): Kernel | null => (liveKernel === undefined ? (liveKernel = instance()) : liveKernel)
