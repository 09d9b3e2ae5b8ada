/** What was sent to whom, why, and what became of it; what was given up can be sent again. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { AlertDeliveries, AlertDelivery, Alerts } from '../../server/http/wire.ts'
import { get, send } from '../api.ts'
import { can } from '../features.ts'
import { asApiError, pulse } from '../state.ts'
import { visible } from '../text/visible.ts'
import { plural } from '../text/words.ts'
import { Choice } from './fields.tsx'
import { Raw } from './raw.tsx'
import { ToldMessage } from './told-message.tsx'
import { When } from './when.tsx'

const PAGE = 50
/** While something waits its end is asked for, ms. */
const ASK_AGAIN = 2000

const STATE: Record<AlertDelivery['state'], { word: string; tone: 'good' | 'bad' | 'quiet' }> = {
  waiting: { word: 'Waiting', tone: 'quiet' },
  delivered: { word: 'Delivered', tone: 'good' },
  dead: { word: 'Given up', tone: 'bad' },
}
const STATES = (['waiting', 'delivered', 'dead'] as const).map((id) => [id, STATE[id].word] as const)

const isWaiting = ({ state }: AlertDelivery): boolean => state === 'waiting'

interface RowProps {
  one: AlertDelivery
  replay: (id: string) => void
}

function Row({ one, replay }: RowProps) {
  const { word, tone } = STATE[one.state]
  return (
    <tr>
      <td>
        <When iso={one.created_at} />
      </td>
      <td>
        <Raw text={one.channel} />
      </td>
      <td class="wrap">
        <ToldMessage message={one} />
        {one.error !== null && (
          <span class="hint">
            <Raw text={one.error} />
          </span>
        )}
      </td>
      <td>
        <span class={`badge kind-${tone}`}>{word}</span>
        {one.attempts > 1 && <span class="muted"> {plural(one.attempts, 'attempt')}</span>}
      </td>
      <td>
        {one.state !== 'waiting' && can('/alerts/deliveries/{id}/replay') && (
          <button type="button" class="button small" onClick={() => replay(one.id)}>
            Send again<span class="offscreen">: {visible(one.title)}</span>
          </button>
        )}
      </td>
    </tr>
  )
}

interface Props {
  /** How many wait and were given up. */
  alerts: Alerts
  /** Grows when there is reason to ask anew. */
  again: number
  /** Something was sent again. */
  onChange: () => void
}

export function Deliveries({ alerts: { waiting, dead }, again, onChange }: Props) {
  const state = useSignal('')
  const list = useSignal<readonly AlertDelivery[] | null>(null)
  const cursor = useSignal<string | null>(null)
  const failed = useSignal<string | null>(null)
  const ticks = useSignal(0)
  const tick = `${pulse.value} ${again} ${ticks.value}`
  const query = `limit=${PAGE}${state.value === '' ? '' : `&state=${state.value}`}`

  useEffect(() => {
    const gone = new AbortController()
    let timer = 0
    get<AlertDeliveries>(`alerts/deliveries?${query}`, gone.signal).then(
      ({ deliveries, next_cursor }) => {
        const ended = list.peek()?.some(isWaiting) && !deliveries.some(isWaiting)
        list.value = deliveries
        cursor.value = next_cursor
        if (ended === true) onChange()
        if (deliveries.some(isWaiting)) timer = window.setTimeout(() => (ticks.value += 1), ASK_AGAIN)
      },
      (error: unknown) => {
        if (!gone.signal.aborted) failed.value = asApiError(error).message
      },
    )
    return () => {
      clearTimeout(timer)
      gone.abort()
    }
  }, [query, tick])

  const act = async (work: () => Promise<void>) => {
    try {
      await work()
      failed.value = null
    } catch (error) {
      failed.value = asApiError(error).message
    }
  }
  const replay = (id: string) =>
    void act(async () => {
      await send<AlertDeliveries>('POST', `alerts/deliveries/${encodeURIComponent(id)}/replay`)
      ticks.value += 1
      onChange()
    })
  const older = () =>
    void act(async () => {
      const page = await get<AlertDeliveries>(`alerts/deliveries?${query}&cursor=${cursor.value ?? ''}`)
      list.value = [...(list.value ?? []), ...page.deliveries]
      cursor.value = page.next_cursor
    })
  if (list.value === null) return failed.value === null ? null : <p role="alert">{failed.value}</p>
  const none = list.value.length === 0
  return (
    <section class="panel deliveries">
      <h2>
        Messages
        {waiting > 0 && `, ${waiting} waiting`}
        {dead > 0 && `, ${dead} given up`}
      </h2>
      {(!none || state.value !== '') && (
        <div class="toolbar">
          <Choice label="State" value={state.value} of={STATES} onChoose={(value) => (state.value = value)} />
        </div>
      )}
      {none && <p class="muted">{state.value === '' ? 'None was sent yet.' : 'None is like that.'}</p>}
      {!none && (
        <div class="table-scroll tall" tabIndex={0} role="region" aria-label="Messages, the newest first">
          <table>
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">To</th>
                <th scope="col">Message</th>
                <th scope="col">State</th>
                <th scope="col">
                  <span class="offscreen">Again</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {list.value.map((one) => (
                <Row one={one} replay={replay} key={one.id} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {cursor.value !== null && (
        <button type="button" class="button small" onClick={older}>
          Show older
        </button>
      )}
      {failed.value !== null && <p role="alert">{failed.value}</p>}
    </section>
  )
}
