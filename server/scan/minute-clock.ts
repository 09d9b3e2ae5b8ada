/** Counts requests by minute and status without reading the same stamp twice. */
import { clfTime } from '../../parsers/time.ts'
import { add, span } from '../diagnosis/contract.ts'
import type { Evidence } from '../diagnosis/contract.ts'

const MINUTE = 60_000

/** The parts of `$time_local` that are the same for all stamps of a minute in one zone, as integers at these offsets:
 *  `21/Nov/2026:06:13:` and ` +0100`. */
const PARTS = [0, 4, 8, 12, 14, 20, 22] as const

export class MinuteClock {
  /** Minutes since 1970 of the stamp read last. */
  minute = 0
  /** Its parts; no stamp begins with four zero bytes. */
  private p0 = 0
  private p4 = 0
  private p8 = 0
  private p12 = 0
  private p14 = 0
  private p20 = 0
  private p22 = 0
  private start = 0
  private inMinute = 0
  private firstSecond = 60
  private lastSecond = -1
  private readonly status = new Uint32Array(1000)
  private finished: [minute: number, requests: number, first: number, last: number][] = []

  /** Second of the minute of the `$time_local` at `t`; -1 when it is none. Most stamps have the minute of the line
   *  before, and only a change of minute is worth reading. */
  secondAt(view: DataView, t: number): number {
    if (
      (view.getInt32(t + 14, true) !== this.p14 ||
        view.getInt32(t + 12, true) !== this.p12 ||
        view.getInt32(t + 8, true) !== this.p8 ||
        view.getInt32(t + 4, true) !== this.p4 ||
        view.getInt32(t, true) !== this.p0 ||
        view.getInt32(t + 20, true) !== this.p20 ||
        view.getInt32(t + 22, true) !== this.p22) &&
      !this.change(view, t)
    )
      return -1
    const tens = view.getUint8(t + 18) - 48
    const ones = view.getUint8(t + 19) - 48
    return tens >= 0 && tens < 6 && ones >= 0 && ones < 10 ? tens * 10 + ones : -1
  }

  /** Epoch ms of a second of the current minute. */
  timeOf(second: number): number {
    return this.start + second * 1000
  }

  /** Counts a request in the second that `secondAt` gave last. */
  count(second: number, status: number): void {
    this.inMinute++
    if (second < this.firstSecond) this.firstSecond = second
    if (second > this.lastSecond) this.lastSecond = second
    this.status[status] = (this.status[status] as number) + 1
  }

  private change(view: DataView, t: number): boolean {
    let text = ''
    for (let i = 0; i < 26; i++) text += String.fromCharCode(view.getUint8(t + i))
    const read = clfTime(text)
    if (read === null) return false
    this.turn()
    this.minute = Math.floor(read.ms / MINUTE)
    this.start = this.minute * MINUTE
    const [p0, p4, p8, p12, p14, p20, p22] = PARTS.map((part) => view.getInt32(t + part, true))
    this.p0 = p0 as number
    this.p4 = p4 as number
    this.p8 = p8 as number
    this.p12 = p12 as number
    this.p14 = p14 as number
    this.p20 = p20 as number
    this.p22 = p22 as number
    return true
  }

  private turn(): void {
    const { start } = this
    if (this.inMinute > 0)
      this.finished.push([start, this.inMinute, start + this.firstSecond * 1000, start + this.lastSecond * 1000])
    this.inMinute = 0
    this.firstSecond = 60
    this.lastSecond = -1
  }

  /** Moves what was counted into the evidence. False when nothing was counted. */
  flush(evidence: Evidence): boolean {
    this.turn()
    if (this.finished.length === 0) return false
    for (const [minute, requests, first, last] of this.finished) {
      evidence.requests_per_minute.add(minute, requests)
      span(evidence, first, last)
    }
    this.finished = []
    this.status.forEach((n, status) => {
      if (n > 0) add(evidence.status, status, n)
    })
    this.status.fill(0)
    return true
  }
}
