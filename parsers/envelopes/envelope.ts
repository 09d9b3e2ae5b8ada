/** The envelope contract. An envelope is what a runtime or a log shipper writes around an application's line: it says when
 *  and by whom the line was written. Envelopes stack in any order. None throws; a line that is none is `null`. */
import type { MissReason } from '../parser.ts'

export const ENVELOPE_IDS = [
  'docker-json',
  'docker-timestamp',
  'compose',
  'swarm',
  'kubectl',
  'supervisord',
  'cri',
  'journald-json',
  'journald-short',
  'syslog-rfc3164',
  'syslog-rfc5424',
  'stern',
  'process-prefix',
  'line-timestamp',
  'tai64n',
  'shipper-json',
  'grep',
  'quoted',
] as const
export type EnvelopeId = (typeof ENVELOPE_IDS)[number]

/** A time stamp that is read only when it is needed: most payloads bring a better one. */
export interface Stamp {
  /** ISO 8601, fraction after a point; without its year (`11-02T00:01:32`) when `yearless`. */
  text: string
  yearless: boolean
}

/** One envelope of one line. */
export interface Layer {
  id: EnvelopeId
  stamp: Stamp | null
  /** Who wrote the line: container, service, unit, tag. */
  name: string | null
  /** What keeps lines of that name apart: `stdout`, a process id. Lines of one writer and stream belong together. */
  stream: string | null
}

export interface Opened {
  layer: Layer
  payload: string
  /** How the payload ends, where the envelope tells: `split` goes on in the stream's next line; `no-newline` does so too
   *  where other payloads keep their line end (a file that was filtered by a shipper has none at all). */
  end?: 'split' | 'newline' | 'no-newline'
  /** More messages after this one on the same line: octet-counted syslog. */
  rest?: string
  /** The line has no payload of its own but is the head of those that follow, up to an empty one. */
  announces?: true
  /** The envelope itself says that the payload is not all there. */
  damage?: MissReason
}

export interface Envelope {
  id: EnvelopeId
  description: string
  /** First characters a line can have; all others are refused without a call. */
  first: string
  /** True when an application may write lines of this look by itself: then its parsers have the last word. */
  weak: boolean
  /** True when so many lines look like that that only a parser which reads the payload shows that it is one. */
  guessed?: true
  /** Lines it opens, with what must come out. */
  examples: readonly { line: string; payload: string; name: string | null; stamp: string | null }[]
  open(line: string): Opened | null
}

export const DIGITS = '0123456789'
export const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** A stamp with its year. */
export const dated = (text: string): Stamp => ({ text, yearless: false })

/** `12` in `[12]` and the like as a stream; absent is null. */
export const orNull = (text: string | undefined): string | null => (text === undefined || text === '' ? null : text)
