/** Handshakes, closures, timeouts, latencies and session lengths over time; window, place and comparison are in the URL. The
 *  window follows the clock unless it is pinned. */
import { useSignal } from '@preact/signals'
import type { Breakdown, Bucket, Quantiles, SessionLengths } from '../../server/http/wire.ts'
import { CHARTS } from '../charts/definitions.ts'
import type { Marks } from '../data/marks.ts'
import { RANGES, fillSteps, frameOf, type Frame, type RangeId } from '../data/series.ts'
import { useMarks } from '../data/use-marks.ts'
import { placeOf, queryOf, useAnswer, useSeries } from '../data/use-series.ts'
import { customFrame, previousFrame } from '../data/window.ts'
import { can } from '../features.ts'
import { Choice } from '../parts/fields.tsx'
import { Icon } from '../parts/icons.tsx'
import { Failure, Loading } from '../parts/notice.tsx'
import { Raw } from '../parts/raw.tsx'
import { CountsChart, LatencyChart, LengthsChart } from '../parts/trend-charts.tsx'
import { When } from '../parts/when.tsx'
import { hrefTo, type Asked, type Route } from '../routing.ts'
import { now, replaceRoute, sources } from '../state.ts'
import { localField } from '../text/time.ts'
import { visible } from '../text/visible.ts'
import { count } from '../text/words.ts'

type Trends = Extract<Route, { page: 'trends' }>

const iso = (ms: number): string => new Date(ms).toISOString()

/** Windows before and after, by half a window; "after" ends at the present. */
function Steps({ at, frame }: { at: Trends; frame: Frame }) {
  const half = (frame.to - frame.from) / 2
  const later = frame.to + half
  const moved = (to: number | null): string => {
    const asked = at.asked?.['from'] === undefined || to === null ? without(at.asked, 'from') : at.asked
    const from = asked?.['from'] === undefined ? {} : { from: iso((to ?? now.value) - 2 * half) }
    return hrefTo({ ...at, to: to === null ? null : iso(to), asked: { ...asked, ...from } })
  }
  return (
    <div class="steps">
      <a class="button small" href={moved(frame.to - half)}>
        <Icon name="back" /> Earlier
      </a>
      {at.to !== null && (
        <a class="button small" href={moved(later >= now.value ? null : later)}>
          {later >= now.value ? 'Now' : 'Later'} <Icon name="next" />
        </a>
      )}
    </div>
  )
}

function without(asked: Asked | undefined, name: string): Asked {
  const { [name]: _, ...rest } = asked ?? {}
  return rest
}

function CustomRange({ at, frame }: { at: Trends; frame: Frame }) {
  const from = useSignal(localField(frame.from))
  const to = useSignal(localField(frame.to))
  return (
    <details class="custom-range">
      <summary>From … to</summary>
      <form
        class="toolbar"
        onSubmit={(event) => {
          event.preventDefault()
          const [a, b] = [Date.parse(from.value), Date.parse(to.value)]
          if (b > a) location.hash = hrefTo({ ...at, to: iso(b), asked: { ...at.asked, from: iso(a) } })
        }}
      >
        <label class="field">
          <span class="label">From</span>{' '}
          <input
            type="datetime-local"
            value={from.value}
            onInput={(event) => (from.value = event.currentTarget.value)}
          />
        </label>
        <label class="field">
          <span class="label">to</span>{' '}
          <input type="datetime-local" value={to.value} onInput={(event) => (to.value = event.currentTarget.value)} />
        </label>
        <button type="submit" class="button small" disabled={!(Date.parse(to.value) > Date.parse(from.value))}>
          Show
        </button>
      </form>
    </details>
  )
}

/** When the window is empty but the logs are not, the reader wants the last day there is. */
function NothingHere({ range, frame }: { range: RangeId; frame: Frame }) {
  const newest = Math.max(...(sources.value.data?.sources ?? []).map(({ to }) => (to === null ? 0 : Date.parse(to))))
  return (
    <div class="empty">
      <p>No WebSocket traffic was read in this window.</p>
      {newest > 0 && newest < frame.from && (
        <p>
          The newest line read is from <When iso={iso(newest)} />.{' '}
          <a href={hrefTo({ page: 'trends', range, to: iso(newest) })}>Show the {RANGES[range].word} up to it</a>
        </p>
      )}
    </div>
  )
}

const PLACES = [
  ['server', 'Host'],
  ['path', 'Path'],
  ['upstream', 'Backend'],
] as const

/** Only the places that had something in this window are offered. */
function PlaceChoice({ at, frame, name, label }: { at: Trends; frame: Frame; name: string; label: string }) {
  const answer = useAnswer<Breakdown>(
    can('/series') ? `series?metric=events&${queryOf({ ...frame, step: frame.step })}&by=${name}` : null,
    '',
    true,
  )
  const values = (answer?.groups ?? []).flatMap(({ value }) => (value === null || value === '(other)' ? [] : [value]))
  const chosen = at.asked?.[name]
  if (values.length < 2 && chosen === undefined) return null
  return (
    <Choice
      label={label}
      any="all"
      value={chosen}
      of={values.map((value) => [value, visible(value)])}
      onChoose={(value) =>
        replaceRoute({ ...at, asked: value === '' ? without(at.asked, name) : { ...at.asked, [name]: value } })
      }
    />
  )
}

/** How many of each kind are named. */
const NAMED = 5

/** What happened to nginx itself, and what was told. */
function MarksTold({ marks: { reloads, changed, alerts } }: { marks: Marks }) {
  if (reloads.length === 0 && changed === null && alerts.length === 0) return null
  const more = (n: number) => n > NAMED && ` and ${n - NAMED} more`
  return (
    <div class="marks muted">
      {(reloads.length > 0 || changed !== null) && (
        <p>
          Dashed upright lines:{' '}
          {reloads.slice(0, NAMED).map((time, i) => (
            <span key={time}>
              {i > 0 && ', '}
              reload or restart about <When iso={iso(time)} />
            </span>
          ))}
          {more(reloads.length)}
          {changed !== null && (
            <>
              {reloads.length > 0 && ', '}
              configuration changed <When iso={iso(changed)} />
            </>
          )}
          .
        </p>
      )}
      {alerts.length > 0 && (
        <p>
          Dotted, with a head: <a href={hrefTo({ page: 'alerts' })}>alerts</a>,{' '}
          {alerts.slice(0, NAMED).map(({ at, title }, i) => (
            <span key={`${at} ${title}`}>
              {i > 0 && ', '}
              <Raw text={title} /> <When iso={iso(at)} />
            </span>
          ))}
          {more(alerts.length)}.
        </p>
      )}
    </div>
  )
}

/** Custom when the address has a `from`, else a range that ends at `to` or now. */
function frameFor({ range, to, asked }: Trends): Frame {
  const from = Date.parse(asked?.['from'] ?? '')
  const custom = to === null || Number.isNaN(from) ? null : customFrame(from, Date.parse(to))
  return custom ?? frameOf(range, to === null ? now.value : Date.parse(to))
}

export function TrendsPage({ range, to, asked }: { range: RangeId; to: string | null; asked: Asked }) {
  const at: Trends = { page: 'trends', range, to, asked }
  const frame = frameFor(at)
  const place = placeOf(asked)
  const key = `${range} ${to ?? 'now'} ${asked['from'] ?? ''}`
  const { data, error, stale } = useSeries(frame, key, place)
  const comparing = asked['compare'] !== undefined
  const before = previousFrame(frame)
  const previous = useSeries(comparing ? before : null, `before ${key}`, place)
  const latency = useAnswer<Quantiles>(`series?metric=handshake_latency&${queryOf(frame)}${place}`, '', true)
  const lengths = useAnswer<SessionLengths>(
    can('/lengths') ? `lengths?${queryOf(frame).replace(/&step=\d+$/, '')}${place}` : null,
    '',
    true,
  )
  const marks = useMarks(frame)

  const buckets = data && fillSteps(data.buckets, data.frame)
  const shown = data?.frame ?? frame
  const requests = buckets?.reduce((total, bucket) => total + bucket.requests, 0) ?? 0
  const counted = (list: readonly Bucket[]) => CHARTS.some((chart) => chart.layers(list).length > 0)
  const empty = buckets !== null && !counted(buckets) && place === ''
  const zoom = (from: number, until: number) => {
    location.hash = hrefTo({ ...at, to: iso(until), asked: { ...asked, from: iso(from) } })
  }
  return (
    <>
      <h1>Trends</h1>
      <div class="toolbar">
        <nav class="ranges" aria-label="Time range">
          {(Object.keys(RANGES) as RangeId[]).map((id) => (
            <a
              key={id}
              href={hrefTo({ page: 'trends', range: id, to, asked: without(asked, 'from') })}
              aria-current={id === range && asked['from'] === undefined ? 'true' : undefined}
            >
              {RANGES[id].word}
            </a>
          ))}
        </nav>
        <Steps at={at} frame={frame} />
        <button
          type="button"
          class="button small"
          aria-pressed={comparing}
          onClick={() =>
            replaceRoute({ ...at, asked: comparing ? without(asked, 'compare') : { ...asked, compare: 'before' } })
          }
        >
          Compare with the period before
        </button>
        <CustomRange at={at} frame={frame} key={key} />
        <span class="muted">
          {to === null ? (
            'up to now'
          ) : (
            <>
              <When iso={iso(frame.from)} /> to <When iso={iso(frame.to)} />
            </>
          )}
          {requests > 0 && <>, {count(requests)} requests in all</>}
        </span>
      </div>
      <div class="toolbar places">
        {PLACES.map(([name, label]) => (
          <PlaceChoice at={at} frame={frame} name={name} label={label} key={name} />
        ))}
      </div>
      <MarksTold marks={marks} />
      {error && error.code !== 'unreachable' && <Failure error={error} what="The trend" />}
      {!buckets && !error && <Loading what="trends" />}
      {buckets && empty && <NothingHere range={range} frame={frame} />}
      {buckets && !empty && (
        <div class="charts" aria-busy={stale}>
          {CHARTS.map((definition) => (
            <CountsChart
              key={definition.id}
              definition={definition}
              buckets={buckets}
              frame={shown}
              previous={comparing && !stale && !previous.stale && previous.data ? previous.data : null}
              marks={marks.all}
              onZoom={zoom}
            />
          ))}
          {lengths && <LengthsChart answer={lengths} />}
          {latency && <LatencyChart answer={latency} frame={shown} marks={marks.all} onZoom={zoom} />}
          <p class="muted">Drag across a chart to look closer.</p>
        </div>
      )}
    </>
  )
}
