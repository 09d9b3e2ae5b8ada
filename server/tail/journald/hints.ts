/** Why journalctl ended, in words, and what to do. */
import type { SourceStatus } from '../contract.ts'
import type { JournalName } from './name.ts'

export interface Ended {
  code: number | null
  signal: string | null
  /** Why it could not be started. */
  error: NodeJS.ErrnoException | null
  stderr: string
}

/** What the status is to show. */
export type Shown = Pick<SourceStatus, 'state' | 'hint'>

const GROUP = 'sudo usermod -aG systemd-journal "$USER", then log in again (or run with sudo)'

/** What journalctl says on stderr and reads on; null for what is of no interest. */
export function explainWarning(stderr: string, { directory }: JournalName): Shown | null {
  if (stderr.includes('No journal files were found')) {
    const hint =
      directory === null
        ? 'this machine has no journal; in a container mount that of the host and name it: journald:UNIT?directory=/host/journal'
        : `there are no journal files in ${directory} (yet)`
    return { state: 'missing', hint }
  }
  if (!stderr.includes('not seeing messages from other users')) return null
  return { state: 'idle', hint: `only a part of the journal may be read; to read all of it: ${GROUP}` }
}

export function explainEnd(ended: Ended, { directory }: JournalName): Shown {
  const { code, signal, error, stderr } = ended
  if (error?.code === 'ENOENT')
    return {
      state: 'missing',
      hint: 'journalctl is not installed (Debian: apt-get install systemd); journald sources need it',
    }
  if (error) return { state: 'unreadable', hint: `journalctl cannot be started: ${error.message}` }
  if (/insufficient permissions|Permission denied|Operation not permitted/.test(stderr))
    return {
      state: 'unreadable',
      hint: `no permission to read the journal${directory === null ? '' : ` in ${directory}`}: ${GROUP}`,
    }
  if (directory !== null && stderr.includes('No such file or directory'))
    return { state: 'missing', hint: `${directory} does not exist (yet); is the journal of the host mounted there?` }
  const how = signal === null ? `ended with code ${code ?? '?'}` : `was killed by ${signal}`
  const said = lastLine(stderr)
  return {
    state: 'unreadable',
    hint: `journalctl ${how} and is started again${said === '' ? '' : `; it said: ${said}`}`,
  }
}

/** Printable and short: it goes to terminals. */
function lastLine(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return (lines.at(-1) ?? '').replace(/[^\x20-\x7e]/g, '?').slice(0, 200)
}

/** For a source that was never seen to have an entry. */
export function noEntry({ match, directory }: JournalName): Shown {
  const unit = match?.replace(/^--unit=/, '')
  const look = [
    'journalctl',
    ...(directory === null ? [] : ['-D', directory]),
    ...(match === null ? [] : [match.startsWith('--unit=') ? `-u ${unit}` : match]),
  ]
  return {
    state: 'idle',
    hint: `no entry${unit === undefined ? '' : ` of ${unit}`} in the journal yet; look with: ${look.join(' ')}`,
  }
}
