/** From the words after `analyze` or `serve` to the files to read. */
import { fstatSync, lstatSync, readlinkSync, statSync, type Stats } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import type { InputError } from './contract.ts'
import { directoryLogs, isTooOld, statsOf, type DirectoryLogs } from './directory.ts'
import { expandGlob } from './glob.ts'
import { isGlob } from './is-glob.ts'
import { inputError, systemError } from './input-errors.ts'
import { isOldOrNone, isRotatedLog } from './log-name.ts'
import { isStdin, openInput } from './open-input.ts'
import { inTimeOrder } from './sets.ts'
import { USUAL_PLACES, type UsualPlace } from './usual-places.ts'

export { openInput, type OpenedInput } from './open-input.ts'

export interface FoundInputs {
  /** Paths to read, `-` for standard input; each file once, however often it was named. */
  inputs: string[]
  /** What was named and cannot be read. The rest goes on. */
  errors: InputError[]
  /** The usual places, when nothing was named: `found` says in words what was there. */
  searched: { path: string; found: string }[]
  /** What was read along, left out and passed over in directories, a line each. */
  notes: string[]
  /** Files in directories that are no logs. */
  passedOver: string[]
  /** Files that match and are more than were wanted. */
  beyond?: string[]
}

export interface FindOptions {
  /** Read the rotated files of the logs in a directory as well. `serve` follows the live ones alone. */
  rotated: boolean
  /** Epoch ms: rotated files that were last written before are not read. */
  since: number | null
  /** Of one pattern or directory at most so many files, those that were written to last; the others are not even opened. */
  most?: number
}

const LIVE: FindOptions = { rotated: false, since: null }

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
export function findInputs(
  args: readonly string[],
  env: InputEnvironment = processEnvironment(),
  options: FindOptions = LIVE,
): FoundInputs {
  const found: FoundInputs = { inputs: [], errors: [], searched: [], notes: [], passedOver: [] }
  if (args.length > 0) {
    for (const arg of args) addNamed(arg, found, options)
  } else if (env.stdinPiped) {
    found.inputs.push('-')
  } else {
    searchUsualPlaces(env, found, options)
  }
  found.inputs = inTimeOrder(withoutRepeats(found.inputs))
  return found
}

function addNamed(arg: string, found: FoundInputs, options: FindOptions): void {
  if (arg === '')
    found.errors.push(inputError(arg, 'not-found', 'an input with an empty name; name a file, or - for standard input'))
  else if (isStdin(arg)) found.inputs.push('-')
  else if (isGlob(arg) && !pathExists(arg)) addGlob(arg, found, options)
  else if (isDirectory(arg)) addDirectory(arg, found, options)
  else addFile(arg, found)
}

function addFile(file: string, found: FoundInputs): void {
  const problem = whyNot(file)
  if (problem) found.errors.push(problem)
  else found.inputs.push(file)
}

/** Directories among the matches are passed over, as a shell user expects of `logs/*`. */
function addGlob(pattern: string, found: FoundInputs, options: FindOptions): void {
  const { paths, unreadable } = expandGlob(pattern)
  const files = paths.filter((file) => !isDirectory(file))
  for (const file of newest(files, found, options)) addFile(file, found)
  for (const { path: file, code } of unreadable) found.errors.push(systemError(file, { code }))
  if (paths.length === 0 && unreadable.length === 0) {
    found.errors.push(
      inputError(pattern, 'not-found', `${pattern}: no file matches; check the directory, or name a file`),
    )
  }
}

function addDirectory(directory: string, found: FoundInputs, options: FindOptions): void {
  const { rotated, since } = options
  let logs: DirectoryLogs
  try {
    logs = directoryLogs(directory, rotated ? { since } : null)
  } catch (error) {
    found.errors.push(systemError(directory, error))
    return
  }
  let added = logs.rotated
  for (const file of newest(logs.files, found, options)) {
    const problem = whyNot(file)
    if (!problem) found.inputs.push(file)
    else if (rotated && problem.code === 'not-text') logs.others.push(path.basename(file))
    else found.errors.push(problem)
    if (problem && isRotatedLog(path.basename(file))) added--
  }
  for (const { path: folder, error } of logs.unreadable) found.errors.push(systemError(folder, error))
  found.passedOver.push(...logs.others.map((name) => path.join(directory, name)))
  if (rotated) tell(directory, { ...logs, rotated: added }, found)
  if (logs.files.length > 0 || logs.tooOld > 0) return
  const what = `${directory}: no logs in this directory (looked for *.log, access*, error*)`
  const [below] = logs.folders
  const toDo =
    below === undefined
      ? `name the files, e.g. '${path.join(directory, '*')}'`
      : `there are some in ${pathsIn(directory, logs.folders)}; name ${logs.folders.length === 1 ? 'that folder' : 'one of these'} instead`
  found.errors.push(inputError(directory, 'no-logs', `${what}; ${toDo}`))
}

function tell(directory: string, logs: DirectoryLogs, { notes }: FoundInputs): void {
  const { rotated, tooOld, others, folders } = logs
  if (rotated > 0) notes.push(`${directory}: ${files(rotated)} of earlier days read along, oldest first`)
  if (tooOld > 0) notes.push(`${directory}: ${files(tooOld)} left out, last written before --since`)
  if (others.length > 0) notes.push(`${directory}: ${files(others.length)} passed over, not logs by name or content`)
  // Where there are no others the error says it.
  if (folders.length > 0 && (logs.files.length > 0 || tooOld > 0))
    notes.push(`${directory}: logs in folders not read: ${pathsIn(directory, folders)}; name a folder to read it`)
}

/** As they can be given on the command line. */
const pathsIn = (directory: string, folders: readonly string[]): string =>
  folders
    .slice(0, 5)
    .map((name) => path.join(directory, name))
    .join(', ') + (folders.length > 5 ? ` and ${folders.length - 5} more` : '')

const files = (count: number): string => `${count} ${count === 1 ? 'file' : 'files'}`

/** Those that are wanted; the others are left to `beyond`. */
function newest(files: string[], found: FoundInputs, { most = Infinity }: FindOptions): string[] {
  if (files.length <= most) return files
  const written = new Map(files.map((file) => [file, statsOf(file)?.mtimeMs ?? 0]))
  const sorted = files.toSorted((a, b) => (written.get(b) ?? 0) - (written.get(a) ?? 0))
  found.beyond = sorted.slice(most)
  return sorted.slice(0, most)
}

/** Live logs only: eight places with weeks of archives are not what a command without arguments should cost. With
 *  --since the user has said how far back, and the file times bound the cost: then rotated files are read as well. */
function searchUsualPlaces(env: InputEnvironment, found: FoundInputs, { rotated, since }: FindOptions): void {
  let older = 0
  for (const place of env.places) {
    const pattern = place.pattern.replace(/^~(?=\/)/, env.home)
    const { paths, unreadable } = expandGlob(pattern)
    const live = paths.filter((file) => !isOldOrNone(file) && !isDirectory(file))
    const old = rotated ? rotatedBeside(pattern, new Set(live)) : []
    const wanted = since === null ? [] : old.filter((file) => !isTooOld(statsOf(file), since))
    if (since === null) older += old.length
    const before = found.errors.length
    const readable = [...live, ...wanted].filter((file) => {
      const problem = whyNot(file)
      if (problem) found.errors.push(problem)
      return !problem
    })
    for (const { path: file, code } of unreadable) found.errors.push(systemError(file, { code }))
    found.inputs.push(...readable)
    const refused = found.errors.length - before
    found.searched.push({ path: `${pattern} (${place.product})`, found: inWords(readable.length, refused) })
  }
  if (older > 0)
    found.notes.push(`${files(older)} of earlier days beside them not read; name the directory, or give --since`)
  if (found.inputs.length > 0 || found.errors.length > 0) return
  const what = 'no nginx logs in the usual places'
  found.errors.push(
    inputError('-', 'nothing-found', `${what}; name a file, or pipe one: docker logs NAME 2>&1 | halfopen analyze -`),
  )
}

/** What `*.log` does not match and belongs to what it matches. */
function rotatedBeside(pattern: string, live: ReadonlySet<string>): string[] {
  const wider = pattern.endsWith('*') ? pattern : `${pattern}*`
  return expandGlob(wider).paths.filter(
    (file) => !live.has(file) && isRotatedLog(path.basename(file)) && !isDirectory(file),
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
