/** Whole numbers and how often each was counted, in the order of the numbers. Eight bytes an entry where a Map takes
 *  forty: evidence holds thousands of these. Most of them count one or two numbers, so the first entry is in the object
 *  and the array comes with the second. */

/** Counts stop here: one bucket of a log of 800 GB. Adding stays associative. */
const MOST = 2 ** 32 - 1

export class SortedCounts {
  /** Private for the language too: comparing and printing go through the iterator, room that is not used shows nowhere. */
  #size = 0
  #key = 0
  #count = 0
  /** [key, count, key, count, …], counts as unsigned; null until there are two. */
  #pairs: Int32Array | null = null

  get size(): number {
    return this.#size
  }

  /** @param key a 32-bit integer. Takes no time at the newest end, where logs add; elsewhere a search, and for a new key
   *  a move of what is behind it. Whoever counts hostile numbers bounds how many keys there are. */
  add(key: number, n: number): void {
    if (this.#pairs === null) {
      if (this.#size === 0 || this.#key === key) {
        this.#size = 1
        this.#key = key
        this.#count = Math.min(MOST, this.#count + n)
        return
      }
      this.#pairs = new Int32Array(8)
      this.#pairs[0] = this.#key
      this.#pairs[1] = this.#count
    }
    let pairs = this.#pairs
    const end = this.#size * 2
    const newest = pairs[end - 2] as number
    const at = key > newest ? end : key === newest ? end - 2 : this.#find(pairs, key)
    if (at < end && pairs[at] === key) {
      pairs[at + 1] = Math.min(MOST, ((pairs[at + 1] as number) >>> 0) + n)
      return
    }
    if (end === pairs.length) {
      const grown = new Int32Array(Math.ceil(end * 0.75) * 2)
      grown.set(pairs)
      this.#pairs = pairs = grown
    }
    pairs.copyWithin(at + 2, at, end)
    pairs[at] = key
    pairs[at + 1] = n
    this.#size++
  }

  get(key: number): number | undefined {
    if (this.#pairs === null) return this.#size === 1 && this.#key === key ? this.#count : undefined
    const at = this.#find(this.#pairs, key)
    return at < this.#size * 2 && this.#pairs[at] === key ? (this.#pairs[at + 1] as number) >>> 0 : undefined
  }

  has(key: number): boolean {
    return this.get(key) !== undefined
  }

  /** The smallest key that is at least `key`; null when there is none. */
  from(key: number): number | null {
    if (this.#pairs === null) return this.#size === 1 && this.#key >= key ? this.#key : null
    const at = this.#find(this.#pairs, key)
    return at < this.#size * 2 ? (this.#pairs[at] as number) : null
  }

  *[Symbol.iterator](): Generator<[key: number, n: number]> {
    if (this.#pairs === null) {
      if (this.#size === 1) yield [this.#key, this.#count]
      return
    }
    for (let at = 0; at < this.#size * 2; at += 2)
      yield [this.#pairs[at] as number, (this.#pairs[at + 1] as number) >>> 0]
  }

  *keys(): Generator<number> {
    for (const [key] of this) yield key
  }

  *values(): Generator<number> {
    for (const [, n] of this) yield n
  }

  /** Sum of the counts of all keys that are at least `key`. */
  sum(key = -Infinity): number {
    const pairs = this.#pairs
    if (pairs === null) return this.#size === 1 && this.#key >= key ? this.#count : 0
    let sum = 0
    for (let at = key === -Infinity ? 0 : this.#find(pairs, key); at < this.#size * 2; at += 2)
      sum += (pairs[at + 1] as number) >>> 0
    return sum
  }

  copy(): SortedCounts {
    const copy = new SortedCounts()
    copy.merge(this)
    return copy
  }

  /** Adds all of `other`, in one pass over both. */
  merge(other: SortedCounts): void {
    if (other.#size === 0) return
    if (this.#size === 0) {
      this.#size = other.#size
      this.#key = other.#key
      this.#count = other.#count
      this.#pairs = other.#pairs?.slice(0, other.#size * 2) ?? null
      return
    }
    if (other.#pairs === null) return this.add(other.#key, other.#count)
    if (this.#pairs === null || (this.#pairs[this.#size * 2 - 2] as number) <= other.first()) {
      const { pairs, end } = { pairs: other.#pairs, end: other.#size * 2 }
      for (let at = 0; at < end; at += 2) this.add(pairs[at] as number, (pairs[at + 1] as number) >>> 0)
      return
    }
    const [a, b] = [this.#pairs, other.#pairs]
    const [endA, endB] = [this.#size * 2, other.#size * 2]
    const both = new Int32Array(endA + endB)
    let end = 0
    for (let i = 0, j = 0; i < endA || j < endB; end += 2) {
      const keyA = i < endA ? (a[i] as number) : Infinity
      const keyB = j < endB ? (b[j] as number) : Infinity
      let n = 0
      if (keyA <= keyB) n += (a[i + 1] as number) >>> 0
      if (keyB <= keyA) n += (b[j + 1] as number) >>> 0
      both[end] = Math.min(keyA, keyB)
      both[end + 1] = Math.min(MOST, n)
      if (keyA <= keyB) i += 2
      if (keyB <= keyA) j += 2
    }
    this.#pairs = end === both.length ? both : both.slice(0, end)
    this.#size = end / 2
  }

  /** Replaces every key by `to(key)`, which must keep their order; keys that become equal are counted together. */
  regroup(to: (key: number) => number): void {
    const pairs = this.#pairs
    if (pairs === null) {
      this.#key = to(this.#key)
      return
    }
    let end = 0
    for (let at = 0; at < this.#size * 2; at += 2) {
      const key = to(pairs[at] as number)
      const n = (pairs[at + 1] as number) >>> 0
      if (end > 0 && pairs[end - 2] === key) pairs[end - 1] = Math.min(MOST, ((pairs[end - 1] as number) >>> 0) + n)
      else {
        pairs[end++] = key
        pairs[end++] = n
      }
    }
    this.#size = end / 2
    if (end * 2 < pairs.length) this.#pairs = pairs.slice(0, end)
  }

  /** The smallest key; Infinity when there is none. */
  first(): number {
    return this.#size === 0 ? Infinity : this.#pairs === null ? this.#key : (this.#pairs[0] as number)
  }

  /** For another thread: key, count, key, count, …, counts as unsigned. A view where there is one: copy it. */
  pack(): Int32Array {
    return this.#pairs?.subarray(0, this.#size * 2) ?? Int32Array.of(this.#key, this.#count).subarray(0, this.#size * 2)
  }

  /** @param pairs of `pack`; they belong to the result */
  static unpack(pairs: Int32Array): SortedCounts {
    const counts = new SortedCounts()
    if (pairs.length === 2) counts.add(pairs[0] as number, (pairs[1] as number) >>> 0)
    else if (pairs.length > 2) {
      counts.#size = pairs.length / 2
      counts.#pairs = pairs
    }
    return counts
  }

  toJSON(): [number, number][] {
    return [...this]
  }

  /** Index of the first pair whose key is not below `key`. */
  #find(pairs: Int32Array, key: number): number {
    let low = 0
    let high = this.#size
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((pairs[middle * 2] as number) < key) low = middle + 1
      else high = middle
    }
    return low * 2
  }
}
