/** From the words after `analyze` or `serve` to the files to read. */
import { fstatSync, lstatSync, readdirSync, readlinkSync, statSync, type Stats } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import type { InputError } from './contract.ts'
import { expandGlob, isGlob } from './glob.ts'
import { inputError, systemError } from './input-errors.ts'
import { isStdin, openInput } from './open-input.ts'
import { USUAL_PLACES, type UsualPlace } from './usual-places.ts'

export { openInput, type OpenedInput } from './open-input.ts'

export interface FoundInputs {
  /** Paths to read, `-` for standard input; each file once, however often it was named. */
  inputs: string[]
  /** What was named and cannot be read. The rest goes on. */
  errors: InputError[]
  /** The usual places, when nothing was named: `found` says in words what was there. */
  searched: { path: string; found: string }[]
}

/** What findInputs needs to know of the process. Tests give their own. */
export interface InputEnvironment {
  /** True when standard input is a pipe, a socket or a file: something was meant to be read from it. */
  stdinPiped: boolean
  home: string
  places: readonly UsualPlace[]
}

export function processEnvironment(): InputEnvironment {
  return { stdinPiped: stdinIsPiped(), home: homedir(), places: USUAL_PLACES }
}

/** Resolves files, directories, globs and `-`. With no arguments: standard input when it is piped, else the usual
 *  places. Never throws: what cannot be read is in `errors`.
 *  @param args as the user wrote them; relative ones resolve against the working directory. */
export function findInputs(args: readonly string[], env: InputEnvironment = processEnvironment()): FoundInputs {
  const found: FoundInputs = { inputs: [], errors: [], searched: [] }
  if (args.length > 0) {
    for (const arg of args) addNamed(arg, found)
  } else if (env.stdinPiped) {
    found.inputs.push('-')
  } else {
    searchUsualPlaces(env, found)
  }
  found.inputs = withoutRepeats(found.inputs)
  return found
}

function addNamed(arg: string, found: FoundInputs): void {
  if (arg === '')
    found.errors.push(inputError(arg, 'not-found', 'an input with an empty name; name a file, or - for standard input'))
  else if (isStdin(arg)) found.inputs.push('-')
  else if (isGlob(arg) && !pathExists(arg)) addGlob(arg, found)
  else if (isDirectory(arg)) addDirectory(arg, found)
  else addFile(arg, found)
}

function addFile(file: string, found: FoundInputs): void {
  const problem = whyNot(file)
  if (problem) found.errors.push(problem)
  else found.inputs.push(file)
}

/** Directories among the matches are passed over, as a shell user expects of `logs/*`. */
function addGlob(pattern: string, found: FoundInputs): void {
  const { paths, unreadable } = expandGlob(pattern)
  for (const file of paths) if (!isDirectory(file)) addFile(file, found)
  for (const { path: file, code } of unreadable) found.errors.push(systemError(file, { code }))
  if (paths.length === 0 && unreadable.length === 0) {
    found.errors.push(
      inputError(pattern, 'not-found', `${pattern}: no file matches; check the directory, or name a file`),
    )
  }
}

/** Logs directly inside; rotated ones (`.1`, `-20261121`, `.gz`) are older copies and are read when named. */
const LOG_NAME = /^[^.].*\.log$|^(?:access|error|proxy_)[^/]*$|_log$/i
const ROTATED = /\.(?:\d+|gz|bz2|xz|zst|zip|old|bak|swp|processed)$|-\d{8,}$/i
/** cPanel's byte counters lie between the logs and are none. */
const NO_LOG = /-bytes_log$/

export const isLogName = (name: string): boolean => LOG_NAME.test(name) && !ROTATED.test(name) && !NO_LOG.test(name)

function addDirectory(directory: string, found: FoundInputs): void {
  let names: string[]
  try {
    names = readdirSync(directory).sort()
  } catch (error) {
    found.errors.push(systemError(directory, error))
    return
  }
  const files = names.filter(isLogName).map((name) => path.join(directory, name))
  const logs = files.filter((file) => !isDirectory(file))
  for (const file of logs) addFile(file, found)
  if (logs.length > 0) return
  const what = `${directory}: no logs in this directory (looked for *.log, access*, error*)`
  found.errors.push(inputError(directory, 'no-logs', `${what}; name the files, e.g. '${path.join(directory, '*')}'`))
}

function searchUsualPlaces(env: InputEnvironment, found: FoundInputs): void {
  for (const place of env.places) {
    const pattern = place.pattern.replace(/^~(?=\/)/, env.home)
    const { paths, unreadable } = expandGlob(pattern)
    const files = paths.filter((file) => !ROTATED.test(file) && !NO_LOG.test(file) && !isDirectory(file))
    const before = found.errors.length
    const readable = files.filter((file) => {
      const problem = whyNot(file)
      if (problem) found.errors.push(problem)
      return !problem
    })
    for (const { path: file, code } of unreadable) found.errors.push(systemError(file, { code }))
    found.inputs.push(...readable)
    const refused = found.errors.length - before
    found.searched.push({ path: `${pattern} (${place.product})`, found: inWords(readable.length, refused) })
  }
  if (found.inputs.length > 0 || found.errors.length > 0) return
  const what = 'no nginx logs in the usual places'
  found.errors.push(
    inputError('-', 'nothing-found', `${what}; name a file, or pipe one: docker logs NAME 2>&1 | halfopen analyze -`),
  )
}

function inWords(readable: number, refused: number): string {
  if (readable === 0 && refused === 0) return 'nothing there'
  const parts = [
    readable > 0 ? `${readable} ${readable === 1 ? 'log' : 'logs'}` : '',
    refused > 0 ? `${refused} not readable` : '',
  ]
  return parts.filter((part) => part !== '').join(', ')
}

/** Why this path cannot be read as a log, or null when it can. Only plain files are opened: a FIFO without a writer would block. */
function whyNot(file: string): InputError | null {
  const target = outputTarget(file)
  if (target) {
    const what = `${file}: a link to ${target}, so the log is in the container's output`
    return inputError(file, 'linked-to-output', `${what}; read it with: docker logs NAME 2>&1 | halfopen analyze -`)
  }
  let stats: Stats
  try {
    stats = statSync(file)
  } catch (error) {
    return systemError(file, error)
  }
  if (stats.isFile()) {
    const opened = openInput(file)
    return opened.kind === 'refused' ? opened.error : null
  }
  // What a shell makes of <(command); it has a writer, so reading it ends.
  if (stats.isFIFO() && /^\/(?:dev|proc\/self)\/fd\/\d+$/.test(file)) return null
  const kind = kindOf(stats)
  const advice = stats.isFIFO()
    ? `halfopen analyze - < ${file}`
    : 'name a log file, or pipe its lines: COMMAND | halfopen analyze -'
  return inputError(file, 'not-a-file', `${file}: ${kind}, not a log file; ${advice}`)
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a directory'
  if (stats.isFIFO()) return 'a named pipe'
  if (stats.isSocket()) return 'a socket'
  return 'a device'
}

/** The official nginx image links its logs to the container's output; there is nothing to read in them. */
function outputTarget(file: string): string | null {
  try {
    if (!lstatSync(file).isSymbolicLink()) return null
    const target = readlinkSync(file)
    return /^(?:\/dev\/(?:stdout|stderr)|\/proc\/(?:self|1)\/fd\/[12]|\/dev\/fd\/[12])$/.test(target) ? target : null
  } catch {
    return null
  }
}

/** One file named twice (by a glob and by name, or through a link) would count everything twice. */
function withoutRepeats(paths: readonly string[]): string[] {
  const seen = new Set<string>()
  return paths.filter((file) => {
    const key = identity(file)
    return !seen.has(key) && seen.add(key)
  })
}

function identity(file: string): string {
  try {
    const stats = statSync(file)
    return stats.isFile() ? `${stats.dev}:${stats.ino}` : file
  } catch {
    return file
  }
}

function isDirectory(file: string): boolean {
  try {
    return statSync(file).isDirectory()
  } catch {
    return false
  }
}

function pathExists(file: string): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}

function stdinIsPiped(): boolean {
  try {
    const stats = fstatSync(0)
    return stats.isFIFO() || stats.isSocket() || stats.isFile()
  } catch {
    return false
  }
}
