/** SHA-256 of FIPS 180-4. Not node:crypto: to load it takes a seventh of a short run, and what is hashed here are a few
 *  dozen characters of a finding's place. */

/** First 32 bits of the fractional parts of cube roots (K) and square roots (H) of the first primes, by the standard's
 *  own definition; double precision has the 35 bits needed. */
const [K, H] = constants()

/** Hexadecimal digest of the text's UTF-8. */
export function sha256(text: string): string {
  const bytes = padded(text)
  const view = new DataView(bytes.buffer)
  const hash = Int32Array.from(H)
  const w = new Int32Array(64)
  for (let at = 0; at < bytes.length; at += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getInt32(at + 4 * i)
    block(hash, w)
  }
  return Array.from(hash, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
}

/** The message, a one bit, zeros, and its length in bits in the last eight bytes (of which four are enough). */
function padded(text: string): Uint8Array<ArrayBuffer> {
  const message = new TextEncoder().encode(text)
  const bytes = new Uint8Array((message.length + 9 + 63) & ~63)
  bytes.set(message)
  bytes[message.length] = 0x80
  new DataView(bytes.buffer).setUint32(bytes.length - 4, message.length * 8)
  return bytes
}

const right = (x: number, n: number): number => (x >>> n) | (x << (32 - n))

/** Mixes 16 words of the message into the hash; `w` has room for the 64 of the schedule. */
function block(hash: Int32Array, w: Int32Array): void {
  for (let i = 16; i < 64; i++) {
    const [x, y] = [w[i - 15] as number, w[i - 2] as number]
    const s0 = right(x, 7) ^ right(x, 18) ^ (x >>> 3)
    const s1 = right(y, 17) ^ right(y, 19) ^ (y >>> 10)
    w[i] = (w[i - 16] as number) + s0 + (w[i - 7] as number) + s1
  }
  let [a, b, c, d, e, f, g, h] = hash as unknown as [number, number, number, number, number, number, number, number]
  for (let i = 0; i < 64; i++) {
    const choice = (e & f) ^ (~e & g)
    const majority = (a & b) ^ (a & c) ^ (b & c)
    const t1 = h + (right(e, 6) ^ right(e, 11) ^ right(e, 25)) + choice + (K[i] as number) + (w[i] as number)
    const t2 = (right(a, 2) ^ right(a, 13) ^ right(a, 22)) + majority
    ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0]
  }
  const mixed = [a, b, c, d, e, f, g, h]
  for (let i = 0; i < 8; i++) hash[i] = (hash[i] as number) + (mixed[i] as number)
}

function constants(): [k: Int32Array, h: Int32Array] {
  const primes: number[] = []
  for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p !== 0)) primes.push(n)
  const fraction = (root: number): number => Math.floor((root % 1) * 2 ** 32)
  return [
    Int32Array.from(primes, (p) => fraction(Math.cbrt(p))),
    Int32Array.from(primes.slice(0, 8), (p) => fraction(Math.sqrt(p))),
  ]
}
