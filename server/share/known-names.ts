/** Names that were seen where only a name can stand, and so are replaced wherever they stand alone. One pass over a text,
 *  however many there are. */

/** Names with the same first part are compared one by one, so their number bounds the work. Those beyond have dots, and what
 *  looks like a host name is replaced anyway. */
const MOST_ALIKE = 20

/** From the start of a word: its parts are divided by dots. */
const WORD = /(?<![\p{L}\p{N}_-])[\p{L}\p{N}][\p{L}\p{N}._-]*/gu

export class KnownNames {
  readonly #words = new Map<string, string>()
  /** First part → names that begin with it, the longest first: a name may be the beginning of another. */
  readonly #byFirst = new Map<string, string[]>()

  /** @param name letters, digits, dots and hyphens. @param word what it is replaced by */
  add(name: string, word: string): void {
    const bare = name.replace(/(?<!\.)\.+$/, '')
    if (this.#words.has(bare)) return
    const first = partAt(bare, 0)
    const others = this.#byFirst.get(first) ?? []
    // The name without dots always finds room.
    if (bare !== first && others.length >= MOST_ALIKE) return
    this.#words.set(bare, word)
    this.#byFirst.set(
      first,
      [...others, bare].sort((a, b) => b.length - a.length),
    )
  }

  replaced(text: string): string {
    return this.#words.size === 0 ? text : text.replace(WORD, (word) => this.#inWord(word))
  }

  #inWord(word: string): string {
    let out = ''
    let at = 0
    while (at < word.length) {
      const name = this.#nameAt(word, at)
      const end = at + (name ?? partAt(word, at)).length
      out += name === undefined ? word.slice(at, end) : (this.#words.get(name) ?? name)
      // The dot behind it.
      out += word.slice(end, end + 1)
      at = end + 1
    }
    return out
  }

  #nameAt(word: string, at: number): string | undefined {
    return this.#byFirst
      .get(partAt(word, at))
      ?.find((name) => word.startsWith(name, at) && (word[at + name.length] ?? '.') === '.')
  }
}

function partAt(text: string, at: number): string {
  const dot = text.indexOf('.', at)
  return text.slice(at, dot === -1 ? text.length : dot)
}
