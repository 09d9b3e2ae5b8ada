/** An explanation as JSON, and the masked values that its text shows, too. */
import { maskText } from '../../parsers/masking.ts'
import type { Explanation } from '../scan/contract.ts'
import { recordLine } from './record-line.ts'

const SHOWN = 4000
export const maskedLine = (text: string): string => maskText(text.slice(0, SHOWN))

/** One line of JSON. */
export function explanationJson(it: Explanation): string {
  const { line, text, envelopes, near, payload, tried, record, reason, meaning, considered, own, fast } = it
  return JSON.stringify({
    line,
    text: maskedLine(text),
    envelopes,
    no_envelopes: near,
    payload: maskedLine(payload),
    tried: tried.map(({ format, reason: why_not, why, column, found }) => ({
      format,
      reads: why_not === null,
      ...(why_not === null ? {} : { reason: why_not, why, column, found }),
    })),
    format: record?.format ?? null,
    reason,
    record: fieldsOf(it),
    events: meaning?.events.map(({ event, because, proves }) => ({ ...event, because, proves })) ?? [],
    no_event: own ? OWN : (meaning?.none ?? null),
    close_signs: meaning?.close ?? [],
    causes: considered,
    when_many_are_read: fast,
  })
}

export const OWN = "halfopen's own traffic: left out of every report"

/** What `parse` prints of the record, without its secrets; null when there is none. */
export function fieldsOf({ record, line, wrapping }: Explanation): Record<string, unknown> | null {
  if (record === null) return null
  const printed = JSON.parse(recordLine(line, null, record, wrapping)) as Record<string, unknown>
  const kept = Object.entries(printed).filter(([key]) => key !== 'line' && key !== 'format' && key !== 'envelope')
  // Object.fromEntries defines keys; a stranger's `__proto__` stays one among them.
  return Object.fromEntries(kept.map(([key, value]) => [key, masked(key, value)]))
}

function masked(key: string, value: unknown): unknown {
  if (typeof value === 'string') return maskText(` ${key}=x1`).endsWith('x1') ? maskText(value) : '[masked]'
  return Array.isArray(value) ? value.map((item) => masked(key, item)) : value
}
