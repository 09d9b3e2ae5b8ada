/** `halfopen fix`: the patch for what the logs show; writes it, and takes it back. */
import path from 'node:path'
import type { Finding, Report } from '../diagnosis/contract.ts'
import type { Backup, Written } from '../fix/contract.ts'
import type { NginxConfig } from '../nginx-config/contract.ts'
import { complain, UsageError, type Register } from './command.ts'
import { addReadingOptions, type ReadingFlags } from './options.ts'
import { escapeText } from './terminal.ts'

interface Flags extends ReadingFlags {
  write?: boolean
  undo?: boolean
  reload?: boolean
  finding?: string
}

const EXAMPLES = `
Without --write nothing is changed: the patch goes to standard output, as a
unified diff for "patch -p0". With it the old files are kept first (outside of
everything nginx includes), "nginx -t" is asked afterwards, and when it refuses
the change the old files come back. nginx is not reloaded without --reload.

Examples:
  halfopen fix --config /etc/nginx/nginx.conf              the patch
  halfopen fix --config /etc/nginx/nginx.conf --write      apply it
  halfopen fix --undo                                      take it back
  docker logs app 2>&1 | halfopen fix --config ./nginx.conf - access.log

Exit codes: 0 done, or there is no patch (with --write, "nothing was written" on
standard error), 1 refused or not written, 2 usage error or unreadable input.`

export const registerFix: Register = (program, exit) => {
  const command = program
    .command('fix')
    .summary('the patch for what the logs show; --write applies it, --undo takes it back')
    .description(
      'Reads logs and the nginx configuration, and prints the smallest patch for the first finding that has one.',
    )
  addReadingOptions(command)
    .option('--finding <id>', 'of another finding: its id, or its cause')
    .option('--write', 'apply the patch, with a backup; needs the files themselves, not a dump')
    .option('--undo', 'put back what stood there before the last --write')
    .option('--reload', 'with --write or --undo: let nginx take the change over')
    .option('--no-color', 'no colours (also: NO_COLOR=1)')
    .addHelpText('after', EXAMPLES)
    .action(async (inputs: string[], flags: Flags) => exit(await fix(inputs, flags)))
}

async function fix(args: readonly string[], flags: Flags): Promise<number> {
  if (flags.undo) return undoLast(args, flags)
  const { config: named } = flags
  if (named === undefined)
    throw new UsageError('--config: missing; name the nginx.conf that is to be changed, or its folder')
  if (flags.reload && !flags.write) throw new UsageError('--reload: only together with --write or --undo')
  const [{ openOutput, refuseInput }, { reported }, { backupHome, covers, interrupted }] = await Promise.all([
    import('./output.ts'),
    import('./reported.ts'),
    import('../fix/contract.ts'),
  ])
  const output = openOutput(flags.o)
  for (const { folder, made_at } of interrupted(backupHome(process.env)))
    complain(`a change of ${made_at} was interrupted (${folder}); take it back with: halfopen fix --undo`)
  const found = await reported(args, flags, (files) => refuseInput(flags.o, files))
  if (found === null) return 2
  const { report, config, failed } = found
  const finding = chosen(report, flags.finding)
  const patch = finding?.fix.patch ?? null
  if (finding === null || patch === null || config === null) {
    explainNone(report, finding)
    if (flags.write) complain('nothing was written: there is no patch')
    return failed ? 2 : 0
  }
  // A comment or a file name of the configuration is somebody's text: on a terminal it must not act.
  const shown = output.isTty ? visible(patch) : patch
  await output.write(shown)
  output.close()
  introduce(report, finding, (other) => covers(patch, other))
  if (shown !== patch) tell('characters that act on a terminal are shown as \\u{…} above; use -o FILE for the patch')
  if (flags.write) return (await apply(named, config, finding, patch, flags)) || (failed ? 2 : 0)
  const { changesOf, FixError } = await import('../fix/contract.ts')
  let foreign = false
  try {
    if (config.changed_at !== null)
      for (const { real, generated } of changesOf(config, patch)) {
        if (!generated) continue
        tell(`${real} is written by ${generated.by}; make the change ${generated.instead}`)
        foreign = true
      }
  } catch (error) {
    if (!(error instanceof FixError)) throw error
    complain(error.message)
    return 1
  }
  // Its names are relative to the configuration's folder, or to / where a link leads out of that.
  const name = /^\+\+\+ (.*)$/m.exec(patch)?.[1] ?? ''
  const within = [...config.sources.values()].some(({ real }) => real === path.join(config.prefix, name))
  const folder = within ? config.prefix : '/'
  const how = config.changed_at === null ? '' : 'the same command with --write, or '
  tell(`nothing was changed${foreign ? '' : `; to apply it: ${how}patch -p0 -d ${folder}`}`)
  return failed ? 2 : 0
}

/** The finding that was asked for, else the first that is not over and has a patch, else the first. Throws UsageError. */
function chosen({ findings }: Report, asked: string | undefined): Finding | null {
  if (asked !== undefined) {
    const found = findings.find(({ id, cause }) => id === asked || cause === asked)
    if (found === undefined) {
      const ids = findings.map(({ id, cause }) => `${id} (${cause})`).join(', ')
      throw new UsageError(
        `--finding: no finding ${JSON.stringify(asked)}; there ${ids === '' ? 'is none' : `are: ${ids}`}`,
      )
    }
    return found
  }
  const open = findings.filter(({ over }) => !over)
  return open.find(({ fix: { patch } }) => patch !== null) ?? open[0] ?? findings[0] ?? null
}

function introduce({ findings }: Report, finding: Finding, isCovered: (patch: string) => boolean): void {
  const { title, fix, confidence } = finding
  tell(`${title} (${Math.round(confidence * 100)} % sure)`)
  if (fix.target) tell(`${fix.target.file}:${fix.target.line}`)
  tell(fix.summary)
  for (const one of findings) {
    if (one === finding || one.over || one.fix.patch === null) continue
    if (isCovered(one.fix.patch)) tell(`this patch covers it, too: ${one.title}`)
    else tell(`not in this patch: ${one.title}; afterwards: --finding ${one.id}`)
  }
}

function explainNone({ findings, blind_spots }: Report, finding: Finding | null): void {
  if (finding === null) {
    const unseen = blind_spots.map(({ what }) => what).join(', ')
    tell(`no problem was found${unseen === '' ? '' : `; what these logs cannot show: ${unseen}`}`)
    return
  }
  tell(`${finding.title}: ${finding.over ? 'it is over' : 'there is no patch for your files'}`)
  tell(finding.fix.summary)
  if (finding.fix.snippet !== null) tell(finding.fix.snippet)
  if (findings.length > 1) tell(`of ${findings.length} findings; halfopen analyze shows them all`)
}

async function apply(
  named: string,
  config: NginxConfig,
  finding: Finding,
  patch: string,
  flags: Flags,
): Promise<number> {
  const { backupHome, changesOf, FixError, reload, write } = await import('../fix/contract.ts')
  try {
    const changes = changesOf(config, patch)
    const foreign = changes.find(({ generated }) => generated !== null)
    if (foreign?.generated) {
      complain(
        `${foreign.real}: not written, ${foreign.generated.by} would overwrite it; make the change ${foreign.generated.instead}`,
      )
      return 1
    }
    const written = write(config, changes, {
      home: backupHome(process.env),
      now: Date.now(),
      config: path.resolve(named),
      title: finding.title,
    })
    const { backup, tested } = written
    if (written.putBack) {
      explainRefusal(written)
      return 1
    }
    for (const { real } of changes) tell(`changed: ${real}`)
    tell(`kept: ${backup.folder} (to take it back: halfopen fix --undo)`)
    tell(
      tested.result === 'accepted' ? 'nginx -t: accepted' : `not tested: ${tested.text}; test it with: sudo nginx -t`,
    )
    if (!flags.reload) {
      const own = backup.main === null || backup.main === undefined ? '' : ` -c ${backup.main}`
      tell(`nginx still runs with the old files until it is reloaded: sudo nginx -s reload${own}`)
      return 0
    }
    return reloaded(tested.result === 'accepted' ? reload(backup.main ?? null) : 'the files could not be tested')
  } catch (error) {
    if (!(error instanceof FixError)) throw error
    complain(error.message)
    return 1
  }
}

function explainRefusal({ backup, tested, asBefore, left }: Written): void {
  const back = 'nginx refuses the changed files, so the old ones are back'
  for (const real of left)
    complain(`${real}: it was edited meanwhile, so it is left alone; what it held before is in ${copyOf(backup, real)}`)
  if (left.length > 0) complain(`nginx refuses the changed files: ${tested.text}`)
  else if (asBefore?.result === 'refused')
    complain(`${back}; but nginx refuses your files as they were, too: ${asBefore.text}; mend that first`)
  else complain(`${back}: ${tested.text}`)
}

const copyOf = ({ folder, files }: Backup, real: string): string =>
  path.join(folder, files.find((file) => file.real === real)?.copy ?? '')

async function undoLast(args: readonly string[], flags: Flags): Promise<number> {
  if (args.length > 0) throw new UsageError('--undo: takes no logs')
  if (flags.write) throw new UsageError('--undo: not together with --write')
  const { backupHome, FixError, reload, test, undo } = await import('../fix/contract.ts')
  try {
    const backup = undo(backupHome(process.env), flags.config === undefined ? null : path.resolve(flags.config))
    for (const { real } of backup.files) tell(`as before ${backup.made_at}: ${real}`)
    const tested = test(backup)
    if (tested.result === 'accepted') tell('nginx -t: accepted')
    else tell(`${tested.result === 'refused' ? 'nginx refuses it as it was' : 'not tested'}: ${tested.text}`)
    tell(`the copies stay in ${backup.folder}`)
    if (!flags.reload) return 0
    return reloaded(tested.result === 'accepted' ? reload(backup.main ?? null) : 'the files were not accepted')
  } catch (error) {
    if (!(error instanceof FixError)) throw error
    complain(error.message)
    return 1
  }
}

function reloaded(problem: string | null): number {
  if (problem === null) tell('nginx was told to reload; its error log says whether it did')
  else complain(`not reloaded: ${problem}`)
  return problem === null ? 0 : 1
}

/** A diff with nothing in it that acts on a terminal. Tabs stay: they are what the file is indented with. */
const visible = (diff: string): string => diff.replace(/[^\n\t]+/g, escapeText)

/** Beside the result, which alone goes to stdout. */
function tell(text: string): void {
  process.stderr.write(`${text.split('\n').map(escapeText).join('\n')}\n`)
}
