/** Files that are no plain text: what they are, and what to do. */
import type { InputError } from './contract.ts'
import type { Fault } from './decompress.ts'
import { inputError, shellQuote } from './input-errors.ts'
import type { Packed } from './packed.ts'

/** Null when we can unpack it here. */
export function cannotUnpack(path: string, { name, missing, unpackAnyway }: Packed): InputError | null {
  const needed = missing()
  if (needed === null) return null
  const install = `install what unpacks it (Debian: apt-get install ${needed})`
  const what = `${path}: ${name} data, and no program here unpacks it`
  return inputError(
    path,
    'compressed',
    `${what}; ${install}, or unpack it elsewhere: ${unpackAnyway} ${fileWord(path)}`,
  )
}

export function unpackFault(path: string, { name, test, unpackAnyway }: Packed, fault: Fault): InputError {
  switch (fault) {
    case 'window':
      return inputError(
        path,
        'compressed',
        `${path}: the ${name} data takes more than 128 MiB of memory to unpack; unpack it on the way: ${onTheWay(unpackAnyway, path)}`,
      )
    case 'failed':
      return inputError(
        path,
        'read-failed',
        `${path}: the program that unpacks ${name} data could not be run; unpack it on the way: ${onTheWay(unpackAnyway, path)}`,
      )
    case 'truncated':
    case 'damaged': {
      const what = fault === 'truncated' ? `the ${name} data ends too early` : `the ${name} data is damaged`
      return inputError(
        path,
        'damaged',
        `${path}: ${what}; reported is what could be read before; test it: ${test} ${fileWord(path)}`,
      )
    }
  }
}

const fileWord = (path: string): string => (path === '-' ? 'FILE' : shellQuote(path))
const onTheWay = (command: string, path: string): string => `${command} ${fileWord(path)} | halfopen analyze -`

interface ForeignFormat {
  name: string
  magic: readonly number[]
  /** The command that turns it into lines; absent: it holds none. */
  command?: string
}

/** Files that end up among logs. The list is for a clear word; anything else unreadable is counted as unread lines. */
const FOREIGN: readonly ForeignFormat[] = [
  { name: 'a zip archive', magic: [0x50, 0x4b, 0x03, 0x04], command: 'unzip -p' },
  { name: 'UTF-16 text (PowerShell writes it with ">")', magic: [0xff, 0xfe], command: 'iconv -f UTF-16 -t UTF-8' },
  { name: 'UTF-16 text', magic: [0xfe, 0xff], command: 'iconv -f UTF-16 -t UTF-8' },
  { name: 'a systemd journal', magic: [...Buffer.from('LPKSHHRH')], command: 'journalctl -o json --file' },
  { name: 'a SQLite database', magic: [...Buffer.from('SQLite format 3\0')] },
  { name: 'a program', magic: [0x7f, 0x45, 0x4c, 0x46] },
  { name: 'an image', magic: [0x89, 0x50, 0x4e, 0x47] },
  { name: 'an image', magic: [0xff, 0xd8, 0xff] },
  { name: 'a PDF', magic: [...Buffer.from('%PDF-')] },
]

export function foreignFormat(path: string, head: Buffer): InputError | null {
  const format = FOREIGN.find(({ magic }) => magic.every((byte, i) => head[i] === byte))
  if (!format) return null
  if (!format.command) return inputError(path, 'not-text', `${path}: ${format.name}, not a log; name a log file`)
  return inputError(
    path,
    'compressed',
    `${path}: ${format.name}; unpack it on the way: ${onTheWay(format.command, path)}`,
  )
}
