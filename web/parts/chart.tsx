/** One chart: a sentence, the drawing or the same numbers as a table, what the colours mean, and the numbers as a file. */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Colour, Layer } from '../charts/definitions.ts'
import type { ChartData, Line, Mark, StackedChart } from '../charts/stacked.ts'
import { asCsv, asJson, type Table } from '../data/export.ts'
import { count } from '../text/words.ts'
import { save } from './share.tsx'

/** A step of the chart, and a row of the table. */
export interface Step {
  /** On the axis. */
  label: string
  /** In the tooltip and in the table. */
  span: string
  /** In files: ISO 8601, or a number of seconds. */
  value: string | number
  /** In the title of the row, where it is a time: UTC. */
  utc?: string
}

interface Props {
  id: string
  title: string
  summary: string
  steps: readonly Step[]
  /** What a step is, as the head of its column: `From`. */
  stepName: string
  layers: readonly Layer[]
  lines?: readonly Line[]
  marks?: readonly Mark[]
  /** A number in words; as it is by default. */
  words?: (n: number) => string
  /** The reader marked these steps with the pointer. */
  onZoom?: (first: number, last: number) => void
}

const Swatch = ({ colour }: { colour: Colour }) => (
  <svg class={`swatch ${colour.slice(2)}`} viewBox="0 0 10 10" width="10" height="10" aria-hidden="true">
    <rect width="10" height="10" rx="2" />
  </svg>
)

/** Less than this is a click that trembled, pixels. */
const LEAST_BRUSH = 6

function Drawing({ data, summary, onZoom }: { data: ChartData; summary: string; onZoom: Props['onZoom'] }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const chart = useRef<StackedChart | null>(null)
  const failed = useSignal(false)
  const brush = useSignal<{ from: number; to: number } | null>(null)
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
  const xOf = (event: PointerEvent) => event.clientX - (canvas.current?.getBoundingClientRect().left ?? 0)
  const finish = () => {
    const marked = brush.value
    brush.value = null
    if (!marked || !chart.current || Math.abs(marked.to - marked.from) < LEAST_BRUSH) return
    const [a, b] = [marked.from, marked.to].map((x) => chart.current?.stepAt(x) ?? 0)
    onZoom?.(Math.min(a ?? 0, b ?? 0), Math.max(a ?? 0, b ?? 0))
  }
  const marked = brush.value
  return (
    <div
      class={`chart-canvas${onZoom ? ' zoomable' : ''}`}
      onPointerDown={(event) => {
        if (!onZoom || event.button !== 0) return
        event.currentTarget.setPointerCapture(event.pointerId)
        brush.value = { from: xOf(event), to: xOf(event) }
      }}
      onPointerMove={(event) => {
        if (brush.value) brush.value = { ...brush.value, to: xOf(event) }
      }}
      onPointerUp={finish}
      onPointerCancel={() => (brush.value = null)}
    >
      <canvas ref={canvas} role="img" aria-label={summary} />
      {marked && (
        <div
          class="brush"
          style={{
            left: `${Math.min(marked.from, marked.to)}px`,
            width: `${Math.abs(marked.to - marked.from)}px`,
          }}
        />
      )}
    </div>
  )
}

/** Steps in which nothing happened are left out: a reader of a table looks for what did. */
const TableView = ({ title, stepName, steps, columns, words }: TableProps) => (
  <div class="table-scroll" tabIndex={0} role="region" aria-label={`${title} as a table`}>
    <table>
      <thead>
        <tr>
          <th scope="col">{stepName}</th>
          {columns.map((column) => (
            <th scope="col" class="number" key={column.key}>
              {column.label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {steps
          .map((step, i) => ({ step, cells: columns.map(({ values }) => values[i] ?? 0) }))
          .filter(({ cells }) => cells.some((n) => n > 0))
          .map(({ step, cells }) => (
            <tr key={step.value}>
              <th scope="row">
                {step.utc === undefined ? (
                  step.span
                ) : (
                  <time dateTime={String(step.value)} title={step.utc}>
                    {step.span}
                  </time>
                )}
              </th>
              {cells.map((n, column) => (
                <td class="number" key={column}>
                  {n === 0 ? '' : words(n)}
                </td>
              ))}
            </tr>
          ))}
      </tbody>
    </table>
  </div>
)

interface TableProps {
  title: string
  stepName: string
  steps: readonly Step[]
  columns: readonly { key: string; label: string; values: readonly (number | null)[] }[]
  words: (n: number) => string
}

export function ChartCard(props: Props) {
  const { id, title, summary, steps, stepName, layers, lines = [], marks = [], words = count, onZoom } = props
  const asTable = useSignal(false)
  const columns = [...layers, ...lines]
  const table = (): Table => ({
    columns: [stepName, ...columns.map(({ label }) => label)],
    rows: steps.map(({ value }, i) => [value, ...columns.map(({ values }) => values[i] ?? null)]),
  })
  return (
    <section class="panel chart" data-chart={id}>
      <div class="chart-head">
        <h2>{title}</h2>
        {columns.length > 0 && (
          <div class="chart-buttons">
            <button
              type="button"
              class="button small"
              aria-pressed={asTable.value}
              onClick={() => (asTable.value = !asTable.value)}
            >
              {asTable.value ? 'Show chart' : 'Show table'}
            </button>
            <button
              type="button"
              class="button small"
              aria-label={`Save ${title} as CSV`}
              onClick={() => save(`halfopen-${id}.csv`, 'text/csv', asCsv(table()))}
            >
              CSV
            </button>
            <button
              type="button"
              class="button small"
              aria-label={`Save ${title} as JSON`}
              onClick={() => save(`halfopen-${id}.json`, 'application/json', asJson(table()))}
            >
              JSON
            </button>
          </div>
        )}
      </div>
      <p class="chart-summary">{summary}</p>
      {columns.length === 0 ? null : asTable.value ? (
        <TableView title={title} stepName={stepName} steps={steps} columns={columns} words={words} />
      ) : (
        <>
          <Drawing
            data={{
              labels: steps.map(({ label }) => label),
              spans: steps.map(({ span }) => span),
              layers,
              lines,
              marks,
              words,
            }}
            summary={summary}
            onZoom={onZoom}
          />
          <ul class="legend">
            {layers.map((layer) => (
              <li key={layer.key}>
                <Swatch colour={layer.colour} />
                {layer.label} <b>{words(layer.total)}</b>
              </li>
            ))}
            {lines.map((line) => (
              <li key={line.key}>
                <Swatch colour={line.colour} />
                {line.label}
                {line.dashed === true && ' (dashed)'}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  )
}
