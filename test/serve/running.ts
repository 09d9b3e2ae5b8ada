/** A whole server in this process: real files, a real database, a real port. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request, type IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { onTestFinished } from 'vitest'
import { createLogger } from '../../server/logging.ts'
import { loadConfig, startServer, type RunningServer } from '../../server/main.ts'

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: string
  /** The body as JSON. */
  json: () => never
}

interface AskOptions {
  method?: string
  headers?: Record<string, string>
  body?: string
}

export interface Started extends RunningServer {
  port: number
  /** Everything on stderr. */
  said: () => string
  /** Any method and headers, Host included. */
  ask: (path: string, options?: AskOptions) => Promise<Answer>
}

/** A folder that is gone after the test. */
export function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'halfopen-serve-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** Starts on a free port with `dir`/h.sqlite and the settings in `yaml`. */
export async function startIn(dir: string, yaml: string, now?: () => number): Promise<Started> {
  const file = join(dir, 'halfopen.yaml')
  const listen = /^listen:/m.test(yaml) ? '' : 'listen: 127.0.0.1:0\n'
  writeFileSync(file, `${listen}database: sqlite:h.sqlite\n${yaml}`)
  const config = loadConfig({ file, cli: {}, env: {}, cwd: dir })
  let said = ''
  const stderr = new Writable({
    write(chunk, _encoding, done) {
      said += String(chunk)
      done()
    },
  })
  const logger = createLogger('text', stderr)
  const server = await startServer({ config, version: '1.2.3', logger, ...(now ? { now } : {}) })
  let open = true
  const close = async (): Promise<void> => {
    if (open) await server.close()
    open = false
  }
  onTestFinished(close)
  const port = Number(new URL(server.url).port)
  return { url: server.url, port, close, said: () => said, ask: (path, options = {}) => ask(port, path, options) }
}

export function ask(port: number, path: string, options: AskOptions = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, body } = options
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => (text += part))
      response.on('end', () => {
        const { statusCode = 0, headers: got } = response
        resolve({ status: statusCode, headers: got, text, json: () => JSON.parse(text) as never })
      })
    })
    asked.on('error', reject)
    asked.end(body)
  })
}
