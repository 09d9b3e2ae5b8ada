/** Stacked bars over time. Loaded only by the trends page: Chart.js is most of this dashboard's size. */
import { BarController, BarElement, CategoryScale, Chart, LinearScale, Tooltip } from 'chart.js'
import type { Layer } from './definitions.ts'

Chart.register(BarController, BarElement, CategoryScale, LinearScale, Tooltip)

/** What is drawn: one label and one full time per step, and the layers over the same steps. */
export interface ChartData {
  labels: string[]
  /** Title of the tooltip, e.g. `21 Nov 2026, 09:00 to 09:30`. */
  spans: string[]
  layers: readonly Layer[]
}

export interface StackedChart {
  show(data: ChartData): void
  destroy(): void
}

const scheme = matchMedia('(prefers-color-scheme: dark)')

/** Draws on `canvas`; `show` replaces what is drawn, without animation. Colours follow the page's scheme. */
export function stackedChart(canvas: HTMLCanvasElement): StackedChart {
  let shown: ChartData = { labels: [], spans: [], layers: [] }
  const colour = (name: string) => getComputedStyle(canvas).getPropertyValue(name).trim()

  const chart = new Chart<'bar', (number | null)[], string>(canvas, {
    type: 'bar',
    data: { labels: [], datasets: [] },
    options: {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      interaction: { mode: 'index', intersect: false },
      scales: {
        x: { stacked: true, grid: { display: false }, ticks: { maxRotation: 0, autoSkip: true, autoSkipPadding: 24 } },
        y: { stacked: true, beginAtZero: true, border: { display: false }, ticks: { precision: 0, maxTicksLimit: 5 } },
      },
      plugins: {
        tooltip: {
          filter: (item) => Boolean(item.parsed.y),
          boxPadding: 4,
          callbacks: { title: ([item]) => (item && shown.spans[item.dataIndex]) ?? '' },
        },
      },
    },
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
    chart.data.datasets = shown.layers.map((layer) => ({
      label: layer.label,
      // A minimum length would draw zeros too; null draws nothing.
      data: layer.values.map((n) => (n === 0 ? null : n)),
      backgroundColor: colour(layer.colour),
      // One failure among a thousand successes must still be seen.
      minBarLength: 2,
      categoryPercentage: 1,
      barPercentage: 0.86,
      maxBarThickness: 28,
    }))
    chart.update('none')
  }

  scheme.addEventListener('change', paint)
  return {
    show(data) {
      shown = data
      paint()
    },
    destroy() {
      scheme.removeEventListener('change', paint)
      chart.destroy()
    },
  }
}
