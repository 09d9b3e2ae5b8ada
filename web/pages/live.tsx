/** The newest events as they are read. The list is bounded and can be held still. */
import { signal, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { EventPage } from '../../server/http/wire.ts'
import { get, type ApiError } from '../api.ts'
import { EVENT_LIMIT, filterEvents, mergeEvents } from '../data/events.ts'
import { EventList } from '../parts/event-list.tsx'
import { Search } from '../parts/fields.tsx'
import { Icon } from '../parts/icons.tsx'
import { Failure, Loading } from '../parts/notice.tsx'
import { hrefTo, type Asked } from '../routing.ts'
import { asApiError, connection, events, held, paused, pulse, replaceRoute, resume } from '../state.ts'
import { count, plural } from '../text/words.ts'

const Toolbar = ({ shown, filter, onFilter }: { shown: number; filter: string; onFilter: (text: string) => void }) => (
  <div class="toolbar">
    <button
      type="button"
      class="button"
      data-pause
      aria-pressed={paused.value}
      onClick={() => (paused.value ? resume() : (paused.value = true))}
    >
      <Icon name={paused.value ? 'play' : 'pause'} />
      {paused.value ? 'Resume' : 'Pause'}
    </button>
    <Search
      label="Show only events that contain"
      placeholder="Filter, e.g. timeout"
      value={filter}
      onInput={onFilter}
    />
    <span class="muted" role="status">
      {paused.value
        ? held.value.length === 0
          ? 'Paused'
          : `Paused, ${held.value.length === EVENT_LIMIT ? `${count(EVENT_LIMIT)} or more` : held.value.length} new`
        : plural(shown, 'event')}
    </span>
  </div>
)

/** Where the next older page begins; null: there is none. Kept, so that coming back to the page goes on. */
const older = signal<string | null | undefined>(undefined)
let readingOlder = false

async function readOlder(): Promise<void> {
  const cursor = older.peek()
  if (cursor == null || readingOlder || (events.peek()?.length ?? 0) >= EVENT_LIMIT) return
  readingOlder = true
  try {
    const page = await get<EventPage>(`events?limit=200&cursor=${cursor}`)
    older.value = page.next_cursor
    events.value = mergeEvents(events.peek() ?? [], page.events)
  } catch {
    // The next pulse says what is wrong; scrolling on tries again.
  }
  readingOlder = false
}

export function LivePage({ asked }: { asked: Asked }) {
  const error = useSignal<ApiError | null>(null)
  const filter = asked['q'] ?? ''
  const setFilter = (q: string) => replaceRoute({ page: 'live', asked: { q } })
  const tick = pulse.value
  useEffect(() => {
    const gone = new AbortController()
    get<EventPage>('events?limit=200', gone.signal).then(
      (page) => {
        error.value = null
        if (older.peek() === undefined) older.value = page.next_cursor
        if (paused.value) {
          const known = new Set((events.value ?? []).map(({ id }) => id))
          held.value = mergeEvents(
            held.value,
            page.events.filter(({ id }) => !known.has(id)),
          )
        } else events.value = mergeEvents(events.value ?? [], page.events)
      },
      (reason: unknown) => {
        if (!gone.signal.aborted) error.value = asApiError(reason)
      },
    )
    return () => gone.abort()
  }, [tick])

  const all = events.value
  const shown = filterEvents(all ?? [], filter)
  return (
    <>
      <h1>Live</h1>
      <p class="lead">
        What the log lines say about WebSockets, newest first. Ordinary requests are counted, not listed.
      </p>
      <Toolbar shown={shown.length} filter={filter} onFilter={setFilter} />
      {error.value && <Failure error={error.value} what="The events" />}
      {all === null ? (
        !error.value && <Loading what="events" rows={6} />
      ) : shown.length > 0 ? (
        <EventList events={shown} onEnd={() => void readOlder()} />
      ) : (
        <div class="empty">
          {all.length > 0 ? (
            <p>None of the {plural(all.length, 'event')} here contains that.</p>
          ) : (
            <>
              <p>No line has said anything about WebSockets yet.</p>
              <p class="muted">
                {connection.value.state === 'live' ? 'The next one shows up here by itself. ' : ''}
                <a href={hrefTo({ page: 'sources' })}>See what is being read</a>
              </p>
            </>
          )}
        </div>
      )}
      {all !== null && all.length >= EVENT_LIMIT && (
        <p class="muted">Only the newest {count(EVENT_LIMIT)} are kept on this page.</p>
      )}
    </>
  )
}
