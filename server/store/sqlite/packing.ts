/** Numbers and texts as bytes: seven bits to a byte, the least first, so that small numbers take one. */

export class Packer {
  private buffer: Buffer
  private end = 0

  constructor(room = 256) {
    this.buffer = Buffer.allocUnsafe(room)
  }

  /** @param n whole, from 0 to 2^53 */
  number(n: number): void {
    this.reserve(8)
    // Not with >>>: byte offsets and times are longer than 32 bits.
    while (n >= 128) {
      this.buffer[this.end++] = (n % 128) | 128
      n = Math.floor(n / 128)
    }
    this.buffer[this.end++] = n
  }

  /** @param n whole, from -2^52 to 2^52 */
  signed(n: number): void {
    this.number(n < 0 ? -2 * n - 1 : 2 * n)
  }

  /** Text without its length, which belongs in a column of its own. Returns how many bytes it took. */
  text(text: string): number {
    this.reserve(text.length * 3)
    const bytes = this.buffer.write(text, this.end, 'utf8')
    this.end += bytes
    return bytes
  }

  /** What was packed; valid until more is. */
  packed(): Buffer {
    return this.buffer.subarray(0, this.end)
  }

  /** Bytes as they are, without their number; few of them. */
  bytes(from: Uint8Array, at: number, length: number): void {
    this.reserve(length)
    const { buffer } = this
    let { end } = this
    for (let i = 0; i < length; i++) buffer[end++] = from[at + i] as number
    this.end = end
  }

  /** To be filled anew. */
  clear(): void {
    this.end = 0
  }

  append(other: Packer): void {
    this.reserve(other.end)
    other.buffer.copy(this.buffer, this.end, 0, other.end)
    this.end += other.end
  }

  private reserve(more: number): void {
    if (this.end + more <= this.buffer.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.end + more))
    this.buffer.copy(grown, 0, 0, this.end)
    this.buffer = grown
  }
}

/** Throws RangeError where the bytes end too early: then they are damaged. */
export class Unpacker {
  private readonly bytes: Uint8Array
  private at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  get atEnd(): boolean {
    return this.at >= this.bytes.length
  }

  number(): number {
    let n = 0
    for (let unit = 1; ; unit *= 128) {
      const byte = this.bytes[this.at++]
      if (byte === undefined || unit > 2 ** 49) throw new RangeError('packed number is cut off')
      if (byte < 128) return n + byte * unit
      n += (byte - 128) * unit
    }
  }

  signed(): number {
    const n = this.number()
    return n % 2 === 1 ? -(n + 1) / 2 : n / 2
  }

  text(length: number): string {
    if (this.at + length > this.bytes.length) throw new RangeError('packed text is cut off')
    const { buffer, byteOffset } = this.bytes
    const text = Buffer.from(buffer, byteOffset + this.at, length).toString('utf8')
    this.at += length
    return text
  }
}
