/** Lines that no rule knows, grouped by their shape. After Drain (He et al., ICWS 2017): of lines with as many words those
 *  belong together that share most of them, and what differs becomes a gap. Numbers and quotes are gone already. */

/** Of the words of a line. Drain's paper finds 0.4 to 0.6 right for most logs. */
const ALIKE = 0.6
/** Shapes that are told apart; further lines join the nearest of as many words, or are "(other)". */
const MOST = 200
const GAP = '…'
export const OTHER = '(other)'

interface Shape {
  words: string[]
  lines: string[]
}

/** Line → its shape. The same whatever the order of the lines. */
export function shapesOf(lines: Iterable<string>): Map<string, string> {
  const byLength = new Map<string, Shape[]>()
  const all: Shape[] = []
  let other: Shape | null = null
  for (const line of [...new Set(lines)].sort()) {
    const words = line.split(' ')
    const key = `${words.length} ${words.at(-1)}`
    const near = nearest(byLength.get(key) ?? [], words)
    if (near !== null) {
      near.words = near.words.map((word, i) => (word === words[i] ? word : GAP))
      near.lines.push(line)
    } else if (all.length < MOST) {
      const shape = { words, lines: [line] }
      all.push(shape)
      byLength.set(key, [...(byLength.get(key) ?? []), shape])
    } else (other ??= { words: [OTHER], lines: [] }).lines.push(line)
  }
  if (other !== null) all.push(other)
  return new Map(all.flatMap(({ words, lines: of }) => of.map((line): [string, string] => [line, words.join(' ')])))
}

function nearest(shapes: readonly Shape[], words: readonly string[]): Shape | null {
  let best: Shape | null = null
  let most = ALIKE * words.length
  for (const shape of shapes) {
    const same = shape.words.filter((word, i) => word === words[i]).length
    if (same >= most && (best === null || same > most)) {
      best = shape
      most = same
    }
  }
  return best
}
