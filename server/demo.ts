/** `serve --demo`: an nginx and a Portainer that do not exist write real log files, so that the dashboard shows life.
 *  The lines have the shapes of real runs; hosts end in .example and addresses are from documentation ranges. */
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const HOUR = 3_600_000
const AGENT = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

export interface Demo {
  /** Holds the logs; removed by close(). */
  folder: string
  files: string[]
  close(): void
}

type Log = 'access.log' | 'error.log' | 'portainer.log'
type Line = [log: Log, text: string]

/** Writes six hours of history at once, then goes on in real time. The backend `wiki` is down for 20 s in every two
 *  minutes, so problems open and resolve while one watches. */
export function startDemo(): Demo {
  const folder = mkdtempSync(join(tmpdir(), 'halfopen-demo-'))
  const write = (lines: readonly Line[]): void => {
    for (const [log, text] of lines) appendFileSync(join(folder, log), `${text}\n`)
  }
  const started = Date.now()
  const history: Line[] = []
  for (let time = started - 6 * HOUR; time < started; time += 30_000)
    history.push(...traffic(time, time % (45 * 60_000) < 120_000))
  const joined = (log: Log): string =>
    history
      .filter(([name]) => name === log)
      .map(([, text]) => `${text}\n`)
      .join('')
  for (const log of LOGS) appendFileSync(join(folder, log), joined(log))
  const timer = setInterval(() => {
    const now = Date.now()
    write(traffic(now, (now - started) % 120_000 > 100_000))
  }, 1000)
  return {
    folder,
    files: LOGS.map((log) => join(folder, log)),
    close() {
      clearInterval(timer)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const LOGS: readonly Log[] = ['access.log', 'error.log', 'portainer.log']
let connection = 1000

/** What happens in one moment: mostly pages and good sockets, now and then each of the failures. */
function traffic(time: number, wikiDown: boolean): Line[] {
  const client = `192.0.2.${10 + Math.floor(Math.random() * 40)}`
  const lines: Line[] = [access(time, client, 'GET /assets/app.js', 200, 18_211)]
  const happens = (chance: number): boolean => Math.random() < chance
  if (happens(0.6)) lines.push(access(time, client, 'GET /chat/ws', 101, 4_312))
  if (happens(0.15)) lines.push(...consoleWithoutUpgrade(time, client))
  if (happens(0.1)) lines.push(cut(time, client))
  if (happens(0.06)) lines.push(lost(time))
  if (happens(0.03)) lines.push(access(time, client, 'GET /', 499, 0))
  if (wikiDown) lines.push(...refused(time, client))
  return lines
}

/** Portainer behind an nginx that does not pass Upgrade on. */
function consoleWithoutUpgrade(time: number, client: string): Line[] {
  const reason = "the client is not using the websocket protocol: 'upgrade' token not found in 'Connection' header"
  return [
    access(time, client, 'GET /api/websocket/exec?token=[masked]&endpointId=2', 400, 12),
    ['portainer.log', `level=info msg="${slashed(time)} websocketproxy: couldn't upgrade websocket: ${reason}"`],
  ]
}

/** A console session that ended without a close frame. */
function lost(time: number): Line {
  const reason = 'websocket: close 1006 (abnormal closure): unexpected EOF'
  return [
    'portainer.log',
    `level=info msg="${slashed(time)} websocketproxy: Error when copying from backend to client: ${reason}"`,
  ]
}

function cut(time: number, client: string): Line {
  const message = 'upstream timed out (110: Connection timed out) while proxying upgraded connection'
  return failure(time, 'info', message, client, 'chat.example', 'GET /chat/ws', '127.0.0.1:8065/chat/ws')
}

function refused(time: number, client: string): Line[] {
  const message = 'connect() failed (111: Connection refused) while connecting to upstream'
  return [
    failure(time, 'error', message, client, 'wiki.example', 'GET /wiki/socket', '127.0.0.1:3000/wiki/socket'),
    access(time, client, 'GET /wiki/socket', 502, 157),
  ]
}

function access(time: number, client: string, request: string, status: number, bytes: number): Line {
  return ['access.log', `${client} - - [${bracketed(time)}] "${request} HTTP/1.1" ${status} ${bytes} "-" "${AGENT}"`]
}

function failure(
  time: number,
  level: string,
  message: string,
  client: string,
  server: string,
  request: string,
  to: string,
): Line {
  const context = `client: ${client}, server: ${server}, request: "${request} HTTP/1.1", upstream: "http://${to}", host: "${server}"`
  return ['error.log', `${slashed(time)} [${level}] 4242#4242: *${++connection} ${message}, ${context}`]
}

const two = (n: number): string => String(n).padStart(2, '0')
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const clock = (d: Date): string => [d.getHours(), d.getMinutes(), d.getSeconds()].map(two).join(':')

/** `2026/11/21 06:13:51`, the machine's zone: nginx's error log and Go's log package. */
function slashed(time: number): string {
  const d = new Date(time)
  return `${d.getFullYear()}/${two(d.getMonth() + 1)}/${two(d.getDate())} ${clock(d)}`
}

/** `21/Nov/2026:06:13:35 +0000`: $time_local. */
function bracketed(time: number): string {
  const d = new Date(time)
  const offset = -d.getTimezoneOffset()
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`
  return `${two(d.getDate())}/${MONTHS[d.getMonth()]}/${d.getFullYear()}:${clock(d)} ${zone}`
}
