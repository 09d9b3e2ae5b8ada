/** Applies a fix the way its reader would: pastes the lines into the named block, or applies the patch. */
import type { Directive } from '../../../server/http/wire.ts'

/** Inserts each directive at the start of its block: `http` into http {}, `location …` into the only location that
 *  proxies. Lines go in as suggested; nothing already there is touched. */
export function paste(config: string, directives: readonly Directive[]): string {
  let lines = config.split('\n')
  for (const { context, text } of directives) {
    const at = lines.findIndex((line) => opens(line, context))
    if (at === -1) throw new Error(`the suggestion names a block that is not there: ${context}`)
    const indent = `${/^\s*/.exec(lines[at] ?? '')?.[0] ?? ''}    `
    const added = text.split('\n').map((line) => indent + line)
    lines = [...lines.slice(0, at + 1), ...added, ...lines.slice(at + 1)]
  }
  return lines.join('\n')
}

function opens(line: string, context: string): boolean {
  const head = line.trim()
  if (!head.endsWith('{')) return false
  const name = head.slice(0, -1).trim()
  // Without --config the block cannot be known by name; the test configurations have one location.
  return context.startsWith('location') ? name.startsWith('location') : name === context.split(' ')[0]
}

/** Applies a unified diff strictly: every context and removed line must be where the hunk says. */
export function applyPatch(text: string, patch: string): string {
  const source = text.split('\n')
  const result: string[] = []
  let at = 0
  let inHunk = false
  for (const line of patch.split('\n')) {
    const hunk = /^@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@/.exec(line)
    if (hunk) {
      // With a length of 0 the number is the line before the insertion.
      const start = Number(hunk[1]) - (hunk[2] === '0' ? 0 : 1)
      result.push(...source.slice(at, start))
      at = start
      inHunk = true
    } else if (inHunk && line.startsWith('+')) result.push(line.slice(1))
    else if (inHunk && (line.startsWith(' ') || line.startsWith('-'))) {
      if (source[at] !== line.slice(1)) {
        throw new Error(`patch does not apply at line ${at + 1}: "${source[at]}" is not "${line.slice(1)}"`)
      }
      if (line.startsWith(' ')) result.push(source[at] ?? '')
      at++
    }
  }
  if (!inHunk) throw new Error(`no hunk in this patch:\n${patch}`)
  return [...result, ...source.slice(at)].join('\n')
}
