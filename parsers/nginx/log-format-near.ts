/** Where a line stops being one of a `log_format`. The matcher itself stays as it is: this one extends it, notes where it
 *  gives up, and exists only when somebody asks. */
import type { Near } from '../parser.ts'
import { dissect, FormatMatcher, type Part } from './log-format.ts'
import type { Escape } from './unescape.ts'

/** Null when the line has the format's shape. */
export function nearFormat(text: string, escape: Escape, line: string): Near | null {
  const { names, segments, opens } = dissect(text, escape)
  return new NearMatcher(names, segments, opens).near(line)
}

class NearMatcher extends FormatMatcher {
  private best = { at: -1, fits: 0, why: '', parts: -1 }

  near(line: string): Near | null {
    if (this.match(line) !== null) return null
    const { at, fits, why } = this.best
    return at < 0 ? { at: 0, why: 'expected another form' } : { at, fits, why }
  }

  protected override find(i: number, line: string, limit: number): number {
    const reached = super.find(i, line, limit)
    if (reached >= 0) return reached
    const segment = this.segments[i + 1] as readonly Part[]
    const head = segment[0]
    const name = this.nameOf(this.opens[i]?.variable)
    const start = this.start[i] as number
    if (head === undefined || !('literal' in head))
      this.note(i, 0, limit, `expected the line to end after ${name}`, start)
    else {
      // Not further than the value can reach: the search is done at every step back.
      const next = line.slice(start, limit + head.literal.length).indexOf(head.literal)
      // The value goes up to what it cannot hold: there, at the latest, the literal should have been.
      if (next < 0) this.note(i, 0, limit, `expected ${quoted(head.literal)} after ${name}`, start)
      else if (i === this.opens.length - 1 && segment.length === 1)
        this.note(i, 1, start + next + head.literal.length, `expected the line to end after ${name}`)
    }
    return reached
  }

  protected override segment(index: number, line: string, at: number): number {
    const end = super.segment(index, line, at)
    const last = index === this.segments.length - 1
    const parts = this.segments[index] as readonly Part[]
    if (end < 0) this.walk(index, parts, line, at)
    else if (last && end !== line.length)
      this.note(index - 1, parts.length, end, `expected the line to end after ${this.before(index, parts.length)}`)
    return end
  }

  private walk(index: number, parts: readonly Part[], line: string, at: number): void {
    let end = at
    for (const [i, part] of parts.entries()) {
      const from = end
      const after = i === 0 && index === 0 ? 'at the beginning' : `after ${this.before(index, i)}`
      if ('literal' in part) {
        const { literal } = part
        let same = 0
        while (same < literal.length && line[end + same] === literal[same]) same++
        if (same < literal.length)
          return this.note(index - 1, i, end + same, `expected ${quoted(literal.slice(same))} ${after}`)
        end += literal.length
      } else {
        end = part.scan(line, from)
        if (end < 0) return this.note(index - 1, i, from, `expected ${this.nameOf(part.variable)} ${after}`)
      }
    }
  }

  /** What stands before part `i` of a segment: a variable where there is one. */
  private before(index: number, i: number): string {
    const parts = this.segments[index] as readonly Part[]
    for (let k = i - 1; k >= 0; k--) {
      const part = parts[k] as Part
      if (!('literal' in part)) return this.nameOf(part.variable)
    }
    if (index > 0) return this.nameOf(this.opens[index - 1]?.variable)
    const first = parts[0]
    return first !== undefined && 'literal' in first ? quoted(first.literal) : 'the beginning'
  }

  private nameOf(variable: number | undefined): string {
    return variable === undefined ? 'the beginning' : `$${this.names[variable] ?? ''}`
  }

  /** Keeps what got furthest through the format; the place in the line says little, since an open value takes anything. */
  private note(open: number, part: number, at: number, why: string, fits = at): void {
    // Part 0 of a segment has not begun when its first literal is still looked for.
    const parts = (open + 1) * 1000 + part
    if (parts > this.best.parts || (parts === this.best.parts && at > this.best.at))
      this.best = { at, fits, why, parts }
  }
}

const quoted = (text: string): string => `\`${text}\``
