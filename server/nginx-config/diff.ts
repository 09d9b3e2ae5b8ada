/** Unified diffs from edits of known ranges: no search for differences is needed. */

export interface Edit {
  /** Range in the old text; equal for an insertion. */
  start: number
  end: number
  text: string
}

/** Old lines [from, to) become `lines`. Lines keep their line end. */
interface Change {
  from: number
  to: number
  lines: string[]
}

export function applyEdits(text: string, edits: readonly Edit[]): string {
  let out = ''
  let at = 0
  for (const edit of inOrder(edits)) {
    out += text.slice(at, edit.start) + edit.text
    at = edit.end
  }
  return out + text.slice(at)
}

/** A diff for `patch -p0`, with up to `context` lines around each change; '' when nothing changes.
 *  The edits must not overlap; several insertions at one place keep their order. */
export function unifiedDiff(name: string, text: string, edits: readonly Edit[], context = 3): string {
  if (applyEdits(text, edits) === text) return ''
  const old = splitLines(text)
  const changes = lineChanges(text, old, edits)
  let out = ''
  let shift = 0
  for (let i = 0; i < changes.length;) {
    let j = i
    const gap = (k: number) => (changes[k + 1]?.from ?? Infinity) - (changes[k]?.to ?? 0)
    while (gap(j) <= context * 2) j++
    const hunk = changes.slice(i, j + 1)
    const from = Math.max(0, (hunk[0]?.from ?? 0) - context)
    const to = Math.min(old.length, (hunk.at(-1)?.to ?? 0) + context)
    const grown = hunk.reduce((sum, change) => sum + change.lines.length - (change.to - change.from), 0)
    out += `@@ -${range(from, to - from)} +${range(from + shift, to - from + grown)} @@\n`
    let at = from
    for (const change of hunk) {
      out += print(' ', old.slice(at, change.from)) + print('-', old.slice(change.from, change.to))
      out += print('+', change.lines)
      at = change.to
    }
    out += print(' ', old.slice(at, to))
    shift += grown
    i = j + 1
  }
  // A tab ends the name, so that a space in it is not taken for the end.
  const label = name.includes(' ') ? `${name}\t` : name
  return `--- ${label}\n+++ ${label}\n${out}`
}

const range = (from: number, count: number): string => `${count === 0 ? from : from + 1},${count}`

function print(mark: string, lines: readonly string[]): string {
  return lines.map((line) => `${mark}${line}${line.endsWith('\n') ? '' : '\n\\ No newline at end of file\n'}`).join('')
}

const splitLines = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? []

const inOrder = (edits: readonly Edit[]): Edit[] => [...edits].sort((a, b) => a.start - b.start || a.end - b.end)

function lineChanges(text: string, old: readonly string[], edits: readonly Edit[]): Change[] {
  const starts: number[] = []
  let at = 0
  for (const line of old) {
    starts.push(at)
    at += line.length
  }
  starts.push(text.length)
  const lineAt = (offset: number): number => {
    let low = 0
    let high = old.length
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return low
  }
  const groups: { from: number; to: number; edits: Edit[] }[] = []
  for (const edit of inOrder(edits)) {
    // Lines join where a line end goes, so the line of the edit's end belongs to it, and the last line to what follows it.
    const from = Math.max(0, lineAt(edit.start) - (edit.start === text.length ? 1 : 0))
    const to = Math.min(old.length, lineAt(edit.end) + 1)
    const group = groups.at(-1)
    if (group && from < group.to) {
      group.to = Math.max(group.to, to)
      group.edits.push(edit)
    } else groups.push({ from, to, edits: [edit] })
  }
  return groups.flatMap(({ from, to, edits: own }) => {
    const base = starts[from] ?? text.length
    const moved = own.map((edit) => ({ ...edit, start: edit.start - base, end: edit.end - base }))
    const lines = splitLines(applyEdits(text.slice(base, starts[to] ?? text.length), moved))
    return trim(old, { from, to, lines })
  })
}

/** Leaves out lines that stay the same at both ends of a change. */
function trim(old: readonly string[], { from, to, lines }: Change): Change[] {
  let first = 0
  while (from + first < to && first < lines.length && old[from + first] === lines[first]) first++
  let end = 0
  while (to - end > from + first && lines.length - end > first && old[to - end - 1] === lines[lines.length - end - 1])
    end++
  const change = { from: from + first, to: to - end, lines: lines.slice(first, lines.length - end) }
  return change.from === change.to && change.lines.length === 0 ? [] : [change]
}
