/** Ten thousand rows of which only those in view are drawn. Rows are equally high, the line cut to one; the chosen one shows
 *  all of it. */
import { useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import type { EventRow } from '../../server/http/wire.ts'
import { sliceOf } from '../data/events.ts'
import { visible } from '../text/visible.ts'
import { kind, place } from '../text/words.ts'
import { KindBadge } from './badges.tsx'
import { Raw, RawLines } from './raw.tsx'
import { When } from './when.tsx'

/** Heights of a row, as live.css has them. */
const WIDE = 58
const NARROW = 96
const narrow = matchMedia('(max-width: 700px)')

function Row({ event, at, of, open, onOpen }: RowProps) {
  const where = place(event)
  return (
    <li class={`event ${kind(event.kind).tone}${open ? ' open' : ''}`} aria-posinset={at + 1} aria-setsize={of}>
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
        <span class="event-sign" title="The rule that classified the line">
          <Raw text={event.sign} />
        </span>
      </span>
      <span class="event-source">
        <Raw text={event.line === null ? event.source : `${event.source}:${event.line}`} />
      </span>
      <button
        type="button"
        class="event-text"
        aria-expanded={open}
        title={open ? 'Show less of this line' : 'Show the whole line'}
        onClick={onOpen}
      >
        <code>{open ? <RawLines text={event.text} /> : <bdi>{visible(event.text.slice(0, 400))}</bdi>}</code>
      </button>
    </li>
  )
}

interface RowProps {
  event: EventRow
  at: number
  of: number
  open: boolean
  onOpen: () => void
}

/** @param onEnd called when the last rows come into view */
export function EventList({ events, onEnd }: { events: readonly EventRow[]; onEnd: () => void }) {
  const box = useRef<HTMLDivElement>(null)
  const top = useSignal(0)
  const height = useSignal(600)
  const rowHeight = useSignal(narrow.matches ? NARROW : WIDE)
  const chosen = useSignal<number | null>(null)
  const newest = events[0]?.id ?? 0
  const before = useRef(newest)

  useEffect(() => {
    const measure = () => {
      rowHeight.value = narrow.matches ? NARROW : WIDE
      height.value = box.current?.clientHeight ?? 600
    }
    measure()
    const watch = new ResizeObserver(measure)
    if (box.current) watch.observe(box.current)
    return () => watch.disconnect()
  }, [])

  // Who reads further down keeps the same rows in view when new ones come in above.
  useLayoutEffect(() => {
    const added = events.findIndex(({ id }) => id <= before.current)
    before.current = newest
    const element = box.current
    if (added > 0 && element && element.scrollTop > rowHeight.value) element.scrollTop += added * rowHeight.value
  }, [newest])

  const { first, end } = sliceOf(events.length, rowHeight.value, top.value, height.value)
  useEffect(() => {
    if (end === events.length) onEnd()
  }, [end, events.length])
  return (
    <div
      ref={box}
      class="events-box"
      tabIndex={0}
      role="region"
      aria-label="Events, newest first"
      onScroll={(event) => (top.value = event.currentTarget.scrollTop)}
    >
      <ol
        class="events"
        style={{
          paddingTop: `${first * rowHeight.value}px`,
          paddingBottom: `${(events.length - end) * rowHeight.value}px`,
        }}
      >
        {events.slice(first, end).map((event, i) => (
          <Row
            key={event.id}
            event={event}
            at={first + i}
            of={events.length}
            open={chosen.value === event.id}
            onOpen={() => (chosen.value = chosen.value === event.id ? null : event.id)}
          />
        ))}
      </ol>
    </div>
  )
}
