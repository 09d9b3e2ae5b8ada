/** Unpacks with the system's own program. Whoever has such logs has it: logrotate calls the same one.
 *
 *  Refused: JavaScript and WebAssembly decoders from npm. Measured on 100 MB of access log (this way: zstd 0.2 s,
 *  xz 0.8 s, bzip2 5 s): fzstd took 1.5 s and ignores checksums, xz-decompress 1.4 s with error numbers for words,
 *  unbzip2-stream 35 s and fails on truncated files with a TypeError; all keep windows in our own memory. A process
 *  unpacks beside us, cannot hold more than it is allowed, and is gone with the pipe. */
import { spawn } from 'node:child_process'
import { accessSync, constants, realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import { feed, type Fault, type OnFault } from './decompress.ts'
import { ReadAhead } from './read-ahead.ts'

export interface Unpacker {
  program: string
  args: readonly string[]
  environment?: Readonly<Record<string, string>>
  /** Its BusyBox version is as good. */
  busybox: boolean
}

/** Where programs are when PATH says nothing, as under cron. */
const FOLDERS = ['/usr/local/bin', '/usr/bin', '/bin', '/opt/homebrew/bin']
/** Enough of what a program says to know what went wrong. */
const WORDS = 4096

/** Absolute path, or null when it is not installed. */
export function findUnpacker({ program, busybox }: Unpacker): string | null {
  // Relative entries of PATH would run what lies beside the logs.
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder))
  for (const folder of [...folders, ...FOLDERS]) {
    const file = path.join(folder, program)
    try {
      accessSync(file, constants.X_OK)
      if (statSync(file).isFile() && (busybox || path.basename(realpathSync(file)) !== 'busybox')) return file
    } catch {
      // Not here.
    }
  }
  return null
}

/** Everything the program makes of `source`. It has ended when this has, also when the consumer stops early; when we
 *  are killed it ends by itself, its input being closed. */
export async function* unpackByProgram(
  unpacker: Unpacker,
  file: string,
  source: AsyncIterable<Buffer>,
  onFault: OnFault,
): AsyncGenerator<Buffer> {
  const child = spawn(file, unpacker.args, {
    // Detached: Ctrl-C is for us, and the report of what was read so far needs the rest of what is unpacked.
    detached: true,
    // Nothing else of ours: ZSTD_*, XZ_DEFAULTS and BZIP2 change what the programs do.
    env: { LC_ALL: 'C', ...unpacker.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let words = ''
  child.stderr.on('data', (piece: Buffer) => {
    if (words.length < WORDS) words += piece.toString('latin1')
  })
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', resolve)
    child.once('error', () => resolve(null))
  })
  // It ends before its input does when that is damaged; what it says tells more than EPIPE.
  child.stdin.on('error', () => undefined)
  void feed(child.stdin, source, () => Promise.resolve(true))
  try {
    yield* new ReadAhead(child.stdout).pieces()
    const code = await ended
    // bzip2 passes over what follows the last stream, and only says so.
    if (code !== 0 || /trailing garbage/i.test(words)) onFault(faultOf(code, words))
  } catch {
    onFault('failed')
  } finally {
    child.stdin.destroy()
    child.stdout.destroy()
    child.kill('SIGKILL')
    await ended
  }
}

/** zstd 1.5: "Window size larger than maximum", "premature end", "Src size is incorrect" and "unknown header" (cut
 *  within the first bytes); xz 5: "Memory usage limit reached", "Unexpected end of input"; bzip2 1.0: "ends
 *  unexpectedly". */
function faultOf(code: number | null, words: string): Fault {
  if (code === null) return 'failed'
  if (/window size larger|too much memory|memory usage limit/i.test(words)) return 'window'
  return /premature end|unexpected(?:ly| end)|size is incorrect|unknown header/i.test(words) ? 'truncated' : 'damaged'
}
