/** `halfopen db check|backup|compact`: looking after the database of `serve`. */
import { Option } from 'commander'
import type { Command } from 'commander'
import type * as StoreModule from '../store/contract.ts'
import { UsageError, type Register } from './command.ts'

interface Flags {
  configFile?: string
  database?: string
  output: 'text' | 'json'
}

const HELP = `
The database is the one "halfopen serve" would use: --database, HALFOPEN_DATABASE, "database" in
halfopen.yaml, or the usual place.

Exit codes: 0 done, 1 "check" found a fault, 2 usage error or a database that cannot be used.`

export const registerDb: Register = (program, exit) => {
  const db = program
    .command('db')
    .summary('check, back up or compact the database of "serve"')
    .description('Looks after the database in which "halfopen serve" keeps events, counts and problems.')
    .addHelpText('after', HELP)
  options(db.command('check'))
    .description('Checks that the file is whole and that its counts agree with its events. A server may run meanwhile.')
    .action(async (flags: Flags) => exit(await check(flags)))
  options(db.command('backup'))
    .argument('<file>', 'where to; a file that exists is not replaced')
    .description('Copies the database as it is at one moment. A server may run meanwhile.')
    .action(async (file: string, flags: Flags) => exit(await backup(file, flags)))
  options(db.command('compact'))
    .description('Writes the file anew as small as it gets. Not while a server runs, which gives room back by itself.')
    .action(async (flags: Flags) => exit(await compact(flags)))
}

const options = (command: Command): Command =>
  command
    .option('--config-file <file>', 'settings (default: halfopen.yaml in this folder, when it is there)')
    .option('--database <sqlite:path>', 'the database')
    .addOption(new Option('--output <form>', 'form of the result').choices(['text', 'json']).default('text'))

async function check(flags: Flags): Promise<number> {
  return using(flags, async (path, { checkDatabase }) => {
    const found = checkDatabase(path)
    const { faults, version, current_version, in_use, bytes, free_bytes, shrinks } = found
    await print(flags, found, [
      found.database,
      `  ${faults.length === 0 ? 'no fault' : faults.map((fault) => `FAULT  ${fault}`).join('\n  ')}`,
      `  version ${version}${version < current_version ? ` of ${current_version}: "halfopen serve" brings it up to date` : ''}` +
        (in_use ? ', in use by a server' : ''),
      `  ${megabytes(bytes)}, ${megabytes(free_bytes)} of it free` +
        (shrinks ? '' : '; it cannot shrink: run "halfopen db compact" once'),
      `  ${words(found.events, 'event')}, ${words(found.minutes, 'minute')} with counts, ${words(found.places, 'place')}, ` +
        `${words(found.problems, 'problem')}, ${words(found.sources, 'source')}`,
    ])
    return faults.length === 0 ? 0 : 1
  })
}

async function backup(to: string, flags: Flags): Promise<number> {
  if (to === '-')
    throw new UsageError(
      'db backup writes a file, not standard output: SQLite does not write it from front to back; name one',
    )
  return using(flags, async (path, { backupDatabase }) => {
    const done = await backupDatabase(path, to)
    await print(flags, done, [`${done.file}: ${megabytes(done.bytes)}`])
    return 0
  })
}

async function compact(flags: Flags): Promise<number> {
  return using(flags, async (path, { compactDatabase }) => {
    const done = compactDatabase(path)
    await print(flags, done, [`${done.file}: ${megabytes(done.before)} before, ${megabytes(done.after)} now`])
    return 0
  })
}

/** Finds the database as `serve` does; its refusals are the user's to mend. */
async function using(
  flags: Flags,
  work: (path: string, store: typeof StoreModule) => Promise<number>,
): Promise<number> {
  const [{ ConfigError, loadConfig }, store] = await Promise.all([
    import('../config.ts'),
    import('../store/contract.ts'),
  ])
  try {
    const { database } = loadConfig({
      file: flags.configFile ?? null,
      cli: { database: flags.database },
      env: process.env,
      cwd: process.cwd(),
    })
    return await work(database.path, store)
  } catch (error) {
    if (error instanceof ConfigError || error instanceof store.StoreError) throw new UsageError(error.message)
    throw error
  }
}

async function print(flags: Flags, result: object, lines: readonly string[]): Promise<void> {
  const [{ openOutput }, { escapeJson, escapeText }] = await Promise.all([
    import('./output.ts'),
    import('./terminal.ts'),
  ])
  const text = flags.output === 'json' ? escapeJson(JSON.stringify(result, null, 2)) : lines.map(escapeText).join('\n')
  await openOutput(undefined).write(`${text}\n`)
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`
const words = (n: number, what: string): string => `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`
