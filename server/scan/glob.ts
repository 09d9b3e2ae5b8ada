/** File name patterns: `*` and `?` within one path segment, `[abc]`, `{a,b}`, and `**` for any depth.
 *  Node 20 has no fs.glob. */
import { readdirSync, statSync, type Dirent } from 'node:fs'
import path from 'node:path'
import { isGlob } from './is-glob.ts'

/** Stops a pattern such as `/**` from walking a whole disk for ever. */
const MAX_ENTRIES = 200_000

export interface GlobResult {
  /** Sorted. */
  paths: string[]
  /** Directories on the way that could not be listed, with the system's error code. */
  unreadable: { path: string; code: string }[]
}

/** Every existing path that matches. A leading dot must be written in the pattern, as in a shell. */
export function expandGlob(pattern: string): GlobResult {
  const result: GlobResult = { paths: [], unreadable: [] }
  const budget = { left: MAX_ENTRIES }
  for (const alternative of expandBraces(pattern)) {
    const absolute = alternative.startsWith('/')
    const segments = alternative.split('/').filter((segment) => segment !== '' && segment !== '.')
    walk(absolute ? '/' : '', segments, result, budget)
  }
  result.paths = [...new Set(result.paths)].sort()
  return result
}

function walk(base: string, segments: readonly string[], result: GlobResult, budget: { left: number }): void {
  const [segment, ...rest] = segments
  if (segment === undefined) {
    result.paths.push(base)
    return
  }
  if (!isGlob(segment)) {
    const next = join(base, segment)
    if (exists(next)) walk(next, rest, result, budget)
    return
  }
  if (segment === '**') walk(base, rest, result, budget)
  const matches = segment === '**' ? null : segmentMatcher(segment)
  for (const entry of list(base === '' ? '.' : base, result)) {
    if (budget.left-- <= 0) return
    const next = join(base, entry.name)
    if (matches === null) {
      if (entry.isDirectory() && !entry.name.startsWith('.')) walk(next, segments, result, budget)
    } else if (matches(entry.name) && (rest.length === 0 || isDirectory(next))) {
      walk(next, rest, result, budget)
    }
  }
}

function list(directory: string, result: GlobResult): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'EIO'
    if (code !== 'ENOENT' && code !== 'ENOTDIR') result.unreadable.push({ path: directory, code })
    return []
  }
}

/** A permission problem counts as there: opening it later gives the better message. */
function exists(file: string): boolean {
  try {
    statSync(file)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES'
  }
}

function isDirectory(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false
}

const join = (base: string, name: string): string => (base === '' ? name : path.posix.join(base, name))

/** `a{b,c}d` → `abd`, `acd`. Unbalanced braces are ordinary characters. */
function expandBraces(pattern: string): string[] {
  const found = /\{([^{}]*,[^{}]*)\}/.exec(pattern)
  if (!found) return [pattern]
  const before = pattern.slice(0, found.index)
  const after = pattern.slice(found.index + found[0].length)
  return (found[1] as string).split(',').flatMap((part) => expandBraces(before + part + after))
}

function segmentMatcher(segment: string): (name: string) => boolean {
  let source = ''
  for (let i = 0; i < segment.length; i++) {
    const c = segment.charAt(i)
    const close = c === '[' ? segment.indexOf(']', i + 2) : -1
    // Runs of stars are one star: two adjacent ones would make the match quadratic.
    if (c === '*') source += segment.charAt(i - 1) === '*' ? '' : '.*'
    else if (c === '?') source += '.'
    else if (close > 0) {
      const set = segment
        .slice(i + 1, close)
        .replace(/^!/, '^')
        .replace(/[\\[\]]/g, '\\$&')
      source += `[${set}]`
      i = close
    } else source += c.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  }
  const pattern = compile(source)
  return (name) => (!name.startsWith('.') || segment.startsWith('.')) && (pattern?.test(name) ?? name === segment)
}

/** Null for a set that is no range, such as `[z-a]`: the pattern then only matches itself. */
function compile(source: string): RegExp | null {
  try {
    return new RegExp(`^${source}$`, 's')
  } catch {
    return null
  }
}
