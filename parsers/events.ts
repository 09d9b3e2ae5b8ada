/** record → events: the one place where the CLI and the service learn what a line means. */
import type { Event } from './event.ts'
import { readApp, readTermination } from './apps/app-events.ts'
import { readAccess, type FailedRequest } from './nginx/access-events.ts'
import { readError } from './nginx/error-events.ts'
import type { LogRecord } from './record.ts'

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
    case 'access': {
      const reading = readAccess(record, time, zone)
      const ended = record.format === 'haproxy' ? readTermination(record, time, zone) : []
      return { time, ...reading, events: ended.length === 0 ? reading.events : [...reading.events, ...ended] }
    }
    case 'error':
      return { time, status: null, failed: null, events: readError(record, time, zone) }
    case 'app':
      return { time, status: null, failed: null, events: readApp(record, time, zone) }
  }
}
