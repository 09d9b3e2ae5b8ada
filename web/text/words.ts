/** Plain words for what the API says in codes. One place, so that every page says it the same way. */
import type { Problem, ProblemState, Severity } from '../../server/http/wire.ts'

// The first four are in server/share/words.ts, too, for what is handed on: the page takes no code from the server, and a test
// holds the two together.
export const percent = (share: number): string => `${Math.round(share * 100)}%`

/** The thresholds are those of the report: from 0.8 the evidence decides, below 0.5 it is only possible. */
export function confidence(value: number): string {
  if (value >= 0.8) return 'Sure'
  return value >= 0.5 ? 'Likely' : 'Possible'
}

export const SEVERITY: Record<Severity, string> = {
  critical: 'Critical',
  error: 'Error',
  warning: 'Warning',
  info: 'Info',
}

/** `sweet.example/ws → 127.0.0.1:9000`; whatever part is known. */
export function place(scope: { server: string | null; path: string | null; upstream: string | null }): string | null {
  const front = `${scope.server ?? ''}${scope.path ?? ''}`
  if (front === '') return scope.upstream
  return scope.upstream === null ? front : `${front} → ${scope.upstream}`
}

const number = new Intl.NumberFormat()
export const count = (n: number): string => number.format(n)
export const plural = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`

/** 0.0312 → `3.1%`; a share that is small but not zero never reads as 0%. */
export function share(part: number, whole: number): string {
  if (whole === 0) return '0%'
  const value = (part / whole) * 100
  if (value > 0 && value < 0.1) return 'under 0.1%'
  return `${value < 10 ? Number(value.toFixed(1)) : Math.round(value)}%`
}

const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB']
export function bytes(n: number): string {
  let value = n
  let unit = 0
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`
}

/** `90` → `90 s`, `7200` → `2 h`: the largest unit of which there are two. */
export function age(seconds: number): string {
  const units = [
    { size: 86_400, word: 'days' },
    { size: 3600, word: 'h' },
    { size: 60, word: 'min' },
  ]
  const unit = units.find(({ size }) => seconds >= 2 * size) ?? { size: 1, word: 's' }
  return `${count(Math.floor(seconds / unit.size))} ${unit.word}`
}

export const STATE: Record<ProblemState, { word: string; meaning: string }> = {
  new: { word: 'New', meaning: 'First seen live within the last hour' },
  ongoing: { word: 'Ongoing', meaning: 'Still happening' },
  regressed: { word: 'Came back', meaning: 'Was resolved and happens again' },
  imported: { word: 'From history', meaning: 'Seen only in lines written before halfopen started watching' },
  resolved: { word: 'Resolved', meaning: 'Has not happened again' },
  muted: { word: 'Muted', meaning: 'Still counted, not announced' },
}

/** A state as it is to be told of this problem: silence proves no repair, and a log that cannot be read proves nothing. */
export function stateOf(problem: Pick<Problem, 'state' | 'resolved_by' | 'held' | 'finding' | 'muted'>): {
  word: string
  meaning: string
} {
  const { over, worked } = problem.finding
  if (problem.held !== null) return { word: `${STATE[problem.state].word}, not watched`, meaning: problem.held }
  if (problem.state === 'muted') return { word: 'Muted', meaning: mutedWords(problem.muted?.until ?? null) }
  if (problem.state !== 'resolved') return STATE[problem.state]
  if (problem.resolved_by === 'succeeded-since') {
    if (worked) return { word: 'Resolved', meaning: worked.told }
    if (over) return { word: 'Resolved', meaning: `${plural(over.successes, 'handshake')} succeeded since` }
  }
  if (problem.resolved_by === 'hand')
    return { word: 'Resolved by hand', meaning: 'Marked as resolved; should it happen again, it has come back' }
  const changed =
    over?.why === 'config-changed' ? ', and the nginx configuration was changed after the last failure' : ''
  const known = worked ? worked.told : 'no handshake there has shown that it works'
  return { word: 'Quiet', meaning: `Not seen again${changed}; ${known}` }
}

const mutedWords = (until: string | null): string =>
  until === null
    ? STATE.muted.meaning
    : until === 'regressed'
      ? 'Still counted, and announced when it has ended and comes back'
      : `Still counted, not announced until ${until}`

export type Tone = 'good' | 'bad' | 'quiet'

const KINDS = new Map<string, { word: string; tone: Tone }>([
  ['handshake_ok', { word: 'Handshake ok', tone: 'good' }],
  ['handshake_failed', { word: 'Handshake failed', tone: 'bad' }],
  ['session_closed', { word: 'Session closed', tone: 'quiet' }],
  ['abnormal_closure', { word: 'Abnormal closure', tone: 'bad' }],
  ['upstream_timeout', { word: 'Upstream timeout', tone: 'bad' }],
  ['upstream_refused', { word: 'Upstream refused', tone: 'bad' }],
  ['upstream_reset', { word: 'Upstream reset', tone: 'bad' }],
  ['upstream_tls', { word: 'Upstream TLS', tone: 'bad' }],
  ['upstream_dns', { word: 'Upstream DNS', tone: 'bad' }],
  ['upstream_invalid', { word: 'Invalid answer', tone: 'bad' }],
  ['resource_limit', { word: 'Limit reached', tone: 'bad' }],
  ['config_error', { word: 'Config refused', tone: 'bad' }],
  ['client_closed', { word: 'Client left', tone: 'quiet' }],
  ['origin_rejected', { word: 'Origin rejected', tone: 'bad' }],
  ['auth_rejected', { word: 'Auth rejected', tone: 'bad' }],
  ['sticky_lost', { word: 'Session lost', tone: 'bad' }],
  ['lifecycle', { word: 'Reload or restart', tone: 'quiet' }],
  ['other_error', { word: 'Other error', tone: 'bad' }],
])

/** A kind this page does not know yet (a newer server) is still shown, by its own name. */
export const kind = (id: string): { word: string; tone: Tone } =>
  KINDS.get(id) ?? { word: id.replaceAll('_', ' '), tone: 'quiet' }
