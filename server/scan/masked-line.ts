/** Evidence lines without their secrets. */
import { maskText } from '../../parsers/masking.ts'
import { ownText, type Exemplar } from '../diagnosis/contract.ts'

/** Characters kept of a line: nginx cuts error lines at 2048, and access lines are longer in their URL only. */
const SHOWN = 4000

/** A line as evidence; masked when somebody looks at it. The raw text is in a #private field, so that nothing that walks
 *  over properties (JSON, a debugger's dump) ever shows it unmasked. */
export class MaskedLine implements Exemplar {
  readonly source: string
  readonly line: number
  readonly time: number | null
  readonly #raw: string
  /** `#raw` is masked already. */
  #masked = false
  /** What was shown before: a report looks at its lines several times. Mostly the same text, which takes no more memory. */
  #shown: string | null = null

  constructor(source: string, line: number, raw: string, time: number | null) {
    this.source = source
    this.line = line
    this.time = time
    // A copy, not a slice: a slice would keep the whole line of up to 64 KiB alive.
    this.#raw = raw.length > SHOWN ? ownText(raw, SHOWN) : raw
  }

  get text(): string {
    return this.#masked ? this.#raw : (this.#shown ??= maskText(this.#raw))
  }

  /** Masked before it is cut: half a secret may not look like one. */
  shorter(most: number): MaskedLine {
    if (this.#raw.length <= most) return this
    return MaskedLine.unpack(this.source, this.line, ownText(this.text, most), this.time, true)
  }

  toJSON(): Exemplar {
    const { source, line, text, time } = this
    return { source, line, text, time }
  }

  /** For a message to another thread of this process and nothing else (transfer.ts): masking is left for those lines that
   *  somebody looks at in the end. Null for an exemplar of another kind, whose text is masked. */
  static pack(exemplar: Exemplar): { raw: string; masked: boolean } | null {
    return #raw in exemplar ? { raw: exemplar.#raw, masked: exemplar.#masked } : null
  }

  /** The other end of `pack`. */
  static unpack(source: string, line: number, raw: string, time: number | null, masked: boolean): MaskedLine {
    const unpacked = new MaskedLine(source, line, raw, time)
    unpacked.#masked = masked
    return unpacked
  }
}
