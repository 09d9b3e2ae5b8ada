/** Names of journald sources: `journald:nginx.service`, `journald:*`, `journald:CONTAINER_NAME=portainer`, each with
 *  `?directory=/host/journal` where the journal is mounted from elsewhere. */

export interface JournalName {
  /** One field that entries must have; null for all entries. */
  match: string | null
  /** Where the journal's files are; null for the machine's own journal. */
  directory: string | null
}

const WHERE = '?directory='
/** systemd.unit(5); `*` and `[…]` are patterns for journalctl. */
const UNIT = /^[\w:.@\\*[\]-]{1,255}$/
/** systemd.journal-fields(7). */
const FIELD = /^_{0,2}[A-Z0-9][A-Z0-9_]{0,62}=[^\0\n]{1,255}$/

/** What journalctl prints besides the cursor and the times: what the envelope reads (parsers/envelopes/journald-json.ts).
 *  Whole entries are several times as long. */
const FIELDS = [
  'MESSAGE',
  'CONTAINER_NAME',
  'CONTAINER_ID',
  'CONTAINER_PARTIAL_MESSAGE',
  'SYSLOG_IDENTIFIER',
  'SYSLOG_PID',
  '_SYSTEMD_UNIT',
  '_COMM',
  '_PID',
]

/** @throws Error with one sentence for a person, to be put behind the name. */
export function parseJournalName(name: string): JournalName {
  const text = name.slice('journald:'.length)
  const at = text.indexOf(WHERE)
  const what = at === -1 ? text : text.slice(0, at)
  const directory = at === -1 ? null : text.slice(at + WHERE.length)
  if (directory !== null && !/^\/[^\0\n]*$/.test(directory))
    throw new Error(`${WHERE.slice(1)} needs an absolute path, such as /var/log/journal`)
  if (what === '*') return { match: null, directory }
  if (FIELD.test(what)) return { match: what, directory }
  if (!name.startsWith('journald:') || !UNIT.test(what))
    throw new Error('expected journald:UNIT, such as journald:nginx.service, or journald:* for everything')
  return { match: `--unit=${what}`, directory }
}

/** Where to begin: at an entry that was read before, or with those since a time (epoch ms). */
export type JournalStart = { cursor: string } | { since: number }

/** Arguments of journalctl.
 *  `--merge` because `--follow` alone is bound to the current boot: what was logged between our last line and a reboot
 *  would be passed over. `--cursor` and not `--after-cursor`, which in systemd 252 passes over the oldest entry when its
 *  own is no longer there; that is also how we notice. `--since` and not `--lines`, which in 252 passes over the first
 *  entry of a unit that had none. `--no-tail` because it otherwise rests after ten entries until the next one is written.
 *  `--all` because longer fields than 4 KiB are null without. */
export function journalArguments({ match, directory }: JournalName, start: JournalStart): string[] {
  return [
    '--follow',
    '--merge',
    '--no-tail',
    '--all',
    '--no-pager',
    '--output=json',
    `--output-fields=${FIELDS.join(',')}`,
    'cursor' in start ? `--cursor=${start.cursor}` : `--since=@${Math.max(0, Math.floor(start.since / 1000))}`,
    ...(directory === null ? [] : [`--directory=${directory}`]),
    ...(match === null ? [] : [match]),
  ]
}

/** Arguments of a journalctl that prints no entry, but what hinders it. */
export function warningArguments({ directory }: JournalName): string[] {
  return ['--merge', '--lines=0', '--no-pager', ...(directory === null ? [] : [`--directory=${directory}`])]
}
