/** From a name to a connection: DNS, TCP, TLS, each as a step. */
import { lookup } from 'node:dns/promises'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls, type DetailedPeerCertificate, type PeerCertificate, type TLSSocket } from 'node:tls'
import { duration, stopwatch, type Side, type Step } from './step.ts'
import { sniOf, type Target } from './target.ts'
import { codeOf, Wire } from './wire.ts'

export interface Limits {
  /** How long each of connecting, TLS and an answer may take, ms. */
  timeout: number
  signal: AbortSignal | null
}

/** Why there is no connection. */
export interface NoConnection {
  at: 'dns' | 'tcp' | 'tls'
  /** An errno or OpenSSL code, or `timeout`. */
  code: string
}

export type Connected =
  { ok: true; wire: Wire; address: string; certificate: string | null } | { ok: false; problem: NoConnection }

/** Opens a connection. The steps of the first one of a side are worth showing, later ones are the same.
 *  `certificate` is why browsers refuse it, null when they do not; the connection is used all the same. */
export async function* connect(target: Target, side: Side, limits: Limits): AsyncGenerator<Step, Connected> {
  const { host, port } = target.connect
  const addresses: string[] = []
  if (isIP(host) > 0) addresses.push(host)
  else {
    const took = stopwatch()
    try {
      const found = await within(lookup(host, { all: true }), limits)
      addresses.push(...found.map(({ address }) => address))
    } catch (error) {
      const code = codeOf(error as NodeJS.ErrnoException)
      yield { side, name: 'dns', verdict: 'failed', ms: took(), title: dnsText(host, code), seen: [] }
      return { ok: false, problem: { at: 'dns', code } }
    }
    const title = `${host} is ${addresses.join(', ')}`
    yield { side, name: 'dns', verdict: 'ok', ms: took(), title, seen: [] }
  }

  let problem: NoConnection = { at: 'tcp', code: 'timeout' }
  for (const address of addresses.slice(0, 4)) {
    const took = stopwatch()
    const where = isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`
    const tcp = await openTcp(address, port, limits)
    if (typeof tcp === 'string') {
      problem = { at: 'tcp', code: tcp }
      // A browser takes the next address: only when none works is it a failure.
      const last = address === addresses.slice(0, 4).at(-1)
      const verdict = last ? 'failed' : 'warning'
      yield { side, name: 'tcp', verdict, ms: took(), title: `${where}: ${tcpText(tcp, limits.timeout)}`, seen: [] }
      continue
    }
    yield { side, name: 'tcp', verdict: 'ok', ms: took(), title: `connected to ${where}`, seen: [] }
    if (!target.tls) return { ok: true, wire: new Wire(tcp, limits.signal), address, certificate: null }
    return yield* secure(tcp, target, side, address, limits)
  }
  return { ok: false, problem }
}

/** One side of the probe: where it goes, with the address that answered. */
export interface Reach {
  target: Target
  side: Side
  limits: Limits
}

/** A second connection to where the first one went. */
export async function openQuietly(
  target: Target,
  side: Side,
  limits: Limits,
): Promise<{ ok: true; wire: Wire } | { ok: false; step: Step }> {
  const walk = connect(target, side, limits)
  let last: Step | null = null
  for (;;) {
    const next = await walk.next()
    if (!next.done) last = next.value
    else if (next.value.ok) return { ok: true, wire: next.value.wire }
    else
      return {
        ok: false,
        step: last ?? { side, name: 'tcp', verdict: 'failed', ms: 0, title: 'no connection', seen: [] },
      }
  }
}

async function* secure(
  tcp: Socket,
  target: Target,
  side: Side,
  address: string,
  limits: Limits,
): AsyncGenerator<Step, Connected> {
  const took = stopwatch()
  const tls = await openTls(tcp, target, ['http/1.1'], limits)
  if (typeof tls === 'string') {
    tcp.destroy()
    yield { side, name: 'tls', verdict: 'failed', ms: took(), title: tlsText(tls, limits.timeout), seen: [] }
    return { ok: false, problem: { at: 'tls', code: tls } }
  }
  const refusal = tls.authorized ? null : certificateText(tls, target)
  yield {
    side,
    name: 'tls',
    // The backend's own certificate is between it and nginx, which does not check it by default.
    verdict: refusal === null ? 'ok' : side === 'direct' ? 'warning' : 'failed',
    ms: took(),
    title: refusal ?? `${tls.getProtocol()}, the certificate is valid for ${target.name}`,
    seen: [
      `${tls.getProtocol()} ${tls.getCipher().name}, ALPN ${tls.alpnProtocol === false ? 'none' : tls.alpnProtocol}, SNI ${sniOf(target) ?? 'none (an address)'}`,
      ...certificateLines(tls.getPeerCertificate(true), Date.now()),
    ],
  }
  return { ok: true, wire: new Wire(tls, limits.signal), address, certificate: refusal }
}

/** The socket, or an error code. */
export async function openTcp(host: string, port: number, limits: Limits): Promise<Socket | string> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host, port })
    const done = (result: Socket | string): void => {
      clearTimeout(timer)
      limits.signal?.removeEventListener('abort', stop)
      socket.off('connect', connected).off('error', failed)
      // An error that comes later is the reader's; without a listener it would end the program.
      socket.on('error', () => undefined)
      if (typeof result === 'string') socket.destroy()
      resolve(result)
    }
    const stop = (): void => done('stopped')
    const connected = (): void => done(socket)
    const failed = (error: NodeJS.ErrnoException): void => done(codeOf(error))
    const timer = setTimeout(() => done('timeout'), limits.timeout)
    limits.signal?.addEventListener('abort', stop)
    socket.on('connect', connected).on('error', failed)
    if (limits.signal?.aborted) stop()
  })
}

/** TLS over a connection, with whatever certificate comes; the socket, or an error code. */
export async function openTls(
  tcp: Socket,
  target: Target,
  protocols: string[],
  limits: Limits,
): Promise<TLSSocket | string> {
  return new Promise((resolve) => {
    const servername = sniOf(target)
    const tls = connectTls({
      socket: tcp,
      host: target.name,
      ...(servername === undefined ? {} : { servername }),
      ALPNProtocols: protocols,
      // A bad certificate is a result, not the end: what follows is still worth knowing.
      rejectUnauthorized: false,
    })
    const done = (result: TLSSocket | string): void => {
      clearTimeout(timer)
      limits.signal?.removeEventListener('abort', stop)
      tls.off('secureConnect', secured).off('error', failed).off('close', closed)
      tls.on('error', () => undefined)
      if (typeof result === 'string') tls.destroy()
      resolve(result)
    }
    const stop = (): void => done('stopped')
    const secured = (): void => done(tls)
    const failed = (error: NodeJS.ErrnoException): void => done(codeOf(error))
    const closed = (): void => done('ECONNRESET')
    const timer = setTimeout(() => done('timeout'), limits.timeout)
    limits.signal?.addEventListener('abort', stop)
    tls.on('secureConnect', secured).on('error', failed).on('close', closed)
    if (limits.signal?.aborted) stop()
  })
}

async function within<T>(work: Promise<T>, { timeout, signal }: Limits): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const stop = new Promise<never>((_resolve, reject) => {
    const end = (code: string) => (): void => reject(Object.assign(new Error(code), { code }))
    timer = setTimeout(end('timeout'), timeout)
    signal?.addEventListener('abort', end('stopped'), { once: true })
  })
  return Promise.race([work, stop]).finally(() => clearTimeout(timer))
}

function dnsText(host: string, code: string): string {
  if (code === 'ENOTFOUND') return `${host} has no address: DNS does not know the name`
  if (code === 'EAI_AGAIN' || code === 'timeout') return `${host}: no answer from DNS`
  return `${host} could not be looked up (${code})`
}

function tcpText(code: string, timeout: number): string {
  const known: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'connection refused, nothing listens there',
    EHOSTUNREACH: 'no route to the host',
    ENETUNREACH: 'no route to the network',
    timeout: `no answer within ${duration(timeout)}; a firewall may drop the packets`,
    stopped: 'stopped',
  }
  return known[code] ?? code
}

function tlsText(code: string, timeout: number): string {
  if (isPlainAnswer(code)) return 'the port speaks plain HTTP, not TLS'
  if (code === 'timeout') return `no TLS answer within ${duration(timeout)}`
  if (code === 'ECONNRESET') return 'the connection was closed during the TLS handshake'
  if (code === 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME' || code === 'ERR_SSL_TLSV1_ALERT_UNRECOGNIZED_NAME')
    return 'the server knows no certificate for this name (TLS alert unrecognized_name)'
  return `TLS failed (${code})`
}

/** The first bytes of the answer were no TLS record. */
export const isPlainAnswer = (code: string): boolean =>
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_HTTP_REQUEST', 'EPROTO'].includes(code)

function certificateText(tls: TLSSocket, target: Target): string {
  // Node.js types it as Error; it is the code as a string, or an Error for a wrong name.
  const error: unknown = tls.authorizationError
  const code = typeof error === 'string' ? error : error instanceof Error ? codeOf(error) : String(error)
  const known: Readonly<Record<string, string>> = {
    CERT_HAS_EXPIRED: 'it has expired',
    CERT_NOT_YET_VALID: 'it is not valid yet',
    DEPTH_ZERO_SELF_SIGNED_CERT: 'it is self-signed',
    SELF_SIGNED_CERT_IN_CHAIN: 'its root is not trusted here',
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its intermediate certificate is not sent, or its root is not trusted here',
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its issuer is not trusted here',
    ERR_TLS_CERT_ALTNAME_INVALID: `it is for other names than ${target.name}`,
  }
  return `a browser refuses the certificate: ${known[code] ?? code}`
}

function certificateLines(certificate: DetailedPeerCertificate, now: number): string[] {
  if (certificate.subject === undefined) return ['no certificate']
  const chain: PeerCertificate[] = []
  for (
    let at: DetailedPeerCertificate | undefined = certificate;
    at?.subject !== undefined && chain.length < 10;
    at = at.issuerCertificate === at ? undefined : at.issuerCertificate
  )
    chain.push(at)
  const days = Math.floor((Date.parse(certificate.valid_to) - now) / 86_400_000)
  const names = certificate.subjectaltname?.replaceAll(/(?:DNS|IP Address):/g, '') ?? 'none'
  return [
    `names: ${names}`,
    `valid until ${new Date(certificate.valid_to).toISOString().slice(0, 10)} (${days < 0 ? `expired ${-days} days ago` : `${days} days`})`,
    `chain: ${chain.map((one) => nameOf(one.subject) ?? '?').join(' < ')}${issuerBeyond(chain)}`,
  ]
}

/** The issuer of the last certificate that was sent, when it was not sent itself. */
function issuerBeyond(chain: readonly PeerCertificate[]): string {
  const last = chain.at(-1)
  const issuer = last && nameOf(last.issuer)
  return !issuer || issuer === nameOf(last.subject) ? '' : ` (issued by ${issuer}, not sent)`
}

function nameOf({ CN, O }: PeerCertificate['subject']): string | null {
  const name = CN ?? O
  return name === undefined ? null : [name].flat().join(', ')
}
