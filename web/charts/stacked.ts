/** Stacked bars and lines over steps. Loaded only by the trends page: Chart.js is most of this dashboard's size. */
import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  LineController,
  LineElement,
  LinearScale,
  PointElement,
  Tooltip,
  type ChartDataset,
  type Plugin,
} from 'chart.js'
import { onColours } from '../theme.ts'
import type { Colour, Layer } from './definitions.ts'

Chart.register(
  BarController,
  BarElement,
  CategoryScale,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
)

type Dataset = ChartDataset<'bar' | 'line', (number | null)[]>

/** A line above the bars; null: nothing was measured in that step. */
export interface Line {
  key: string
  label: string
  colour: Colour
  values: (number | null)[]
  dashed?: boolean
}

/** Something that happened to nginx itself, or a message that went out. `at`: a step, fractions allowed. */
export interface Mark {
  at: number
  kind: 'nginx' | 'alert'
}

/** What is drawn: one label and one full time per step, and the layers over the same steps. */
export interface ChartData {
  labels: string[]
  /** Title of the tooltip, e.g. `21 Nov 2026, 09:00 to 09:30`. */
  spans: string[]
  layers: readonly Layer[]
  lines: readonly Line[]
  /** Drawn as upright lines: dashed, and of alerts dotted, in another colour and with a head. */
  marks: readonly Mark[]
  /** A number of the axis and the tooltip in words. */
  words: (n: number) => string
}

export interface StackedChart {
  show(data: ChartData): void
  /** Step below a point of the canvas, clamped to those there are. */
  stepAt(x: number): number
  /** Left edge of a step, pixels of the canvas. */
  edgeOf(step: number): number
  destroy(): void
}

/** Draws on `canvas`; `show` replaces what is drawn, without animation. Colours follow the page's scheme. */
export function stackedChart(canvas: HTMLCanvasElement): StackedChart {
  let shown: ChartData = { labels: [], spans: [], layers: [], lines: [], marks: [], words: String }
  const colour = (name: string) => getComputedStyle(canvas).getPropertyValue(name).trim()

  const marks: Plugin<'bar' | 'line'> = {
    id: 'marks',
    afterDatasetsDraw({ ctx, chartArea: { top, bottom } }) {
      if (shown.marks.length === 0) return
      ctx.save()
      ctx.lineWidth = 1.5
      for (const { at, kind } of shown.marks) {
        const x = edgeOf(at)
        ctx.strokeStyle = colour(kind === 'alert' ? '--critical' : '--text')
        ctx.fillStyle = ctx.strokeStyle
        ctx.setLineDash(kind === 'alert' ? [1.5, 3] : [3, 3])
        ctx.beginPath()
        ctx.moveTo(x, top)
        ctx.lineTo(x, bottom)
        ctx.stroke()
        if (kind === 'nginx') continue
        ctx.beginPath()
        ctx.moveTo(x - 5, top)
        ctx.lineTo(x + 5, top)
        ctx.lineTo(x, top + 8)
        ctx.fill()
      }
      ctx.restore()
    },
  }

  const chart = new Chart<'bar' | 'line', (number | null)[], string>(canvas, {
    type: 'bar',
    data: { labels: [], datasets: [] },
    plugins: [marks],
    options: {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      interaction: { mode: 'index', intersect: false },
      scales: {
        x: { stacked: true, grid: { display: false }, ticks: { maxRotation: 0, autoSkip: true, autoSkipPadding: 24 } },
        y: {
          stacked: true,
          beginAtZero: true,
          border: { display: false },
          ticks: { maxTicksLimit: 5, callback: (value) => shown.words(Number(value)) },
        },
      },
      plugins: {
        tooltip: {
          filter: (item) => Boolean(item.parsed.y),
          boxPadding: 4,
          callbacks: {
            title: ([item]) => (item && shown.spans[item.dataIndex]) ?? '',
            label: (item) => `${item.dataset.label ?? ''}: ${shown.words(item.parsed.y ?? 0)}`,
          },
        },
      },
    },
  })

  const width = (): number => {
    const { left, right } = chart.chartArea
    return (right - left) / Math.max(1, shown.labels.length)
  }
  const edgeOf = (step: number): number => chart.chartArea.left + step * width()

  const bar = (layer: Layer): Dataset => ({
    type: 'bar',
    label: layer.label,
    // A minimum length would draw zeros too; null draws nothing.
    data: layer.values.map((n) => (n === 0 ? null : n)),
    backgroundColor: colour(layer.colour),
    // One failure among a thousand successes must still be seen.
    minBarLength: 2,
    categoryPercentage: 1,
    barPercentage: 0.86,
    maxBarThickness: 28,
  })
  const line = ({ label, values, colour: name, dashed }: Line, at: number): Dataset => ({
    type: 'line',
    label,
    data: values,
    borderColor: colour(name),
    backgroundColor: colour(name),
    borderWidth: 2,
    borderDash: dashed === true ? [5, 4] : [],
    pointRadius: 1.5,
    // Steps without a measurement are not bridged: nothing is known of them.
    spanGaps: false,
    stack: `line ${at}`,
  })

  const paint = () => {
    const text = colour('--muted')
    chart.options.font = { family: getComputedStyle(canvas).fontFamily, size: 12 }
    for (const axis of ['x', 'y'] as const) {
      const scale = chart.options.scales?.[axis]
      if (scale?.ticks) scale.ticks.color = text
    }
    const grid = chart.options.scales?.['y']?.grid
    if (grid) grid.color = colour('--line')
    chart.data.labels = shown.labels
    // Lines first: they lie above what comes later.
    chart.data.datasets = [...shown.lines.map(line), ...shown.layers.map(bar)]
    chart.update('none')
  }

  const stop = onColours(paint)
  let drawn = ''
  return {
    show(data) {
      shown = data
      // A page is drawn again for many reasons, and a drawing takes far longer than to see that it would be the same.
      const next = JSON.stringify(data)
      if (next === drawn) return
      drawn = next
      paint()
    },
    stepAt: (x) => Math.max(0, Math.min(shown.labels.length - 1, Math.floor((x - chart.chartArea.left) / width()))),
    edgeOf,
    destroy() {
      stop()
      chart.destroy()
    },
  }
}
