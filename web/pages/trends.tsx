/** Handshakes, closures and timeouts over time; the window is in the URL, and follows the clock unless it is pinned. */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Bucket, Series } from '../../server/http/wire.ts'
import { get } from '../api.ts'
import { CHARTS } from '../charts/definitions.ts'
import {
  RANGES,
  fillSteps,
  mergeBuckets,
  replacePart,
  staleSteps,
  frameOf,
  type RangeId,
  type Frame,
} from '../data/series.ts'
import { ChartCard } from '../parts/chart.tsx'
import { Icon } from '../parts/icons.tsx'
import { Failure, Loading } from '../parts/notice.tsx'
import { When } from '../parts/when.tsx'
import { hrefTo } from '../routing.ts'
import { asApiError, now, onBuckets, pulse, sources, type Loaded } from '../state.ts'
import { count } from '../text/words.ts'

const iso = (ms: number): string => new Date(ms).toISOString()
const read = (from: number, to: number, step: number, signal?: AbortSignal): Promise<Series> =>
  get(`series?from=${encodeURIComponent(iso(from))}&to=${encodeURIComponent(iso(to))}&step=${step}`, signal)

/** How long changed minutes are collected before their (longer) step is read again. */
const COLLECT = 2000

/** The series of a window, kept up to date. At one-minute step a changed minute replaces itself; longer steps are
 *  sums the page cannot correct, so those that changed are read again. */
function useSeries(frame: Frame, range: RangeId, pinned: string | null): Loaded<Bucket[]> {
  const loaded = useSignal<Loaded<Bucket[]>>({ data: null, error: null })
  const tick = pulse.value
  const latest = useRef(frame)
  latest.current = frame

  useEffect(() => {
    loaded.value = { data: null, error: null }
  }, [range, pinned])

  useEffect(() => {
    const gone = new AbortController()
    read(frame.from, frame.to, frame.step, gone.signal).then(
      (series) => (loaded.value = { data: series.buckets, error: null }),
      (error: unknown) => {
        if (!gone.signal.aborted) loaded.value = { data: loaded.value.data, error: asApiError(error) }
      },
    )
    return () => gone.abort()
  }, [range, pinned, tick])

  useEffect(() => {
    let changed: Bucket[] = []
    let timer = 0
    const readAgain = () => {
      const stale = staleSteps(changed, latest.current)
      changed = []
      if (!stale) return
      read(stale.from, stale.to, frame.step).then(
        ({ buckets }) => {
          const current = loaded.peek().data
          if (current) loaded.value = { data: replacePart(current, buckets, stale.from, stale.to), error: null }
        },
        // The next pulse reads everything again and says what is wrong.
        () => undefined,
      )
    }
    const stop = onBuckets((minutes) => {
      if (frame.step === 60) {
        const current = loaded.peek().data
        if (current) loaded.value = { data: mergeBuckets(current, minutes), error: null }
        return
      }
      if (changed.length === 0) timer = window.setTimeout(readAgain, COLLECT)
      changed = [...changed, ...minutes]
    })
    return () => {
      clearTimeout(timer)
      stop()
    }
  }, [range, pinned])

  return loaded.value
}

/** Windows before and after, by half a window; "after" ends at the present. */
function Steps({ range, frame, pinned }: { range: RangeId; frame: Frame; pinned: boolean }) {
  const half = (RANGES[range].seconds * 1000) / 2
  const later = frame.to + half
  return (
    <div class="steps">
      <a class="button small" href={hrefTo({ page: 'trends', range, to: iso(frame.to - half) })}>
        <Icon name="back" /> Earlier
      </a>
      {pinned && (
        <a class="button small" href={hrefTo({ page: 'trends', range, to: later >= now.value ? null : iso(later) })}>
          {later >= now.value ? 'Now' : 'Later'} <Icon name="next" />
        </a>
      )}
    </div>
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

export function TrendsPage({ range, to }: { range: RangeId; to: string | null }) {
  const frame = frameOf(range, to === null ? now.value : Date.parse(to))
  const { data, error } = useSeries(frame, range, to)
  const buckets = data && fillSteps(data, frame)
  const requests = buckets?.reduce((total, bucket) => total + bucket.requests, 0) ?? 0
  const empty = buckets?.every((bucket) => CHARTS.every((chart) => chart.layers([bucket]).length === 0)) ?? false
  return (
    <>
      <h1>Trends</h1>
      <div class="toolbar">
        <nav class="ranges" aria-label="Time range">
          {(Object.keys(RANGES) as RangeId[]).map((id) => (
            <a
              key={id}
              href={hrefTo({ page: 'trends', range: id, to })}
              aria-current={id === range ? 'true' : undefined}
            >
              {RANGES[id].word}
            </a>
          ))}
        </nav>
        <Steps range={range} frame={frame} pinned={to !== null} />
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
      {error && error.code !== 'unreachable' && <Failure error={error} what="The trend" />}
      {!buckets && !error && <Loading what="trends" />}
      {buckets && empty && <NothingHere range={range} frame={frame} />}
      {buckets &&
        !empty &&
        CHARTS.map((definition) => (
          <ChartCard key={definition.id} definition={definition} buckets={buckets} frame={frame} />
        ))}
    </>
  )
}
