/** The registry, strict heads first, and the look at a line's first character that spares most lines all of it. */
import { compose } from './compose.ts'
import { cri } from './cri.ts'
import { dockerJson } from './docker-json.ts'
import { dockerTimestamp } from './docker-timestamp.ts'
import type { Envelope, EnvelopeId, Opened } from './envelope.ts'
import { grep } from './grep.ts'
import { journaldJson } from './journald-json.ts'
import { journaldShort } from './journald-short.ts'
import { kubectl } from './kubectl.ts'
import { lineTimestamp, tai64n } from './line-timestamp.ts'
import { processPrefix } from './process-prefix.ts'
import { quoted } from './quoted.ts'
import { shipperJson } from './shipper-json.ts'
import { stern } from './stern.ts'
import { supervisord } from './supervisord.ts'
import { swarm } from './swarm.ts'
import { syslog3164, syslog5424 } from './syslog.ts'

export const ENVELOPES: readonly Envelope[] = [
  dockerJson,
  journaldJson,
  cri,
  dockerTimestamp,
  kubectl,
  swarm,
  compose,
  // A 5424 message cannot be a 3164 one: its version stands where that has the month.
  syslog5424,
  syslog3164,
  supervisord,
  journaldShort,
  tai64n,
  shipperJson,
  processPrefix,
  stern,
  lineTimestamp,
  grep,
  quoted,
]

export const WEAK: ReadonlySet<EnvelopeId> = new Set(ENVELOPES.filter((e) => e.weak).map((e) => e.id))
export const GUESSED: ReadonlySet<EnvelopeId> = new Set(ENVELOPES.filter((e) => e.guessed).map((e) => e.id))

/** What a line that begins with a character of this code may be in; filled when one comes. Null: nothing. */
const BY_FIRST: (readonly Envelope[] | null | undefined)[] = Array.from({ length: 128 })

function beginningWith(code: number): readonly Envelope[] | null {
  const char = String.fromCharCode(code)
  const possible = ENVELOPES.filter(({ first }) => first.includes(char))
  return possible.length > 0 ? possible : null
}

const SLASH = 47
const ZERO = 48
const NINE = 57

/** The outermost envelope of a line; null when it has none. */
export function openEnvelope(line: string): Opened | null {
  const first = line.charCodeAt(0)
  if (!(first < 128)) return null
  let possible = BY_FIRST[first]
  if (possible === undefined) possible = BY_FIRST[first] = beginningWith(first)
  // `2026/11/21 …`: nginx's error log and Go's standard log, the most frequent lines that come here.
  if (possible === null || (first >= ZERO && first <= NINE && line.charCodeAt(4) === SLASH)) return null
  for (const envelope of possible) {
    const opened = envelope.open(line)
    if (opened !== null) return opened
  }
  return null
}
