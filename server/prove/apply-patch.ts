/** Applies a unified diff to texts in memory, strictly: a line that does not match is an error, never a guess. */

/** New text of each file that the diff names, by path; or why it does not apply. */
export type Applied = { ok: true; files: Map<string, string> } | { ok: false; reason: string }

/** @param find the text of the file that a name in the diff means, and the path it is known by; null: there is none. */
export function applyPatch(diff: string, find: (name: string) => { path: string; text: string } | null): Applied {
  const files = new Map<string, string>()
  const lines = diff.split('\n')
  let file: { path: string; name: string; old: string[]; out: string[]; at: number } | null = null
  const finish = (): void => {
    if (file) files.set(file.path, [...file.out, ...file.old.slice(file.at)].join(''))
  }
  for (let i = 0; i < lines.length; i++) {
    const [line = '', next = ''] = [lines[i], lines[i + 1]]
    const hunk = /^@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(line)
    if (hunk && file) {
      const [, start, before = '1', after = '1'] = hunk
      // A hunk without old lines stands after the line it names.
      const begin = before === '0' ? Number(start) : Number(start) - 1
      if (begin < file.at || begin > file.old.length)
        return no(`${file.name}: the hunk at line ${start} is out of order`)
      for (const kept of file.old.slice(file.at, begin)) file.out.push(kept)
      file.at = begin
      const end = applyHunk(file, lines, i + 1, Number(before), Number(after))
      if (typeof end === 'string') return no(`${file.name}: ${end}`)
      i = end - 1
    } else if (line.startsWith('--- ') && next.startsWith('+++ ')) {
      finish()
      const name = nameOf(next) ?? nameOf(line) ?? ''
      const found = find(name)
      if (!found) return no(`it changes ${name}, which is not part of the configuration`)
      file = { path: found.path, name, old: linesOf(files.get(found.path) ?? found.text), out: [], at: 0 }
      i++
    }
  }
  finish()
  return file ? { ok: true, files } : no('it is no unified diff: no "---" and "+++" lines')
}

const no = (reason: string): { ok: false; reason: string } => ({ ok: false, reason })

/** Lines with their ends; the last may have none. */
const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? []

/** `+++ b/conf.d/app.conf<tab>date` */
function nameOf(line: string): string | null {
  const name = line.slice(4).replace(/\t.*$/s, '').trim()
  return name === '/dev/null' || name === '' ? null : name
}

/** Index of the line after the hunk, or what does not fit. Its counts say where it ends: a removed line may look like the
 *  head of a file. */
function applyHunk(
  file: { old: string[]; out: string[]; at: number },
  lines: readonly string[],
  start: number,
  before: number,
  after: number,
): number | string {
  let i = start
  for (let [old, made] = [before, after]; old > 0 || made > 0; i++) {
    const line = lines[i]
    if (line === undefined) return 'the patch ends within a hunk'
    const isLast = lines[i + 1]?.startsWith('\\') === true
    // Editors and mail take the blank of an empty context line away.
    const [mark, body] = line === '' ? [' ', '\n'] : [line.charAt(0), `${line.slice(1)}${isLast ? '' : '\n'}`]
    if (mark !== '+' && mark !== '-' && mark !== ' ') return `"${line.slice(0, 40)}" is no line of a hunk`
    if (mark !== '+') {
      if (file.old[file.at] !== body) return `line ${file.at + 1} is not what the patch expects`
      file.at++
      old--
    }
    if (mark !== '-') {
      file.out.push(body)
      made--
    }
    if (isLast) i++
  }
  return i
}
