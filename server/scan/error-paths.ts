/** The two hot paths over nginx's error logs, of which a reader needs one: what it is asked for decides. Each is made when
 *  it is needed, since their tables take longer than a short access log. */
import type { Event } from '../../parsers/event.ts'
import type { EventRun } from '../../parsers/event-run.ts'
import type { Evidence, Observation } from '../diagnosis/contract.ts'
import { ErrorHotPath } from './error-hot-path.ts'
import type { Sink } from './found.ts'
import { LiveErrors } from './live-errors.ts'

type Options = ConstructorParameters<typeof ErrorHotPath>[0]

export class ErrorPaths {
  /** Lines that `run` read. */
  counted = 0
  private readonly options: Options
  /** For whoever wants evidence alone. */
  private hot: ErrorHotPath | null = null
  /** For whoever waits for events, and takes them in runs. */
  private live: LiveErrors | null = null

  constructor(options: Options) {
    this.options = options
  }

  /** Call before the lines of a chunk. */
  begin(bytes: Buffer, evidence: Evidence): void {
    this.hot?.begin(bytes, evidence)
    this.live?.begin(bytes, evidence)
  }

  /** Reads lines from the one at `at`, which has the number `line`, up to one that is the parser's, and returns where that
   *  begins. */
  run(bytes: Buffer, at: number, line: number, { evidence, onEvents, onRun }: Sink): number {
    this.counted = 0
    if (onEvents !== null && onRun === null) return at
    const path =
      onEvents === null
        ? (this.hot ??= new ErrorHotPath(this.options).begin(bytes, evidence))
        : (this.live ??= new LiveErrors(this.options).begin(bytes, evidence))
    const reached = path.run(at, line)
    this.counted = path.counted
    return reached
  }

  /** The parser has read another line: what was read before it comes first. */
  before(): void {
    this.live?.fold()
  }

  /** The line at `at` is no event, or outside of the asked window. */
  learn(what: 'ordinary' | 'outside', at: number): void {
    this.hot?.learn(what, at)
    this.live?.learn(what, at)
  }

  /** The line at `at` is this event, and was counted there. */
  learnEvent(event: Event, into: Observation, at: number): void {
    this.hot?.learn(into, at)
    this.live?.learn(event, at)
  }

  /** Call after the lines of a chunk. Returns the run, when there is something in it. */
  endChunk(evidence: Evidence): EventRun | null {
    this.hot?.endChunk(evidence)
    return this.live?.endChunk(evidence) ?? null
  }

  /** Lines outside of the asked window, of those that are read live. */
  takeOutside(): number {
    return this.live?.takeOutside() ?? 0
  }

  finish(): void {
    this.hot?.finish()
  }
}
