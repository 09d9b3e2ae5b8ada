/** Signatures of Standard Webhooks: HMAC-SHA256 of `id.timestamp.body`, one for each secret, so that a receiver can move
 *  to a new one while the old one still counts.
 *  Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
import { createHmac } from 'node:crypto'

const PREFIX = 'whsec_'

/** Null when it is none: 24 to 64 bytes in base64, behind `whsec_`. */
export function keyOf(secret: string): Buffer | null {
  if (!secret.startsWith(PREFIX)) return null
  const text = secret.slice(PREFIX.length)
  const key = Buffer.from(text, 'base64')
  const same = key.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '')
  return same && key.length >= 24 && key.length <= 64 ? key : null
}

/** @param timestamp Unix seconds of the attempt. @param body the exact text that is sent. */
export function signatures(secrets: readonly string[], id: string, timestamp: number, body: string): string {
  return secrets
    .flatMap((secret) => {
      const key = keyOf(secret)
      if (key === null) return []
      return [`v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`]
    })
    .join(' ')
}
