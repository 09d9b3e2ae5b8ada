/** What became of a problem, step by step, with what people wrote down, and a place to write. */
import { useSignal } from '@preact/signals'
import type { ConfigState, Problem, ProblemHistory } from '../../server/http/wire.ts'
import { addNote, deleteNote } from '../data/changes.ts'
import { useAnswer } from '../data/use-series.ts'
import { can } from '../features.ts'
import { asApiError } from '../state.ts'
import { RawLines } from './raw.tsx'
import { Told, When } from './when.tsx'

type Entry = ProblemHistory['entries'][number]

const LONGEST = 2000

function words({ what, until, resolved_by }: Entry): string {
  switch (what) {
    case 'new':
      return 'Opened: it happened for the first time since halfopen watches'
    case 'imported':
      return 'Found in lines that were written before halfopen watched'
    case 'ongoing':
      return 'It is happening'
    case 'regressed':
      return 'It came back'
    case 'resolved':
      return resolved_by === 'succeeded-since' ? 'Resolved: it works again' : 'Quiet: not seen again'
    case 'muted':
      return until === null
        ? 'Muted'
        : until === 'regressed'
          ? 'Muted until it has ended and comes back'
          : `Muted until ${until}`
    case 'unmuted':
      return 'No longer muted'
    case 'resolved-by-hand':
      return 'Marked as resolved'
    case 'reopened':
      return 'Reopened'
    case 'note':
      return 'Note'
  }
}

export function History({ problem }: { problem: Problem }) {
  const { id, state, changed_at, notes, muted } = problem
  const text = useSignal('')
  const failed = useSignal<string | null>(null)
  // Another version of the problem is another address, so the history is read again with it.
  const version = `${state} ${changed_at} ${notes} ${muted?.until ?? ''}`
  const history = useAnswer<ProblemHistory>(
    can('/problems/{id}/history') ? `problems/${encodeURIComponent(id)}/history` : null,
    version,
  )
  const config = useAnswer<ConfigState>(can('/config') ? 'config' : null)
  if (history === null) return null
  const first = history.entries[0]?.at
  const changed = config?.changed_at ?? null
  const entries: { at: string; entry: Entry | null }[] = history.entries.map((entry) => ({ at: entry.at, entry }))
  if (changed !== null && first !== undefined && changed > first) entries.push({ at: changed, entry: null })
  entries.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  const run = async (work: Promise<void>) => {
    try {
      await work
      failed.value = null
      return true
    } catch (error) {
      failed.value = asApiError(error).message
      return false
    }
  }
  return (
    <section class="panel history">
      <h2>What became of it</h2>
      {entries.length > 0 && (
        <ol class="steps-list">
          {entries.map(({ at, entry }) => (
            <li key={entry?.id ?? 'config'} class={entry?.what === 'note' ? 'note' : undefined}>
              <When iso={at} />
              {entry === null ? (
                <span>The nginx configuration was changed</span>
              ) : entry.text === null ? (
                <Told text={words(entry)} />
              ) : (
                <span class="note-text">
                  <RawLines text={entry.text} />
                </span>
              )}
              {entry?.what === 'note' && (
                <button type="button" class="button small" onClick={() => void run(deleteNote(id, entry.id))}>
                  Delete<span class="offscreen"> this note</span>
                </button>
              )}
            </li>
          ))}
        </ol>
      )}
      <form
        class="note-form"
        onSubmit={(event) => {
          event.preventDefault()
          void run(addNote(id, text.value)).then((done) => done && (text.value = ''))
        }}
      >
        <label>
          <span class="label">Note</span>
          <textarea
            rows={2}
            maxLength={LONGEST}
            placeholder="What was tried, who looks after it"
            value={text.value}
            onInput={(event) => (text.value = event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="button small" disabled={text.value.trim() === ''}>
          Add note
        </button>
      </form>
      {failed.value !== null && <p role="alert">{failed.value}</p>}
    </section>
  )
}
