/** Suggested config lines, as the lines of a diff. */
import type { Directive } from '../diagnosis/contract.ts'

/** As replaceRemark in server/diagnosis/advice.ts: nginx refuses these twice in one block. */
const ONCE =
  /^\s*(proxy_(?:read_timeout|send_timeout|http_version|pass|buffer_size|buffers|busy_buffers_size)|resolver|worker_\w+)\s/

/** The block's name, then the new lines, in the order the blocks are first named. The name may be a phrase ("location that
 *  serves /ws") when the configuration is not known, so it is never dressed up as config. */
export function directiveLines(directives: readonly Directive[]): string[] {
  const blocks = new Map<string, string[]>()
  for (const { context, text } of directives) blocks.set(context, [...(blocks.get(context) ?? []), text])
  return [...blocks].flatMap(([context, texts]) => {
    const names = texts.map((text) => ONCE.exec(text)?.[1]).filter((name) => name !== undefined)
    return [
      `  # in ${context}`,
      ...(names.length === 0 ? [] : [`  # replace the line if it is there already: ${names.join(', ')}`]),
      ...texts.flatMap((text) => text.split('\n')).map((line) => `+ ${line}`),
    ]
  })
}
