/** One HTTP POST to a receiver: a deadline, no redirects, no address that is not allowed, and an answer that is judged
 *  and never shown. fetch of Node.js cannot be told which address to dial; http.request can. */
import { lookup as resolve, type LookupAddress } from 'node:dns'
import { request as overHttp } from 'node:http'
import { request as overHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { isWrittenPrivate, refusal } from './address.ts'
import type { Answer, DeliverOptions, Outgoing } from './contract.ts'
import { DeliveryError } from './delivery-error.ts'

const TIMEOUT = 10_000
/** Some receivers say in the answer how long to wait. More of it is not read. */
const MOST = 16_384

export async function post({ url, headers, body }: Outgoing, options: DeliverOptions): Promise<Answer> {
  const { address, authorization } = withoutUserinfo(url)
  const host = address.hostname.replace(/^\[|\]$/g, '')
  const mayBePrivate = options.allow_private || isWrittenPrivate(host)
  const why = isIP(host) === 0 ? null : refusal(host, mayBePrivate)
  if (why !== null) throw new DeliveryError(why.replace('the name leads to', 'this is'), true)
  const deadline = AbortSignal.timeout(TIMEOUT)
  const signal = AbortSignal.any([options.signal, deadline])
  const request = address.protocol === 'https:' ? overHttps : overHttp
  try {
    return await new Promise<Answer>((done, fail) => {
      const sent = request(
        address,
        {
          method: 'POST',
          agent: false,
          signal,
          lookup: guarded(mayBePrivate),
          headers: {
            'content-type': 'application/json; charset=utf-8',
            'user-agent': options.user_agent,
            ...(authorization === null ? {} : { authorization }),
            ...headers,
            'content-length': Buffer.byteLength(body),
          },
        },
        (response) => {
          let text = ''
          let finished = false
          const finish = (): void => {
            if (finished) return
            finished = true
            done({ status: response.statusCode ?? 0, headers: response.headers, text: text.slice(0, MOST) })
            // Nobody needs the rest, and a hostile one could be endless.
            response.destroy()
          }
          response.setEncoding('utf8')
          response.on('data', (part: string) => {
            text += part
            if (text.length >= MOST) finish()
          })
          response.on('end', finish)
          // The status is the answer: what breaks off behind it changes nothing.
          response.on('error', finish)
          response.on('close', finish)
        },
      )
      sent.on('error', fail)
      sent.end(body)
    })
  } catch (error) {
    if (options.signal.aborted) throw new DeliveryError('interrupted', true)
    throw new DeliveryError(deadline.aborted ? `no answer within ${TIMEOUT / 1000} s` : reasonOf(error), true)
  }
}

/** Hands out only addresses that may be dialled. */
const guarded =
  (mayBePrivate: boolean): LookupFunction =>
  (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
      if (error) return callback(error, [])
      const allowed = found.filter(({ address }) => refusal(address, mayBePrivate) === null)
      const [first] = allowed
      if (first === undefined)
        return callback(new DeliveryError(refusal(found[0]?.address ?? '', mayBePrivate) ?? 'no address', true), [])
      if (options.all) callback(null, allowed)
      else callback(null, first.address, first.family)
    })
  }

/** Where a name leads, of the addresses that may be dialled; for what is not HTTP. Rejects with DeliveryError. */
export function dialable(host: string, allow_private: boolean): Promise<string> {
  const mayBePrivate = allow_private || isWrittenPrivate(host)
  return new Promise((done, fail) => {
    guarded(mayBePrivate)(host, { all: false }, (error, address) => {
      if (error) fail(error instanceof DeliveryError ? error : new DeliveryError(reasonOf(error), true))
      else done(typeof address === 'string' ? address : host)
    })
  })
}

/** http.request would send `user:password@` too, but undecoded. */
function withoutUserinfo(text: string): { address: URL; authorization: string | null } {
  const url = new URL(text)
  if (url.username === '' && url.password === '') return { address: url, authorization: null }
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  url.username = ''
  url.password = ''
  return { address: url, authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}

/** A name such as ECONNREFUSED; the messages of Node.js may hold the address. */
export function reasonOf(error: unknown): string {
  if (error instanceof DeliveryError) return error.message
  if (!(error instanceof Error)) return 'failed'
  const code = 'code' in error ? error.code : null
  // Happy eyeballs fail with one error for each address.
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : null
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code)) return `connection failed (${code})`
  return inner === null ? 'connection failed' : reasonOf(inner)
}
