/** One chart: a sentence, the drawing or the same numbers as a table, and what the colours mean. */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Bucket } from '../../server/http/wire.ts'
import type { ChartDefinition, Layer } from '../charts/definitions.ts'
import type { StackedChart } from '../charts/stacked.ts'
import type { Frame } from '../data/series.ts'
import { now } from '../state.ts'
import { fullTime, stepLabel, utcTime } from '../text/time.ts'
import { count } from '../text/words.ts'

interface Props {
  definition: ChartDefinition
  /** Filled: one per step of the window. */
  buckets: Bucket[]
  frame: Frame
}

function Drawing({
  layers,
  times,
  frame,
  summary,
}: {
  layers: Layer[]
  times: number[]
  frame: Frame
  summary: string
}) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const chart = useRef<StackedChart | null>(null)
  const failed = useSignal(false)
  const span = (frame.to - frame.from) / 1000
  const data = {
    labels: times.map((ms) => stepLabel(ms, span)),
    spans: times.map((ms) => `${fullTime(ms)} to ${stepLabel(ms + frame.step * 1000, 0)}`),
    layers,
  }
  const latest = useRef(data)
  latest.current = data

  useEffect(() => {
    let gone = false
    import('../charts/stacked.ts').then(
      ({ stackedChart }) => {
        if (gone || !canvas.current) return
        chart.current = stackedChart(canvas.current)
        chart.current.show(latest.current)
      },
      () => (failed.value = true),
    )
    return () => {
      gone = true
      chart.current?.destroy()
      chart.current = null
    }
  }, [])
  useEffect(() => chart.current?.show(latest.current))

  if (failed.value) return <p class="muted">The drawing could not be loaded; reload the page, or show the table.</p>
  return (
    <div class="chart-canvas">
      <canvas ref={canvas} role="img" aria-label={summary} />
    </div>
  )
}

/** Steps in which nothing happened are left out: a reader of a table looks for what did. */
const Table = ({ layers, times, title }: { layers: Layer[]; times: number[]; title: string }) => (
  <div class="table-scroll" tabIndex={0} role="region" aria-label={`${title} as a table`}>
    <table>
      <thead>
        <tr>
          <th scope="col">From</th>
          {layers.map((layer) => (
            <th scope="col" class="number" key={layer.key}>
              {layer.label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {times
          .map((ms, i) => ({ ms, cells: layers.map((layer) => layer.values[i] ?? 0) }))
          .filter(({ cells }) => cells.some((n) => n > 0))
          .map(({ ms, cells }) => (
            <tr key={ms}>
              <th scope="row">
                <time dateTime={new Date(ms).toISOString()} title={utcTime(ms, now.value)}>
                  {fullTime(ms)}
                </time>
              </th>
              {cells.map((n, column) => (
                <td class="number" key={column}>
                  {n === 0 ? '' : count(n)}
                </td>
              ))}
            </tr>
          ))}
      </tbody>
    </table>
  </div>
)

export function ChartCard({ definition, buckets, frame }: Props) {
  const asTable = useSignal(false)
  const layers = definition.layers(buckets)
  const times = buckets.map((bucket) => Date.parse(bucket.time))
  const summary = definition.summary(layers)
  return (
    <section class="panel chart" data-chart={definition.id}>
      <div class="chart-head">
        <h2>{definition.title}</h2>
        {layers.length > 0 && (
          <button
            type="button"
            class="button small"
            aria-pressed={asTable.value}
            onClick={() => (asTable.value = !asTable.value)}
          >
            {asTable.value ? 'Show chart' : 'Show table'}
          </button>
        )}
      </div>
      <p class="chart-summary">{summary}</p>
      {layers.length === 0 ? null : asTable.value ? (
        <Table layers={layers} times={times} title={definition.title} />
      ) : (
        <>
          <Drawing layers={layers} times={times} frame={frame} summary={summary} />
          <ul class="legend">
            {layers.map((layer) => (
              <li key={layer.key}>
                <svg
                  class={`swatch ${layer.colour.slice(2)}`}
                  viewBox="0 0 10 10"
                  width="10"
                  height="10"
                  aria-hidden="true"
                >
                  <rect width="10" height="10" rx="2" />
                </svg>
                {layer.label} <b>{count(layer.total)}</b>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  )
}
