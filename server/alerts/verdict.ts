/** What an answer means. */
import type { Answer, Verdict } from './contract.ts'

/** 4xx that a later attempt may pass: request timeout, conflict of two attempts, too early, too many requests. */
const LATER = new Set([408, 409, 425, 429])
const DAY = 86_400_000

/** By the status alone, as Standard Webhooks has it: 2xx took it, 3xx is a failure, 410 means never again. A redirect is
 *  not followed, since it would hand the message to another host, and tried again, since proxies answer so while
 *  something behind them restarts. */
export function verdict({ status, headers }: Answer, now: number): Verdict {
  if (status >= 200 && status < 300) return null
  const retry_after = retryAfter(headers['retry-after'], now)
  const wait = retry_after === null ? {} : { retry_after }
  if (status >= 300 && status < 400) return { reason: `redirected (${status}); use the final address`, retry: true }
  if (status === 410) return { reason: 'answered 410', retry: false, gone: true }
  return { reason: `answered ${status}`, retry: status >= 500 || LATER.has(status), ...wait }
}

/** Seconds or a date, as ms from now: at most a day, since a receiver must not be able to silence alerts for longer.
 *  RFC 9110, 10.2.3. */
function retryAfter(value: string | string[] | undefined, now: number): number | null {
  const text = Array.isArray(value) ? value[0] : value
  if (text === undefined) return null
  const ms = /^\d+(?:\.\d+)?$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - now
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), DAY) : null
}

/** Seconds from a JSON answer, as ms. */
export function secondsIn(text: string, ...path: readonly string[]): number | null {
  try {
    let value: unknown = JSON.parse(text)
    for (const key of path)
      value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined
    return typeof value === 'number' && value >= 0 ? Math.min(value * 1000, DAY) : null
  } catch {
    return null
  }
}
