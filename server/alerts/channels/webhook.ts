/** Any HTTP endpoint that takes JSON. Headers as in Standard Webhooks; `webhook-id` stays the same over retries, so a
 *  receiver can drop what it already has. Redirects are refused: they would hand the message to another host. */
import type { Channel } from '../contract.ts'
import { DeliveryError } from '../delivery-error.ts'

const TIMEOUT = 10_000
/** 4xx that a later attempt may pass: request timeout, too early, too many requests. */
const LATER = new Set([408, 425, 429])

export const webhook: Channel = {
  id: 'webhook',
  async send(message, { url, user_agent, signal }) {
    const { address, authorization } = withoutUserinfo(url)
    let response: Response
    try {
      response = await fetch(address, {
        method: 'POST',
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]),
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'user-agent': user_agent,
          'webhook-id': message.id,
          'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
          ...(authorization === null ? {} : { authorization }),
        },
        body: message.body,
      })
    } catch (error) {
      throw new DeliveryError(reasonOf(error), true)
    }
    // Nobody needs the answer, and a hostile one could be endless.
    await response.body?.cancel()
    const { status } = response
    if (status >= 200 && status < 300) return
    if (status >= 300 && status < 400) throw new DeliveryError(`redirected (${status}); use the final address`, false)
    throw new DeliveryError(`answered ${status}`, status >= 500 || LATER.has(status))
  },
}

/** fetch refuses `https://user:password@host`; the same as a header is what was meant. */
function withoutUserinfo(text: string): { address: string; authorization: string | null } {
  const url = new URL(text)
  if (url.username === '' && url.password === '') return { address: text, authorization: null }
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  url.username = ''
  url.password = ''
  return { address: url.href, authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}

/** A name such as ECONNREFUSED; the messages of fetch may hold the address. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'failed'
  if (error.name === 'TimeoutError') return `no answer within ${TIMEOUT / 1000} s`
  if (error.name === 'AbortError') return 'interrupted'
  const { cause } = error
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : null
  return typeof code === 'string' ? `connection failed (${code})` : 'connection failed'
}
