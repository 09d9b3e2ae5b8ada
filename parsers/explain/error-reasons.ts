/** Which sign of nginx's messages decided, and which others have the same words. */
import { NO_WEBSOCKETS } from '../nginx/error-events.ts'
import { ERROR_SIGNS, errorSign, QUOTES_PATH, STATIC_SOCKET, type ErrorSign } from '../nginx/error-signs.ts'
import type { ErrorRecord } from '../record.ts'
import type { Reasons, SignReason } from './meaning.ts'

const MOST = 5

export function errorReasons(record: ErrorRecord): Reasons {
  const sign = errorSign(record)
  const like = ERROR_SIGNS.filter((s) => s !== sign && s.message.source !== '^' && s.message.test(record.message))
  const close = like.map((s): SignReason => ({
    sign: s.sign,
    why: unlike(s, record) ?? 'fits too, and is tried later',
  }))
  return { because: sign === null ? [] : because(sign, record), none: whyNone(record), close: close.slice(0, MOST) }
}

function because(sign: ErrorSign, { action, errno, level }: ErrorRecord): string[] {
  if (sign === STATIC_SOCKET) return ['no such file, at a path that is named like a WebSocket']
  if (!ERROR_SIGNS.includes(sign))
    return [`no sign has these words; at [${level}], and between nginx and a backend, it is kept all the same`]
  const reasons = [sign.message.source === '^' ? 'any message will do' : `the message fits /${sign.message.source}/`]
  if (sign.action !== undefined) reasons.push(action === null ? 'no action' : `while ${action}`)
  if (sign.errno !== undefined) reasons.push(`errno ${errno}`)
  if (sign.level !== undefined) reasons.push(`level ${level}`)
  if (sign.echo) reasons.push('it repeats what another line tells, and is not counted')
  return reasons
}

/** The first condition that the record does not meet; null when it meets all. */
function unlike(sign: ErrorSign, record: ErrorRecord): string | null {
  if (sign.action !== undefined && sign.action !== record.action)
    return sign.action === null ? 'only without an action' : `only while ${sign.action}`
  if (sign.level !== undefined && !sign.level.includes(record.level)) return `only at level ${sign.level.join(' or ')}`
  if (sign.errno !== undefined && (record.errno === null || !sign.errno.includes(record.errno)))
    return `only with errno ${sign.errno.join(', ')}`
  return null
}

function whyNone(record: ErrorRecord): string {
  if (record.upstream !== null && NO_WEBSOCKETS.test(record.upstream))
    return 'FastCGI, SCGI, gRPC and memcached never carry a WebSocket'
  if (record.connection !== null && QUOTES_PATH.test(record.message))
    return 'the message quotes a path, which is the visitor’s text: it is not searched for signs'
  if (record.action === null || !/upstream|upgraded/.test(record.action))
    return 'no sign has these words, and it did not happen between nginx and a backend'
  return `no sign has these words, and [${record.level}] is no error`
}
