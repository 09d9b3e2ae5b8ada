/** Reads a configuration from disk. The only I/O of nginx-config. */
import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import type { Stats } from 'node:fs'
import { isUtf8 } from 'node:buffer'
import { isIP } from 'node:net'
import { basename, dirname, join, resolve } from 'node:path'
import type { Files } from './expand.ts'
import { finish, fromDump, isWhole, movedIncludes, resolveInclude, type Loaded } from './from-text.ts'
import { expandPattern, fixedFolder } from './glob.ts'
import type { Source } from './tree.ts'

/** Far above any real file; a dump of thousands of hosts is a few MB. */
const MAX_BYTES = 64 * 1024 * 1024

/** Folders whose files nginx.conf, one level up, includes into http context, and the pattern it uses for them. */
const PARTS = new Map([
  ['conf.d', '*.conf'],
  ['http.d', '*.conf'],
  ['site-confs', '*.conf'],
  ['sites-enabled', '*'],
  ['sites-available', '*'],
  ['proxy_host', '*.conf'],
])

/** Loads nginx.conf with its includes, a folder (Debian's /etc/nginx, a conf.d), an `nginx -T` dump, or a file that
 *  holds only `server` or `location` blocks. Includes start from the folder of the main file, as in nginx.
 *  What is missing below the top is in `config.problems`; not ok when the top itself cannot be read. */
export function loadConfig(path: string): Loaded {
  const absolute = resolve(path)
  try {
    if (statSync(absolute).isDirectory()) return loadFolder(absolute)
  } catch (error) {
    return unreadable(absolute, reasonOf(error))
  }
  const read = readSource(absolute)
  if (!read.ok) return unreadable(absolute, read.reason)
  const folder = dirname(absolute)
  const part = PARTS.has(basename(folder)) && !isWhole(read.source)
  const prefix = part ? dirname(folder) : folder
  return fromDump(read.source) ?? fromDisk(prefix, [read])
}

function loadFolder(folder: string): Loaded {
  if (isFile(join(folder, 'nginx.conf'))) return loadConfig(join(folder, 'nginx.conf'))
  const within = [...PARTS].flatMap(([name, pattern]) =>
    name === 'sites-available' ? [] : expandPattern(join(folder, name, pattern), list),
  )
  const own = PARTS.get(basename(folder)) ?? '*.conf'
  const paths = (within.length > 0 ? within : expandPattern(join(folder, own), list)).filter(isFile)
  const prefix = within.length === 0 && PARTS.has(basename(folder)) ? dirname(folder) : folder
  const top: Read[] = []
  for (const path of paths) {
    const read = readSource(path)
    if (!read.ok) return unreadable(path, read.reason)
    top.push(read)
  }
  if (top.length === 0) return unreadable(folder, 'no nginx.conf and no *.conf file is in this folder')
  return fromDisk(prefix, top)
}

function fromDisk(prefix: string, top: readonly Read[]): Loaded {
  let changed_at = Math.max(...top.map(({ changed }) => changed))
  const files: Files = {
    resolve(pattern) {
      const found = resolveInclude(prefix, pattern, list)
      if (found.some(isThere)) return found
      const moved = movedIncludes(prefix, pattern)
        .map((one) => resolveInclude(prefix, one, list).filter(isThere))
        .find((paths) => paths.length > 0)
      return moved ?? found
    },
    reaches: (pattern) => isThere(fixedFolder(resolve(prefix, pattern))),
    read(path) {
      const read = readSource(path)
      if (read.ok) changed_at = Math.max(changed_at, read.changed)
      return read
    },
  }
  const sources = top.map(({ source }) => source)
  const loaded = finish(prefix, sources, files)
  if (!loaded.ok) return loaded
  const here = { folder: ownFolder(prefix), changed_at, name_servers: nameServers() }
  return { ok: true, config: { ...loaded.config, ...here } }
}

/** resolv.conf(5): three at most are asked. nginx takes no address with a zone (`fe80::1%eth0`). */
function nameServers(): string[] {
  const read = readSource('/etc/resolv.conf')
  if (!read.ok) return []
  const addresses = [...read.source.text.matchAll(/^nameserver[ \t]+(\S+)/gm)].map(([, address = '']) => address)
  return addresses
    .filter((address) => isIP(address) !== 0 && !address.includes('%'))
    .slice(0, 3)
    .map((address) => (isIP(address) === 6 ? `[${address}]` : address))
}

/** What is backed up and put back as a whole: never a home, where putting back would undo other work. */
const SHARED = /^\/(?:root|tmp|var\/tmp|etc|srv|opt|(?:home|Users)(?:\/[^/]+)?)?$/
const ownFolder = (prefix: string): string | null => (SHARED.test(prefix) ? null : prefix)

interface Read {
  ok: true
  source: Source
  /** Modification time, epoch ms. */
  changed: number
}

function readSource(path: string): Read | { ok: false; reason: string } {
  let file: number | null = null
  try {
    // Without O_NONBLOCK a pipe named in an include would wait for a writer for ever.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const found = fstatSync(file)
    if (!found.isFile()) return { ok: false, reason: 'it is not a regular file' }
    if (found.size > MAX_BYTES) return { ok: false, reason: `it is larger than ${MAX_BYTES / 1024 / 1024} MB` }
    const source = { file: path, real: realpathSync.native(path), ...decode(readFileSync(file)) }
    return { ok: true, source, changed: Math.floor(found.mtimeMs) }
  } catch (error) {
    return { ok: false, reason: reasonOf(error) }
  } finally {
    if (file !== null) closeSync(file)
  }
}

/** UTF-8 when it is valid, else one character per byte, so that the text always gives the same bytes back. */
function decode(bytes: Buffer): Pick<Source, 'text' | 'encoding'> {
  const encoding = isUtf8(bytes) ? 'utf8' : 'latin1'
  return { text: bytes.toString(encoding), encoding }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    // As in nginx, a pattern below a folder that cannot be listed matches nothing.
    return []
  }
}

const isThere = (path: string): boolean => found(path) !== null
const isFile = (path: string): boolean => found(path)?.isFile() === true

/** Null also where nobody may look, or links lead in a circle: reading it then says why. */
function found(path: string): Stats | null {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null
  } catch {
    return null
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied; run as a user who may read it',
  ELOOP: 'too many symbolic links',
  ENOTDIR: 'a part of the path is not a folder',
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return REASONS[code ?? ''] ?? code ?? message
}

function unreadable(file: string, reason: string): Loaded {
  return { ok: false, error: { kind: 'unreadable', file, line: 0, column: 0, message: reason } }
}
