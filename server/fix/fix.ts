/** A patch into the user's files and out again: backed up first, tested by nginx, put back when nginx refuses it. */
import { readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import type { NginxConfig } from '../nginx-config/contract.ts'
import { DiffError, readDiff } from './apply-diff.ts'
import { backups, contentBefore, makeBackup, mark, sha256, type Backup } from './backups.ts'
import { generatedBy, type Generated } from './generated.ts'
import { testConfig, type Tested } from './nginx.ts'
import { replaceFile } from './replace-file.ts'

/** One line: what, where, what to do. */
export class FixError extends Error {}

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
      const before = readFileSync(real)
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

/** Main file to test with; `null`: nginx's own. Undefined: only a part is known, and nobody can test it. */
export function mainFile({ kind, sources }: NginxConfig): string | null | undefined {
  const [top] = sources.values()
  if (kind === 'main') return top?.file
  return [...sources.values()].every(({ real }) => real.startsWith(USUAL)) ? null : undefined
}

export interface Written {
  backup: Backup
  tested: Tested
  /** True when nginx refused it and the old content is back. */
  putBack: boolean
}

/** Writes the changes. Throws FixError; then nothing was changed, or what was is back. */
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
  try {
    for (const { real, after } of changes) replaceFile(real, after)
  } catch (error) {
    restore(backup)
    mark(backup, 'undone')
    throw new FixError(`nothing was changed: ${systemText(error)}; run it as a user who may write there (sudo)`)
  }
  const tested = test(backup)
  if (tested.result !== 'refused') return { backup: mark(backup, 'written'), tested, putBack: false }
  restore(backup)
  return { backup: mark(backup, 'undone'), tested, putBack: true }
}

/** Whether nginx accepts the files of a change. */
export function test({ main }: Pick<Backup, 'main'>): Tested {
  return main === undefined
    ? { result: 'untested', text: 'only a part of a configuration was named' }
    : testConfig(main)
}

/** Takes back the newest change that is not undone, or of those to `config` (absolute). Throws FixError. */
export function undo(home: string, config: string | null): Backup {
  const open = backups(home).find((one) => one.state !== 'undone' && (config === null || one.config === config))
  if (open === undefined)
    throw new FixError(`nothing to undo: no change made by "halfopen fix --write" is kept in ${home}`)
  for (const { real, before, after } of open.files) {
    const now = sha256(read(real))
    if (now !== before && now !== after)
      throw new FixError(
        `${real}: it was edited after the change, so it is left alone; what it held before is in ${open.folder}`,
      )
  }
  restore(open)
  return mark(open, 'undone')
}

/** Changes that a run left half done, the newest first. */
export const interrupted = (home: string): Backup[] => backups(home).filter(({ state }) => state === 'begun')

function restore(backup: Backup): void {
  for (const file of backup.files) {
    const old = contentBefore(backup, file)
    if (!read(file.real).equals(old)) replaceFile(file.real, old)
  }
}

function read(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new FixError(systemText(error))
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOENT: 'no such file',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
}

function systemText(error: unknown): string {
  const { code, path, message } = error as NodeJS.ErrnoException
  const reason = REASONS[code ?? ''] ?? message
  return path === undefined ? reason : `${path}: ${reason}`
}
