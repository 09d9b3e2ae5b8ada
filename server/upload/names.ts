/** Names of files that somebody else chose, made fit for a folder of ours and for a command line. Pure. */

const LONGEST = 100

/** The last part of the name, without what a path, a pattern, an option or a terminal would make of it. The ending stays:
 *  it tells a packed log. A name that is taken gets a number: `access.log`, `2-access.log`. */
export function safeName(filename: string | null, taken: ReadonlySet<string>): string {
  const last = (filename ?? '').split(/[\\/]/).at(-1) ?? ''
  const plain = last.replace(/[^\p{L}\p{N}.@+=_-]/gu, '_').replace(/^[.-]+/, '')
  const name = plain === '' ? 'pasted.log' : Array.from(plain).slice(-LONGEST).join('')
  let unique = name
  for (let n = 2; taken.has(unique); n++) unique = `${n}-${name}`
  return unique
}

const MARKER = /^# configuration file .+?:\r?$/m

/** One text as `nginx -T` prints it, so that an `include` is looked for in what was handed in and never on this machine.
 *  The file with `http {` or `events {` in it leads, as nginx.conf does. */
export function asDump(files: readonly { name: string; text: string }[]): string {
  const sections = files.map(({ name, text }) => {
    const marked = MARKER.exec(text)
    return marked === null ? `# configuration file ${name}:\n${text}\n` : `${text.slice(marked.index)}\n`
  })
  const main = files.findIndex(({ text }) => /^\s*(?:http|events)\s*\{/m.test(text))
  if (main > 0) sections.unshift(...sections.splice(main, 1))
  return sections.join('')
}
