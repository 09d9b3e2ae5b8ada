/** Why a record is the events that it is, or none: the reasons behind toEvents, for `halfopen explain`. */
import { readApp } from '../apps/app-events.ts'
import type { Event } from '../event.ts'
import type { LogRecord } from '../record.ts'
import { toEvents, type Reading } from '../events.ts'
import { whyAccess, whyNoAccess } from './access-reasons.ts'
import { appReasons } from './app-reasons.ts'
import { errorReasons } from './error-reasons.ts'
import { PROOFS } from './proofs.ts'

export interface SignReason {
  sign: string
  why: string
}

export interface Meaning {
  reading: Reading
  events: {
    event: Event
    /** What decided. */
    because: string[]
    /** What the line proves, and what it does not; null where nothing is written down. */
    proves: string | null
  }[]
  /** Why there is no event; null when there is one. */
  none: string | null
  /** Signs that have something in common with the line, and what kept them from it. */
  close: SignReason[]
}

/** `shift` as for toEvents. */
export function meaningOf(record: LogRecord, shift: (wall: number) => number): Meaning {
  const reading = toEvents(record, shift)
  const { because, none, close } = reasonsOf(record, reading)
  const events = reading.events.map((event) => ({
    event,
    because: record.type === 'access' ? whyAccess(record, event) : because,
    proves: PROOFS[event.sign] ?? null,
  }))
  return { reading, events, none: events.length > 0 ? null : none, close }
}

export interface Reasons {
  because: string[]
  none: string
  close: SignReason[]
}

function reasonsOf(record: LogRecord, reading: Reading): Reasons {
  switch (record.type) {
    case 'access':
      return { because: [], none: whyNoAccess(record, reading), close: [] }
    case 'error':
      return errorReasons(record)
    case 'app':
      return appReasons(record, readApp(record, null, 'known')[0] ?? null)
  }
}
