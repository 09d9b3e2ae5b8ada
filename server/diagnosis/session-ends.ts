/** How many sessions ended in which second, and how old they were: a mass drop is many of different ages at once, which no
 *  minute shows. Bounded: where there are more seconds than room, those with the fewest ends go, and these are no drop. */
import type { Exemplar } from './contract.ts'
import { shorter } from './share.ts'
import { SortedCounts } from './sorted-counts.ts'

/** Age of a session whose line does not tell it. The others are half octaves: 1 is one second, 30 from seven hours on. */
export const AGE_UNKNOWN = 31
/** So many ends in a second, and a line of it is kept as proof. The kernel (scan/kernel) keeps it at the same count. */
export const PROVEN_FROM = 4
/** Seconds that are kept: half an hour of nothing but drops. */
const MOST = 2048
const MAX_TEXT = 500

/** Half octave of a session's length in seconds; the kernel computes the same. */
export function ageOf(seconds: number): number {
  const whole = Math.min(2 ** 30, Math.floor(seconds))
  if (!(whole >= 1)) return 0
  const octave = 31 - Math.clz32(whole)
  const upper = octave > 0 ? (whole >> (octave - 1)) & 1 : 0
  return Math.min(30, 1 + 2 * octave + upper)
}

/** Lower edge of an age, in seconds. */
export function secondsOf(age: number): number {
  const octave = Math.floor((age - 1) / 2)
  return age < 1 ? 0 : 2 ** octave * ((age - 1) % 2 === 1 ? 1.5 : 1)
}

/** Iterates as [second since 1970, its ends by age]. */
export class SessionEnds {
  #seconds = new Map<number, SortedCounts>()
  #proofs = new Map<number, Exemplar>()
  #least = 0

  get size(): number {
    return this.#seconds.size
  }

  /** Ends of the second that was kept last when there was no more room: those with fewer would go next. */
  get least(): number {
    return this.#least
  }

  /** @param second since 1970 @param age of `ageOf` */
  add(second: number, age: number, n: number): void {
    let ages = this.#seconds.get(second)
    if (ages === undefined) {
      if (this.#seconds.size >= 2 * MOST) this.#drop()
      this.#seconds.set(second, (ages = new SortedCounts()))
    }
    ages.add(age, n)
  }

  /** Counts one end, of which `exemplar` is the line. */
  see(second: number, age: number, exemplar: Exemplar): void {
    this.add(second, age, 1)
    if (!this.#proofs.has(second) && this.count(second) >= PROVEN_FROM) this.prove(second, exemplar)
  }

  prove(second: number, exemplar: Exemplar): void {
    if (!this.#proofs.has(second)) this.#proofs.set(second, shorter(exemplar, MAX_TEXT))
  }

  proof(second: number): Exemplar | null {
    return this.#proofs.get(second) ?? null
  }

  proofs(): ReadonlyMap<number, Exemplar> {
    return this.#proofs
  }

  count(second: number): number {
    return this.#seconds.get(second)?.sum() ?? 0
  }

  ages(second: number): SortedCounts | null {
    return this.#seconds.get(second) ?? null
  }

  merge(other: SessionEnds): void {
    for (const [second, ages] of other) for (const [age, n] of ages) this.add(second, age, n)
    for (const [second, exemplar] of other.#proofs) if (this.#seconds.has(second)) this.prove(second, exemplar)
  }

  /** The same ends so many whole seconds later. `as` makes a line's exemplar one of the new time. */
  moved(seconds: number, as: (exemplar: Exemplar) => Exemplar): SessionEnds {
    const moved = new SessionEnds()
    for (const [second, ages] of this.#seconds) moved.#seconds.set(second + seconds, ages.copy())
    for (const [second, exemplar] of this.#proofs) moved.#proofs.set(second + seconds, as(exemplar))
    return moved
  }

  /** In the order of time. */
  *[Symbol.iterator](): Generator<[second: number, ages: SortedCounts]> {
    yield* [...this.#seconds].sort((a, b) => a[0] - b[0])
  }

  toJSON(): [number, SortedCounts][] {
    return [...this]
  }

  /** Keeps the seconds with the most ends, of equal ones the later. */
  #drop(): void {
    const counted = [...this.#seconds.keys()].map((second): [number, number] => [second, this.count(second)])
    counted.sort((a, b) => b[1] - a[1] || b[0] - a[0])
    // One end is a coincidence, and most seconds of a long log have no more.
    this.#least = Math.max(2, counted[MOST - 1]?.[1] ?? 0)
    for (const [second] of counted.slice(MOST)) {
      this.#seconds.delete(second)
      this.#proofs.delete(second)
    }
  }
}
