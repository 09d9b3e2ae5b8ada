/** Logs that are handed in once. They lie in a folder of their own while `halfopen analyze`, in a process of its own, reads
 *  them: the report is that of the command line, the server goes on meanwhile, and a process can be ended, which a thread
 *  inside a regular expression cannot. */
import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { asDump, safeName } from './names.ts'
import { boundaryOf, partsOf } from './multipart.ts'
import { UploadError } from './upload-error.ts'

/** Logs in one upload. */
const MAX_FILES = 50
const MAX_CONFIG = 4 * 2 ** 20
/** Of the report; one of thousands of findings has a few MB. */
const MAX_REPORT = 32 * 2 ** 20
/** At once: each takes a processor. */
const MAX_RUNNING = 2
/** Of the reading process; what it holds is bounded whatever the logs are. */
const MEMORY_MB = 512

export interface UploadOptions {
  /** Program that takes `analyze …`. */
  entry: string
  /** Of the whole upload, bytes. */
  maxBytes: number
  /** For reading, ms. */
  timeout: number
}

export interface Upload {
  contentType: string | undefined
  /** As the header says it; null when it is not known. */
  length: number | null
  body: AsyncIterable<Buffer>
  timezone: string | null
  logFormat: string | null
  /** Whoever asked is gone. */
  gone: AbortSignal
}

let running = 0

/** The JSON that `analyze --output json` prints for the fields `log` (any number) and `config` (nginx.conf, its includes,
 *  or `nginx -T`). Rejects with UploadError. What was handed in is deleted before this settles. */
export async function analyzeUpload(upload: Upload, options: UploadOptions): Promise<string> {
  const boundary = boundaryOf(upload.contentType)
  if (boundary === null)
    throw new UploadError('bad-upload', 'Expected multipart/form-data with files named log, and perhaps config.')
  if ((upload.length ?? 0) > options.maxBytes) throw tooLarge(options)
  if (running >= MAX_RUNNING) throw new UploadError('analyze-busy', `${MAX_RUNNING} reports are being made already.`)
  running++
  // Made by mkdtemp, it can be entered by this user alone.
  let folder: string | null = null
  try {
    folder = await mkdtemp(join(tmpdir(), 'halfopen-upload-'))
    const { logs, config } = await store(upload, boundary, folder, options)
    return await read(logs, config, folder, upload, options)
  } finally {
    running--
    if (folder !== null) await rm(folder, { recursive: true, force: true })
  }
}

const tooLarge = ({ maxBytes }: UploadOptions) =>
  new UploadError('upload-too-large', `An upload may have ${Math.floor(maxBytes / 2 ** 20)} MB.`)

async function* bounded(body: AsyncIterable<Buffer>, options: UploadOptions): AsyncGenerator<Buffer> {
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > options.maxBytes) throw tooLarge(options)
    yield chunk
  }
}

/** Hidden, so that no log can have its name. */
const CONFIG = '.nginx.conf'

async function store(
  { body }: Upload,
  boundary: string,
  folder: string,
  options: UploadOptions,
): Promise<{ logs: string[]; config: string | null }> {
  const logs = new Set<string>()
  const configs: { name: string; text: string }[] = []
  for await (const part of partsOf(bounded(body, options), boundary)) {
    if (part.field === 'config') {
      const text = await textOf(part.body)
      const name = safeName(part.filename ?? 'nginx.conf', new Set(configs.map((one) => one.name)))
      if (text.trim() !== '') configs.push({ name, text })
    } else if (part.field === 'log') {
      if (logs.size === MAX_FILES) throw new UploadError('bad-upload', `More than ${MAX_FILES} logs.`)
      const name = safeName(part.filename, logs)
      logs.add(name)
      await pipeline(part.body, createWriteStream(join(folder, name), { mode: 0o600 }))
    } else throw new UploadError('bad-upload', 'The only fields are log and config.')
  }
  if (logs.size === 0) throw new UploadError('bad-upload', 'There is no log in the upload (field log).')
  if (configs.length === 0) return { logs: [...logs], config: null }
  await writeFile(join(folder, CONFIG), asDump(configs), { mode: 0o600 })
  return { logs: [...logs], config: CONFIG }
}

async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > MAX_CONFIG)
      throw new UploadError('upload-too-large', `A configuration may have ${MAX_CONFIG >> 20} MB.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Runs the command line in the folder, so that the report names files as they were handed in. */
function read(
  logs: readonly string[],
  config: string | null,
  folder: string,
  { timezone, logFormat, gone }: Upload,
  { entry, timeout }: UploadOptions,
): Promise<string> {
  const args = ['analyze', '--output', 'json', '--quiet', '--no-progress', '--jobs', '1']
  if (config !== null) args.push('--config', config)
  if (timezone !== null) args.push(`--timezone=${timezone}`)
  if (logFormat !== null) args.push(`--log-format=${logFormat}`)
  const env = { PATH: process.env['PATH'], TZ: process.env['TZ'], NO_COLOR: '1' }
  const child = spawn(process.execPath, [`--max-old-space-size=${MEMORY_MB}`, entry, ...args, '--', ...logs], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // The server's own work comes first.
  if (child.pid !== undefined) lower(child.pid)
  return new Promise((resolve, reject) => {
    let failure: UploadError | null = null
    const end = (error: UploadError) => {
      failure ??= error
      child.kill('SIGKILL')
    }
    const late = setTimeout(
      () => end(new UploadError('analyze-too-long', `Reading took longer than ${Math.round(timeout / 1000)} s.`)),
      timeout,
    )
    const leave = () => end(new UploadError('analyze-failed', 'Nobody waits for the report any more.'))
    gone.addEventListener('abort', leave, { once: true })
    if (gone.aborted) leave()
    const chunks: Buffer[] = []
    let bytes = 0
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > MAX_REPORT) end(new UploadError('analyze-failed', 'The report is too long to be shown.'))
      else chunks.push(chunk)
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(0, 2000)))
    child.on('error', (error) => (failure ??= new UploadError('analyze-failed', error.message)))
    child.on('close', () => {
      clearTimeout(late)
      gone.removeEventListener('abort', leave)
      const report = Buffer.concat(chunks).toString('utf8')
      if (failure !== null) reject(failure)
      // Inputs that could not be read are told in the report itself.
      else if (report.startsWith('{')) resolve(report)
      else reject(new UploadError('analyze-failed', reason(said)))
    })
  })
}

/** The first line that the command line said, without its name. */
const reason = (said: string): string =>
  /^(?:halfopen: )?(.+)/.exec(said.trim())?.[1]?.slice(0, 500) ?? 'The logs could not be read.'

function lower(pid: number): void {
  try {
    setPriority(pid, 10)
  } catch {
    // It has ended already.
  }
}
