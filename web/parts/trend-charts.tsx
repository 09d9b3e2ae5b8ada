/** The charts of the Trends page: counts over time, how fast handshakes are, how long sessions live. */
import type { Bucket, Quantiles, SessionLengths } from '../../server/http/wire.ts'
import type { ChartDefinition, Layer } from '../charts/definitions.ts'
import type { Line, Mark } from '../charts/stacked.ts'
import { fillSteps, type Frame } from '../data/series.ts'
import { now } from '../state.ts'
import { fullTime, stepLabel, utcTime } from '../text/time.ts'
import { count, plural, share } from '../text/words.ts'
import { ChartCard, type Step } from './chart.tsx'
import { Raw } from './raw.tsx'

export function timeSteps(times: readonly number[], frame: Frame): Step[] {
  const span = (frame.to - frame.from) / 1000
  return times.map((ms) => ({
    label: stepLabel(ms, span),
    span: `${fullTime(ms)} to ${stepLabel(ms + frame.step * 1000, span > 86_400 ? span : 0)}`,
    value: new Date(ms).toISOString(),
    utc: utcTime(ms, now.value),
  }))
}

/** Marks as steps of the window; those of another one, which is being read, are left out. */
const within = (marks: readonly Mark[], from: number, width: number, steps: number): Mark[] =>
  marks.map(({ at, kind }) => ({ at: (at - from) / width, kind })).filter(({ at }) => at >= 0 && at <= steps)

const totals = (layers: readonly Layer[], steps: number): number[] =>
  Array.from({ length: steps }, (_, i) => layers.reduce((sum, { values }) => sum + (values[i] ?? 0), 0))

interface CountsProps {
  definition: ChartDefinition
  /** Filled: one per step of the window. */
  buckets: Bucket[]
  frame: Frame
  /** The window before, when it is to be compared with. */
  previous: { buckets: readonly Bucket[]; frame: Frame } | null
  /** `at` in epoch ms. */
  marks: readonly Mark[]
  onZoom: (from: number, to: number) => void
}

export function CountsChart({ definition, buckets, frame, previous, marks, onZoom }: CountsProps) {
  const layers = definition.layers(buckets)
  const times = buckets.map(({ time }) => Date.parse(time))
  const before = previous && definition.layers(fillSteps(previous.buckets, previous.frame))
  const lines: Line[] =
    before === null
      ? []
      : [
          {
            key: 'before',
            label: 'all of it, the period before',
            colour: '--chart-grey',
            values: totals(before, times.length),
            dashed: true,
          },
        ]
  const summary = definition.summary(layers)
  const width = frame.step * 1000
  return (
    <ChartCard
      id={definition.id}
      title={definition.title}
      summary={before === null ? summary : `${summary} The period before: ${definition.summary(before)}`}
      steps={timeSteps(times, frame)}
      stepName="From"
      layers={layers}
      lines={layers.length === 0 && (before?.length ?? 0) === 0 ? [] : lines}
      marks={within(marks, frame.from, width, times.length)}
      onZoom={(first, last) => onZoom(times[first] ?? frame.from, (times[last] ?? frame.to) + width)}
    />
  )
}

/** Short and readable: `3.2 ms`, `1.4 s`. */
export function seconds(value: number): string {
  if (value === 0) return '0'
  if (value < 1) return `${Number((value * 1000).toPrecision(2))} ms`
  return `${Number(value.toPrecision(value < 100 ? 2 : 3))} s`
}

const QUANTILES = [
  ['p50', 'half are faster (p50)', '--chart-good'],
  ['p95', '95% are faster', '--chart-blue'],
  ['p99', '99% are faster', '--chart-violet'],
] as const

export function LatencyChart({ answer, frame, marks, onZoom }: LatencyProps) {
  const measured = answer.steps.reduce((sum, step) => sum + step.count, 0)
  const step = answer.step_seconds * 1000
  const from = Date.parse(answer.from)
  const byTime = new Map(answer.steps.map((one) => [Date.parse(one.time), one]))
  const times = Array.from({ length: Math.round((Date.parse(answer.to) - from) / step) }, (_, i) => from + i * step)
  const lines = QUANTILES.map(([key, label, colour], at): Line => ({
    key,
    label,
    colour,
    values: times.map((time) => byTime.get(time)?.values[at] ?? null),
  }))
  const worst = Math.max(0, ...answer.steps.map(({ values }) => values[1] ?? 0))
  return (
    <ChartCard
      id="latency"
      title="How long handshakes take"
      summary={
        measured === 0
          ? 'Not measured: the access log needs $upstream_header_time in its log_format.'
          : `${plural(measured, 'handshake')} measured; in the slowest step 95% took less than ${seconds(worst)}.`
      }
      steps={timeSteps(times, { ...frame, step: answer.step_seconds })}
      stepName="From"
      layers={[]}
      lines={measured === 0 ? [] : lines}
      marks={within(marks, from, step, times.length)}
      words={seconds}
      onZoom={(first, last) => onZoom(times[first] ?? frame.from, (times[last] ?? frame.to) + step)}
    />
  )
}

interface LatencyProps {
  answer: Quantiles
  frame: Frame
  marks: readonly Mark[]
  onZoom: (from: number, to: number) => void
}

/** `55` and `60` → the whole seconds in the middle of a narrow bar, else a span. */
function lengthLabel(from: number, to: number): string {
  const words = (n: number) =>
    n >= 7200 ? `${Math.round(n / 3600)} h` : n >= 600 ? `${Math.round(n / 60)} min` : `${n} s`
  return to - from <= 5 ? `${Math.ceil((from + to) / 2)} s` : words(from)
}

export function LengthsChart({ answer }: { answer: SessionLengths }) {
  const { bars, peaks, count: all } = answer
  const isPeak = (bar: SessionLengths['bars'][number]) =>
    peaks.some((peak) => peak.seconds >= bar.from && peak.seconds < bar.to)
  const layer = (key: string, label: string, colour: Layer['colour'], values: number[]): Layer => ({
    key,
    label,
    colour,
    values,
    total: values.reduce((sum, n) => sum + n, 0),
  })
  const layers = [
    layer(
      'usual',
      'sessions',
      '--chart-good',
      bars.map((bar) => (isPeak(bar) ? 0 : bar.count)),
    ),
    layer(
      'peak',
      'sessions where many end at once',
      '--chart-red',
      bars.map((bar) => (isPeak(bar) ? bar.count : 0)),
    ),
  ].filter(({ total }) => total > 0)
  const first = peaks[0]
  return (
    <>
      <ChartCard
        id="lengths"
        title="How long sessions live"
        summary={
          all === 0
            ? 'Not measured: the access log needs $request_time (or $upstream_response_time) in its log_format.'
            : first === undefined
              ? `${plural(all, 'session')}; no length at which many end: nothing cuts them.`
              : `${count(first.count)} of ${plural(all, 'session')} (${share(first.count, all)}) ended after ${first.seconds} s: a timeout, not people.`
        }
        steps={bars.map(({ from, to }) => ({
          label: lengthLabel(from, to),
          span: `${from} to ${Math.round(to * 10) / 10} s`,
          value: from,
        }))}
        stepName="Lived"
        layers={layers}
      />
      {peaks.length > 0 && (
        <ul class="peaks" aria-label="Lengths at which many sessions ended">
          {peaks.map((peak) => (
            <li key={peak.seconds}>
              <strong>{peak.seconds} s</strong> <span class="muted">{plural(peak.count, 'session')}</span>{' '}
              {peak.matches.length === 0 ? (
                'matches no timeout that is known here'
              ) : (
                <Raw text={`matches ${peak.matches.join('; ')}`} />
              )}
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
