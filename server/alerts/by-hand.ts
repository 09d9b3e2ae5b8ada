/** What a person decides about a problem, and how it is taken back. Pure: the clock is an argument. */
import type { ProblemRow, Told } from '../store/contract.ts'

/** Epoch ms; `regressed`: until it has ended and comes back; null: until it is unmuted. */
export type MutedUntil = number | 'regressed' | null

export const NOTHING_TOLD: Told = { opened_at: null, last_at: 0, rule: '', held: null }

/** Nothing was decided by hand, or that is over. */
export function released(row: ProblemRow): ProblemRow {
  const { hand: _hand, ...rest } = row
  return rest
}

export const mutedUntil = ({ state, hand }: ProblemRow): MutedUntil =>
  state === 'muted' && hand?.is === 'muted' ? hand.until : null

/** No more messages. Unmuting goes on as if it had been there all along. */
export function setMuted(row: ProblemRow, muted: boolean, now: number, until: MutedUntil = null): ProblemRow {
  if (!muted) return row.state === 'muted' ? openAgain(row, now, 'muted') : row
  if (row.state === 'muted' && mutedUntil(row) === until) return row
  return { ...row, state: 'muted', changed_at: now, resolved_at: null, hand: { is: 'muted', until } }
}

/** The person knows that it is over. Should it happen again it has come back, which is news. Receivers that were told of its
 *  beginning are told of its end by the next look (decide). */
export function resolveByHand(row: ProblemRow, now: number): ProblemRow {
  if (row.state === 'resolved') return row
  return { ...row, state: 'resolved', changed_at: now, resolved_at: now, hand: { is: 'resolved' } }
}

/** It was not over after all. What ended by itself is not reopened: nothing of it happens. */
export const reopen = (row: ProblemRow, now: number): ProblemRow =>
  row.state === 'resolved' && row.hand?.is === 'resolved' ? openAgain(row, now, 'resolved-by-hand') : row

/** @param held why its beginning was not told, or was taken back */
function openAgain(row: ProblemRow, now: number, held: string): ProblemRow {
  const next = { ...released(row), changed_at: now, resolved_at: null }
  if (row.last_live === null) return { ...next, state: 'imported' }
  return row.alerted
    ? { ...next, state: 'ongoing' }
    : { ...next, state: 'ongoing', told: { ...(row.told ?? NOTHING_TOLD), held } }
}
