/** Evidence lines without their secrets. */
import { maskText } from '../../parsers/masking.ts'
import { ownText, type Exemplar } from '../diagnosis/contract.ts'

/** Characters kept of a line: nginx cuts error lines at 2048, and access lines are longer in their URL only. */
const SHOWN = 4000
const WORD_ENDS = [' ', '"', '&', '?', ';', ',']

/** A line as evidence; masked when somebody looks at it. The raw text is in a #private field, so that nothing that walks
 *  over properties (JSON, a debugger's dump) ever shows it unmasked. */
export class MaskedLine implements Exemplar {
  readonly source: string
  readonly line: number
  readonly time: number | null
  readonly #raw: string

  constructor(source: string, line: number, raw: string, time: number | null) {
    this.source = source
    this.line = line
    this.time = time
    // A copy, not a slice: a slice would keep the whole line of up to 64 KiB alive.
    this.#raw = raw.length > SHOWN ? ownText(raw, SHOWN) : raw
  }

  /** Cut before the last word that is not whole: half a secret may look like none. */
  shorter(most: number): Exemplar {
    const raw = this.#raw
    if (raw.length <= most) return this
    const cut = raw.slice(0, most)
    const end = Math.max(...WORD_ENDS.map((end) => cut.lastIndexOf(end)))
    return new MaskedLine(this.source, this.line, ownText(cut, Math.max(0, end)), this.time)
  }

  get text(): string {
    return maskText(this.#raw)
  }

  toJSON(): Exemplar {
    const { source, line, text, time } = this
    return { source, line, text, time }
  }
}
