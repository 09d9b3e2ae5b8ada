/** Whole inputs in, evidence out. One buffer, reused; memory does not grow with the input. */
import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { PARSERS } from '../../parsers/index.ts'
import { accessParser } from '../../parsers/nginx/access.ts'
import type { Parser } from '../../parsers/parser.ts'
import { emptyEvidence } from '../diagnosis/contract.ts'
import type { Evidence } from '../diagnosis/contract.ts'
import type { InputError, ScanOptions, ScanResult } from './contract.ts'
import { systemError } from './input-errors.ts'
import { LineFeeder } from './lines.ts'
import { RecordReader } from './reader.ts'
import { zoneShift } from './zone.ts'

const CHUNK = 1 << 20
/** gzip in small chunks costs a stream turn per 16 KiB; 256 KiB halves the time (facts of a measurement). */
const GZIP = { chunkSize: 256 * 1024 }

/** Reads every input into one evidence. An input that fails is in `errors`; what was read before stays.
 *  Throws RangeError for an unusable format, log_format or zone: nothing was read then. */
export async function scanInputs(inputs: readonly string[], options: ScanOptions): Promise<ScanResult> {
  const parsers = choose(options)
  const shift = zoneShift(options.timezone)
  const evidence = emptyEvidence()
  const result: ScanResult = { evidence, inputs: [], errors: [] }
  const progress = new Progress(inputs, options.onProgress)
  for (const path of inputs) {
    const reader = new RecordReader({
      path: path === '-' ? 'stdin' : path,
      parsers,
      shift,
      since: options.since,
      until: options.until,
    })
    try {
      await scanOne(path, reader, evidence, progress)
    } catch (error) {
      result.errors.push(failure(path, error))
    }
    if (reader.summary.bytes > 0 || !result.errors.some((e) => e.path === path)) result.inputs.push(reader.summary)
  }
  return result
}

/** The parsers to try. A `log_format` comes first, since it may look like a known format with more in it. */
export function choose(options: Pick<ScanOptions, 'format' | 'logFormat'>): readonly Parser[] {
  const own = [options.logFormat ?? []].flat().map(customFormat)
  if (options.format === null) return [...own, ...PARSERS]
  const forced = [...own, ...PARSERS].find((p) => p.id === options.format)
  if (forced === undefined)
    throw new RangeError(
      `unknown format ${JSON.stringify(options.format)}; one of: ${PARSERS.map((p) => p.id).join(', ')}`,
    )
  return [forced]
}

/** `log_format NAME escape=json '…' '…';`, the same without name, or the bare text. */
export function customFormat(text: string): Parser {
  let format = text
    .trim()
    .replace(/^log_format\s+\S+\s+/, '')
    .replace(/;$/, '')
    .trim()
  let escape: 'default' | 'json' | 'none' = 'default'
  const told = /^escape=(default|json|none)\s+/.exec(format)
  if (told) {
    escape = told[1] as typeof escape
    format = format.slice(told[0].length)
  }
  if (/^(?:'[^']*'\s*)+$/.test(format)) format = [...format.matchAll(/'([^']*)'/g)].map((m) => m[1]).join('')
  return accessParser('log_format', 'the log_format given', format, escape)
}

async function scanOne(path: string, reader: RecordReader, evidence: Evidence, progress: Progress): Promise<void> {
  const feeder = new LineFeeder((bytes, final) => reader.read(bytes, reader.summary.lines + 1, evidence, null, final))
  if (path === '-') return feed(process.stdin, feeder, progress)
  const fd = openSync(path, 'r')
  try {
    const buffer = Buffer.allocUnsafe(CHUNK)
    const head = readSync(fd, buffer, 0, CHUNK, null)
    if (head >= 2 && buffer[0] === 0x1f && buffer[1] === 0x8b) return await gunzip(path, feeder, progress)
    // Synchronous reads: a whole file is read as fast as the disk gives it, and nothing else is to be done meanwhile.
    let turns = 0
    for (let n = head; n > 0; n = readSync(fd, buffer, 0, CHUNK, null)) {
      feeder.push(buffer.subarray(0, n))
      progress.add(n)
      // Signals are only handled between turns of the event loop.
      if (++turns % 32 === 0) await new Promise(setImmediate)
    }
    feeder.end()
  } finally {
    closeSync(fd)
  }
}

/** A truncated gzip keeps what could be read and is reported. */
async function gunzip(path: string, feeder: LineFeeder, progress: Progress): Promise<void> {
  const raw = createReadStream(path, { highWaterMark: GZIP.chunkSize })
  raw.on('data', (chunk) => progress.add(chunk.length))
  const plain = createGunzip(GZIP)
  raw.on('error', (error) => plain.destroy(error))
  try {
    for await (const chunk of raw.pipe(plain)) feeder.push(chunk as Buffer)
  } finally {
    feeder.end()
  }
}

async function feed(stream: NodeJS.ReadableStream, feeder: LineFeeder, progress: Progress): Promise<void> {
  try {
    for await (const chunk of stream) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Buffer)
      feeder.push(bytes)
      progress.add(bytes.length)
    }
  } finally {
    feeder.end()
  }
}

function failure(path: string, error: unknown): InputError {
  const code = (error as { code?: unknown }).code
  if (typeof code === 'string' && code.startsWith('Z_'))
    return {
      path,
      code: 'damaged-gzip',
      message: `${path}: damaged or truncated gzip; what could be decompressed is in the report`,
    }
  return systemError(path, error)
}

class Progress {
  private done = 0
  private readonly total: number | null
  private readonly report: ScanOptions['onProgress']

  constructor(inputs: readonly string[], report: ScanOptions['onProgress']) {
    this.report = report
    this.total =
      report === null
        ? null
        : inputs.reduce<number | null>((sum, path) => (sum === null || path === '-' ? null : sum + sizeOf(path)), 0)
  }

  add(bytes: number): void {
    this.done += bytes
    this.report?.(this.done, this.total)
  }
}

function sizeOf(path: string): number {
  try {
    const fd = openSync(path, 'r')
    try {
      return fstatSync(fd).size
    } finally {
      closeSync(fd)
    }
  } catch {
    return 0
  }
}
