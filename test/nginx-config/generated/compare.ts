/** Generated configurations in one real nginx before a recording backend, and what the resolver says of the same requests. */
import { request } from 'node:http'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { loadConfig, resolveRequest, type NginxConfig, type Resolved } from '../../../server/nginx-config/contract.ts'
import { freePort, startNginx } from '../../live/harness/nginx.ts'
import { wholeConfig } from '../config-text.ts'
import { generate, PORTS, type Asked, type Generated } from './generate.ts'

export interface Difference {
  config: number
  asked: Asked
  predicted: string
  happened: string
}

export interface Comparison {
  requests: number
  proxied: number
  undecided: number
  differences: Difference[]
  /** The whole configuration, to look at a difference. */
  text: string
}

/** What a backend was sent: request line and headers by lower-case name, several joined with `|`. */
interface Recorded {
  target: string
  version: string
  headers: Record<string, string>
}

/** A backend that understands the head of a request and nothing else, so that nothing is made right on the way. */
function recorder(): Promise<Server> {
  const server = createServer((socket) => {
    let head = ''
    socket.on('error', () => undefined)
    socket.setEncoding('utf8').on('data', (text: string) => {
      head += text
      if (!head.includes('\r\n\r\n')) return
      const [line = '', ...lines] = head.slice(0, head.indexOf('\r\n\r\n')).split('\r\n')
      head = ''
      const headers: Record<string, string> = {}
      for (const one of lines) {
        const name = one.slice(0, one.indexOf(':')).toLowerCase()
        const value = one.slice(one.indexOf(':') + 1).trim()
        headers[name] = name in headers ? `${headers[name]}|${value}` : value
      }
      const [, target = '', version = ''] = /^\S+ (.*) HTTP\/(.*)$/s.exec(line) ?? []
      const body = JSON.stringify({
        target,
        version,
        headers,
      } satisfies Recorded)
      socket.end(
        `HTTP/1.1 200 OK\r\nX-Backend: 1\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      )
    })
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

interface Answer {
  status: number
  location: string | null
  backend: Recorded | null
}

function ask(port: number, { host, target, headers }: Asked): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', path: target, headers: { ...headers, host }, agent: false }, (res) => {
      let body = ''
      res.setEncoding('utf8').on('data', (text: string) => (body += text))
      res.on('end', () =>
        resolve({
          status: res.statusCode ?? 0,
          // Node.js reads headers as latin1.
          location: asUtf8(res.headers.location ?? null),
          backend: res.headers['x-backend'] === '1' ? (JSON.parse(body) as Recorded) : null,
        }),
      )
    })
      .on('error', reject)
      .end()
  })
}

const asUtf8 = (text: string | null): string | null => text && Buffer.from(text, 'latin1').toString()

const COMPARED = /^(?:host|upgrade|connection|x-[ab])$/

function happenedText({ status, location, backend }: Answer): string {
  if (!backend) return `${status}${location === null ? '' : ` ${location.replace(/^https?:\/\/[^/]*/, '')}`}`
  const headers = Object.entries(backend.headers).filter(([name]) => COMPARED.test(name))
  return `${status} ${text(backend.target, backend.version, headers)}`
}

const text = (target: string, version: string, headers: [string, string][]): string =>
  [`${target} HTTP/${version}`, ...headers.map(([name, value]) => `${name}: ${value}`).sort()].join(', ')

/** The backend reads what is no UTF-8 as the character for that. */
const received = (sent: string): string => sent.replace(/[\udc80-\udcff]/gu, '\ufffd')

function predictedText({ journey, received: passedOn }: Resolved): string {
  const { outcome } = journey
  if (outcome.kind === 'undecided') return 'undecided'
  if (outcome.kind === 'answered')
    return `${outcome.status}${outcome.to === null ? '' : ` ${received(outcome.to.replace(/^https?:\/\/[^/]*/, ''))}`}`
  if (outcome.kind !== 'proxied') return '404'
  if (!passedOn) return '500'
  const headers = new Map<string, string>()
  for (const { name, value } of passedOn.headers)
    if (COMPARED.test(name))
      headers.set(name, headers.has(name) ? `${headers.get(name)}|${value}` : received(String(value)).trim())
  return `${journey.state.status ?? 200} ${text(received(passedOn.target ?? 'unknown'), passedOn.version, [...headers])}`
}

/** Compares `count` configurations, ten requests each or more. */
export async function compare(
  seed: number,
  count: number,
  make: (seed: number, id: number) => Generated = generate,
): Promise<Comparison> {
  const backend = await recorder()
  const backendAddress = `127.0.0.1:${(backend.address() as AddressInfo).port}`
  const all = Array.from({ length: count }, (_, id) => make(seed, id))
  const others = await Promise.all(Array.from({ length: PORTS - 1 }, () => freePort()))
  let ports: number[] = []
  let written = ''
  const nginx = await startNginx(({ dir, port }) => {
    ports = [port, ...others]
    const http = `server_names_hash_max_size 65536; server_names_hash_bucket_size 1024; variables_hash_max_size 65536; map_hash_max_size 4096; variables_hash_bucket_size 1024;
keepalive_timeout 0; proxy_http_version 1.1; proxy_set_header X-B http;\n${all.map((one) => one.http).join('')}`
    written = wholeConfig(
      dir,
      http.replace(/PORT(\d)/g, (_, i) => String(ports[Number(i)])).replaceAll('BACKEND', backendAddress),
    )
    return written
  })
  try {
    const loaded = loadConfig(nginx.configFile)
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.error))
    return {
      ...(await compareAll(
        loaded.config,
        all.map((one) => one.asked),
        ports,
      )),
      text: written,
    }
  } finally {
    await nginx.close()
    backend.close()
  }
}

async function compareAll(config: NginxConfig, all: readonly Asked[][], ports: readonly number[]) {
  const sum = { requests: 0, proxied: 0, undecided: 0, differences: [] as Difference[] }
  for (const [id, some] of all.entries()) {
    for (const asked of some) {
      const port = ports[asked.port] ?? 0
      const answer = await ask(port, asked)
      const [resolved] = resolveRequest(
        config,
        {
          scheme: 'http',
          port,
          address: '127.0.0.1',
          target: asked.target,
          host: asked.host,
          headers: asked.headers,
        },
        null,
        false,
      )
      const predicted = resolved ? predictedText(resolved) : 'no server'
      const happened = happenedText(answer)
      sum.requests++
      if (answer.backend) sum.proxied++
      if (predicted === 'undecided') sum.undecided++
      if (predicted !== happened) sum.differences.push({ config: id, asked, predicted, happened })
    }
  }
  return sum
}
