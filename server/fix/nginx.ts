/** The installed nginx: does it accept the configuration, and does it take it over. */
import { spawnSync } from 'node:child_process'

/** `untested`: it could not be asked; `text` says why. */
export interface Tested {
  result: 'accepted' | 'refused' | 'untested'
  /** What nginx said, without what it says when all is well. */
  text: string
}

const WITHIN = 30_000
/** Reasons that are not in the configuration: the test was run by somebody who may not. */
const NOT_ALLOWED = /\(13: Permission denied\)|\(1: Operation not permitted\)/

/** `nginx -t` for this main file; null for the file nginx was built to read. Starts nothing and binds nothing.
 *  @param within ms */
export function testConfig(main: string | null, within = WITHIN): Tested {
  const asked = spawnSync('nginx', ['-t', ...(main === null ? [] : ['-c', main])], {
    encoding: 'utf8',
    timeout: within,
    killSignal: 'SIGKILL',
  })
  if (asked.error) {
    const { code } = asked.error as NodeJS.ErrnoException
    if (code === 'ETIMEDOUT') return { result: 'untested', text: noAnswer('nginx -t', within) }
    const text = code === 'ENOENT' ? 'nginx is not installed here' : `nginx could not be started (${code ?? 'unknown'})`
    return { result: 'untested', text }
  }
  if (asked.status === 0) return { result: 'accepted', text: '' }
  const lines = asked.stderr.split('\n').filter((line) => /\[(?:emerg|alert|crit|error)\]/.test(line))
  const text = (lines.length > 0 ? lines : [asked.stderr]).map(plain).join('\n').slice(0, 2000)
  return { result: NOT_ALLOWED.test(text) ? 'untested' : 'refused', text }
}

/** A name that the resolver does not answer for is what makes nginx take long. */
const noAnswer = (what: string, within: number): string => `${what} did not answer within ${within / 1000} s`

/** Without the time in front, which `nginx -t` leaves out or not, depending on where its log goes. */
const plain = (line: string): string =>
  line
    .replace(/^nginx: /, '')
    .replace(/^.*?(?=\[(?:emerg|alert|crit|error)\])/, '')
    .trim()

/** Lets the running nginx take the configuration over; null when it did, else why not. */
export function reload(main: string | null): string | null {
  const active = main === null && spawnSync('systemctl', ['is-active', '--quiet', 'nginx']).status === 0
  const [command, args]: [string, string[]] = active
    ? ['systemctl', ['reload', 'nginx']]
    : ['nginx', ['-s', 'reload', ...(main === null ? [] : ['-c', main])]]
  const done = spawnSync(command, args, { encoding: 'utf8', timeout: WITHIN })
  if ((done.error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT')
    return noAnswer(`${command} ${args.slice(0, 2).join(' ')}`, WITHIN)
  if (done.error) return `${command}: ${done.error.message}`
  return done.status === 0 ? null : plain(done.stderr.trim() || `${command} ended with code ${done.status}`)
}
