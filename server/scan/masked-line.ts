/** Evidence lines without their secrets. */
import { maskText } from '../../parsers/masking.ts'
import type { Exemplar } from '../diagnosis/contract.ts'

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
    this.#raw = raw
  }

  get text(): string {
    return maskText(this.#raw.length > 4000 ? this.#raw.slice(0, 4000) : this.#raw)
  }

  toJSON(): Exemplar {
    const { source, line, text, time } = this
    return { source, line, text, time }
  }
}
