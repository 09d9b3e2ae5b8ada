/** Why a problem's state changed, why something was told, or why not: shown in the log, the delivery log, and as a table in
 *  README.md. Names are part of the API. */
export const REASONS = {
  'first-live-occurrence': 'told: it was seen for the first time',
  'came-back': 'told: it had been resolved',
  'became-certain': 'told: it is likely and harmful enough only now',
  'succeeded-since': 'told as the end: handshakes succeed again',
  quiet: 'told as the end: not seen for `alerts.resolve_after` in a log that was read all the time',
  'server-named': 'told as the end: its log names the server now, and the problem goes on under that name',
  reminder: 'told again: `remind_every` is over',
  'far-above-usual': 'told again: it happens far more often than in the week before, for the visitors there are',
  'rate-reached': 'told: often enough now for the rule’s `rate`',
  'cooldown-over': 'told: it goes on after the `cooldown`',
  'quiet-hours-over': 'told: quiet hours are over',
  'maintenance-over': 'told: it outlasted the maintenance',
  'no-longer-silenced': 'told: another rule matches now',
  'mute-over': 'told: it outlasted the time for which it was muted',
  'reopened-by-hand': 'told: somebody marked it as resolved, and took that back',
  'resolved-by-hand': 'told as the end: somebody marked it as resolved',
  'source-silent': 'told: a log is silent for far longer than it ever was',
  'source-unreadable': 'told: a log cannot be read any more',
  'source-back': 'told as the end: the log is read again',
  test: 'told: somebody pressed Test',
  'below-alert-threshold': 'not told: no rule matches (by default: info, or less likely than not)',
  'history-only': 'not told: only in what was there before the first start',
  'history-passed': 'not told: history of which nothing is left',
  'still-there': 'not told again: it goes on',
  'lasts-an-hour': 'not told again: it is no longer new',
  muted: 'not told: muted by hand',
  'silenced-by-rule': 'not told: its rule says `send: false`',
  'below-rate': 'not told yet: not often enough for the rule’s `rate`',
  cooldown: 'not told yet: its last beginning was told within the `cooldown`',
  'quiet-hours': 'not told yet: quiet hours',
  maintenance: 'not told yet: maintenance',
  settling: 'not ended yet: handshakes have to succeed for a while',
  'not-watched': 'not ended: its log cannot be read, so silence proves nothing',
  'quiet-never-announced': 'ended, and nobody had been told that it began',
  'over-before-noticed': 'not told: it was over before it was looked at',
  'stays-resolved': 'not told: it is over',
  'nothing-seen': 'there is no problem',
} as const

export type Reason = keyof typeof REASONS

/** The same as half a sentence, for people; a name that is not on the list (of an older version) stays a name. */
export const reasonWords = (reason: string): string =>
  Object.hasOwn(REASONS, reason)
    ? REASONS[reason as Reason].replace(/^[^:]*: /, '').replaceAll('`', '')
    : reason.replaceAll('-', ' ')
