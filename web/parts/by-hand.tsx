/** What a reader decides about a problem: no messages for a while, or that it is over. Each stands beside its way back. */
import { useSignal } from '@preact/signals'
import type { Problem } from '../../server/http/wire.ts'
import { change } from '../data/changes.ts'
import { asApiError, now } from '../state.ts'
import { localField } from '../text/time.ts'

const DAY = 86_400_000
/** The server mutes no longer. */
const LONGEST = 365 * DAY

const FOR: readonly [word: string, query: string][] = [
  ['1 hour', '?seconds=3600'],
  ['1 day', '?seconds=86400'],
  ['Until it comes back', '?until=regressed'],
  ['Until I unmute it', ''],
]

export function ByHand({ problem }: { problem: Problem }) {
  const failed = useSignal<string | null>(null)
  const open = useSignal(false)
  const date = useSignal(localField(now.peek() + DAY))
  const run = async (what: string) => {
    try {
      await change(problem.id, what)
      failed.value = null
      open.value = false
    } catch (error) {
      failed.value = asApiError(error).message
    }
  }
  const button = (word: string, what: string, title: string) => (
    <button type="button" class="button small" key={what} title={title} onClick={() => void run(what)}>
      {word}
    </button>
  )
  const { state } = problem
  const until = Date.parse(date.value)
  return (
    <div class="by-hand">
      <div class="by-hand-buttons">
        {state === 'muted' && button('Unmute', 'unmute', 'Send messages about it again')}
        {state !== 'muted' && state !== 'resolved' && (
          <button
            type="button"
            class="button small"
            aria-expanded={open.value}
            title="Send no messages about it; it is still counted"
            onClick={() => (open.value = !open.value)}
          >
            Mute…
          </button>
        )}
        {state !== 'resolved' && button('Mark as resolved', 'resolve', 'Should it happen again, it has come back')}
        {problem.resolved_by === 'hand' && button('Reopen', 'reopen', 'It is not over after all')}
        {failed.value !== null && <span role="alert">{failed.value}</span>}
      </div>
      {open.value && state !== 'muted' && (
        <div class="by-hand-mute" role="group" aria-label="Mute for how long">
          {FOR.map(([word, query]) => button(word, `mute${query}`, 'No messages about it meanwhile'))}
          <form
            onSubmit={(event) => {
              event.preventDefault()
              if (!Number.isNaN(until)) void run(`mute?until=${new Date(until).toISOString()}`)
            }}
          >
            <label>
              <span class="label">Until</span>{' '}
              <input
                type="datetime-local"
                value={date.value}
                min={localField(now.value)}
                max={localField(now.value + LONGEST)}
                onInput={(event) => (date.value = event.currentTarget.value)}
              />
            </label>
            <button type="submit" class="button small" disabled={!(until > now.value && until < now.value + LONGEST)}>
              Mute until then
            </button>
          </form>
        </div>
      )}
    </div>
  )
}
