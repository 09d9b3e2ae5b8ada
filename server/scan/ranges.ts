/** Where a large file can be cut into parts that are read by themselves. A cut is at a line end around which every line is
 *  a record of its own: no entry of several lines can reach over it, forged or not, since the longest (4096 bytes in
 *  OpenResty) would show in the lines before. */
import { closeSync, openSync, readSync } from 'node:fs'
import { emptyEvidence } from '../diagnosis/contract.ts'
import type { Parser } from '../../parsers/parser.ts'
import { RecordReader } from './reader.ts'
import type { Range } from './task.ts'

/** Bytes before a cut in which there must be nothing but records of one line; as many more before it are only for the
 *  reader to find into them. */
const CLEAN = 16_384
/** Longer lines than this around a cut are not looked for. */
const AFTER = 65_536
const TRIES = 4
const STEP = 1 << 20
const NEWLINE = 10

/** At most `parts` ranges that together are all of the file; fewer where it cannot be cut. */
export function cut(path: string, size: number, parts: number, parsers: readonly Parser[]): Range[] {
  const fd = openSync(path, 'r')
  try {
    const ranges: Range[] = []
    let from = 0
    for (let part = 1; part < parts; part++) {
      const at = cutNear(fd, Math.floor((size * part) / parts), parsers)
      if (at === null || at <= from) continue
      ranges.push({ from, to: at })
      from = at
    }
    return [...ranges, { from, to: null }]
  } finally {
    closeSync(fd)
  }
}

function cutNear(fd: number, target: number, parsers: readonly Parser[]): number | null {
  const window = Buffer.allocUnsafe(2 * CLEAN + AFTER)
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const start = target + attempt * STEP - 2 * CLEAN
    if (start < 0) return null
    const bytes = window.subarray(0, readSync(fd, window, 0, window.length, start))
    const end = bytes.indexOf(NEWLINE, 2 * CLEAN) + 1
    const next = end === 0 ? -1 : bytes.indexOf(NEWLINE, end) + 1
    if (next > 0 && isClean(bytes.subarray(bytes.indexOf(NEWLINE) + 1, next), CLEAN, parsers)) return start + end
  }
  return null
}

/** Whether all lines but those of the first `skipped` bytes are records of one line in one format, without envelopes. */
function isClean(bytes: Buffer, skipped: number, parsers: readonly Parser[]): boolean {
  const reader = new RecordReader({ path: '', parsers, shift: (wall) => wall })
  const from = countLines(bytes.subarray(0, skipped)) + 1
  let expected = from
  let format: string | null = null
  let clean = true
  reader.onRecord = (record, line, _raw, _reason, wrapping) => {
    if (line < from) return
    format ??= record?.format ?? null
    clean &&= record !== null && wrapping === null && record.format === format && line === expected
    expected++
  }
  reader.read(bytes, 1, emptyEvidence(), null, true)
  // An entry that the window has cut looks like one that was cut before.
  return clean && !reader.tookApart && expected === countLines(bytes) + 1
}

function countLines(bytes: Buffer): number {
  let n = 0
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) n++
  return n
}
