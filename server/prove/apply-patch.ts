/** Applies a unified diff to texts in memory, strictly: a line that does not match is an error, never a guess. */

/** New text of each file that the diff names, by path; or why it does not apply. */
export type Applied = { ok: true; files: Map<string, string> } | { ok: false; reason: string }

/** @param find the text of the file that a name in the diff means, and the path it is known by; null: there is none. */
export function applyPatch(diff: string, find: (name: string) => { path: string; text: string } | null): Applied {
  const files = new Map<string, string>()
  const parts = diff.split(/^(?=--- .*\r?\n\+\+\+ )/m).filter((part) => part.startsWith('--- '))
  if (parts.length === 0) return { ok: false, reason: 'it is no unified diff: no "---" and "+++" lines' }
  for (const part of parts) {
    const [from = '', to = '', ...lines] = part.split('\n')
    const name = nameOf(to) ?? nameOf(from) ?? ''
    const found = find(name)
    if (!found) return { ok: false, reason: `it changes ${name}, which is not part of the configuration` }
    const next = applyHunks(files.get(found.path) ?? found.text, lines)
    if (!next.ok) return { ok: false, reason: `${name}: ${next.reason}` }
    files.set(found.path, next.text)
  }
  return { ok: true, files }
}

/** `+++ b/conf.d/app.conf<tab>date` */
function nameOf(line: string): string | null {
  const name = line.slice(4).replace(/\t.*$/s, '').trim()
  return name === '/dev/null' || name === '' ? null : name
}

type Text = { ok: true; text: string } | { ok: false; reason: string }

function applyHunks(text: string, lines: readonly string[]): Text {
  const old = text.split('\n')
  const out: string[] = []
  let at = 0
  let inHunk = false
  let last: '+' | '-' | ' ' = ' '
  let hunks = 0
  for (const line of lines) {
    const start = /^@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@/.exec(line)
    if (start) {
      // A hunk without old lines stands after the line it names.
      const begin = start[2] === '0' ? Number(start[1]) : Number(start[1]) - 1
      if (begin < at || begin > old.length) return { ok: false, reason: `the hunk at line ${start[1]} is out of order` }
      out.push(...old.slice(at, begin))
      at = begin
      inHunk = true
      hunks++
      continue
    }
    const mark = line.charAt(0)
    if (!inHunk || (mark !== '+' && mark !== '-' && mark !== ' ')) {
      // "\ No newline at end of file" after a + line: the new file ends here without one.
      if (mark === '\\' && last === '+' && old.slice(at).join('') === '') old.splice(at)
      else if (line !== '') inHunk = mark === '\\' && inHunk
      continue
    }
    last = mark
    const body = line.slice(1)
    if (mark === '+') out.push(body)
    else {
      if (old[at] !== body) return { ok: false, reason: `line ${at + 1} is not what the patch expects` }
      if (mark === ' ') out.push(body)
      at++
    }
  }
  if (hunks === 0) return { ok: false, reason: 'the patch has no hunk' }
  return { ok: true, text: [...out, ...old.slice(at)].join('\n') }
}
