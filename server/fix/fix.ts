/** A patch into the user's files and out again: backed up first, tested by nginx, put back when nginx refuses it. */
import { existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import type { NginxConfig } from '../nginx-config/contract.ts'
import { DiffError, readDiff } from './apply-diff.ts'
import { backups, makeBackup, mark, type Backup, type BackupState } from './backups.ts'
import { generatedBy, type Generated } from './generated.ts'
import { testConfig, type Tested } from './nginx.ts'
import { advice, FixError, readRegular, systemText } from './read-file.ts'
import { replaceFile } from './replace-file.ts'
import { heldNow, mustBeBack, restore, tidy, whereItIs } from './restore.ts'

export { FixError } from './read-file.ts'

export interface Change {
  real: string
  before: Buffer
  after: Buffer
  generated: Generated | null
}

/** Where nginx looks when nothing is said (Debian, nginx.org packages, Alpine). */
const USUAL = '/etc/nginx/'

/** The files a patch changes, as they are on the disk now. Throws FixError. */
export function changesOf({ prefix, sources, changed_at }: NginxConfig, diff: string): Change[] {
  if (changed_at === null)
    throw new FixError(
      '--config is a dump, not the files; name the nginx.conf itself, or apply the patch with: patch -p0',
    )
  const known = new Map([...sources.values()].map((source) => [source.real, source.encoding]))
  try {
    return readDiff(diff).map(({ name, apply }) => {
      const real = [join(prefix, name), join('/', name)].find((path) => known.has(path))
      if (real === undefined) throw new FixError(`${name}: the patch changes a file that --config does not hold`)
      const encoding = known.get(real) ?? 'utf8'
      const before = readRegular(real)
      const text = before.toString(encoding)
      if (realpathSync(real) !== real) throw new FixError(`${real}: it became a link meanwhile; run the command again`)
      return { real, before, after: Buffer.from(apply(text), encoding), generated: generatedBy(real, text) }
    })
  } catch (error) {
    if (error instanceof DiffError)
      throw new FixError(`${error.message}; it was changed meanwhile, run the command again`)
    if (error instanceof Error && 'code' in error) throw new FixError(systemText(error))
    throw error
  }
}

/** How a patch gets into the files: `--write` does it, a person has to, or the program that writes the file. Never throws. */
export function wayIn(config: NginxConfig, diff: string): 'write' | 'hand' | Generated {
  if (config.changed_at === null) return 'hand'
  try {
    return changesOf(config, diff).find(({ generated }) => generated !== null)?.generated ?? 'write'
  } catch (error) {
    // What is wrong with the files is told when they are to be written.
    if (error instanceof FixError) return 'write'
    throw error
  }
}

/** Main file to test with; `null`: nginx's own. Undefined: only a part is known, and nobody can test it. */
export function mainFile({ kind, sources }: NginxConfig): string | null | undefined {
  const [top] = sources.values()
  if (kind === 'main') return top?.file
  return [...sources.values()].every(({ real }) => real.startsWith(USUAL)) ? null : undefined
}

export interface Written {
  backup: Backup
  tested: Tested
  /** True when nginx refused it and the old content is back, but for `left`. */
  putBack: boolean
  /** What nginx says of the old content, where it refused the new one and all of the old one is back. */
  asBefore: Tested | null
  /** Files that somebody edited meanwhile, so that the old content was not put back. */
  left: string[]
}

/** Writes the changes. Throws FixError; then nothing was changed, or what was is back, or the message says where it is. */
export function write(
  config: NginxConfig,
  changes: readonly Change[],
  about: { home: string; now: number; config: string; title: string },
): Written {
  const main = mainFile(config)
  let backup: Backup
  try {
    const { home, now, config: named, title } = about
    backup = makeBackup(home, now, { config: named, title, ...(main === undefined ? {} : { main }) }, changes)
  } catch (error) {
    throw new FixError(`no backup can be written, so nothing was changed: ${systemText(error)}`)
  }
  let begun = 0
  try {
    for (const { real, before, after } of changes) {
      begun++
      if (!replaceFile(real, after, before)) {
        // Somebody else's, not ours to put back.
        begun--
        throw new FixError(`${real}: it was edited meanwhile; run the command again`)
      }
    }
  } catch (error) {
    const reason = `${systemText(error)}${advice(error)}`
    const restored = restore({ ...backup, files: backup.files.slice(0, begun) })
    if (restored.left.length + restored.failed.length > 0)
      throw new FixError(`not all was changed: ${reason}; ${whereItIs(backup, restored)}`)
    note(backup, 'undone', `nothing was changed: ${reason}`, `the copies stay in ${backup.folder}`)
    throw new FixError(`nothing was changed: ${reason}`)
  }
  const tested = test(backup)
  const named = changes.map(({ real }) => real).join(', ')
  if (tested.result !== 'refused') {
    const done = note(
      backup,
      'written',
      `changed: ${named}`,
      `the old content is in ${backup.folder}, and comes back with: halfopen fix --undo`,
    )
    return { backup: done, tested, putBack: false, asBefore: null, left: [] }
  }
  const restored = restore(backup)
  const refused = 'nginx refuses the changed files'
  if (restored.failed.length > 0) throw new FixError(`${refused}: ${tested.text}; ${whereItIs(backup, restored)}`)
  const { left } = restored
  const asBefore = left.length > 0 ? null : test(backup)
  const back = left.length > 0 ? whereItIs(backup, restored) : `so the old ones are back: ${named}`
  // What is still in a file can be taken back once the edit is gone.
  const state = left.length > 0 ? 'written' : 'undone'
  const done = note(backup, state, `${refused}, ${back}`, `the copies stay in ${backup.folder}`)
  return { backup: done, tested, putBack: true, asBefore, left }
}

/** Whether nginx accepts the files of a change. */
export function test({ main }: Pick<Backup, 'main'>): Tested {
  return main === undefined
    ? { result: 'untested', text: 'only a part of a configuration was named' }
    : testConfig(main)
}

/** Takes back the newest change that the files hold, or of those to `config` (absolute). Throws FixError. */
export function undo(home: string, config: string | null): Backup {
  const open = backups(home).filter((one) => one.state !== 'undone' && (config === null || isMeant(one, config)))
  // One that was taken back by hand, or edited since, does not stand in the way of those before it.
  const chosen = open.find(stands) ?? open[0]
  if (chosen === undefined)
    throw new FixError(
      `nothing to undo: no change${config === null ? '' : ` of ${config}`} made by "halfopen fix --write" is kept in ${home}`,
    )
  for (const [index, what] of heldNow(chosen).entries()) {
    const { real = '', copy = '' } = chosen.files[index] ?? {}
    if (what === null) readable(real)
    if (what === 'other')
      throw new FixError(
        `${real}: it was edited after the change, so it is left alone; what it held before is in ${join(chosen.folder, copy)}`,
      )
  }
  mustBeBack(chosen, restore(chosen))
  tidy(chosen)
  const named = chosen.files.map(({ real }) => real).join(', ')
  return note(chosen, 'undone', `as before: ${named}`, `the copies stay in ${chosen.folder}`)
}

/** Whether a change is of that configuration, whichever way each was named: the main file, its folder, a changed file, or
 *  a folder that holds what was changed. */
function isMeant(backup: Backup, config: string): boolean {
  const [made, asked] = [mainOf(backup.config), mainOf(config)]
  const within = `${realOf(config)}/`
  return (
    made === asked ||
    backup.files.some(({ real }) => real === asked) ||
    made.startsWith(within) ||
    backup.files.every(({ real }) => real.startsWith(within))
  )
}

/** As `--config` takes it: a folder means the nginx.conf in it. */
function mainOf(config: string): string {
  const main = join(config, 'nginx.conf')
  return existsSync(main) ? realOf(main) : realOf(config)
}

/** Whether there is something of it to take back, and nothing else. An interrupted one counts even when it changed nothing
 *  yet: its user was told to take it back. */
function stands(backup: Backup): boolean {
  const files = heldNow(backup)
  if (files.some((what) => what === null || what === 'other')) return false
  return backup.state === 'begun' || files.some((what) => what !== 'before')
}

/** Changes that a run left half done, the newest first. */
export const interrupted = (home: string): Backup[] => backups(home).filter(({ state }) => state === 'begun')

/** Writes down how a change stands. The files are more than the note: what they hold is said even when it fails. */
function note(backup: Backup, state: BackupState, done: string, then: string): Backup {
  try {
    return mark(backup, state)
  } catch (error) {
    throw new FixError(`${done}; that could not be written down: ${systemText(error)}; ${then}`)
  }
}

function readable(path: string): void {
  try {
    readRegular(path)
  } catch (error) {
    throw new FixError(systemText(error))
  }
}

/** Where a path leads; the path itself when there is nothing. */
function realOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
