/** One log as its writer sees it: numbered lines, cut anywhere, into whatever file is open. */
import {
  chmodSync,
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Dice } from './dice.ts'
import { lineOf, numbersIn, type Kind } from './numbered.ts'

export class WrittenLog {
  readonly kind: Kind
  readonly path: string
  /** The lines are numbered from 1. */
  written = 0
  /** Numbers that a file held when the reader had caught up: they count, whatever becomes of the file. */
  readonly owed = new Set<number>()
  private readonly dice: Dice
  private fd: number
  private targets = 0

  constructor(kind: Kind, path: string, dice: Dice, linked: boolean) {
    this.kind = kind
    this.path = path
    this.dice = dice
    if (linked) this.link()
    this.fd = openSync(path, 'a', 0o644)
  }

  /** Whole lines in several writes, cut in the middle of lines and of characters. */
  burst(lines: number): void {
    let text = ''
    for (let n = 0; n < lines; n++) text += lineOf(this.kind, ++this.written)
    const bytes = Buffer.from(text)
    const pieces = 1 + this.dice.below(6)
    let from = 0
    for (let piece = 1; piece <= pieces; piece++) {
      const to = piece === pieces ? bytes.length : from + this.dice.below(bytes.length - from + 1)
      writeSync(this.fd, bytes, from, to - from)
      from = to
    }
  }

  /** What USR1 does. */
  reopen(): void {
    const old = this.fd
    this.fd = openSync(this.path, 'a', 0o644)
    // A worker that is slower than the others.
    const fresh = this.fd
    if (this.dice.oneIn(3)) {
      this.burst(3)
      this.fd = old
      this.burst(3)
      this.fd = fresh
    }
    closeSync(old)
  }

  /** Empties the file and fills it with more than it held, in one go. */
  refill(): void {
    const { size } = fstatSync(this.fd)
    let lines = ''
    while (Buffer.byteLength(lines) <= size + 1000) lines += lineOf(this.kind, ++this.written)
    ftruncateSync(this.fd)
    writeSync(this.fd, lines)
  }

  /** Deletes the file and makes another one, which often gets the same inode. */
  recreate(): void {
    closeSync(this.fd)
    unlinkSync(this.path)
    this.fd = openSync(this.path, 'a', 0o644)
  }

  /** Points the link to the next file; the writer follows when it reopens. */
  repoint(): void {
    unlinkSync(this.path)
    this.link()
  }

  private link(): void {
    // In turns beside the link and elsewhere, as some log by day and some by directory.
    const target = `${basename(this.path, '.log')}-target-${++this.targets}.log`
    closeSync(openSync(join(dirname(this.path), target), 'a', 0o644))
    symlinkSync(target, this.path)
  }

  permit(allowed: boolean): void {
    if (allowed) for (const file of this.files()) chmodSync(file, 0o644)
    else if (existsSync(this.path)) chmodSync(this.path, 0o600)
  }

  /** Whether a position is at the end of the file that is now at the path. */
  isEnd(at: { ino: number; offset: number } | undefined): boolean {
    const stat = statSync(this.path, { throwIfNoEntry: false })
    return stat !== undefined && at?.ino === stat.ino && at.offset === stat.size
  }

  /** Takes note of all whole lines in all files of this log. */
  owe(): void {
    for (const file of this.files()) {
      const bytes = readFileSync(file)
      const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
      for (const number of numbersIn(this.kind, text)) this.owed.add(number)
    }
  }

  close(): void {
    closeSync(this.fd)
  }

  private files(): string[] {
    const folder = dirname(this.path)
    return readdirSync(folder)
      .filter((name) => name.startsWith(this.kind))
      .map((name) => join(folder, name))
  }
}
