/** The columns of a run, filled from the kernel's rows. Made once a thread and used again. */
import type { EventRun, Said } from '../../parsers/event-run.ts'
import type { Kernel } from './kernel-host.ts'
import * as K from './kernel/layout.ts'

export class RunColumns implements EventRun {
  size = 0
  bytes: Uint8Array = new Uint8Array(0)
  said: Said[] = []
  which = new Int32Array(0)
  at = new Int32Array(0)
  length = new Int32Array(0)
  line = new Float64Array(0)
  time = new Float64Array(0)
  wall = new Int32Array(0)
  serial = new Float64Array(0)
  client = new Int32Array(0)
  clientLength = new Int32Array(0)
  readonly texts = new Map<number, string>()
  /** What is said in this run → its index. */
  private readonly indices = new Map<Said, number>()
  /** The same for texts, by number. */
  private byText = new Int32Array(0)

  /** Another chunk. @param texts as many as there are */
  begin(bytes: Uint8Array, texts: number): void {
    this.size = 0
    this.bytes = bytes
    this.said = []
    this.texts.clear()
    this.indices.clear()
    if (this.byText.length < texts) this.byText = new Int32Array(texts)
    this.byText.fill(-1)
  }

  /** Adds the kernel's rows. @param shift from places in the chunk to its addresses @param number of the first line */
  take(kernel: Kernel, shift: number, number: number, places: readonly Said[], texts: readonly Said[]): void {
    const rows = kernel.exports.rows.value as number
    if (this.size + rows > this.at.length) this.grow(this.size + rows)
    const { words, doubles } = kernel
    let size = this.size
    for (let row = 0; row < rows; row++, size++) {
      const at = (K.ROWS + row * K.ROW_SIZE) / 4
      const text = words[at + 7] as number
      this.time[size] = doubles[at / 2] as number
      this.serial[size] = doubles[at / 2 + 1] as number
      this.at[size] = (words[at + 4] as number) - shift
      this.length[size] = words[at + 5] as number
      // Without one it is the line's start: no place outside of the chunk.
      this.client[size] = (words[at + 8] || (words[at + 4] as number)) - shift
      this.clientLength[size] = words[at + 9] as number
      this.wall[size] = words[at + 10] as number
      this.line[size] = number + (words[at + 11] as number)
      this.which[size] =
        text < 0 ? this.indexOf(places[words[at + 6] as number] as Said) : this.indexOfText(text, texts)
    }
    this.size = size
  }

  private indexOfText(text: number, texts: readonly Said[]): number {
    if (text >= this.byText.length) {
      const more = new Int32Array(Math.max(64, text * 2)).fill(-1)
      more.set(this.byText)
      this.byText = more
    }
    const known = this.byText[text] as number
    return known >= 0 ? known : (this.byText[text] = this.indexOf(texts[text] as Said))
  }

  private indexOf(said: Said): number {
    let index = this.indices.get(said)
    if (index === undefined) this.indices.set(said, (index = this.said.push(said) - 1))
    return index
  }

  private grow(least: number): void {
    const room = Math.max(least, this.at.length * 2, 256)
    const ints = (old: Int32Array): Int32Array<ArrayBuffer> => {
      const more = new Int32Array(room)
      more.set(old)
      return more
    }
    const doubles = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const more = new Float64Array(room)
      more.set(old)
      return more
    }
    this.which = ints(this.which)
    this.at = ints(this.at)
    this.length = ints(this.length)
    this.line = doubles(this.line)
    this.time = doubles(this.time)
    this.wall = ints(this.wall)
    this.serial = doubles(this.serial)
    this.client = ints(this.client)
    this.clientLength = ints(this.clientLength)
  }
}
