/** Where the result goes: stdout, or the file of -o. Nothing else is ever written there. */
import { accessSync, closeSync, constants, fstatSync, openSync, statSync, writeFileSync, writeSync } from 'node:fs'
import path from 'node:path'
import { UsageError } from './command.ts'

export interface Output {
  /** A terminal: colours, and its width. */
  isTty: boolean
  columns: number | null
  /** False when nobody reads any more (`| head`): stop quietly. Throws UsageError when it cannot be written. */
  write(text: string | Buffer): Promise<boolean>
  close(): void
}

/** @param file of -o; absent or `-`: stdout. Checked before anything is read: a report that took minutes must not be
 *  lost to a wrong path. The file is only emptied when there is something to write. */
export function openOutput(file: string | undefined): Output {
  return file === undefined || file === '-' ? (isPlain(1) ? plainStdout() : stdout()) : toFile(file)
}

function toFile(file: string): Output {
  try {
    if (statSync(file, { throwIfNoEntry: false })) accessSync(file, constants.W_OK)
    else accessSync(path.dirname(path.resolve(file)), constants.W_OK | constants.X_OK)
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' })
  } catch (error) {
    throw unwritable(file, error)
  }
  let fd: number | null = null
  return {
    isTty: false,
    columns: null,
    async write(text) {
      try {
        fd ??= openSync(file, 'w')
        writeFileSync(fd, text)
      } catch (error) {
        throw unwritable(file, error)
      }
      return true
    },
    close() {
      if (fd !== null) closeSync(fd)
    },
  }
}

/** Whether bytes can be written as they are: a pipe, a socket (which is what Node.js gives its
 *  children for a pipe), a file or /dev/null. Asked of the descriptor, because to ask
 *  `process.stdout` is to load net, streams and tty, a fifth of a short run. */
function isPlain(fd: number): boolean {
  try {
    const stats = fstatSync(fd)
    return (
      stats.isFIFO() ||
      stats.isSocket() ||
      stats.isFile() ||
      (stats.isCharacterDevice() && stats.rdev === statSync('/dev/null').rdev)
    )
  } catch {
    return false
  }
}

/** As what Node.js does on pipes and files, which is to wait, without its streams. */
function plainStdout(): Output {
  let open = true
  let rest: Output | null = null
  return {
    isTty: false,
    columns: null,
    async write(text) {
      if (rest) return rest.write(text)
      let bytes = Buffer.from(text)
      try {
        while (open && bytes.length > 0) bytes = bytes.subarray(writeSync(1, bytes))
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        // Somebody made the pipe non-blocking and it is full: streams can wait for it.
        if (code === 'EAGAIN') return (rest = stdout()).write(bytes)
        if (code !== 'EPIPE') throw unwritable('standard output', error)
        open = false
      }
      return open
    },
    close: () => undefined,
  }
}

function stdout(): Output {
  let open = true
  let failure: NodeJS.ErrnoException | null = null
  const onError = (error: NodeJS.ErrnoException): void => {
    open = false
    if (error.code !== 'EPIPE') failure = error
  }
  process.stdout.on('error', onError)
  return {
    isTty: process.stdout.isTTY === true,
    columns: process.stdout.isTTY ? process.stdout.columns : null,
    async write(text) {
      if (open) {
        await new Promise<void>((resolve) => {
          process.stdout.write(text, (error) => {
            if (error) onError(error)
            resolve()
          })
        })
      }
      if (failure) throw unwritable('standard output', failure)
      return open
    },
    // The listener stays: a broken pipe may be reported after the last write.
    close: () => undefined,
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOENT: 'the directory does not exist',
  ENOTDIR: 'a part of the path is not a directory',
  EISDIR: 'it is a directory',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
}

function unwritable(file: string, error: unknown): UsageError {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  return new UsageError(
    `${file}: cannot be written: ${REASONS[code] ?? (code || String(error))}; name another file with -o`,
  )
}

/** Throws UsageError when the file of -o is one of the inputs, under whatever name: it would be emptied while it is read,
 *  and be lost. */
export function refuseInput(file: string | undefined, inputs: readonly string[]): void {
  const isOutput = (input: string): boolean => isSame(input === '-' ? '/dev/stdin' : input, String(file))
  const same = file === undefined || file === '-' ? undefined : inputs.find(isOutput)
  if (same !== undefined)
    throw new UsageError(
      `-o: ${String(file)} is the input ${same === '-' ? 'on standard input' : same}; name another file`,
    )
}

function isSame(one: string, other: string): boolean {
  try {
    const [a, b] = [statSync(one), statSync(other)]
    return a.dev === b.dev && a.ino === b.ino
  } catch {
    return false
  }
}
