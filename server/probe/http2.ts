/** WebSocket over HTTP/2: extended CONNECT (RFC 8441). Browsers use it when the server offers it, and only then. */
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2'
import { openTcp, openTls, type Limits } from './connect.ts'
import type { Asking } from './handshake.ts'
import { stopwatch, type Side, type Step } from './step.ts'
import { urlOf, type Target } from './target.ts'

/** One step: is HTTP/2 offered, are WebSockets offered over it, and does the handshake work there. */
export async function tryHttp2(
  target: Target,
  address: string,
  asking: Asking,
  side: Side,
  limits: Limits,
): Promise<Step> {
  const took = stopwatch()
  const step = (verdict: Step['verdict'], title: string): Step => ({
    side,
    name: 'http2',
    verdict,
    ms: took(),
    title,
    seen: [],
  })
  const tcp = await openTcp(address, target.connect.port, limits)
  if (typeof tcp === 'string') return step('failed', `HTTP/2: no connection (${tcp})`)
  const socket = target.tls ? await openTls(tcp, target, ['h2', 'http/1.1'], limits) : tcp
  if (typeof socket === 'string') return step('failed', `HTTP/2: TLS failed (${socket})`)
  if ('alpnProtocol' in socket && socket.alpnProtocol !== 'h2') {
    socket.destroy()
    return step('info', 'HTTP/2 is not offered here; browsers use HTTP/1.1 for the handshake')
  }
  const client = connectHttp2(urlOf(target, 'http'), { createConnection: () => socket })
  try {
    return await withTimeout(handshake(client, asking, step), limits, step)
  } finally {
    client.destroy()
    socket.destroy()
  }
}

type Tell = (verdict: Step['verdict'], title: string) => Step

async function handshake(client: ClientHttp2Session, asking: Asking, step: Tell): Promise<Step> {
  const failed = new Promise<never>((_resolve, reject) => client.on('error', reject))
  const settings = await Promise.race([
    new Promise<boolean>((resolve) =>
      client.once('remoteSettings', ({ enableConnectProtocol }) => resolve(enableConnectProtocol === true)),
    ),
    failed,
  ])
  // nginx speaks HTTP/2 and does not offer it: then browsers open a second connection over HTTP/1.1.
  if (!settings)
    return step('info', 'HTTP/2 without WebSockets (no SETTINGS_ENABLE_CONNECT_PROTOCOL); browsers use HTTP/1.1')
  const stream = client.request(
    {
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':path': asking.path,
      ':authority': asking.host,
      'sec-websocket-version': '13',
      ...(asking.origin === null ? {} : { origin: asking.origin }),
      ...(asking.subprotocols.length > 0 ? { 'sec-websocket-protocol': asking.subprotocols.join(', ') } : {}),
      ...Object.fromEntries(asking.headers.map(([name, value]) => [name.toLowerCase(), value])),
    },
    { endStream: false },
  )
  const status = await Promise.race([
    new Promise<number>((resolve, reject) => {
      stream.once('response', (headers) => resolve(Number(headers[':status'])))
      stream.once('error', reject)
    }),
    failed,
  ])
  return status === 200
    ? step('ok', 'the handshake works over HTTP/2 (extended CONNECT: 200)')
    : step('failed', `WebSockets are offered over HTTP/2, but the handshake is answered with ${status}`)
}

async function withTimeout(work: Promise<Step>, limits: Limits, step: Tell): Promise<Step> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Step>((resolve) => {
    timer = setTimeout(() => resolve(step('failed', 'HTTP/2: no answer in time')), limits.timeout)
    limits.signal?.addEventListener('abort', () => resolve(step('failed', 'HTTP/2: stopped')), { once: true })
  })
  // Nothing is lost with it: every browser falls back to HTTP/1.1.
  const failed = (error: unknown): Step =>
    step('info', `HTTP/2 is not spoken here (${(error as NodeJS.ErrnoException).code ?? String(error)})`)
  return Promise.race([work.catch(failed), late]).finally(() => clearTimeout(timer))
}
