/** Lines that look like an envelope and are none: what its parser misses in them. */
import type { EnvelopeId } from '../envelopes/envelope.ts'
import { GUESSED, openEnvelope } from '../envelopes/index.ts'

export interface EnvelopeNear {
  id: EnvelopeId
  why: string
}

const STAMP = String.raw`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?`
/** What a reader would take for the envelope. */
const LOOKS: readonly (readonly [id: EnvelopeId, looks: RegExp, why: string])[] = [
  ['docker-json', /^\{.{0,20000}"(?:log|stream)" ?:/s, 'expected {"log":"…","stream":"…","time":"…"}, whole'],
  [
    'journald-json',
    /^\{.{0,20000}"(?:MESSAGE|__REALTIME_TIMESTAMP)" ?:/s,
    'expected a JSON object with MESSAGE and __REALTIME_TIMESTAMP, whole',
  ],
  ['cri', new RegExp(`^${STAMP} std(?:out|err)\\b`), 'expected a stamp with a zone, the stream, and F or P'],
  [
    'docker-timestamp',
    new RegExp(`^${STAMP} `),
    'Docker writes nine digits of a second and a zone; fewer are the application’s own',
  ],
  ['kubectl', /^\[pod/, 'expected [pod/NAME/CONTAINER] and a blank'],
  ['swarm', /^[\w.-]{1,200}@[\w.-]{1,200} *\|/, 'expected SERVICE.N.ID@NODE, blanks and a pipe'],
  [
    'compose',
    /^[\w.-]{1,200} *\|/,
    'expected a name with a letter, at least one blank before the pipe and one after it',
  ],
  ['syslog-rfc5424', /^<\d{1,3}>\d /, 'expected VERSION TIME HOST APP PROCESS ID and structured data or -'],
  ['syslog-rfc3164', /^<\d{1,3}>/, 'expected Mmm dd hh:mm:ss, host and tag after the priority'],
  ['journald-short', /^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d /, 'expected host, then name[pid]: after the time'],
  ['supervisord', /'[\w.:-]{1,100}' std(?:out|err) output/, "expected TIME DEBG 'NAME' stdout output:"],
]

/** Envelopes that `line` resembles; none when it certainly is in one. */
export function nearEnvelopes(line: string): EnvelopeNear[] {
  const opened = openEnvelope(line)
  if (opened !== null && !GUESSED.has(opened.layer.id)) return []
  return LOOKS.filter(([, looks]) => looks.test(line)).map(([id, , why]) => ({ id, why }))
}
