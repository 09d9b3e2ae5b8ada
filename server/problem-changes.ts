/** What a person does with a problem: decisions for the state machine, notes for the store. */
import { reopen, resolveByHand, setMuted } from './alerts/contract.ts'
import { HalfopenError, type ProblemChange } from './http/contract.ts'
import type { Problem, ProblemHistory } from './http/wire.ts'
import { untilOf, type Live } from './live.ts'
import { StoreError, type HistoryRow, type Store } from './store/contract.ts'

/** Null when there is no such problem. Throws HalfopenError. */
export function changeProblem(
  { live, store, now }: { live: Live; store: Store; now: () => number },
  id: string,
  change: ProblemChange,
): Problem | null {
  try {
    switch (change.what) {
      case 'mute':
        return live.change(id, (row, at) => setMuted(row, true, at, change.until))
      case 'unmute':
        return live.change(id, (row, at) => setMuted(row, false, at))
      case 'resolve':
        return live.change(id, resolveByHand)
      case 'reopen':
        return live.change(id, reopen)
      case 'note':
        if (!exists(store, id)) return null
        if (!store.addNote(id, now(), change.text))
          throw new HalfopenError('too-many-notes', 'This problem has as many notes as one may have.')
        return live.change(id, (row) => row)
      case 'forget':
        if (!exists(store, id)) return null
        if (!store.deleteNote(id, change.note)) throw new HalfopenError('unknown-note', 'There is no such note.')
        return live.change(id, (row) => row)
    }
  } catch (error) {
    // A full disk is no mistake of ours.
    throw error instanceof StoreError ? new HalfopenError(error.code, error.message) : error
  }
}

/** Null when there is no such problem. */
export function problemHistory(store: Store, id: string): ProblemHistory | null {
  if (!exists(store, id)) return null
  return { entries: store.history(id).map(entryOf) }
}

const exists = (store: Store, id: string): boolean => store.problems().some((problem) => problem.id === id)

function entryOf({ id, at, what, text }: HistoryRow): ProblemHistory['entries'][number] {
  return {
    id,
    at: new Date(at).toISOString(),
    what,
    until: what === 'muted' && text !== null ? untilOf(JSON.parse(text) as Parameters<typeof untilOf>[0]) : null,
    resolved_by: what === 'resolved' && (text === 'succeeded-since' || text === 'quiet') ? text : null,
    text: what === 'note' ? text : null,
  }
}
