/** Why a request is a handshake, a failure to remember, or an ordinary one. */
import type { Event } from '../event.ts'
import type { Reading } from '../events.ts'
import { knownSocket } from '../known-sockets.ts'
import type { AccessRecord } from '../record.ts'

export function whyAccess(record: AccessRecord, event: Event): string[] {
  const { fields } = record
  if (event.kind === 'session_closed') return [`the length is ${event.measured_by}: ${event.seconds} s`]
  if (event.kind === 'handshake_ok') return ['status 101: the upgrade was accepted; the line is written at its end']
  if (fields['termination_state'] !== undefined && event.kind !== 'handshake_failed')
    return [`termination state ${String(fields['termination_state']).slice(0, 8)}`]
  const reasons = [`status ${fields.status}`, asked(record)]
  if (event.sign.startsWith('engine-io-'))
    reasons.push(`$body_bytes_sent is ${String(fields.body_bytes_sent)}, the size of one of Engine.IO's answers`)
  if (event.kind === 'handshake_failed' && event.answered_by !== null)
    reasons.push(`${event.answered_by === 'nginx' ? 'nginx itself' : 'the backend'} answered, says $upstream_status`)
  return reasons
}

export function whyNoAccess(record: AccessRecord, { status, failed }: Reading): string {
  if (record.variables.has('session_time')) return 'a TCP or UDP stream, not a request: its status says how that ended'
  if (status === null) return 'no status: the line counts as read, and no more'
  if (record.fields.request_uri === undefined) return `no request that can be read; counted under status ${status}`
  if (failed !== null)
    return `counted under status ${status}, and remembered with its path: it is a failed handshake if the path turns out to be a socket (${asked(record)})`
  return `an ordinary request, counted under status ${status} (${asked(record)})`
}

/** What tells whether the client asked for an upgrade. */
function asked(record: AccessRecord): string {
  const upgrade = record.fields.http_upgrade
  if (upgrade !== undefined) return `$http_upgrade is ${upgrade.slice(0, 40)}`
  if (record.variables.has('http_upgrade')) return '$http_upgrade is logged, and empty'
  const known = knownSocket(record.fields.request_uri ?? '')
  if (known !== null) return `${known.product} speaks only WebSocket at this URL`
  return '$http_upgrade is not logged, and the URL is not one at which an application speaks only WebSocket'
}
