/** record → events: the one place where the CLI and the service learn what a line means. */
import type { Event } from './event.ts'
import { textSign } from './apps/websocket-texts.ts'
import { readAccess, type FailedRequest } from './nginx/access-events.ts'
import { readError } from './nginx/error-events.ts'
import type { AppRecord, LogRecord } from './record.ts'

export interface Reading {
  events: Event[]
  /** For access records: the status to count, and the failure to remember when the path may be a socket. */
  status: number | null
  failed: FailedRequest | null
  /** Epoch ms UTC. */
  time: number | null
}

/** `shift` turns a wall-clock reading without a zone into epoch ms UTC; it is given by whoever knows the zone. */
export function toEvents(record: LogRecord, shift: (wall: number) => number): Reading {
  const zoned = record.time?.zoned !== false
  const zone = zoned ? 'known' : 'assumed'
  const time = record.time === null ? null : zoned ? record.time.ms : shift(record.time.ms)
  switch (record.type) {
    case 'access':
      return { time, ...readAccess(record, time, zone) }
    case 'error':
      return { time, status: null, failed: null, events: readError(record, time, zone) }
    case 'app':
      return { time, status: null, failed: null, events: readApp(record, time, zone) }
  }
}

function readApp(record: AppRecord, time: number | null, zone: 'known' | 'assumed'): Event[] {
  const sign = textSign(record.message) ?? textSign(record.extra.get('error') ?? '')
  if (sign === null) return []
  // The exec endpoints ask for a valid session before they upgrade: who gets there is the application's own page.
  const asked = /^websocketproxy:|websocket (?:exec|attach) operation/.test(record.message)
    ? ('likely' as const)
    : ('unknown' as const)
  const base = {
    sign: sign.sign,
    time,
    zone,
    scope: { server: null, path: null, upstream: null },
    client: null,
    connection: null,
  } as const
  const { kind } = sign
  if (kind === 'handshake_failed') return [{ ...base, kind, status: null, asked, answered_by: 'backend' }]
  if (kind === 'handshake_ok' || kind === 'session_closed') return []
  return [sign.echo ? { ...base, kind, echo: true } : { ...base, kind }]
}
