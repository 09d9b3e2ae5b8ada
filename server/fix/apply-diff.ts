/** A unified diff into the text it was made from, strictly: nothing is moved or guessed, as `patch` would. Pure. */

export interface FileChange {
  /** As named in the diff. */
  name: string
  /** Applies it. Throws DiffError when the text is not the one the diff was made from. */
  apply(text: string): string
}

/** The diff does not fit, or is none; the message says where. */
export class DiffError extends Error {}

interface Hunk {
  /** 1-based first line in the old text; 0 when the hunk has no old lines. */
  from: number
  old: string[]
  lines: string[]
}

const RANGE = /^@@ -(\d{1,9})(?:,(\d{1,9}))? \+\d{1,9}(?:,(\d{1,9}))? @@/

/** The files of a diff in its order. Throws DiffError. */
export function readDiff(diff: string): FileChange[] {
  const rows = diff.split('\n')
  const files: { name: string; hunks: Hunk[] }[] = []
  for (let at = 0; at < rows.length;) {
    const row = rows[at] ?? ''
    if (row.startsWith('--- ') && rows[at + 1]?.startsWith('+++ ')) {
      files.push({ name: nameIn(rows[at + 1] ?? ''), hunks: [] })
      at += 2
    } else if (row.startsWith('@@')) {
      const { hunk, next } = readHunk(rows, at)
      const file = files.at(-1)
      if (file === undefined) throw new DiffError(`line ${at + 1} of the diff: a change without a file name above it`)
      file.hunks.push(hunk)
      at = next
    } else at++
  }
  if (files.length === 0) throw new DiffError('no file is named in it ("--- name" and "+++ name")')
  return files.map(({ name, hunks }) => ({ name, apply: (text) => applied(name, hunks, text) }))
}

/** A tab ends the name where it holds a space. */
const nameIn = (row: string): string => row.slice(4).split('\t')[0] ?? ''

function readHunk(rows: readonly string[], at: number): { hunk: Hunk; next: number } {
  const range = RANGE.exec(rows[at] ?? '')
  if (range === null) throw new DiffError(`line ${at + 1} of the diff: not a change of the form "@@ -1,2 +1,3 @@"`)
  const hunk: Hunk = { from: Number(range[1]), old: [], lines: [] }
  let [left, made] = [Number(range[2] ?? 1), Number(range[3] ?? 1)]
  let next = at + 1
  let last: string[][] = []
  for (; left > 0 || made > 0 || rows[next]?.startsWith('\\') === true; next++) {
    const row = rows[next]
    const text = `${row?.slice(1) ?? ''}\n`
    if (row?.startsWith('\\')) for (const list of last) list.push((list.pop() ?? '').slice(0, -1))
    else if (row?.startsWith('-')) last = [hunk.old]
    else if (row?.startsWith('+')) last = [hunk.lines]
    // An editor may have taken the space of an empty line.
    else if (row?.startsWith(' ') || (row === '' && next < rows.length - 1)) last = [hunk.old, hunk.lines]
    else throw new DiffError(`line ${next + 1} of the diff: the change ends too early`)
    if (row?.startsWith('\\')) continue
    for (const list of last) list.push(text)
    if (last.includes(hunk.old)) left--
    if (last.includes(hunk.lines)) made--
    if (left < 0 || made < 0) throw new DiffError(`line ${next + 1} of the diff: more lines than the change says`)
  }
  return { hunk, next }
}

function applied(name: string, hunks: readonly Hunk[], text: string): string {
  const old = text.match(/[^\n]*\n|[^\n]+$/g) ?? []
  const lines: string[] = []
  let at = 0
  for (const hunk of hunks) {
    const from = hunk.old.length === 0 ? hunk.from : hunk.from - 1
    if (from < at || from > old.length) throw new DiffError(`${name}: it has no line ${hunk.from}`)
    lines.push(...old.slice(at, from))
    hunk.old.forEach((line, index) => {
      if (old[from + index] !== line)
        throw new DiffError(`${name}:${from + index + 1}: not the line that the patch was made for`)
    })
    lines.push(...hunk.lines)
    at = from + hunk.old.length
  }
  return [...lines, ...old.slice(at)].join('')
}
