import { useSignal } from '@preact/signals'
import type { Problem } from '../../server/http/wire.ts'
import { post } from '../api.ts'
import { asApiError, take } from '../state.ts'

/** Stops and restarts the messages about a problem; it stays on the page and is still counted. */
export function Mute({ problem }: { problem: Problem }) {
  const failed = useSignal<string | null>(null)
  const muted = problem.state === 'muted'
  const change = async () => {
    try {
      const path = `problems/${encodeURIComponent(problem.id)}/${muted ? 'unmute' : 'mute'}`
      take({ name: 'problem', data: await post<Problem>(path) })
      failed.value = null
    } catch (error) {
      failed.value = asApiError(error).message
    }
  }
  return (
    <>
      <button
        type="button"
        class="button small"
        title={muted ? 'Send messages about it again' : 'Send no messages about it; it is still counted'}
        onClick={() => void change()}
      >
        {muted ? 'Unmute' : 'Mute'}
      </button>
      {failed.value !== null && <span role="alert">{failed.value}</span>}
    </>
  )
}
