/** What `halfopen explain` is asked about: a line, a file, a place in a file, or standard input. */
import { statSync } from 'node:fs'
import { findInputs } from '../scan/contract.ts'
import { UsageError } from './command.ts'

export type Asked = { text: string; path: ''; line: null } | { text: null; path: string; line: number | null }

/** Throws UsageError. No log line is the name of a file, so that one argument will do for all. */
export function askedFor(words: readonly string[], line: number | null): Asked {
  const [word, another] = words
  if (another !== undefined)
    throw new UsageError("explain takes one line: put it in quotes, '…', or pipe it: tail -1 FILE | halfopen explain")
  if (word === undefined) {
    if (process.stdin.isTTY !== true && findInputs([]).inputs[0] !== '-')
      throw new UsageError("explain: no line given: halfopen explain 'LINE', or tail -1 FILE | halfopen explain")
    if (process.stdin.isTTY === true) process.stderr.write('reading standard input: paste log lines, end with Ctrl-D\n')
    return { text: null, path: '-', line }
  }
  if (word === '-' || isFile(word)) return { text: null, path: word, line }
  const place = /^(.+):(\d{1,9})$/s.exec(word)
  if (place !== null && isFile(place[1] as string))
    return { text: null, path: place[1] as string, line: Number(place[2]) }
  if (line !== null)
    throw new UsageError(`--line: ${JSON.stringify(word.slice(0, 80))} is no file; name the file it is in`)
  if (/^[^\s"{[]{1,300}\.(?:log|gz|zst|bz2|xz|txt|out)(?:\.\d{1,3})?(?::\d{1,9})?$/i.test(word))
    throw new UsageError(`explain: ${word}: no such file; check the name, or give a line in quotes`)
  if (word.trim() === '') throw new UsageError('explain: an empty line; empty lines are skipped')
  return { text: word, path: '', line: null }
}

function isFile(path: string): boolean {
  try {
    const stats = statSync(path)
    return stats.isFile() || stats.isFIFO()
  } catch {
    return false
  }
}
