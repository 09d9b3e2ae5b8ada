/** Suggested config lines, as the lines of a diff. The grouping and the remark stand in server/share/directives.ts, too: the
 *  page takes no code from the server, and a test holds the two together. */
import type { Directive } from '../../server/http/wire.ts'
import { visible } from './visible.ts'

export interface DiffLine {
  sign: 'add' | 'remove' | 'same' | 'place'
  text: string
}

/** Directives grouped by the block they belong to, in the order the blocks are first named. */
function byContext(directives: readonly Directive[]): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const { context, text } of directives) groups.set(context, [...(groups.get(context) ?? []), text])
  return groups
}

/** As replaceRemark in server/diagnosis/advice.ts: nginx refuses these twice in one block. */
const ONCE =
  /^\s*(proxy_(?:read_timeout|send_timeout|http_version|pass|buffer_size|buffers|busy_buffers_size)|resolver|worker_\w+)\s/

function replaceRemark(lines: readonly string[]): string[] {
  const names = lines.map((line) => ONCE.exec(line)?.[1]).filter((name) => name !== undefined)
  return names.length === 0 ? [] : [`# replace the line if it is there already: ${names.join(', ')}`]
}

/** The block's name, then the new lines. The name may be a phrase ("location that serves /ws") when the
 *  configuration is not known, so it is never dressed up as config. */
export function directiveDiff(directives: readonly Directive[]): DiffLine[] {
  return [...byContext(directives)].flatMap(([context, texts]) => [
    { sign: 'place' as const, text: `# in ${context}` },
    ...replaceRemark(texts).map((text) => ({ sign: 'place' as const, text })),
    ...texts.flatMap((text) => text.split('\n')).map((line) => ({ sign: 'add' as const, text: line })),
  ])
}

const HUNK = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/

/** The lines of a unified diff. The counts of `@@` decide what belongs to a hunk: outside one, `---` names a file;
 *  inside, it is a removed line that starts with two dashes. */
export function patchDiff(patch: string): DiffLine[] {
  let removed = 0
  let added = 0
  return patch
    .replace(/\n$/, '')
    .split('\n')
    .map((line): DiffLine => {
      const hunk = HUNK.exec(line)
      if (hunk) {
        removed = Number(hunk[1] ?? 1)
        added = Number(hunk[2] ?? 1)
      }
      if (hunk || line.startsWith('\\') || (removed <= 0 && added <= 0)) return { sign: 'place', text: line }
      const sign = line.startsWith('+') ? 'add' : line.startsWith('-') ? 'remove' : 'same'
      if (sign !== 'add') removed -= 1
      if (sign !== 'remove') added -= 1
      return { sign, text: line.slice(1) }
    })
}

/** What a reader pastes: the lines below a comment that says where they go. A comment ends at its line, so a name
 *  that tries to go on in the next one is written out. */
export const pasteable = (directives: readonly Directive[]): string =>
  [...byContext(directives)]
    .map(([context, texts]) => [`# in ${visible(context)}`, ...replaceRemark(texts), ...texts].join('\n'))
    .join('\n\n')
