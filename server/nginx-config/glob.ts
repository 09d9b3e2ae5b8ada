/** Include patterns as glob(3) reads them: `*`, `?` and `[…]` within one path segment, no `**` and no braces. */

export const isPattern = (path: string): boolean => /[*?[]/.test(path)

/** The deepest folder of a pattern's path that no special character is part of. */
export function fixedFolder(pattern: string): string {
  const fixed = pattern.slice(0, pattern.search(/[*?[]|$/))
  return fixed.slice(0, fixed.lastIndexOf('/')) || '/'
}

/** Existing paths that match an absolute pattern, in byte order. `list` names a folder's entries, [] when it has none. */
export function expandPattern(pattern: string, list: (folder: string) => readonly string[]): string[] {
  let folders = ['']
  for (const segment of pattern.split('/').filter((part) => part !== '' && part !== '.')) {
    if (!isPattern(segment)) {
      folders = folders.map((folder) => `${folder}/${segment}`)
      continue
    }
    const matches = segmentMatcher(segment)
    folders = folders.flatMap((folder) =>
      list(folder === '' ? '/' : folder)
        .filter(matches)
        .map((name) => `${folder}/${name}`),
    )
  }
  return folders.sort(byBytes)
}

/** nginx sets no locale, so glob(3) sorts by bytes; UTF-8 keeps code point order. */
const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function segmentMatcher(segment: string): (name: string) => boolean {
  const source = segment.replace(
    /\[(!?)([^\]]+)\]|[\s\S]/g,
    (part, negated: string | undefined, set: string | undefined) => {
      if (set !== undefined) return `[${negated === '!' ? '^' : ''}${set.replace(/[\\^[]/g, '\\$&')}]`
      if (part === '*') return '.*'
      return part === '?' ? '.' : part.replace(/[.+^${}()|[\]\\/]/, '\\$&')
    },
  )
  let pattern: RegExp
  try {
    pattern = new RegExp(`^${source}$`, 's')
  } catch {
    return () => false
  }
  const hidden = segment.startsWith('.')
  return (name) => (hidden || !name.startsWith('.')) && pattern.test(name)
}
