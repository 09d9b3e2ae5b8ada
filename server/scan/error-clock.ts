/** The time of error_log entries, `YYYY/MM/DD HH:MM:SS` on the wall, without reading the same minute twice. */
import { slashTime } from '../../parsers/time.ts'

const MINUTE = 60_000
const COLON = 58

export class ErrorClock {
  /** Minutes since 1970 of the stamp read last. */
  minute = 0
  private readonly shift: (wall: number) => number
  /** The first sixteen bytes of the last stamp; no stamp begins with four zero bytes. */
  private p0 = 0
  private p4 = 0
  private p8 = 0
  private p12 = 0
  private wall = 0

  /** @param shift wall-clock ms → epoch ms (zone.ts) */
  constructor(shift: (wall: number) => number) {
    this.shift = shift
  }

  /** Seconds since 1970 of the stamp at `t`; -1 when it is none, or its zone is off by seconds. */
  secondAt(view: DataView, t: number): number {
    if (
      (view.getInt32(t + 12, true) !== this.p12 ||
        view.getInt32(t + 8, true) !== this.p8 ||
        view.getInt32(t + 4, true) !== this.p4 ||
        view.getInt32(t, true) !== this.p0) &&
      !this.change(view, t)
    )
      return -1
    const tens = view.getUint8(t + 17) - 48
    const ones = view.getUint8(t + 18) - 48
    if (!(tens >= 0 && tens < 6 && ones >= 0 && ones < 10) || view.getUint8(t + 16) !== COLON) return -1
    return this.minute * 60 + tens * 10 + ones
  }

  /** Others have asked for the zone meanwhile: the hour that is there twice may have become the other one. */
  refresh(): void {
    if (this.p0 !== 0) this.turn()
  }

  private change(view: DataView, t: number): boolean {
    let text = ''
    for (let i = 0; i < 16; i++) text += String.fromCharCode(view.getUint8(t + i))
    const read = slashTime(`${text}:00`)
    this.p0 = 0
    if (read === null) return false
    this.wall = read.ms
    if (!this.turn()) return false
    this.p0 = view.getInt32(t, true)
    this.p4 = view.getInt32(t + 4, true)
    this.p8 = view.getInt32(t + 8, true)
    this.p12 = view.getInt32(t + 12, true)
    return true
  }

  /** Offsets change where a minute begins. Old local times were off by seconds: these are left to the parser. */
  private turn(): boolean {
    const start = this.shift(this.wall)
    this.minute = Math.floor(start / MINUTE)
    if (start === this.minute * MINUTE) return true
    this.p0 = 0
    return false
  }
}
