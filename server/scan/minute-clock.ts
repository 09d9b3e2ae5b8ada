/** Counts requests by minute and status without reading the same stamp twice. */
import { clfTime } from '../../parsers/time.ts'
import { add, span } from '../diagnosis/contract.ts'
import type { Evidence } from '../diagnosis/contract.ts'

export class MinuteClock {
  private date = 0
  private clock = 0
  private zone = 0
  private zoneRest = 0
  private rest = 0
  /** Epoch ms of the current minute; NaN before the first line. */
  private minute = NaN
  private inMinute = 0
  private firstSecond = 61
  private lastSecond = -1
  private readonly status = new Float64Array(1000)
  private finished: [minute: number, requests: number, first: number, last: number][] = []

  /** Epoch ms of the `$time_local` at `t`; NaN when it is none. The digits are compared as integers with the line
   *  before: they are the same for thousands of lines, and only a change of minute is worth reading. */
  timeAt(bytes: Buffer, t: number): number {
    const b = (i: number): number => bytes[t + i] as number
    const clock = (b(12) << 24) | (b(13) << 16) | (b(15) << 8) | b(16)
    const date = (b(0) << 24) | (b(1) << 16) | (b(4) << 8) | b(5)
    const zone = (b(9) << 24) | (b(10) << 16) | (b(21) << 8) | b(22)
    const zoneRest = (b(8) << 24) | (b(23) << 16) | (b(24) << 8) | b(25)
    const rest = (b(2) << 24) | (b(3) << 16) | (b(6) << 8) | b(7)
    if (
      clock !== this.clock ||
      date !== this.date ||
      zone !== this.zone ||
      zoneRest !== this.zoneRest ||
      rest !== this.rest
    ) {
      const read = clfTime(bytes.toString('latin1', t, t + 26))
      if (read === null) return NaN
      this.turn()
      this.minute = read.ms - (((read.ms % 60_000) + 60_000) % 60_000)
      this.clock = clock
      this.date = date
      this.zone = zone
      this.zoneRest = zoneRest
      this.rest = rest
    }
    const tens = b(18) - 48
    const ones = b(19) - 48
    if (!(tens >= 0 && tens < 6 && ones >= 0 && ones < 10 && b(17) === 58 && b(14) === 58 && b(11) === 58)) return NaN
    return this.minute + (tens * 10 + ones) * 1000
  }

  /** Counts a request at the time that `timeAt` gave last. */
  count(time: number, status: number): void {
    const second = (time - this.minute) / 1000
    this.inMinute++
    if (second < this.firstSecond) this.firstSecond = second
    if (second > this.lastSecond) this.lastSecond = second
    this.status[status] = (this.status[status] as number) + 1
  }

  private turn(): void {
    const { minute } = this
    if (this.inMinute > 0)
      this.finished.push([minute, this.inMinute, minute + this.firstSecond * 1000, minute + this.lastSecond * 1000])
    this.inMinute = 0
    this.firstSecond = 61
    this.lastSecond = -1
  }

  /** Moves what was counted into the evidence. */
  flush(evidence: Evidence): void {
    this.turn()
    for (const [minute, requests, first, last] of this.finished) {
      add(evidence.requests_per_minute, minute, requests)
      span(evidence, first, last)
    }
    this.finished = []
    this.status.forEach((n, status) => {
      if (n > 0) add(evidence.status, status, n)
    })
    this.status.fill(0)
  }
}
