/** A backend that speaks TLS behind a proxy that asks it in plain HTTP. Pure. */
import type { SideFacts, Suspicion } from './facts.ts'
import type { Answer } from './handshake.ts'

/** A server that speaks TLS, asked in plain HTTP: nginx and Go say so, most others only close. */
export const saysTls = (body: string): boolean =>
  /plain HTTP request was sent to HTTPS port|client sent an HTTP request to an HTTPS server/i.test(body)

/** The backend of `--direct http://` took the connection, and closed it without a byte, each time. */
export function wantsTls({ tls, problem, get, handshake }: SideFacts): boolean {
  if (tls || problem) return false
  return [get, handshake].every(
    (one) =>
      one?.ok === false &&
      one.failure.kind === 'ended' &&
      one.failure.bytes.length === 0 &&
      (one.failure.ending.kind === 'closed' || one.failure.ending.kind === 'error'),
  )
}

/** The backend speaks TLS, and what came through the proxy is what http to such a backend gives. nginx may also speak https
 *  and fail over SNI or the certificate, which is the same cause; or use another address, so nothing is decided by a 502. */
export function tlsMismatch({ head, body }: Answer, direct: SideFacts): { title: string; causes: Suspicion[] } | null {
  const { status } = head
  const plain = direct.handshake?.ok === true && saysTls(direct.handshake.answer.body)
  if (saysTls(body) && (direct.tls || plain)) {
    const why = 'the backend speaks TLS, and says that it was asked in plain HTTP: proxy_pass needs https://'
    return {
      title: 'The proxy likely speaks http to a backend that speaks https',
      causes: [{ cause: 'upstream-tls-mismatch', why }],
    }
  }
  if (status !== 502 || direct.problem || !(direct.tls || wantsTls(direct))) return null
  if (direct.tls) {
    const why = 'the backend completes TLS: does proxy_pass say https://?'
    return {
      title: 'The proxy answers 502, and the backend completes TLS: likely the proxy speaks http to it',
      causes: [
        { cause: 'upstream-tls-mismatch', why },
        { cause: 'backend-down', why: 'or the proxy uses another address than --direct' },
      ],
    }
  }
  return {
    title: 'The proxy answers 502, and the backend closes plain HTTP without an answer: it may speak TLS',
    causes: [
      { cause: 'upstream-tls-mismatch', why: 'a backend that speaks TLS does that: then proxy_pass needs https://' },
      { cause: 'invalid-upstream-response', why: 'or it closes every request, whoever asks' },
    ],
  }
}
