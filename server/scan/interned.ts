/** Texts by number, from 1 on: open addressing over typed arrays, bounded in every direction. */
import { head } from './words.ts'

/** Texts made to collide must not make lookups slow. */
const MAX_PROBES = 32

export class Interned {
  private size = 0
  private readonly most: number
  private readonly slots: Int32Array
  private readonly hashes: Int32Array
  private readonly tags: Int32Array
  private readonly at: Int32Array
  private readonly lengths: Int32Array
  private texts = new Uint8Array(1 << 12)
  private view = new DataView(this.texts.buffer)
  private end = 0

  /** @param most how many texts are kept, a power of two */
  constructor(most: number) {
    this.most = most
    this.slots = new Int32Array(most * 2)
    this.hashes = new Int32Array(most + 1)
    this.tags = new Int32Array(most + 1)
    this.at = new Int32Array(most + 1)
    this.lengths = new Int32Array(most + 1)
  }

  /** The number of a text; 0 when it has none. `tag`: what else tells it from others.
   *  At least three bytes must follow it in the view. */
  find(view: DataView, at: number, length: number, hash: number, tag = 0): number {
    const slot = this.slot(view, at, length, hash, tag)
    return slot < 0 ? 0 : (this.slots[slot] as number)
  }

  /** The number of a text, which gets one while there is room. */
  keep(view: DataView, at: number, length: number, hash: number, tag = 0): number {
    const slot = this.slot(view, at, length, hash, tag)
    if (slot < 0) return 0
    const known = this.slots[slot] as number
    if (known > 0 || this.size >= this.most) return known
    const entry = ++this.size
    const room = (length + 7) & ~3
    if (this.end + room > this.texts.length) {
      const larger = new Uint8Array(Math.max(this.texts.length * 2, this.end + room))
      larger.set(this.texts)
      this.texts = larger
      this.view = new DataView(larger.buffer)
    }
    for (let i = 0; i < length; i++) this.texts[this.end + i] = view.getUint8(at + i)
    this.hashes[entry] = hash
    this.tags[entry] = tag
    this.at[entry] = this.end
    this.lengths[entry] = length
    this.end += room
    this.slots[slot] = entry
    return entry
  }

  clear(): void {
    this.size = 0
    this.end = 0
    this.slots.fill(0)
  }

  private slot(view: DataView, at: number, length: number, hash: number, tag: number): number {
    const { slots, hashes } = this
    const mask = slots.length - 1
    const first = hash ^ (hash >>> 15)
    for (let probe = 0; probe < MAX_PROBES; probe++) {
      const slot = (first + probe) & mask
      const entry = slots[slot] as number
      if (entry === 0 || (hashes[entry] === hash && this.isSame(entry, view, at, length, tag))) return slot
    }
    return -1
  }

  private isSame(entry: number, other: DataView, at: number, length: number, tag: number): boolean {
    if (this.tags[entry] !== tag || this.lengths[entry] !== length) return false
    const { view } = this
    let own = this.at[entry] as number
    const whole = at + (length & ~3)
    for (; at < whole; at += 4, own += 4) if (view.getInt32(own, true) !== other.getInt32(at, true)) return false
    const rest = length & 3
    return rest === 0 || head(view.getInt32(own, true), rest) === head(other.getInt32(at, true), rest)
  }
}
