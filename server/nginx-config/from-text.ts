/** A configuration that is one text: a single file, or the output of `nginx -T`, which holds every file. Pure. */
import { posix } from 'node:path'
import { expand, kindOf, type Expanded, type Files } from './expand.ts'
import { expandPattern, isPattern } from './glob.ts'
import { parseFile } from './tree.ts'
import type { ConfigProblem, NginxConfig, Source } from './tree.ts'

export type Loaded = { ok: true; config: NginxConfig } | { ok: false; error: ConfigProblem }

/** Reads a text; its includes are found only when it is an `nginx -T` dump. `file` is its name in messages. */
export function configFromText(text: string, file: string): Loaded {
  const source: Source = { file, real: file, text, encoding: 'utf8' }
  return fromDump(source) ?? finish(posix.dirname(file), [source], noFiles)
}

const MARKER = /^# configuration file (.+?):\r?$/gm
/** `nginx -T 2>&1` starts with what `nginx -t` prints. */
const PREFACE = /^(?:\s*|nginx: .*|\d{4}\/\d\d\/\d\d .*)$/

/** The configuration in an `nginx -T` dump, every file under its own name and line numbers; null when it is none. */
export function fromDump(source: Source): Loaded | null {
  const marks = [...source.text.matchAll(MARKER)]
  const first = marks[0]
  if (
    !first ||
    !source.text
      .slice(0, first.index)
      .split('\n')
      .every((line) => PREFACE.test(line))
  )
    return null
  const files = new Map<string, Source>()
  marks.forEach((mark, i) => {
    const name = mark[1] ?? ''
    const start = mark.index + mark[0].length + 1
    // nginx adds one line feed after each file.
    const text = source.text.slice(start, marks[i + 1]?.index).replace(/\n$/, '')
    if (!files.has(name)) files.set(name, { ...source, file: name, real: name, text })
  })
  const top = [...files.values()].slice(0, 1)
  const prefix = posix.dirname(top[0]?.file ?? '/')
  return finish(prefix, top, filesOfDump(files, prefix))
}

function filesOfDump(files: ReadonlyMap<string, Source>, prefix: string): Files {
  const folders = new Map<string, Set<string>>()
  for (const path of files.keys()) {
    for (let at = path; at !== '/' && at !== '.'; at = posix.dirname(at)) {
      const folder = posix.dirname(at)
      folders.set(folder, (folders.get(folder) ?? new Set()).add(posix.basename(at)))
    }
  }
  return {
    resolve: (pattern) => resolveInclude(prefix, pattern, (folder) => [...(folders.get(folder) ?? [])]),
    reaches: () => true,
    read(path) {
      const found = files.get(path)
      return found ? { ok: true, source: found } : { ok: false, reason: 'it is not in the dump' }
    },
  }
}

const noFiles: Files = {
  resolve: (pattern) => (isPattern(pattern) ? [] : [pattern]),
  reaches: () => false,
  read: () => ({ ok: false, reason: 'only one text was given' }),
}

/** Paths an include means: relative to the folder of nginx.conf, patterns sorted, literals as they are. */
export function resolveInclude(prefix: string, pattern: string, list: (folder: string) => readonly string[]): string[] {
  const absolute = pattern.startsWith('/') ? pattern : `${prefix === '/' ? '' : prefix}/${pattern}`
  return isPattern(absolute) ? expandPattern(absolute, list) : [absolute]
}

/** Where nginx's own folder is in packages and images. */
const HOMES = ['/etc/nginx', '/config/nginx', '/data/nginx', '/usr/local/nginx/conf', '/usr/local/openresty/nginx/conf']

/** The same include for a tree that was copied, or mounted into a container: `/config/nginx/proxy.conf` of SWAG is
 *  `nginx/proxy.conf` on the host. Looked at only when nothing is at the path itself. */
export function movedIncludes(prefix: string, pattern: string): string[] {
  const name = posix.basename(prefix)
  const at = name === '' ? -1 : pattern.indexOf(`/${name}/`)
  const rests = HOMES.filter((home) => pattern.startsWith(`${home}/`)).map((home) => pattern.slice(home.length + 1))
  if (at !== -1) rests.push(pattern.slice(at + name.length + 2))
  return pattern.startsWith('/') && !pattern.startsWith(`${prefix}/`) ? [...new Set(rests)] : []
}

/** Expands the top-level files. Not ok when one of them is no nginx config: then there is nothing to rely on. */
export function finish(prefix: string, top: readonly Source[], files: Files): Loaded {
  const { root, sources, problems }: Expanded = expand(files, top)
  const fatal = problems.find(({ kind, file }) => kind === 'syntax' && top.some((source) => source.file === file))
  if (fatal) return { ok: false, error: fatal }
  const nothing = { folder: null, changed_at: null, name_servers: [] }
  return { ok: true, config: { root, kind: kindOf(root), prefix, ...nothing, sources, problems } }
}

/** True for a whole nginx.conf, false for a part that another file includes. */
export const isWhole = (source: Source): boolean =>
  parseFile(source, false).statements.some(({ name }) => name === 'http' || name === 'events')
