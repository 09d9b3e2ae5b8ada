/** Numbers and texts in three flat lists, which cross between threads at the speed of memory: structured clone takes a
 *  microsecond for each small object and a fraction of one for each text. Whoever reads asks in the order of writing. */

export interface Packed {
  ints: Int32Array<ArrayBuffer>
  floats: Float64Array<ArrayBuffer>
  texts: string[]
}

/** Stands for null among times and line numbers. */
const NONE = -Infinity

export class Packer {
  private ints = new Int32Array(1 << 12)
  private intsEnd = 0
  private floats = new Float64Array(1 << 10)
  private floatsEnd = 0
  private readonly texts: string[] = []
  private readonly known = new Map<string, number>()

  /** @param n of 32 bits, signed or not */
  int(n: number): void {
    if (this.intsEnd === this.ints.length) this.grow(1)
    this.ints[this.intsEnd++] = n
  }

  many(ints: Int32Array): void {
    this.int(ints.length)
    this.grow(ints.length)
    this.ints.set(ints, this.intsEnd)
    this.intsEnd += ints.length
  }

  float(n: number | null): void {
    if (this.floatsEnd === this.floats.length) {
      const grown = new Float64Array(this.floatsEnd * 2)
      grown.set(this.floats)
      this.floats = grown
    }
    this.floats[this.floatsEnd++] = n ?? NONE
  }

  /** A text that comes once. */
  text(text: string): void {
    this.texts.push(text)
    this.int(this.texts.length - 1)
  }

  /** A text that comes again and again, or null. */
  name(name: string | null): void {
    const known = name === null ? -1 : this.known.get(name)
    if (known !== undefined) return this.int(known)
    this.known.set(name as string, this.texts.length)
    this.text(name as string)
  }

  list<T>(items: Iterable<T> & ({ size: number } | { length: number }), each: (item: T) => void): void {
    this.int('size' in items ? items.size : items.length)
    for (const item of items) each(item)
  }

  private grow(more: number): void {
    if (this.intsEnd + more <= this.ints.length) return
    const grown = new Int32Array(Math.max(this.ints.length * 2, this.intsEnd + more))
    grown.set(this.ints)
    this.ints = grown
  }

  done(): Packed {
    const { texts } = this
    return { ints: this.ints.slice(0, this.intsEnd), floats: this.floats.slice(0, this.floatsEnd), texts }
  }
}

export class Unpacker {
  private readonly packed: Packed
  private intsAt = 0
  private floatsAt = 0

  constructor(packed: Packed) {
    this.packed = packed
  }

  int(): number {
    return this.packed.ints[this.intsAt++] as number
  }

  many(): Int32Array {
    const from = this.intsAt + 1
    this.intsAt = from + this.int()
    return this.packed.ints.slice(from, this.intsAt)
  }

  float(): number | null {
    const n = this.packed.floats[this.floatsAt++] as number
    return n === NONE ? null : n
  }

  text(): string {
    return this.packed.texts[this.int()] as string
  }

  name(): string | null {
    const at = this.int()
    return at < 0 ? null : (this.packed.texts[at] as string)
  }

  list<T>(each: () => T): T[] {
    const items: T[] = []
    for (let left = this.int(); left > 0; left--) items.push(each())
    return items
  }
}
