/** Lines in envelopes that make one record together: the pieces of a line that a runtime has split, and the lines of a
 *  record whose text has line ends. Other writers' lines may stand between them. Nothing is kept from one call to the next
 *  but what a later line cannot be understood without, so that reading can begin anew at any record. */
import { stripColours } from '../../parsers/envelopes/colours.ts'
import { keyOf, Unwrapper, type Unwrapped } from '../../parsers/envelopes/unwrap.ts'

/** Longer lines are counted as unread: no log format of nginx reaches this, and no pattern should see more. */
export const MAX_LINE = 65_536
/** Bounds on joining a record whose quotes are open. An entry of nginx has at most 4095 bytes, and each of them can be a
 *  line break that a visitor put into a path: fewer lines would let the next one pass for an entry. */
export const MAX_JOINED = 4096
/** Lines of others between two pieces; a piece whose rest stays away longer is taken for a whole. */
const PATIENCE = 32
/** Bytes held back for a rest to come; less than what the feeder of lines and the follower of files keep. */
const MAX_HELD = 1 << 18
const NEWLINE = 10

/** A line by itself: [at, end) in the buffer. */
export interface SingleLine {
  line: number
  at: number
  end: number
}

export interface JoinedLines {
  line: number
  at: number
  /** How many lines it is made of. */
  lines: number
  wrapped: Unwrapped
}

export interface Group {
  /** In the order of their first lines. */
  items: readonly (SingleLine | JoinedLines)[]
  lines: number
  /** Index of the last line's end. */
  newline: number
  /** Lines were joined that turned out to be records of their own: only pieces of lines are joined here. */
  tookApart: boolean
}

type Unfinished = (payload: string) => boolean
interface Joining {
  isUnfinished: Unfinished
  isWhole(payload: string): boolean
}

export class EnvelopeLines {
  private readonly unwrapper = new Unwrapper()
  /** There were lines as grep prints them. */
  private found = false
  /** Streams in the midst of a line that was too long: its other pieces are nothing. */
  private readonly tooLong = new Set<string>()

  /** What is in the envelopes of a line (without colours); null when there are none. */
  open(text: string, outer?: Unwrapped['layers']): Unwrapped | null {
    return this.unwrapper.open(text, outer, this.tooLong.size > 0 ? this.tooLong : null)
  }

  /** Takes notice of what a line says about later ones; false when it says nothing. */
  note(wrapped: Unwrapped): boolean {
    if (wrapped.continues !== null && !wrapped.partial) this.tooLong.delete(wrapped.continues)
    this.unwrapper.note(wrapped)
    if (wrapped.layers[0]?.id === 'grep') this.found = true
    return wrapped.effect !== null
  }

  /** An empty line; true when it ended something. */
  blank(): boolean {
    const ended = this.unwrapper.claimsBareLines
    if (ended) this.unwrapper.blank()
    return ended
  }

  /** Lines that look bare may be in an envelope: by a head before them, or because the name of a file and an address behind
   *  it look like one address. */
  get claimsBareLines(): boolean {
    return this.found || this.unwrapper.claimsBareLines
  }

  /** The line at `at` and all up to where no record is open any more; null when more input has to come for that. */
  gather(bytes: Buffer, at: number, line: number, joining: Joining, final: boolean): Group | null {
    const group = this.tryGather(bytes, at, line, (payload) => joining.isUnfinished(payload), final)
    if (group === 'stripped') {
      this.unwrapper.newlines = 'stripped'
      return this.gather(bytes, at, line, joining, final)
    }
    if (group === null || group.items.every((item) => !('wrapped' in item) || joining.isWhole(item.wrapped.payload)))
      return group
    const apart = this.tryGather(bytes, at, line, () => false, final)
    return apart === null || apart === 'stripped' ? group : { ...apart, tookApart: true }
  }

  /** `stripped`: lines were taken for pieces because they lack a line end, but none around here has one. */
  private tryGather(
    bytes: Buffer,
    at: number,
    line: number,
    unfinished: Unfinished,
    final: boolean,
  ): Group | null | 'stripped' {
    const assumed = this.unwrapper.newlines === 'unknown'
    let kept = false
    let lacking = false
    const open = new Map<string, Head>()
    const items: Group['items'][number][] = []
    let newline = at - 1
    let lines = 0
    let others = 0
    do {
      if (newline >= bytes.length - 1) {
        if (!final && newline < bytes.length) return null
        break
      }
      const start = newline + 1
      newline = bytes.indexOf(NEWLINE, start)
      if (newline < 0) newline = bytes.length
      const end = newline > start && bytes[newline - 1] === 13 ? newline - 1 : newline
      const wrapped = end - start > MAX_LINE ? null : this.look(bytes, start, end, open)
      if (wrapped?.keptNewline === true) kept = true
      if (wrapped?.lacksNewline === true) lacking = true
      const before = wrapped?.continues == null ? undefined : open.get(wrapped.continues)
      if (before !== undefined && wrapped !== null) {
        open.delete(wrapped.continues as string)
        this.reopen(before.append(wrapped), unfinished, open)
        others = 0
      } else {
        const head = wrapped === null ? null : new Head(line + lines, start, wrapped)
        const opens = head !== null && this.reopen(head, unfinished, open)
        items.push(opens ? head : { line: line + lines, at: start, end })
        others++
      }
      lines++
    } while (open.size > 0 && others <= PATIENCE && newline - at < MAX_HELD)
    if (assumed && lacking && !kept) return 'stripped'
    if (kept) this.unwrapper.newlines = 'kept'
    for (const [key, head] of open) {
      if (head.wrapped.payload.length > MAX_LINE) this.tooLong.add(key)
      else if (head.wrapped.partial) this.unpack(head)
    }
    return { items, lines, newline, tookApart: false }
  }

  private look(bytes: Buffer, start: number, end: number, open: ReadonlyMap<string, Head>): Unwrapped | null {
    return this.unwrapper.open(stripColours(bytes.toString('utf8', start, end)), undefined, open)
  }

  /** Whether the record goes on; then it is filed under the key of the lines that continue it. */
  private reopen(head: Head, unfinished: Unfinished, open: Map<string, Head>): boolean {
    if (!head.wrapped.partial && head.pieces) this.unpack(head)
    const { partial, layers, payload } = head.wrapped
    const goesOn = partial || (payload !== '' && head.lines < MAX_JOINED && unfinished(payload))
    if (goesOn) open.set(keyOf(layers), head)
    head.pieces = partial
    return goesOn
  }

  /** Envelopes that only the whole line shows. */
  private unpack(head: Head): void {
    const { wrapped } = head
    const inner = wrapped.payload.length > MAX_LINE ? null : this.unwrapper.open(wrapped.payload, wrapped.layers)
    head.wrapped = inner ?? { ...wrapped, partial: false }
    head.pieces = false
  }
}

class Head implements JoinedLines {
  readonly line: number
  readonly at: number
  lines = 1
  wrapped: Unwrapped
  /** Made of pieces, which follow each other without a line end. */
  pieces: boolean

  constructor(line: number, at: number, wrapped: Unwrapped) {
    this.line = line
    this.at = at
    this.wrapped = wrapped
    this.pieces = wrapped.partial
  }

  append({ payload, partial }: Unwrapped): this {
    const { wrapped } = this
    // What is too long already only has to be counted.
    const joined =
      wrapped.payload.length > MAX_LINE ? wrapped.payload : wrapped.payload + (this.pieces ? '' : '\n') + payload
    this.lines++
    this.wrapped = { ...wrapped, payload: joined, partial }
    return this
  }
}
