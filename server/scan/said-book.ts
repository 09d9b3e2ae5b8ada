/** What nginx's error log said so far, of all sources that are read in this thread: the kernel's numbers stand for it. Which
 *  place an entry is of, and whether a text is known, depends on its bytes alone, and not on the log it stands in. */
import type { Event } from '../../parsers/event.ts'
import type { Said } from '../../parsers/event-run.ts'
import { maskText } from '../../parsers/masking.ts'
import { ownText } from '../diagnosis/contract.ts'
import * as K from './kernel/layout.ts'

/** As many as the kernel has room for, with their texts. */
const MAX_PLACES = 4096
const MAX_TEXTS = 4096
const MAX_TEXT = 1 << 20
/** Texts are worth their price when each is said again so often. */
const WORTH = 4
/** Lines after which they are tried again where they were not. */
const TRY_AGAIN = 50_000

/** Where an entry's text leaves out what changes, counted from its beginning. */
export interface Gaps {
  serial: number
  serialEnd: number
  client: number
  clientEnd: number
}

export class SaidBook {
  /** By the number of a place: lines of it with texts of their own. */
  places: Said[] = []
  /** By the number of a text. */
  texts: Said[] = []
  private characters = 0
  /** Rows since the texts were last forgotten, and how many more have none. */
  private rows = 0
  private without = 0

  /** Whether there is room for another place. */
  get hasRoom(): boolean {
    return this.places.length < MAX_PLACES
  }

  /** Whether a new text is worth keeping. */
  get wantsTexts(): boolean {
    return this.without <= 0 && !this.isFullOfTexts
  }

  /** Call with the rows of each chunk; true when all that was learned is to be forgotten before the next. */
  isFull(rows: number): boolean {
    this.rows += rows
    this.without -= rows
    return !this.hasRoom || this.isFullOfTexts
  }

  private get isFullOfTexts(): boolean {
    return this.texts.length >= MAX_TEXTS || this.characters >= MAX_TEXT
  }

  /** Every line of another text: an address with a different query each time. Then they are not learned for a while. */
  forget(): void {
    if (this.rows < this.texts.length * WORTH) this.without = TRY_AGAIN
    this.places = []
    this.texts = []
    this.characters = 0
    this.rows = 0
  }

  /** The number of a new place, where such an event happened. */
  addPlace(event: Event): number {
    return this.places.push({ event: { ...event, time: null, client: null, connection: null }, text: null }) - 1
  }

  /** The number of a new text. */
  addText(raw: string, gaps: Gaps, place: number): number {
    const { event } = this.places[place] as Said
    const text = partsOf(raw, gaps)
    this.characters += raw.length
    return this.texts.push({ event, text }) - 1
  }
}

/** What all such lines say, without their secrets; null when there is one where the lines differ. The stamp, the serial and
 *  the address can neither begin nor end a secret, nor make one of what is around them: they hold no letter beyond `f`, no
 *  quote, `=`, `/` or `@`, and stand between blanks, or a blank and a comma. A test tries. */
export function partsOf(raw: string, { serial, serialEnd, client, clientEnd }: Gaps): Said['text'] {
  const masked = maskText(raw)
  if (!masked.startsWith(raw.slice(0, clientEnd))) return null
  const own = (text: string): string => ownText(text, text.length)
  const before = serialEnd > serial ? [own(raw.slice(STAMP, serial)), serialEnd] : ['', STAMP]
  return [before[0] as string, own(raw.slice(before[1] as number, client)), own(masked.slice(clientEnd))]
}

const STAMP = 19
if (K.MAX_ENTRIES < MAX_PLACES * 2 + MAX_TEXTS) throw new Error('the kernel has no room for that')
