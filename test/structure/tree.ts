/** The files of the project: what git tracks, and what is new and not ignored. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** Only for a tree without git (an unpacked archive): what .gitignore would leave out. */
const IGNORED = new Set(['.git', 'node_modules', 'dist', 'coverage', '.halfopen'])

/** Repository paths with `/`, sorted. */
export function projectFiles(): string[] {
  return (fromGit() ?? walk('')).filter((path) => existsSync(join(ROOT, path))).toSorted()
}

export const readText = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

function fromGit(): string[] | null {
  try {
    const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const files = list.split('\0').filter(Boolean)
    return files.length > 0 ? files : null
  } catch {
    return null
  }
}

function walk(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (IGNORED.has(entry.name)) return []
    return entry.isDirectory() ? walk(path) : [path]
  })
}
