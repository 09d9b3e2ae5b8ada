/** The newest events as they are read. The list is bounded and can be held still. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { EventPage, EventRow } from '../../server/http/wire.ts'
import { get, type ApiError } from '../api.ts'
import { EVENT_LIMIT, filterEvents, mergeEvents } from '../data/events.ts'
import { KindBadge } from '../parts/badges.tsx'
import { Icon } from '../parts/icons.tsx'
import { Failure, Loading } from '../parts/notice.tsx'
import { Raw, RawLines } from '../parts/raw.tsx'
import { When } from '../parts/when.tsx'
import { hrefTo } from '../routing.ts'
import { asApiError, connection, events, held, paused, pulse, resume } from '../state.ts'
import { kind, place, plural } from '../text/words.ts'

const Row = ({ event }: { event: EventRow }) => {
  const where = place(event)
  return (
    <li class={`event ${kind(event.kind).tone}`}>
      <span class="event-time">
        <When iso={event.time} />
      </span>
      <span class="event-kind">
        <KindBadge id={event.kind} />
        {event.status !== null && <span class="event-status">{event.status}</span>}
      </span>
      <span class="event-where">
        {where !== null && (
          <code class="place">
            <Raw text={where} />
          </code>
        )}
        <span class="event-sign" title="The pattern that recognised the line">
          <Raw text={event.sign} />
        </span>
      </span>
      <span class="event-source">
        <Raw text={event.line === null ? event.source : `${event.source}:${event.line}`} />
      </span>
      <code class="event-text">
        <RawLines text={event.text} />
      </code>
    </li>
  )
}

const Toolbar = ({ shown, filter, onFilter }: { shown: number; filter: string; onFilter: (text: string) => void }) => (
  <div class="toolbar">
    <button
      type="button"
      class="button"
      aria-pressed={paused.value}
      onClick={() => (paused.value ? resume() : (paused.value = true))}
    >
      <Icon name={paused.value ? 'play' : 'pause'} />
      {paused.value ? 'Resume' : 'Pause'}
    </button>
    <label class="filter">
      <span class="offscreen">Show only events that contain</span>
      <input
        type="search"
        placeholder="Filter, e.g. timeout"
        value={filter}
        onInput={(event) => onFilter(event.currentTarget.value)}
      />
    </label>
    <span class="muted" role="status">
      {paused.value
        ? held.value.length === 0
          ? 'Paused'
          : `Paused, ${held.value.length === EVENT_LIMIT ? `${EVENT_LIMIT} or more` : held.value.length} new`
        : plural(shown, 'event')}
    </span>
  </div>
)

export function LivePage() {
  const error = useSignal<ApiError | null>(null)
  const filter = useSignal('')
  const tick = pulse.value
  useEffect(() => {
    const gone = new AbortController()
    get<EventPage>('events?limit=200', gone.signal).then(
      (page) => {
        error.value = null
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
  const shown = filterEvents(all ?? [], filter.value)
  return (
    <>
      <h1>Live</h1>
      <p class="lead">
        What the log lines say about WebSockets, newest first. Ordinary requests are counted, not listed.
      </p>
      <Toolbar shown={shown.length} filter={filter.value} onFilter={(text) => (filter.value = text)} />
      {error.value && <Failure error={error.value} what="The events" />}
      {all === null ? (
        !error.value && <Loading what="events" rows={6} />
      ) : shown.length > 0 ? (
        <ol class="events" aria-label="Events, newest first">
          {shown.map((event) => (
            <Row event={event} key={event.id} />
          ))}
        </ol>
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
        <p class="muted">Only the newest {EVENT_LIMIT} are kept on this page.</p>
      )}
    </>
  )
}
