/** What each chart counts. Data only: drawing is in stacked.ts. */
import type { Bucket } from '../../server/http/wire.ts'
import { count, plural, share } from '../text/words.ts'

/** A custom property of tokens.css. */
export type Colour = `--chart-${'good' | 'red' | 'orange' | 'yellow' | 'violet' | 'blue' | 'brown' | 'grey'}`

export interface Layer {
  key: string
  label: string
  colour: Colour
  values: number[]
  total: number
}

export interface ChartDefinition {
  id: string
  title: string
  /** The layers of filled steps, bottom first. Layers that are zero throughout are left out. */
  layers(buckets: readonly Bucket[]): Layer[]
  /** One sentence; also what a screen reader gets instead of the drawing. */
  summary(layers: readonly Layer[]): string
}

const sum = (values: readonly number[]): number => values.reduce((total, n) => total + n, 0)

function layer(key: string, label: string, colour: Colour, values: number[]): Layer {
  return { key, label, colour, values, total: sum(values) }
}

/** Colours by what a status means, so that the same status has the same colour on every day. */
export function statusColour(status: number): Colour {
  if (status > 0 && status < 10) return statusColour(status * 100)
  if (status === 0 || status === 499) return '--chart-grey'
  if (status < 400) return '--chart-blue'
  if (status === 401 || status === 403 || status === 407) return '--chart-violet'
  if (status === 400 || status === 426) return '--chart-red'
  if (status < 500) return '--chart-brown'
  return status === 504 ? '--chart-yellow' : '--chart-orange'
}

/** Below 10 it is a class: 4 for all of 4xx. */
function statusLabel(status: number): string {
  if (status === 0) return 'failed, status unknown'
  return status < 10 ? `failed with ${status}xx` : `failed with ${status}`
}

const keysOf = (counts: readonly Record<string, number>[]): string[] => [
  ...new Set(counts.flatMap((one) => Object.keys(one))),
]

const HANDSHAKES: ChartDefinition = {
  id: 'handshakes',
  title: 'Handshakes',
  layers(buckets) {
    const failed = buckets.map((bucket) => bucket.handshakes_failed)
    const statuses = keysOf(failed)
      .map(Number)
      .sort((a, b) => a - b)
    return [
      layer(
        'ok',
        'upgraded (101)',
        '--chart-good',
        buckets.map((bucket) => bucket.handshakes_ok),
      ),
      ...statuses.map((status) =>
        layer(
          String(status),
          statusLabel(status),
          statusColour(status),
          failed.map((counts) => counts[status] ?? 0),
        ),
      ),
    ].filter(({ total }) => total > 0)
  },
  summary(layers) {
    const total = sum(layers.map((one) => one.total))
    const failed = sum(layers.filter(({ key }) => key !== 'ok').map((one) => one.total))
    if (total === 0) return 'No handshakes in this window.'
    if (failed === 0) return `All ${plural(total, 'handshake')} succeeded.`
    return `${count(failed)} of ${plural(total, 'handshake')} failed (${share(failed, total)}).`
  },
}

/** Layers of one map of counts: the known keys in their order and words, then whatever else the server sends. */
function named(counts: readonly Record<string, number>[], known: readonly [key: string, label: string, Colour][]) {
  const others = keysOf(counts).filter((key) => !known.some(([name]) => name === key))
  const all = [...known, ...others.map((key) => [key, key.replaceAll('_', ' '), '--chart-brown'] as const)]
  return all
    .map(([key, label, colour]) =>
      layer(
        key,
        label,
        colour,
        counts.map((one) => one[key] ?? 0),
      ),
    )
    .filter(({ total }) => total > 0)
}

const CLOSURES: ChartDefinition = {
  id: 'closures',
  title: 'Closures',
  layers: (buckets) =>
    named(
      buckets.map((bucket) => bucket.closures),
      [
        ['session_closed', 'session ended', '--chart-good'],
        ['client_closed', 'visitor left', '--chart-grey'],
        ['abnormal_closure', 'abnormal (1006)', '--chart-red'],
        ['upstream_reset', 'reset by the backend', '--chart-orange'],
      ],
    ),
  summary(layers) {
    const total = sum(layers.map((one) => one.total))
    const broken = sum(
      layers.filter(({ key }) => key === 'abnormal_closure' || key === 'upstream_reset').map((one) => one.total),
    )
    if (total === 0) return 'No closures in this window.'
    if (broken === 0) return `${plural(total, 'closure')}, none of them abnormal.`
    return `${count(broken)} of ${plural(total, 'closure')} were abnormal or resets (${share(broken, total)}).`
  },
}

const TIMEOUTS: ChartDefinition = {
  id: 'timeouts',
  title: 'Timeouts and refusals',
  layers: (buckets) =>
    named(
      buckets.map((bucket) => bucket.timeouts),
      [
        ['upstream_timeout', 'backend too slow or idle', '--chart-yellow'],
        ['upstream_refused', 'backend refused', '--chart-orange'],
      ],
    ),
  summary(layers) {
    const total = sum(layers.map((one) => one.total))
    if (total === 0) return 'No timeouts and no refusals in this window.'
    return `${layers.map((one) => `${count(one.total)} × ${one.label}`).join(', ')}.`
  },
}

/** In the order of the page. */
export const CHARTS: readonly ChartDefinition[] = [HANDSHAKES, CLOSURES, TIMEOUTS]
